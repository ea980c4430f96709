/* Half precision, both ways: all 65536 values of both kinds, and every place where rounding changes its mind. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* What a positive, finite binary16 means, from the standard's definition. 0x7C00 is what would come next: 65536. */
static double meaning(unsigned half)
{
    const int exponent = (int)(half >> 10), fraction = half & 0x3FF;
    return exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
}

static void decode(int isa, const uint16_t *half, size_t n, bool brain, float *out)
{
    dml_kernels kernels;
    unsigned char *in = malloc(2 * n);
    ck_assert_ptr_nonnull(in);
    ck_assert(dml_kernels_init(&kernels, isa));
    for (size_t i = 0; i < n; i++) {
        in[2 * i] = (unsigned char)half[i];
        in[2 * i + 1] = (unsigned char)(half[i] >> 8);
    }
    (brain ? kernels.from_bf16 : kernels.from_f16)(in, n, out);
    free(in);
}

START_TEST(f16_values)
{
    static uint16_t half[65536];
    static float value[65536];
    for (unsigned i = 0; i < 65536; i++)
        half[i] = (uint16_t)i;
    decode(DMLCSR_ISA_C, half, 65536, false, value);
    for (unsigned i = 0; i < 65536; i++) {
        const unsigned magnitude = i & 0x7FFF;
        const uint16_t back = dml_f16_from_float(value[i]);
        ck_assert_uint_eq(bits_of(value[i]) >> 31, i >> 15);
        if (magnitude > 0x7C00) {
            ck_assert(isnan(value[i]));
            ck_assert_uint_eq(back, i | 0x200); /* quiet, payload kept */
        } else {
            ck_assert(magnitude == 0x7C00 ? isinf(value[i]) : fabs((double)value[i]) == meaning(magnitude));
            ck_assert_uint_eq(back, i);
        }
    }
}
END_TEST

START_TEST(bf16_values)
{
    static uint16_t half[65536];
    static float value[65536];
    for (unsigned i = 0; i < 65536; i++)
        half[i] = (uint16_t)i;
    decode(DMLCSR_ISA_C, half, 65536, true, value);
    for (unsigned i = 0; i < 65536; i++) {
        ck_assert_uint_eq(bits_of(value[i]), i << 16);
        ck_assert_uint_eq(dml_bf16_from_float(value[i]), (i & 0x7FFF) > 0x7F80 ? i | 0x40 : i);
    }
}
END_TEST

/* Between two neighbours: the middle goes to the even one, anything beside it to the nearer one. */
START_TEST(f16_rounding)
{
    for (unsigned low = 0; low < 0x7C00; low++) {
        const float middle = (float)((meaning(low) + meaning(low + 1)) / 2); /* exact */
        const unsigned even = low & 1 ? low + 1 : low;
        ck_assert_uint_eq(dml_f16_from_float(middle), even);
        ck_assert_uint_eq(dml_f16_from_float(-middle), even | 0x8000);
        ck_assert_uint_eq(dml_f16_from_float(nextafterf(middle, 0)), low);
        ck_assert_uint_eq(dml_f16_from_float(nextafterf(middle, INFINITY)), low + 1);
        ck_assert_uint_eq(dml_f16_from_float(-nextafterf(middle, 0)), low | 0x8000);
        ck_assert_uint_eq(dml_f16_from_float(-nextafterf(middle, INFINITY)), (low + 1) | 0x8000);
    }
}
END_TEST

START_TEST(bf16_rounding)
{
    for (uint32_t low = 0; low < 0x7F80; low++) {
        const uint32_t middle = low << 16 | 0x8000, even = low & 1 ? low + 1 : low;
        ck_assert_uint_eq(dml_bf16_from_float(float_of(middle)), even);
        ck_assert_uint_eq(dml_bf16_from_float(float_of(middle | 0x80000000)), even | 0x8000);
        ck_assert_uint_eq(dml_bf16_from_float(float_of(middle - 1)), low);
        ck_assert_uint_eq(dml_bf16_from_float(float_of(middle + 1)), low + 1);
    }
}
END_TEST

START_TEST(extremes)
{
    ck_assert_uint_eq(dml_f16_from_float(65504.0f), 0x7BFF);
    ck_assert_uint_eq(dml_f16_from_float(65519.996f), 0x7BFF);
    ck_assert_uint_eq(dml_f16_from_float(65520.0f), 0x7C00);
    ck_assert_uint_eq(dml_f16_from_float(3.4e38f), 0x7C00);
    ck_assert_uint_eq(dml_f16_from_float(-INFINITY), 0xFC00);
    ck_assert_uint_eq(dml_f16_from_float(-0.0f), 0x8000);
    ck_assert_uint_eq(dml_f16_from_float(float_of(1)), 0);
    ck_assert_uint_eq(dml_f16_from_float(float_of(0x7F800001)), 0x7E00); /* NaN whose payload is lost stays NaN */
    ck_assert_uint_eq(dml_bf16_from_float(float_of(0x7F800001)), 0x7FC0);
    ck_assert_uint_eq(dml_bf16_from_float(float_of(0x7F7FFFFF)), 0x7F80);
    ck_assert_uint_eq(dml_bf16_from_float(INFINITY), 0x7F80);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("half");
    TCase *tests = tcase_create("half");
    tcase_add_test(tests, f16_values);
    tcase_add_test(tests, bf16_values);
    tcase_add_test(tests, f16_rounding);
    tcase_add_test(tests, bf16_rounding);
    tcase_add_test(tests, extremes);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
