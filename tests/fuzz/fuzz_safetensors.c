/* Fuzz target: the reader of safetensors. An input that begins with '{' is a header and data without the length in
   front, which is then put there: the length ends at the last '}'. */
#include "model_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size || data[0] != '{') {
        fuzz_open(data, size);
        return 0;
    }
    size_t length = size;
    while (length > 1 && data[length - 1] != '}')
        length--;
    uint8_t *file = malloc(size + 8);
    if (!file)
        return 0;
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)length >> 8 * i);
    memcpy(file + 8, data, size);
    fuzz_open(file, size + 8);
    free(file);
    return 0;
}
