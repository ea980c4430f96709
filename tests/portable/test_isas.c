/* The default model through the public API alone, on every instruction set of this machine: no test framework, so that
 * it also runs where none is installed, such as under an emulator of another architecture. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"

#define SIDE 97
/* Each instruction set may be off by 2e-4 standard deviations of the logits, the contract of the golden tests; two may differ
   by twice that. */
#define BOUND 4e-4

static int passed, failed;

static void expect(int good, const char *isa, const char *what)
{
    if (good) {
        ++passed;
    } else {
        ++failed;
        printf("%s: %s\n", isa, what);
    }
}

static dmlcsr *create(int isa, uint32_t threads)
{
    char error[512] = "";
    dmlcsr *handle = NULL;
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.isa = isa;
    options.threads = threads;
    options.error = error;
    options.error_size = sizeof error;
    if (dmlcsr_create(&handle, NULL, &options) != DMLCSR_OK)
        printf("create: %s\n", error);
    return handle;
}

/* A smooth picture with some detail, so that no two places look the same. */
static float *make_input(void)
{
    float *input = malloc(3 * SIDE * SIDE * sizeof *input);
    for (int i = 0; input && i < 3 * SIDE * SIDE; ++i) {
        int c = i / (SIDE * SIDE), y = i / SIDE % SIDE, x = i % SIDE;
        input[i] = (float)(sin(0.07 * x + c) + cos(0.05 * y - c) + 0.3 * sin(0.9 * x) * cos(1.1 * y));
    }
    return input;
}

static double deviation(const float *v, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; ++i) {
        sum += v[i];
        squares += (double)v[i] * v[i];
    }
    return sqrt(squares / (double)n - sum / (double)n * (sum / (double)n));
}

static double distance(const float *a, const float *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; ++i) {
        double d = fabs((double)a[i] - b[i]);
        if (!(d <= worst))
            worst = d; /* NaN stays */
    }
    return worst;
}

/* Three threads, and a clone, must give the same bits. */
static void check_threads(int isa, const float *input, const float *logits, float *again, size_t bytes)
{
    dmlcsr *handle = create(isa, 3), *clone = NULL;
    const char *name = handle ? dmlcsr_isa(handle) : "?";
    expect(handle != NULL && dmlcsr_clone(&clone, handle) == DMLCSR_OK, name, "clone");
    dmlcsr *each[2] = { handle, clone };
    for (int i = 0; i < 2 && clone; ++i) {
        memset(again, 0, bytes);
        int status = dmlcsr_forward(each[i], input, SIDE, SIDE, again, NULL, NULL);
        expect(status == DMLCSR_OK && memcmp(logits, again, bytes) == 0, name,
               i ? "a clone gives other bits" : "three threads give other bits than one");
    }
    dmlcsr_free(clone);
    dmlcsr_free(handle);
}

/* A picture of a plain oval: whatever the labels are, every pixel gets one, and it is a class. */
static void check_parse(dmlcsr *handle)
{
    enum { WIDTH = 61, HEIGHT = 83 };
    static uint8_t pixels[HEIGHT * WIDTH * 3], labels[HEIGHT * WIDTH];
    for (int y = 0; y < HEIGHT; ++y) {
        for (int x = 0; x < WIDTH; ++x) {
            int inside = (x - 30) * (x - 30) * 2 + (y - 41) * (y - 41) < 900;
            memset(pixels + 3 * (y * WIDTH + x), inside ? 190 : 40, 3);
        }
    }
    memset(labels, 255, sizeof labels);
    dmlcsr_image image = { pixels, WIDTH, HEIGHT, 3 * WIDTH, DMLCSR_RGB8 };
    int status = dmlcsr_parse(handle, &image, labels, WIDTH);
    uint32_t largest = 0;
    for (size_t i = 0; i < sizeof labels; ++i)
        largest = labels[i] > largest ? labels[i] : largest;
    expect(status == DMLCSR_OK && largest < dmlcsr_class_count(handle), dmlcsr_isa(handle), "parse");
}

int main(void)
{
    float *input = make_input(), *first = NULL;
    for (int isa = DMLCSR_ISA_C; isa <= DMLCSR_ISA_NEON; ++isa) {
        uint32_t h = 0, w = 0;
        if (!dmlcsr_isa_available(isa))
            continue;
        dmlcsr *handle = create(isa, 1);
        expect(handle && input && dmlcsr_forward_size(handle, SIDE, SIDE, &h, &w) == DMLCSR_OK, "create", "failed");
        if (!handle || !input)
            break;
        const char *name = dmlcsr_isa(handle);
        size_t count = (size_t)dmlcsr_class_count(handle) * h * w;
        float *logits = malloc(count * sizeof *logits), *again = malloc(count * sizeof *again);
        expect(dmlcsr_forward(handle, input, SIDE, SIDE, logits, NULL, NULL) == DMLCSR_OK, name, "forward");
        double unit = deviation(logits, count), apart = first ? distance(first, logits, count) : 0;
        printf("%-7s standard deviation %.4f, farthest from C: %.2e of it\n", name, unit, apart / unit);
        expect(isfinite(unit) && unit > 0, name, "logits are flat or not finite");
        expect(apart <= BOUND * unit, name, "too far from C");
        check_threads(isa, input, logits, again, count * sizeof *logits);
        check_parse(handle);
        dmlcsr_free(handle);
        free(again);
        if (first)
            free(logits);
        else
            first = logits; /* C comes first */
    }
    free(first);
    free(input);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0 || passed == 0;
}
