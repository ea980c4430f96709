#include "golden.h"

#define SCRATCH_MOST 120000000 /* bytes: what a handle may take beside the weights */

/* test_golden_473 [INSTRUCTION SET] */
int main(int argc, char **argv)
{
    int failures = golden_scratch(473, SCRATCH_MOST);
    failures += golden_main(473, "tests/golden", argc > 1 ? argv[1] : NULL);
    return failures ? 1 : 0;
}
