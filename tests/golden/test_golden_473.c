#include "golden.h"

/* test_golden_473 [INSTRUCTION SET] */
int main(int argc, char **argv)
{
    return golden_main(473, "tests/golden", argc > 1 ? argv[1] : NULL) ? 1 : 0;
}
