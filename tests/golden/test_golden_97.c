#include "golden.h"

int main(void)
{
    return golden_main(97, "tests/golden") ? 1 : 0;
}
