/* The scan: the picture is looked at in windows, from one that holds all of it to such in which the smallest face is a
 * quarter of the side, each half as large as those before. They lie inside the picture, where it is large enough, and
 * overlap by half, so that each face is a quarter to a half of one that shows what is around it. Most windows are of the
 * last size; they are left out where the window before shows nothing like an eye beside a nose or a mouth. */
#include <math.h>

#include "faces.h"
#include "ops/split.h"

#define UNSURE .25       /* of parts in a window: no place for a closer look */
#define SEEDS 32         /* places in one window that are worth a closer look */
#define LAST 4.0         /* smallest faces in the side of the last windows */
#define FOUND_FROM (DML_FACES_SMALLER / LAST) /* sizes, as shares of the window, of faces that are looked at closer */
#define FOUND_TO .85
#define FIRST 2.0        /* sides of the picture in that of the first window, at least: a face may be cut off all around */
#define REACH .375       /* of the side of a window to each side of its centre: what it shows better than its neighbours */
#define TRACE_REACH .45  /* of a trace, in smallest faces to each side: eyes and mouth of a face are closer */
#define TRACE .002       /* of a face in the map, in squares of the smallest; of one that is seen clearly it is .05 */
#define INSIDE 3         /* windows of the last size, at most, that share a window before along a side of it */

/* Centres of windows of one size along a side of the picture. */
typedef struct axis {
    double first, step;
    uint32_t count;
} axis;

/* All windows of one size. */
typedef struct level {
    double window;
    axis x, y;
} level;

static axis axis_of(double side, double window)
{
    axis a = { (side - 1.0) / 2.0, 0.0, 1 };
    if (side > window) {
        a.count = (uint32_t)ceil((side - window) / (window / 2.0)) + 1;
        a.first = (window - 1.0) / 2.0;
        a.step = (side - window) / (a.count - 1);
    }
    return a;
}

static double centre(const axis *a, uint32_t i)
{
    return a->first + i * a->step;
}

static level level_of(const dml_search *s, double window)
{
    return (level){ window, axis_of(s->image->width, window), axis_of(s->image->height, window) };
}

static double windows_of(const level *l)
{
    return (double)l->x.count * l->y.count;
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

/* Whether the map shows a trace of a face where the window of the last size at (x, y) of the picture would be the best to
   find it. A face is an eighth of the map's window there, or more: 73 of 75 showed a trace, with three models, and so did
   two in three places without a face. Larger windows tell too little to leave anything out: what 19 of 20 faces of a
   sixteenth show, nine in ten places without one do, too. */
static bool shows_trace(const dml_search *s, const dml_similarity *to_picture, double window, double x, double y)
{
    const dml_part_map *map = &s->finder->coarse;
    const double cell = to_picture->a, smallest = s->smallest / cell, half = REACH * window / cell;
    const uint32_t reach = (uint32_t)(TRACE_REACH * smallest + .5);
    const double middle_x = (x - to_picture->tx) / cell, middle_y = (y - to_picture->ty) / cell;
    const double right = fmin(middle_x + half, map->side - 1.0), bottom = fmin(middle_y + half, map->side - 1.0);
    for (uint32_t v = (uint32_t)ceil(fmax(middle_y - half, 0.0)); v <= bottom; v++)
        for (uint32_t u = (uint32_t)ceil(fmax(middle_x - half, 0.0)); u <= right; u++)
            if (trace_at(map, u, v, reach) > TRACE * squared(smallest))
                return true;
    return false;
}

/* Looks at one window, and at the faces in it. */
static int look_at(dml_search *s, double window, double x, double y, dml_similarity *to_picture)
{
    const dml_face_frame square = { x, y, window, 0.0 };
    int status;
    DML_TRY(dml_search_look(s, &square, &s->finder->coarse, to_picture));
    DML_TRY(look_closer(s, to_picture));
    erase_found(s, to_picture);
fail:
    return status;
}

/* The windows of the last size inside window (i, j) of the size before, of which the map is there. */
static int scan_inside(dml_search *s, const level *before, const level *last, uint32_t i, uint32_t j,
                       const dml_similarity *to_picture, double share)
{
    const uint32_t left = dml_split(last->x.count, before->x.count, i), top = dml_split(last->y.count, before->y.count, j);
    const uint32_t columns = dml_split(last->x.count, before->x.count, i + 1) - left;
    const uint32_t rows = dml_split(last->y.count, before->y.count, j + 1) - top;
    bool traces[INSIDE * INSIDE];
    int status = DMLCSR_OK;
    for (uint32_t k = 0; k < rows * columns; k++) /* of all of them, since the first look changes the map */
        traces[k] = shows_trace(s, to_picture, last->window, centre(&last->x, left + k % columns),
                                centre(&last->y, top + k / columns));
    for (uint32_t k = 0; k < rows * columns; k++) {
        dml_similarity ignored;
        s->done += share;
        if (traces[k])
            DML_TRY(look_at(s, last->window, centre(&last->x, left + k % columns), centre(&last->y, top + k / columns),
                            &ignored));
    }
fail:
    return status;
}

/* With the last level inside, where it is given. */
static int scan_level(dml_search *s, const level *l, const level *last, double share)
{
    int status = DMLCSR_OK;
    for (uint32_t j = 0; j < l->y.count; j++)
        for (uint32_t i = 0; i < l->x.count; i++) {
            dml_similarity to_picture;
            DML_TRY(look_at(s, l->window, centre(&l->x, i), centre(&l->y, j), &to_picture));
            s->done += share;
            if (last)
                DML_TRY(scan_inside(s, l, last, i, j, &to_picture, share));
        }
fail:
    return status;
}

int dml_search_scan(dml_search *s)
{
    const level last = level_of(s, LAST * s->smallest);
    const double first = FIRST * fmax(s->image->width, s->image->height);
    level l = last;
    double windows = windows_of(&last);
    int status = DMLCSR_OK;
    do {
        l = level_of(s, 2.0 * l.window);
        windows += windows_of(&l);
    } while (l.window < first);
    for (; l.window > last.window && status == DMLCSR_OK; l = level_of(s, l.window / 2.0))
        status = scan_level(s, &l, l.window == 2.0 * last.window ? &last : NULL, 1.0 / windows);
    return status;
}
