/* Small members of the family against PyTorch: odd and non-square inputs, widths that do not fill a channel block, other
 * class counts, both kinds of PyTorch files and half-precision storage, on every instruction set. All through the public
 * functions. */
#define _XOPEN_SOURCE 700 /* mkstemp, P_tmpdir */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "golden.h"
#include "support/family.h"

#define FOLDER "tests/golden"
#define BOUND 4e-5 /* of an output's standard deviation; see golden.c */

typedef struct outputs {
    uint32_t h, w, classes;
    float *map[3]; /* parsing, binary edge, category edge */
} outputs;

static int failures, passes;

static void expect(int good, const char *what, const char *detail)
{
    if (good) {
        passes++;
        return;
    }
    failures++;
    printf("FAILED: %s %s\n", what, detail);
}

static size_t count_of(const outputs *o, int map)
{
    return (size_t)(map == 1 ? 2 : o->classes) * o->h * o->w;
}

static dmlcsr *create(const void *file, size_t size, const char *path, int isa)
{
    char sentence[256] = "";
    dmlcsr *handle = NULL;
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.isa = isa;
    options.keep_edges = 1;
    options.error = sentence;
    options.error_size = sizeof sentence;
    int status = path ? dmlcsr_create(&handle, path, &options)
                      : dmlcsr_create_from_memory(&handle, file, size, &options);
    expect(status == DMLCSR_OK, "create:", sentence);
    return handle;
}

/* The network on the regenerated input. */
static outputs forward(dmlcsr *handle, uint32_t h, uint32_t w)
{
    outputs o = {.classes = dmlcsr_class_count(handle)};
    size_t count = 3 * (size_t)h * w;
    float *input = malloc(count * sizeof *input);
    family_noise("input", count, 2022, input);
    for (size_t i = 0; i < count; i++)
        input[i] *= 2.0f;
    expect(dmlcsr_forward_size(handle, h, w, &o.h, &o.w) == DMLCSR_OK, "forward_size", "");
    for (int i = 0; i < 3; i++)
        o.map[i] = malloc(count_of(&o, i) * sizeof(float));
    int status = dmlcsr_forward(handle, input, h, w, o.map[0], o.map[1], o.map[2]);
    expect(status == DMLCSR_OK, "forward:", dmlcsr_last_error(handle));
    free(input);
    return o;
}

static void release(outputs *o)
{
    for (int i = 0; i < 3; i++)
        free(o->map[i]);
}

static void compare(const outputs *o, const char *member, uint32_t h, uint32_t w, const char *isa)
{
    static const char *const map[3] = {"parsing", "binary", "category"};
    for (int m = 0; m < 3; m++) {
        char name[96], detail[160];
        size_t count = count_of(o, m);
        double sum = 0.0, square = 0.0, error = 0.0;
        snprintf(name, sizeof name, "%s_%ux%u_%s_f32.npy", member, (unsigned)h, (unsigned)w, map[m]);
        float *theirs = golden_npy(FOLDER, name, count);
        for (size_t i = 0; i < count; i++) {
            sum += theirs[i];
            square += (double)theirs[i] * theirs[i];
            error = fmax(error, fabs((double)theirs[i] - o->map[m][i]));
        }
        double mean = sum / (double)count, deviation = sqrt(square / (double)count - mean * mean);
        snprintf(detail, sizeof detail, "on %s: error %.2g of the standard deviation", isa, error / deviation);
        expect(error <= BOUND * deviation, name, detail);
        free(theirs);
    }
}

static void member_on_isa(const family *f, const char *name, uint32_t h, uint32_t w, int isa)
{
    size_t size;
    unsigned char *file = family_file(f, 2022, &size);
    dmlcsr *handle = create(file, size, NULL, isa);
    free(file);
    outputs o = forward(handle, h, w);
    compare(&o, name, h, w, dmlcsr_isa(handle));
    release(&o);
    dmlcsr_free(handle);
}

static int same(const outputs *a, const outputs *b)
{
    for (int i = 0; i < 3; i++)
        if (memcmp(a->map[i], b->map[i], count_of(a, i) * sizeof(float)) != 0)
            return 0;
    return 1;
}

/* The same weights from four kinds of file give the same bits. */
static void readers(void)
{
    static const char *const path[2] = {FOLDER "/tiny_zip.pth", FOLDER "/tiny_legacy.pth"};
    const family tiny = {19, {1, 1, 1, 1}, 32, 1, 0, 1, NULL};
    size_t size;
    unsigned char *file = family_file(&tiny, 2022, &size);
    dmlcsr *handle = create(file, size, NULL, DMLCSR_ISA_AUTO);
    outputs first = forward(handle, 40, 56);
    compare(&first, "tiny", 40, 56, dmlcsr_isa(handle));
    dmlcsr_free(handle);
    free(file);
    for (int i = 0; i < 2; i++) {
        handle = create(NULL, 0, path[i], DMLCSR_ISA_AUTO);
        outputs other = forward(handle, 40, 56);
        expect(same(&first, &other), path[i], "gives other bits than safetensors");
        release(&other);
        dmlcsr_free(handle);
    }
    release(&first);
}

/* A half-precision file gives the bits of the F32 file that holds its values. */
static void storage(int half)
{
    const family f = {19, {1, 1, 1, 1}, 16, 1, half, 0, NULL};
    char in[] = P_tmpdir "/dmlcsr-member-XXXXXX", out[sizeof in + 8];
    size_t size;
    unsigned char *file = family_file(&f, 2022, &size);
    FILE *stream = fdopen(mkstemp(in), "wb");
    if (!stream || fwrite(file, 1, size, stream) != size || fclose(stream) != 0)
        exit(2);
    snprintf(out, sizeof out, "%s.f32", in);
    dmlcsr_convert_options options;
    dmlcsr_convert_options_init(&options);
    expect(dmlcsr_convert(in, out, &options) == DMLCSR_OK, "convert", in);

    dmlcsr *narrow = create(file, size, NULL, DMLCSR_ISA_AUTO), *wide = create(NULL, 0, out, DMLCSR_ISA_AUTO);
    outputs a = forward(narrow, 48, 48), b = forward(wide, 48, 48);
    expect(same(&a, &b), half == 1 ? "F16" : "BF16", "storage gives other bits than F32");
    release(&a);
    release(&b);
    dmlcsr_free(narrow);
    dmlcsr_free(wide);
    free(file);
    remove(in);
    remove(out);
}

int main(void)
{
    const family quarter = {19, {1, 1, 2, 1}, 4, 1, 0, 0, NULL}, eighth = {11, {1, 2, 1, 2}, 8, 1, 0, 0, NULL};
    for (int isa = DMLCSR_ISA_C; isa <= DMLCSR_ISA_NEON; isa++) {
        if (!dmlcsr_isa_available(isa))
            continue;
        member_on_isa(&quarter, "quarter", 65, 97, isa);
        member_on_isa(&quarter, "quarter", 130, 83, isa);
        member_on_isa(&eighth, "eighth", 17, 50, isa);
        member_on_isa(&eighth, "eighth", 96, 96, isa);
    }
    readers();
    storage(1);
    storage(2);
    printf("%d passed, %d failed\n", passes, failures);
    return failures ? 1 : 0;
}
