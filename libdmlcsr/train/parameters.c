/* The values of parameters: their two orders, and where they start. */
#include <math.h>
#include <string.h>

#include "train/draft.h"

/* Index of value `i` of the published order in the packed one. */
static size_t packed_index(const dml_parameter *p, size_t i)
{
    if (p->kind == DML_PARAMETER_VECTOR)
        return i;
    return p->kind == DML_PARAMETER_DEPTHWISE ? dml_depthwise_packed_at(i) : dml_conv_packed_at(&p->conv, i);
}

void dml_parameter_pack(const dml_parameter *p, const dml_real *values, dml_real *packed)
{
    memset(packed, 0, p->size * sizeof *packed);
    for (size_t i = 0; i < p->count; i++)
        packed[packed_index(p, i)] = values[i];
}

void dml_parameter_unpack(const dml_parameter *p, const dml_real *packed, dml_real *values)
{
    for (size_t i = 0; i < p->count; i++)
        values[i] = packed[packed_index(p, i)];
}

/* Uniform in (0, 1): the finaliser of splitmix64 over a counter. */
static double uniform(uint64_t key, uint64_t i)
{
    uint64_t z = key + (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

/* FNV-1a of the name, so that a tensor starts alike whatever other tensors there are. */
static uint64_t key_of(const char *name, uint64_t seed)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001B3u;
    return h ^ seed * 0xD1342543DE82EF95u;
}

/* Box and Muller */
static double normal(uint64_t key, uint64_t i)
{
    return sqrt(-2 * log(uniform(key, 2 * i))) * cos(6.283185307179586 * uniform(key, 2 * i + 1));
}

static bool ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static double start_of(const dml_parameter *p, uint64_t key, size_t i)
{
    if (p->kind != DML_PARAMETER_VECTOR) {
        const double fan_in = (double)(p->count / p->shape[0]);
        return normal(key, i) * sqrt(2 / fan_in);
    }
    return ends_in(p->name, ".weight") || ends_in(p->name, ".running_var") ? 1 : 0;
}

void dml_draft_initialise(const dml_draft *draft, uint64_t seed, dml_real *parameters, dml_real *statistics,
                          dml_real *room)
{
    for (uint32_t k = 0; k < draft->parameters; k++) {
        const dml_parameter *p = &draft->parameter[k];
        const uint64_t key = key_of(p->name, seed);
        for (size_t i = 0; i < p->count; i++)
            room[i] = (dml_real)start_of(p, key, i);
        dml_parameter_pack(p, room, (p->statistic ? statistics : parameters) + p->at);
    }
}
