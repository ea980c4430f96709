/* A picture with its parts in colour, and a legend beside it. */
#ifndef EXAMPLES_OVERLAY_H
#define EXAMPLES_OVERLAY_H

#include "io.h"

typedef struct legend_entry {
    const char *name;
    uint32_t color; /* 0xRRGGBB */
    double share;   /* of the picture, 0 to 1 */
} legend_entry;

/* A square that the network looked at: its corners (x, y), in order around it. */
typedef struct frame {
    float corners[4][2];
} frame;

/*
 * Makes a new picture: `photo` under the colours of `labels` (background stays as it is), borders of parts as lines,
 * dashed frames, and to its right a panel with the entries. No entries: no panel.
 */
bool overlay_make(picture *out, const picture *photo, const uint8_t *labels, const uint32_t colors[256],
                  const frame *frames, size_t frame_count, const legend_entry *entries, unsigned count, note *error);

#endif
