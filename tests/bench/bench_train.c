/* A training step of the small and of the published network, as a program would run it: pictures per second, and the
 * memory it takes. tests/bench/train_torch.py does the same with PyTorch; tests/bench/compare_train.sh runs both in turn.
 *
 * bench_train [--blocks 3,4,6,3] [--divide 4] [--size 256] [--batch 8] [--threads N] [--steps 5] [--recompute] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "dmlcsr/train.h"

static double now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

static uint32_t number(int argc, char **argv, const char *name, const char *otherwise)
{
    return (uint32_t)strtoul(option(argc, argv, name, otherwise), NULL, 10);
}

/* Noise and blocky labels: what they show does not matter for the time. */
static void make_batch(const dmlcsr_trainer_options *o, float *input, uint8_t *labels)
{
    const size_t plane = (size_t)o->height * o->width;
    uint32_t random = 1;
    for (size_t i = 0; i < o->batch * 3 * plane; i++) {
        random = random * 1664525u + 1013904223u;
        input[i] = (float)(random >> 8) * 0x1p-23f - 1;
    }
    for (size_t i = 0; i < o->batch * plane; i++) {
        const size_t x = i % o->width / 16, y = i / o->width % o->height / 16;
        labels[i] = (uint8_t)((x * 7 + y * 5 + i / plane) % o->classes);
    }
}

int main(int argc, char **argv)
{
    dmlcsr_trainer_options o;
    dmlcsr_trainer *trainer = NULL;
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    char error[512] = "";
    double best = 1e30;
    dmlcsr_trainer_options_init(&o);
    o.classes = 19;
    o.divide = number(argc, argv, "--divide", "4");
    o.height = o.width = number(argc, argv, "--size", "256");
    o.batch = number(argc, argv, "--batch", "8");
    o.threads = number(argc, argv, "--threads", "0");
    for (int i = 1; i < argc; i++)
        o.recompute |= strcmp(argv[i], "--recompute") == 0;
    sscanf(option(argc, argv, "--blocks", "3,4,6,3"), "%u,%u,%u,%u", &o.blocks[0], &o.blocks[1], &o.blocks[2],
           &o.blocks[3]);
    o.error = error;
    o.error_size = sizeof error;
    if (dmlcsr_trainer_create(&trainer, &o)) {
        fprintf(stderr, "bench_train: %s\n", error);
        return 1;
    }
    float *input = malloc((size_t)o.batch * 3 * o.height * o.width * sizeof *input);
    uint8_t *labels = malloc((size_t)o.batch * o.height * o.width);
    make_batch(&o, input, labels);
    for (uint32_t i = 0; i < number(argc, argv, "--steps", "5"); i++) {
        dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
        const double start = now();
        if (dmlcsr_trainer_step(trainer, input, labels, 1e-3, &terms)) {
            fprintf(stderr, "bench_train: %s\n", dmlcsr_trainer_last_error(trainer));
            return 1;
        }
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
        if (getenv("VERBOSE"))
            printf("%.3f s  loss %.4f\n", seconds, terms.total);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    dmlcsr_trainer_describe(trainer, &info);
    printf("divide %u blocks %u,%u,%u,%u size %u batch %u threads %u %s: %.3f s/step, %.2f pictures/s, "
           "activations %zu MiB, peak %ld MiB\n",
           o.divide, o.blocks[0], o.blocks[1], o.blocks[2], o.blocks[3], o.width, o.batch, info.threads, info.isa, best,
           o.batch / best, info.activation_bytes >> 20, usage.ru_maxrss >> 10);
    dmlcsr_trainer_free(trainer);
    free(input);
    free(labels);
    return 0;
}
