#include "golden.h"

/* test_golden_97 [INSTRUCTION SET] */
int main(int argc, char **argv)
{
    return golden_main(97, "tests/golden", argc > 1 ? argv[1] : NULL) ? 1 : 0;
}
