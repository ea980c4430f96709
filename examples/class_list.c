#include "class_list.h"

#include <string.h>

static void name_own(class_list *list, const dmlcsr *parser)
{
    list->count = dmlcsr_class_count(parser);
    list->side = dmlcsr_side(parser);
    for (uint32_t i = 0; i < list->count; i++) {
        list->names[i] = dmlcsr_class_name(parser, i);
        list->colors[i] = dmlcsr_class_color(parser, i);
    }
}

static void name_scheme(class_list *list, const dmlcsr *parser, int scheme)
{
    static const char *const sides[] = { "unknown", "subject", "picture", "none" };
    list->scheme = dmlcsr_scheme_name(scheme);
    list->count = dmlcsr_scheme_class_count(scheme);
    list->side = sides[dmlcsr_scheme_side(scheme)];
    if (strcmp(dmlcsr_side(parser), "unknown") == 0 && dmlcsr_scheme_side(scheme) != DMLCSR_SIDE_NONE)
        list->side = "unknown"; /* left stayed left */
    for (uint32_t i = 0; i < list->count; i++) {
        list->names[i] = dmlcsr_scheme_class_name(scheme, i);
        list->colors[i] = dmlcsr_scheme_class_color(scheme, i);
    }
}

bool class_list_make(class_list *list, const dmlcsr *parser, int scheme, int side)
{
    memset(list, 0, sizeof *list);
    if (dmlcsr_class_map(parser, scheme, side, 0, list->map) != DMLCSR_OK)
        return false;
    if (scheme == DMLCSR_SCHEME_OWN)
        name_own(list, parser);
    else
        name_scheme(list, parser, scheme);
    if (side != DMLCSR_SIDE_UNKNOWN && strcmp(list->side, "none") != 0)
        list->side = side == DMLCSR_SIDE_SUBJECT ? "subject" : "picture";
    return true;
}

int class_list_find(const class_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return (int)i;
    return -1;
}
