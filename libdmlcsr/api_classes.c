/* The public functions of classes.h. */
#include <string.h>

#include "dmlcsr/classes.h"
#include "handle.h"
#include "image/palette.h"
#include "image/schemes.h"

/* A scheme, or what is known of a handle's classes. */
typedef struct known {
    uint32_t count;
    dml_parts parts[256];
    int side;
} known;

static bool know_scheme(known *k, int scheme)
{
    const dml_scheme *s = dml_scheme_get(scheme);
    if (!s)
        return false;
    k->count = s->count;
    k->side = s->side;
    for (uint32_t i = 0; i < s->count; i++)
        k->parts[i] = s->classes[i].parts;
    return true;
}

static bool know_handle(known *k, const dmlcsr *handle)
{
    const char *side = dmlcsr_side(handle);
    if (!handle)
        return false;
    k->count = dmlcsr_class_count(handle) < 256 ? dmlcsr_class_count(handle) : 256;
    k->side = strcmp(side, "subject") == 0   ? DMLCSR_SIDE_SUBJECT
              : strcmp(side, "picture") == 0 ? DMLCSR_SIDE_PICTURE
                                             : DMLCSR_SIDE_UNKNOWN;
    for (uint32_t i = 0; i < k->count; i++)
        k->parts[i] = dml_parts_named(dmlcsr_class_name(handle, i));
    return true;
}

static bool has_side(int side)
{
    return side == DMLCSR_SIDE_SUBJECT || side == DMLCSR_SIDE_PICTURE;
}

/* The class that holds all these parts; the first of several. */
static uint8_t holder(const known *to, dml_parts parts, uint8_t other)
{
    for (uint32_t i = 0; parts && i < to->count; i++)
        if ((to->parts[i] & parts) == parts)
            return (uint8_t)i;
    return other;
}

static int make_map(const known *from, const known *to, int side, uint8_t other, uint8_t *map)
{
    if (!map || (side != DMLCSR_SIDE_UNKNOWN && !has_side(side)) || (other >= to->count && other != 255))
        return DMLCSR_ERROR_ARGUMENT;
    if (has_side(side) && from->side == DMLCSR_SIDE_UNKNOWN && to->side != DMLCSR_SIDE_NONE)
        return DMLCSR_ERROR_ARGUMENT;
    if (side == DMLCSR_SIDE_UNKNOWN)
        side = to->side;
    bool swap = has_side(side) && has_side(from->side) && side != from->side;
    memset(map, other, 256);
    map[255] = 255;
    for (uint32_t i = 0; i < from->count; i++)
        map[i] = holder(to, swap ? dml_parts_mirrored(from->parts[i]) : from->parts[i], other);
    return DMLCSR_OK;
}

static void make_mirror(const known *k, uint8_t *map)
{
    for (uint32_t i = 0; i < 256; i++)
        map[i] = (uint8_t)i;
    for (uint32_t i = 0; i < k->count; i++)
        for (uint32_t j = 0; j < k->count && k->parts[i] != dml_parts_mirrored(k->parts[i]); j++)
            if (k->parts[j] == dml_parts_mirrored(k->parts[i]))
                map[i] = (uint8_t)j;
}

/* Ids stay: a class of which nothing is known must not become another, and neither must the second of its name. */
static int make_own(const known *k, int side, uint8_t other, uint8_t *map)
{
    uint8_t swapped[256];
    if (!map || (side != DMLCSR_SIDE_UNKNOWN && !has_side(side)) || (other >= k->count && other != 255) ||
        (has_side(side) && k->side == DMLCSR_SIDE_UNKNOWN))
        return DMLCSR_ERROR_ARGUMENT;
    memset(map, other, 256);
    map[255] = 255;
    make_mirror(k, swapped);
    for (uint32_t i = 0; i < k->count; i++)
        map[i] = has_side(side) && side != k->side ? swapped[i] : (uint8_t)i;
    return DMLCSR_OK;
}

uint32_t dmlcsr_scheme_count(void)
{
    return dml_scheme_count();
}

const char *dmlcsr_scheme_name(int scheme)
{
    const dml_scheme *s = dml_scheme_get(scheme);
    return s ? s->name : NULL;
}

int dmlcsr_scheme_find(const char *name)
{
    for (int i = 0; name && i < (int)dml_scheme_count(); i++)
        if (strcmp(dml_scheme_get(i)->name, name) == 0)
            return i;
    return -1;
}

int dmlcsr_scheme_side(int scheme)
{
    const dml_scheme *s = dml_scheme_get(scheme);
    return s ? s->side : DMLCSR_SIDE_UNKNOWN;
}

uint32_t dmlcsr_scheme_class_count(int scheme)
{
    const dml_scheme *s = dml_scheme_get(scheme);
    return s ? s->count : 0;
}

const char *dmlcsr_scheme_class_name(int scheme, uint32_t label)
{
    return label < dmlcsr_scheme_class_count(scheme) ? dml_scheme_get(scheme)->classes[label].name : NULL;
}

uint32_t dmlcsr_scheme_class_color(int scheme, uint32_t label)
{
    const char *name = dmlcsr_scheme_class_name(scheme, label);
    return name ? dml_class_color(name, label) : 0;
}

int dmlcsr_scheme_map(int from, int to, int side, uint8_t other, uint8_t *map)
{
    known source, target;
    if (!know_scheme(&source, from) || !know_scheme(&target, to))
        return DMLCSR_ERROR_ARGUMENT;
    return make_map(&source, &target, side, other, map);
}

int dmlcsr_class_map(const dmlcsr *handle, int to, int side, uint8_t other, uint8_t *map)
{
    known source, target;
    if (!know_handle(&source, handle))
        return DMLCSR_ERROR_ARGUMENT;
    if (to == DMLCSR_SCHEME_OWN)
        return make_own(&source, side, other, map);
    return know_scheme(&target, to) ? make_map(&source, &target, side, other, map) : DMLCSR_ERROR_ARGUMENT;
}

int dmlcsr_scheme_mirror(int scheme, uint8_t *map)
{
    known k;
    if (!map || !know_scheme(&k, scheme))
        return DMLCSR_ERROR_ARGUMENT;
    make_mirror(&k, map);
    return DMLCSR_OK;
}

int dmlcsr_class_mirror(const dmlcsr *handle, uint8_t *map)
{
    known k;
    if (!map || !know_handle(&k, handle))
        return DMLCSR_ERROR_ARGUMENT;
    make_mirror(&k, map);
    return DMLCSR_OK;
}
