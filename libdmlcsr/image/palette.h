/* Colours of the classes, by their names. */
#ifndef DML_IMAGE_PALETTE_H
#define DML_IMAGE_PALETTE_H

#include <stdbool.h>
#include <stdint.h>

/* 0xRRGGBB. Names of CelebAMask-HQ, LaPa and Helen have a colour of their own, the same for all spellings of a part
   ("l_eye", "left eye", "left_eye"); case, and space, underscore and hyphen, make no difference. Another name gets a
   colour from its letters, or from `label` when it is NULL or empty. Background is 0, and nothing else is. */
uint32_t dml_class_color(const char *name, uint32_t label);

/* The same but for case, and for space, underscore and hyphen. */
bool dml_class_name_equal(const char *a, const char *b);

#endif
