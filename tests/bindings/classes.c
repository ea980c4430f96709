/* The classes of a model and their colours as the C library names them, for comparison: classes MODEL. */
#include <stdio.h>

#include <dmlcsr/dmlcsr.h>

int main(int argc, char **argv)
{
    dmlcsr *parser = NULL;
    if (dmlcsr_create(&parser, argc > 1 ? argv[1] : NULL, NULL) != DMLCSR_OK)
        return 1;
    for (uint32_t k = 0; k < dmlcsr_class_count(parser); k++)
        printf("class %u %s %06x\n", (unsigned)k, dmlcsr_class_name(parser, k),
               (unsigned)dmlcsr_class_color(parser, k));
    dmlcsr_free(parser);
    return 0;
}
