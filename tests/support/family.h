/* Members of the DML-CSR family with weights that anyone can regenerate from their names (tests/golden/README.md). */
#ifndef TEST_FAMILY_H
#define TEST_FAMILY_H

#include <stddef.h>
#include <stdint.h>

typedef struct family {
    uint32_t classes, blocks[4], divide; /* published: 19, {3, 4, 23, 3}, 1 */
    int edges;                           /* with edge heads */
    int half;                            /* tensors of two and more dimensions: 0 F32, 1 F16, 2 BF16 */
    int module;                          /* keys start with "module." */
    const char *metadata;                /* members of "__metadata__" as JSON text, or NULL */
} family;

extern const family family_full, family_lite;

/* `count` values in [-1, 1) from a name. */
void family_noise(const char *name, size_t count, uint64_t seed, float *out);

/* A safetensors file in memory; to be freed. Exits the program when there is no memory. */
unsigned char *family_file(const family *f, uint64_t seed, size_t *size);

/* What the members above never have: widths of one's own (0: as they have), a projection in each block of layer4. */
typedef struct family_oddity {
    uint32_t stem[3], planes[4], context, phi, theta, node, head, skip, edge;
    int projected;
    uint32_t inner[2];                 /* of conv1 and conv2 of the last block of each stage */
    uint32_t final, convb, bottleneck; /* of the context head, whose conva has `context` */
    uint32_t middle;                   /* of the parsing head's conv3, between its two */
} family_oddity;

unsigned char *family_odd_file(const family *f, const family_oddity *odd, uint64_t seed, size_t *size);

/* The same on disk; exits when it cannot be written. */
void family_save(const family *f, uint64_t seed, const char *path);

#endif
