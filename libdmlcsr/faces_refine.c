/* A closer look at one face: the network sees it as it saw those it was trained on, and says where its parts are; that
 * moves the square, until it stays where it is. */
#include <math.h>

#include "faces.h"

#define LOOKS 4 /* at most */
#define UNSURE .35 /* not worth another look */
#define TILT_MOST 1.1 /* radians: the network has not seen faces that lie or stand on their heads */
/* A face that moves less, in face sizes, stays where it is: the network does not care so far. */
#define STAYS .08

/* Two frames are of one face when the centre of one lies well inside the other. */
static bool is_known(const dml_search *s, const dml_face_frame *frame)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const dml_face_frame *f = &s->finder->found[i].frame;
        if (hypot(f->x - frame->x, f->y - frame->y) < .5 * fmax(f->size, frame->size))
            return true;
    }
    return false;
}

/* Then the network sees the same in both. */
static bool stays(const dml_face_frame *a, const dml_face_frame *b)
{
    return hypot(a->x - b->x, a->y - b->y) < STAYS * b->size && fabs(log(a->size / b->size)) < 2.0 * STAYS
           && fabs(a->rotation - b->rotation) < 2.0 * STAYS;
}

static bool is_refused(const dml_search *s, const dml_face_frame *frame)
{
    const uint32_t n = s->refused < DML_FACES_REFUSED ? s->refused : DML_FACES_REFUSED;
    for (uint32_t i = 0; i < n; i++)
        if (stays(&s->finder->refused[i], frame))
            return true;
    return false;
}

static void refuse(dml_search *s, const dml_face_frame *frame)
{
    s->finder->refused[s->refused % DML_FACES_REFUSED] = *frame;
    s->refused++;
}

static double within(double at, uint32_t size)
{
    return fmin(fmax(at, -.5), size - .5);
}

/* The box around all that belongs to the face, inside the picture. */
static void find_extent(const dml_search *s, const dml_similarity *to_picture, const dml_face_frame *in_map,
                        dml_found *found)
{
    const dml_part_map *map = &s->finder->fine;
    const float *plane = dml_part_plane(map, DML_ROLE_FACE);
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    const double half = hypot(to_picture->a, to_picture->b) / 2.0;
    for (uint32_t y = 0; y < map->side; y++)
        for (uint32_t x = 0; x < map->side; x++) {
            if (plane[(size_t)y * map->side + x] < .5f || hypot(x - in_map->x, y - in_map->y) > .95 * in_map->size)
                continue;
            const double px = to_picture->a * x - to_picture->b * y + to_picture->tx;
            const double py = to_picture->b * x + to_picture->a * y + to_picture->ty;
            left = fmin(left, px - half);
            right = fmax(right, px + half);
            top = fmin(top, py - half);
            bottom = fmax(bottom, py + half);
        }
    if (left > right) { /* a face of which no cell is sure */
        const dml_face_frame *frame = &found->frame;
        left = frame->x - frame->size / 2.0;
        right = frame->x + frame->size / 2.0;
        top = frame->y - frame->size / 2.0;
        bottom = frame->y + frame->size / 2.0;
    }
    found->left = within(left, s->image->width);
    found->top = within(top, s->image->height);
    found->right = within(right, s->image->width);
    found->bottom = within(bottom, s->image->height);
}

/* The list is sorted by size, largest first; the smallest falls out when it is full. */
static void keep(dml_search *s, const dml_found *found)
{
    dml_found *list = s->finder->found;
    if (s->count == DML_FACES_MOST && list[s->count - 1].frame.size >= found->frame.size)
        return;
    uint32_t at = s->count < DML_FACES_MOST ? s->count++ : DML_FACES_MOST - 1;
    for (; at > 0 && list[at - 1].frame.size < found->frame.size; at--)
        list[at] = list[at - 1];
    list[at] = *found;
}

/* One look: moves the frame, and fills what is found there. False: there is nothing that could be a face. */
static int look(dml_search *s, dml_found *found, bool *good)
{
    dml_part_map *map = &s->finder->fine;
    dml_similarity to_picture;
    dml_face_parts parts;
    const dml_face_frame square = { found->frame.x, found->frame.y, 2.0 * found->frame.size, found->frame.rotation };
    int status = dml_search_look(s, &square, map, &to_picture);
    if (status != DMLCSR_OK)
        return status;
    dml_face_frame in_map = dml_face_frame_unmap(&to_picture, &found->frame);
    *good = dml_face_settle(map, &in_map, &parts) && parts.sure > UNSURE;
    found->confidence = *good ? dml_face_confidence(&parts) : 0.0;
    if (!*good)
        return DMLCSR_OK;
    found->frame = dml_face_frame_map(&to_picture, &in_map);
    *good = fabs(found->frame.rotation) < TILT_MOST;
    find_extent(s, &to_picture, &in_map, found);
    return DMLCSR_OK;
}

int dml_search_refine(dml_search *s, dml_face_frame start)
{
    dml_found found = { .frame = start };
    bool good = true, done = false;
    if (is_known(s, &start) || is_refused(s, &start))
        return DMLCSR_OK;
    for (int i = 0; i < LOOKS && good && !done; i++) {
        const dml_face_frame before = found.frame;
        int status = look(s, &found, &good);
        if (status != DMLCSR_OK)
            return status;
        done = stays(&found.frame, &before);
        if (is_known(s, &found.frame))
            return DMLCSR_OK;
    }
    if (good && found.confidence >= s->threshold && found.frame.size > DML_FACES_SMALLER * s->smallest) {
        keep(s, &found);
    } else {
        refuse(s, &start);
        refuse(s, &found.frame);
    }
    return DMLCSR_OK;
}
