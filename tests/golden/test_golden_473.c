#include "golden.h"

int main(void)
{
    return golden_main(473, "tests/golden") ? 1 : 0;
}
