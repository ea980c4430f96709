/* A made-up training set on disk, in a format that needs no codec: "RAW <channels> <width> <height>\n", pixels. */
#ifndef TEST_DATA_FILES_H
#define TEST_DATA_FILES_H

#include "dmlcsr/train.h"

/* A new folder; to be given to data_remove(). */
char *data_folder(void);
void data_remove(char *folder);

/* "folder/name", in one of a few buffers. */
const char *data_path(const char *folder, const char *name);

/* Folders on the way are made. */
void data_write(const char *folder, const char *name, const void *bytes, size_t size);
void data_text(const char *folder, const char *name, const char *text);
void data_raw(const char *folder, const char *name, const uint8_t *pixels, unsigned channels, unsigned w, unsigned h);

/* Labels of a made-up face: classes 0 .. classes - 1 in patches, different for each `index`. */
void data_face(uint8_t *label, unsigned w, unsigned h, unsigned classes, unsigned index);

/* A photograph of it: each class has a colour of its own, data_colour(), with no other texture. */
uint8_t data_colour(unsigned label, unsigned channel);

/* `count` faces of w x h (a little different in size), listed in train_list.txt; labels in a quarter of the size when
   small is set; label_names.txt with 7 classes (two pairs of sides). */
char *data_set(unsigned count, unsigned w, unsigned h, int small);

/* Reads that format; counts what it reads. Paths that contain "slow" take a while. */
void data_decoder(dmlcsr_decoder *decoder);
unsigned data_reads(void); /* photographs since the last call */
unsigned data_alive(void); /* bitmaps not released */

/* Opens folder's "train". Like all of these it ends the program when that fails. */
dmlcsr_dataset *data_open(const char *folder);

#endif
