/* The default model, linked in as read-only data. The build defines DML_EMBEDDED_MODEL as the file's name, or leaves it
 * undefined to build without. */
#include "model/default.h"

#ifdef DML_EMBEDDED_MODEL
#include "base/compiler.h"

DML_EMBED_FILE(dml_model_bytes, dml_model_end, DML_EMBEDDED_MODEL);

extern const unsigned char dml_model_bytes[], dml_model_end[];

const void *dml_default_model(size_t *size)
{
    *size = (size_t)(dml_model_end - dml_model_bytes);
    return dml_model_bytes;
}

#else

const void *dml_default_model(size_t *size)
{
    *size = 0;
    return NULL;
}

#endif
