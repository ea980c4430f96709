/* Compares the network with numbers that the authors' own network gave (README.md). */
#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

/* Runs the published network with the regenerated weights on the regenerated input of side x side, on every instruction
   set this machine has (or on the one of that name, when it is not NULL), and compares each named stage, the logits and
   the labels. Returns the number of failures, and prints a line per stage that fails and one per instruction set. */
int golden_main(uint32_t side, const char *folder, const char *isa_name);

/* A handle on that network for side x side, edge heads included, takes at most `most` bytes beside its weights. Returns
   the number of failures and prints a line. */
int golden_scratch(uint32_t side, size_t most);

/* A whole file, with a 0 behind it; ends the program when it cannot be read. To be freed. */
char *golden_read(const char *folder, const char *name, size_t *size);

/* The last `count` floats of a .npy file (C order). To be freed. */
float *golden_npy(const char *folder, const char *name, size_t count);

#endif
