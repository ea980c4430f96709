/* The numbers are means over the labels of the training data (CelebAMask-HQ), whose pictures show a face of half their
 * side: with the side of the face as the unit and its centre as the origin, the eyes lie at (-.245, -.045) and
 * (.245, -.045), the nose's centre at (0, .155) and the mouth's at (0, .5). */
#include "image/face_fit.h"

#include <math.h>
#include <string.h>

#define EYE_U .235 /* a little less than for a face seen from the front: most are turned a little */
#define EYE_V -.045
#define NOSE_V .155
#define MOUTH_V .5
/* Face sizes for the distance between the eyes, and between them and the mouth. Of a face that turns aside the first
   gets shorter, of one that nods the second: the larger result counts. */
#define PER_EYES 2.04
#define PER_HEIGHT 1.83
#define CENTRE .083 /* of the way from the eyes to the mouth */
/* Areas of parts in squared face sizes. */
#define EYE_AREA .0092
#define GLASSES_AREA .2
#define NOSE_AREA .083
#define MOUTH_AREA .056
#define SKIN_AREA 1.2
#define ROUNDS 3 /* a frame that is half as large again as it should be cuts parts off at first */
#define REACH .95 /* no part of a face is farther away from its centre */
/* Share from which on a part counts as seen. */
#define SEEN .25

typedef struct sum {
    double mass, u, v, squares;
} sum;

static void add(sum *s, double value, double u, double v)
{
    s->mass += value;
    s->u += value * u;
    s->v += value * v;
    s->squares += value * (u * u + v * v);
}

/* Adds where (u, v) lies within `reach` of the part's place. */
static void add_near(sum *s, double value, double u, double v, double at_u, double at_v, double reach)
{
    if ((u - at_u) * (u - at_u) + (v - at_v) * (v - at_v) < reach * reach)
        add(s, value, u, v);
}

static dml_face_part part_of(const sum *s, double area)
{
    dml_face_part part = { s->mass / area, 0.0, 0.0, 0.0 };
    if (s->mass > 0.0) {
        part.u = s->u / s->mass;
        part.v = s->v / s->mass;
        part.spread = s->squares / s->mass - part.u * part.u - part.v * part.v;
    }
    return part;
}

static uint32_t clamp(double value, uint32_t side)
{
    return value > 0.0 ? (value < side ? (uint32_t)value : side) : 0;
}

void dml_face_measure(const dml_part_map *map, const dml_face_frame *frame, dml_face_parts *parts)
{
    sum left = { 0 }, right = { 0 }, glasses = { 0 }, nose = { 0 }, mouth = { 0 }, skin = { 0 };
    const double reach = REACH * frame->size, scale = 1.0 / frame->size, unit = scale * scale;
    const double c = cos(frame->rotation) * scale, s = sin(frame->rotation) * scale;
    const uint32_t top = clamp(ceil(frame->y - reach), map->side), bottom = clamp(frame->y + reach + 1.0, map->side);
    const uint32_t from = clamp(ceil(frame->x - reach), map->side), to = clamp(frame->x + reach + 1.0, map->side);
    double all = 0.0, certain = 0.0;
    const float *plane[DML_ROLES];
    for (int i = 0; i < DML_ROLES; i++)
        plane[i] = dml_part_plane(map, i);
    for (uint32_t y = top; y < bottom; y++)
        for (uint32_t x = from; x < to; x++) {
            const size_t i = (size_t)y * map->side + x;
            const double dx = x - frame->x, dy = y - frame->y, u = c * dx + s * dy, v = c * dy - s * dx;
            const double either = plane[DML_ROLE_EYES][i];
            add_near(&left, plane[DML_ROLE_LEFT_EYE][i] + (u < 0.0 ? either : 0.0), u, v, -EYE_U, EYE_V, .33);
            add_near(&right, plane[DML_ROLE_RIGHT_EYE][i] + (u < 0.0 ? 0.0 : either), u, v, EYE_U, EYE_V, .33);
            add_near(&glasses, plane[DML_ROLE_GLASSES][i], u, v, 0.0, EYE_V, .5);
            add_near(&nose, plane[DML_ROLE_NOSE][i], u, v, 0.0, NOSE_V, .4);
            add_near(&mouth, plane[DML_ROLE_MOUTH][i], u, v, 0.0, MOUTH_V, .4);
            if (u * u + v * v < REACH * REACH) {
                const double eyes = plane[DML_ROLE_LEFT_EYE][i] + plane[DML_ROLE_RIGHT_EYE][i] + either;
                const double n = plane[DML_ROLE_NOSE][i], m = plane[DML_ROLE_MOUTH][i];
                all += eyes + n + m;
                certain += eyes * eyes + n * n + m * m;
            }
            add_near(&skin, plane[DML_ROLE_FACE][i], u, v, 0.0, 0.0, REACH);
        }
    parts->left_eye = part_of(&left, EYE_AREA / unit);
    parts->right_eye = part_of(&right, EYE_AREA / unit);
    parts->glasses = part_of(&glasses, GLASSES_AREA / unit);
    parts->nose = part_of(&nose, NOSE_AREA / unit);
    parts->mouth = part_of(&mouth, MOUTH_AREA / unit);
    parts->skin = part_of(&skin, SKIN_AREA / unit);
    const double near = left.mass + right.mass + nose.mass + mouth.mass;
    parts->stray = near > 0.0 ? all / near - 1.0 : 1.0;
    parts->sure = all > 0.0 ? certain / all : 0.0;
}

/* The point between the eyes; false when neither they nor glasses are seen. */
static bool find_eyes(const dml_face_parts *p, double *u, double *v)
{
    const bool left = p->left_eye.share > SEEN, right = p->right_eye.share > SEEN;
    if (left && right) {
        *u = (p->left_eye.u + p->right_eye.u) / 2.0;
        *v = (p->left_eye.v + p->right_eye.v) / 2.0;
    } else if (p->glasses.share > SEEN) {
        *u = p->glasses.u;
        *v = p->glasses.v;
    } else { /* one eye: of a face seen from the side, where both are close to each other */
        *u = left ? p->left_eye.u + EYE_U / 2.0 : p->right_eye.u - EYE_U / 2.0;
        *v = left ? p->left_eye.v : p->right_eye.v;
    }
    return left || right || p->glasses.share > SEEN;
}

bool dml_face_fit(const dml_face_parts *p, const dml_face_frame *frame, dml_face_frame *fitted)
{
    double u, v, down_u, down_v, right_u = 0.0, right_v = 0.0;
    const bool mouth = p->mouth.share > SEEN, nose = p->nose.share > SEEN;
    if (!find_eyes(p, &u, &v) || (!mouth && !nose))
        return false;
    const double stretch = mouth ? 1.0 : (MOUTH_V - EYE_V) / (NOSE_V - EYE_V);
    down_u = stretch * ((mouth ? p->mouth.u : p->nose.u) - u);
    down_v = stretch * ((mouth ? p->mouth.v : p->nose.v) - v);
    if (p->left_eye.share > SEEN && p->right_eye.share > SEEN) {
        right_u = p->right_eye.u - p->left_eye.u;
        right_v = p->right_eye.v - p->left_eye.v;
    }
    const double size = fmax(PER_EYES * hypot(right_u, right_v), PER_HEIGHT * hypot(down_u, down_v));
    /* From the mouth up to the eyes is a quarter turn left of from eye to eye: both tell the tilt. */
    const double tilt = atan2(right_v - down_u, right_u + down_v);
    const double c = cos(frame->rotation) * frame->size, s = sin(frame->rotation) * frame->size;
    u += CENTRE * down_u;
    v += CENTRE * down_v;
    fitted->x = frame->x + c * u - s * v;
    fitted->y = frame->y + s * u + c * v;
    fitted->size = frame->size * size;
    fitted->rotation = frame->rotation + tilt;
    return size > .2 && size < 3.0;
}

bool dml_face_settle(const dml_part_map *map, dml_face_frame *frame, dml_face_parts *parts)
{
    dml_face_measure(map, frame, parts);
    for (int i = 0; i < ROUNDS; i++) {
        if (!dml_face_fit(parts, frame, frame))
            return false;
        dml_face_measure(map, frame, parts);
    }
    return true;
}

static dml_face_frame from_part(double x, double y, double area, double of_face, double v)
{
    const double size = sqrt(area / of_face);
    return (dml_face_frame){ x, y - v * size, size, 0.0 };
}

dml_face_frame dml_face_from_nose(double x, double y, double area)
{
    return from_part(x, y, area, NOSE_AREA, NOSE_V);
}

dml_face_frame dml_face_from_mouth(double x, double y, double area)
{
    return from_part(x, y, area, MOUTH_AREA, MOUTH_V);
}

/* 0 below `none`, 1 from `full` on (or the other way round), a straight line between. */
static double ramp(double value, double none, double full)
{
    return fmin(1.0, fmax(0.0, (value - none) / (full - none)));
}

/* How good a part is: enough of it, not too much, and in its place. */
static double part_score(const dml_face_part *p, double u, double v, double none, double full, double most)
{
    return ramp(p->share, none, full) * ramp(p->share, 1.6 * most, most) * ramp(hypot(p->u - u, p->v - v), .2, .1);
}

/* Having seen nothing but faces, the network sees parts of faces in leaves and walls, too, and some of them in the
   right places. But it is not sure of them (with a probability of less than .45 where it has more than .6 in a face),
   they are scattered, and there are more of them beside. */
double dml_face_confidence(const dml_face_parts *p)
{
    const double left = part_score(&p->left_eye, -EYE_U, EYE_V, .15, .6, 2.5);
    const double right = part_score(&p->right_eye, EYE_U, EYE_V, .15, .6, 2.5);
    const double glasses = part_score(&p->glasses, 0.0, EYE_V, .3, .8, 2.0);
    const double eyes = fmax(.4 * fmin(left, right) + .6 * fmax(left, right), glasses);
    const double nose = part_score(&p->nose, 0.0, NOSE_V, .2, .6, 1.5);
    const double mouth = part_score(&p->mouth, 0.0, MOUTH_V, .1, .35, 2.8);
    const double skin = ramp(p->skin.share, .35, .65) * ramp(p->skin.share, 2.2, 1.6);
    const double clear = ramp(p->sure, .42, .58) * ramp(p->stray, .4, .2) * ramp(p->nose.spread, .042, .03);
    return eyes * nose * mouth * skin * clear;
}
