/* The made-up labels of the golden numbers, see tests/golden/README.md. */
#ifndef TEST_GOLDEN_LABELS_H
#define TEST_GOLDEN_LABELS_H

#include <stdint.h>

/* n size size labels; ignore: rows 0 .. 2 become 255, as for everything but the edges. */
void golden_labels(uint32_t n, uint32_t size, int ignore, uint8_t *label);

#endif
