/* The scan: squares of the picture, each split into four until its faces would be too small. A square of side c is
 * looked at in a window of twice that side, so that a face whose centre lies in it is seen with what is around it, and
 * found when it is a quarter to three quarters of the window. Smaller ones are found further down; the last squares are
 * left out where the map of the window before shows nothing like an eye beside a nose or a mouth. */
#include <math.h>

#include "faces.h"

#define UNSURE .25       /* of parts in a window: no place for a closer look */
#define SEEDS 32         /* places in one window that are worth a closer look */
#define FOUND_FROM .22   /* sizes, as shares of the window, of faces that are looked at closer */
#define FOUND_TO .85
#define SPLIT_TO .25     /* faces from this share of the window on are found without splitting it */
#define SEEN_FROM .1     /* smaller faces leave no trace in the map that could be relied on: see worth_splitting() */
#define TRACE_REACH .45  /* of a trace, in smallest faces to each side: eyes and mouth of a face are closer */
#define TRACE .005       /* of a face in the map, in squares of the smallest; of one that is seen clearly it is .05 */
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

static double squared(double value)
{
    return value * value;
}

/* How much of a face is seen around a cell: of eyes and, close to them, of a nose or a mouth, counted as far as the
   network is sure of them. Skin would say nothing: the network sees it in walls and leaves, too. */
static double trace_at(const dml_part_map *map, uint32_t x, uint32_t y, uint32_t reach)
{
    const uint32_t top = y > reach ? y - reach : 0, left = x > reach ? x - reach : 0;
    const float *plane[DML_ROLES];
    double eyes = 0.0, others = 0.0;
    for (int r = 0; r < DML_ROLES; r++)
        plane[r] = dml_part_plane(map, r);
    for (uint32_t v = top; v <= y + reach && v < map->side; v++)
        for (uint32_t u = left; u <= x + reach && u < map->side; u++) {
            const size_t i = (size_t)v * map->side + u;
            eyes += squared(plane[DML_ROLE_LEFT_EYE][i] + plane[DML_ROLE_RIGHT_EYE][i] + plane[DML_ROLE_EYES][i]
                           + plane[DML_ROLE_GLASSES][i]);
            others += squared(plane[DML_ROLE_NOSE][i]) + squared(plane[DML_ROLE_MOUTH][i]);
        }
    return sqrt(eyes * others);
}

/* Whether a quarter of the window's middle may hold a face that is to be found further down. Of faces
   of an eighth of the window 73 of 75 showed more than half of the quarters without faces do, with three models. Of faces
   of a sixteenth a map tells too little to leave anything out: what 19 of 20 show, nine in ten quarters without do, too. */
static bool worth_splitting(const dml_search *s, double window, int right, int down)
{
    const dml_part_map *map = &s->finder->coarse;
    const double side = map->side, smallest = side * s->smallest / window;
    const double from_x = side * ((right ? .5 : .25) - MARGIN), from_y = side * ((down ? .5 : .25) - MARGIN);
    const double wide = side * (.25 + 2.0 * MARGIN);
    const uint32_t reach = (uint32_t)(TRACE_REACH * smallest + .5);
    if (smallest < SEEN_FROM * side)
        return true;
    for (uint32_t y = (uint32_t)ceil(from_y); y < from_y + wide; y++)
        for (uint32_t x = (uint32_t)ceil(from_x); x < from_x + wide; x++)
            if (trace_at(map, x, y, reach) > TRACE * squared(smallest))
                return true;
    return false;
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
