/* Protobuf messages, as far as ONNX needs them: fields are appended one after the other, each with its number. */
#ifndef DML_ONNX_MESSAGE_H
#define DML_ONNX_MESSAGE_H

#include "base/memory.h"

/* Bytes that grow. Cleared but for `memory` at the start; free with dml_message_free(). When there was no memory,
   `failed` is set, and all that is appended later is dropped: it is enough to look at the end. */
typedef struct dml_message {
    unsigned char *data;
    size_t size, capacity;
    dml_memory *memory;
    bool failed;
} dml_message;

void dml_message_free(dml_message *m);

void dml_message_number(dml_message *m, uint32_t field, uint64_t value); /* int32, int64 (also negative), enum */
void dml_message_float(dml_message *m, uint32_t field, float value);
void dml_message_text(dml_message *m, uint32_t field, const char *text);
void dml_message_bytes(dml_message *m, uint32_t field, const void *data, size_t size);

/* Appends `part` as a message inside m, and clears it, so that it can be used for the next one. */
void dml_message_nested(dml_message *m, uint32_t field, dml_message *part);

/* Appends the bytes of `part`, and clears it. */
void dml_message_append(dml_message *m, dml_message *part);

/* What stands before the content of a field of `size` bytes whose content comes later. */
void dml_message_begin(dml_message *m, uint32_t field, uint64_t size);

#endif
