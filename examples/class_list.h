/* The classes that a program shows: those of the model, or of a scheme that its labels are turned into. */
#ifndef EXAMPLES_CLASS_LIST_H
#define EXAMPLES_CLASS_LIST_H

#include <stdbool.h>

#include <dmlcsr/classes.h>

typedef struct class_list {
    const char *scheme;     /* its name, NULL: the model's own classes */
    uint32_t count;
    const char *names[256]; /* of the library or of the handle: as long as that lives */
    uint32_t colors[256];   /* 0xRRGGBB */
    const char *side;       /* "subject", "picture", "none" or "unknown" */
    uint8_t map[256];       /* from the model's ids */
} class_list;

/* DMLCSR_SCHEME_... and DMLCSR_SIDE_..., with DMLCSR_SCHEME_OWN for the model's classes. False when a side is wanted,
   but that of the model is not known. */
bool class_list_make(class_list *list, const dmlcsr *parser, int scheme, int side);

/* The id of a class, or -1. */
int class_list_find(const class_list *list, const char *name);

#endif
