/* A program that trains, built against what is installed: one step, a model file, and that model in the parser. */
#include <dmlcsr/train.h>
#include <stdio.h>

#define SIDE 33

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return 1;
}

int main(int argc, char **argv)
{
    static float input[3 * SIDE * SIDE];
    static uint8_t labels[SIDE * SIDE];
    const char *path = argc > 1 ? argv[1] : "model.safetensors";
    char error[256] = "";
    dmlcsr_trainer_options options;
    dmlcsr_trainer *trainer = NULL;
    dmlcsr *parser = NULL;
    int i;
    for (i = 0; i < SIDE * SIDE; i++)
        labels[i] = (uint8_t)(i % SIDE > SIDE / 2);
    dmlcsr_trainer_options_init(&options);
    for (i = 0; i < 4; i++)
        options.blocks[i] = 1;
    options.divide = 16;
    options.classes = 2;
    options.batch = 1;
    options.height = options.width = SIDE;
    options.error = error;
    options.error_size = sizeof error;
    if (dmlcsr_trainer_create(&trainer, &options))
        return fail("create", error);
    if (dmlcsr_trainer_step(trainer, input, labels, .01, NULL))
        return fail("step", dmlcsr_trainer_last_error(trainer));
    puts("a step");
    if (dmlcsr_trainer_export(trainer, DMLCSR_CURRENT, path, DMLCSR_F32, NULL, 0))
        return fail("export", dmlcsr_trainer_last_error(trainer));
    dmlcsr_trainer_free(trainer);
    if (dmlcsr_create(&parser, path, NULL))
        return fail(path, "is no model");
    printf("a network of %u classes\n", (unsigned)dmlcsr_class_count(parser));
    dmlcsr_free(parser);
    return 0;
}
