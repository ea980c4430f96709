/* The scan: squares of the picture, each split into four until its faces would be too small. A square of side c is
 * looked at in a window of twice that side, so that a face whose centre lies in it is seen with what is around it, and
 * found when it is a quarter to three quarters of the window. Smaller ones are found further down, where the map of this
 * window shows that there is something like an eye at all. */
#include <math.h>

#include "faces.h"

#define UNSURE .25       /* of parts in a window: no place for a closer look */
#define SEEDS 32         /* places in one window that are worth a closer look */
#define FOUND_FROM .22   /* sizes, as shares of the window, of faces that are looked at closer */
#define FOUND_TO .85
#define SPLIT_TO .25     /* faces from this share of the window on are found without splitting it */
#define SEEN_FROM .06    /* smaller faces leave no trace in the map that could be relied on */
#define EYES_TRACE .03   /* of eyes in the map, in squares of the smallest face: 19 of 20 faces have more */
#define MARGIN (1.0 / 16.0) /* around the quarter, as a share of the window */
#define OWN_SHARE .2     /* of the work on a square and what is below it, for progress */

typedef struct quarter {
    double x, y, side;
} quarter;

static bool touches_picture(const dml_search *s, const quarter *q)
{
    return q->x + q->side / 2.0 > -.5 && q->x - q->side / 2.0 < s->image->width - .5 && q->y + q->side / 2.0 > -.5
           && q->y - q->side / 2.0 < s->image->height - .5;
}

/* Whether the window shows enough of a face to know where it is. */
static bool settle(const dml_part_map *map, dml_face_frame *frame)
{
    dml_face_parts parts;
    return dml_face_settle(map, frame, &parts) && parts.sure > UNSURE && frame->size > FOUND_FROM * map->side
           && frame->size < FOUND_TO * map->side;
}

static uint32_t add_seeds(const dml_search *s, int role, dml_face_frame (*from)(double, double, double),
                          dml_face_frame *seeds, uint32_t count)
{
    dml_blob blobs[SEEDS / 2];
    const dml_part_map *map = &s->finder->coarse;
    const uint32_t n = dml_blobs_find(dml_part_plane(map, role), map->side, map->side, .3f, s->finder->scratch, blobs,
                                      SEEDS / 2);
    for (uint32_t i = 0; i < n; i++) {
        seeds[count] = from(blobs[i].x, blobs[i].y, blobs[i].mass);
        if (settle(map, &seeds[count]))
            count++;
    }
    return count;
}

/* Looks closer at each place in the window where there may be a face. */
static int look_closer(dml_search *s, const dml_similarity *to_picture)
{
    dml_face_frame seeds[SEEDS];
    uint32_t count = add_seeds(s, DML_ROLE_NOSE, dml_face_from_nose, seeds, 0);
    int status = DMLCSR_OK;
    count = add_seeds(s, DML_ROLE_MOUTH, dml_face_from_mouth, seeds, count);
    for (uint32_t i = 0; i < count && status == DMLCSR_OK; i++)
        status = dml_search_refine(s, dml_face_frame_map(to_picture, &seeds[i]));
    return status;
}

/* Faces that are known leave no trace that is worth a look. */
static void erase_found(const dml_search *s, const dml_similarity *to_picture)
{
    static const int roles[] = { DML_ROLE_LEFT_EYE, DML_ROLE_RIGHT_EYE, DML_ROLE_EYES, DML_ROLE_GLASSES };
    const dml_part_map *map = &s->finder->coarse;
    for (uint32_t k = 0; k < s->count; k++) {
        const dml_face_frame f = dml_face_frame_unmap(to_picture, &s->finder->found[k].frame);
        for (uint32_t i = 0; i < map->side * map->side; i++)
            if (hypot(i % map->side - f.x, i / map->side - f.y) < .5 * f.size)
                for (int r = 0; r < 4; r++)
                    dml_part_plane(map, roles[r])[i] = 0.0f;
    }
}

/* Whether a quarter of the window's middle may hold a face that is to be found further down: as much of eyes, counted as
   far as the network is sure of them, as the smallest one shows. Skin would say nothing: the network sees it in walls
   and leaves, too. */
static bool worth_splitting(const dml_search *s, double window, int right, int down)
{
    const dml_part_map *map = &s->finder->coarse;
    const double side = map->side, smallest = s->smallest / window;
    const double from_x = side * ((right ? .5 : .25) - MARGIN), from_y = side * ((down ? .5 : .25) - MARGIN);
    const double reach = side * (.25 + 2.0 * MARGIN);
    double trace = 0.0;
    if (smallest < SEEN_FROM)
        return true;
    for (uint32_t y = 0; y < map->side; y++)
        for (uint32_t x = 0; x < map->side; x++) {
            const size_t i = (size_t)y * map->side + x;
            if (x < from_x || x >= from_x + reach || y < from_y || y >= from_y + reach)
                continue;
            const double eyes = dml_part_plane(map, DML_ROLE_LEFT_EYE)[i] + dml_part_plane(map, DML_ROLE_RIGHT_EYE)[i]
                                + dml_part_plane(map, DML_ROLE_EYES)[i] + dml_part_plane(map, DML_ROLE_GLASSES)[i];
            trace += eyes * eyes;
        }
    return trace > EYES_TRACE * (smallest * side) * (smallest * side);
}

static int scan(dml_search *s, const quarter *q, double share)
{
    const double window = 2.0 * q->side;
    const bool split = s->smallest < .99 * SPLIT_TO * window;
    const dml_face_frame square = { q->x, q->y, window, 0.0 };
    const double end = s->done + share;
    dml_similarity to_picture;
    bool worth[4];
    int status;
    DML_TRY(dml_search_look(s, &square, &s->finder->coarse, &to_picture));
    DML_TRY(look_closer(s, &to_picture));
    erase_found(s, &to_picture);
    for (int i = 0; i < 4; i++)
        worth[i] = split && worth_splitting(s, window, i & 1, i >> 1);
    s->done += OWN_SHARE * share;
    for (int i = 0; i < 4; i++) {
        const quarter part = { q->x + (i & 1 ? .25 : -.25) * q->side, q->y + (i >> 1 ? .25 : -.25) * q->side,
                               q->side / 2.0 };
        if (worth[i] && touches_picture(s, &part))
            DML_TRY(scan(s, &part, (1.0 - OWN_SHARE) / 4.0 * share));
    }
    s->done = end;
fail:
    return status;
}

/* The last squares are just so large that the smallest faces are found there; the first one has the whole picture. */
int dml_search_scan(dml_search *s)
{
    const double width = s->image->width, height = s->image->height;
    quarter whole = { (width - 1.0) / 2.0, (height - 1.0) / 2.0, s->smallest / SPLIT_TO / 2.0 };
    while (whole.side < fmax(width, height))
        whole.side *= 2.0;
    return scan(s, &whole, 1.0);
}
