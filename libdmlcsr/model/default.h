/* The model that is part of the library. */
#ifndef DML_MODEL_DEFAULT_H
#define DML_MODEL_DEFAULT_H

#include <stddef.h>

/* The bytes of a safetensors file, aligned to 64, and how many they are; NULL and 0 when the library was built without
   (configure --disable-embedded-model). */
const void *dml_default_model(size_t *size);

#endif
