/* Each loop keeps CHAINS independent sums going, enough for the latency of any machine known, and nothing leaves the
 * registers. */
#include "peak.h"

#include "dmlcsr/dmlcsr.h"
#include "kernels/cpu.h"
#include "timing.h"

#define CHAINS 12
#define ROUNDS 8192 /* some 15 microseconds */
#define TASKS 64

typedef float (*loop)(size_t rounds);

typedef struct kind {
    loop run;
    const char *instruction;
    uint32_t products; /* of an instruction */
} kind;

/* Defines a loop of CHAINS times `multiply_add(sum, factor)` on registers of `type`. The empty asm holds each sum in a
   register and keeps the compiler from computing the loop in advance. */
#define DEFINE_LOOP(name, attributes, type, constraint, set1, multiply_add, first_lane) \
    attributes static float name(size_t rounds)                                         \
    {                                                                                   \
        type factor = set1(0.999f), sum[CHAINS];                                        \
        _Pragma("GCC unroll 12")                                                        \
        for (int i = 0; i < CHAINS; i++)                                                \
            sum[i] = set1(1.0f + (float)i);                                             \
        __asm__ volatile("" : "+" constraint(factor));                                  \
        for (size_t n = 0; n < rounds; n++) {                                           \
            _Pragma("GCC unroll 12")                                                    \
            for (int i = 0; i < CHAINS; i++) {                                          \
                sum[i] = multiply_add(sum[i], factor);                                  \
                __asm__ volatile("" : "+" constraint(sum[i]));                          \
            }                                                                           \
        }                                                                               \
        float total = 0.0f;                                                             \
        _Pragma("GCC unroll 12")                                                        \
        for (int i = 0; i < CHAINS; i++)                                                \
            total += first_lane(sum[i]);                                                \
        return total;                                                                   \
    }

#if defined(__x86_64__)

#include <immintrin.h>

#define ADD_PRODUCT_128(sum, factor) _mm_add_ps(_mm_mul_ps(sum, factor), factor)
#define ADD_PRODUCT_256(sum, factor) _mm256_fmadd_ps(sum, factor, factor)
#define ADD_PRODUCT_512(sum, factor) _mm512_fmadd_ps(sum, factor, factor)

DEFINE_LOOP(loop_128, , __m128, "x", _mm_set1_ps, ADD_PRODUCT_128, _mm_cvtss_f32)
DEFINE_LOOP(loop_256, __attribute__((target("avx2,fma"))), __m256, "x", _mm256_set1_ps, ADD_PRODUCT_256,
            _mm256_cvtss_f32)
DEFINE_LOOP(loop_512, __attribute__((target("avx512f"))), __m512, "v", _mm512_set1_ps, ADD_PRODUCT_512,
            _mm512_cvtss_f32)

/* Sums of 2 or 4 neighbouring products. The bits of integers do not matter. */
#define BITS_128(value) _mm_castps_si128(_mm_set1_ps(value))
#define BITS_256(value) _mm256_castps_si256(_mm256_set1_ps(value))
#define BITS_512(value) _mm512_castps_si512(_mm512_set1_ps(value))
#define FIRST_128(v) (float)_mm_cvtsi128_si32(v)
#define FIRST_256(v) FIRST_128(_mm256_castsi256_si128(v))
#define FIRST_512(v) FIRST_128(_mm512_castsi512_si128(v))
#define ADD_WORDS_128(sum, factor) _mm_add_epi32(_mm_madd_epi16(sum, factor), factor)
#define ADD_WORDS_256(sum, factor) _mm256_add_epi32(_mm256_madd_epi16(sum, factor), factor)
#define ADD_BYTES_512(sum, factor) _mm512_dpbusd_epi32(sum, factor, factor)
#define ADD_PAIRS_512(sum, factor) _mm512_dpbf16_ps(sum, (__m512bh)(factor), (__m512bh)(factor))

DEFINE_LOOP(loop_words_128, , __m128i, "x", BITS_128, ADD_WORDS_128, FIRST_128)
DEFINE_LOOP(loop_words_256, __attribute__((target("avx2"))), __m256i, "x", BITS_256, ADD_WORDS_256, FIRST_256)
DEFINE_LOOP(loop_bytes_512, __attribute__((target("avx512f,avx512vnni"))), __m512i, "v", BITS_512, ADD_BYTES_512,
            FIRST_512)
DEFINE_LOOP(loop_pairs_512, __attribute__((target("avx512f,avx512bf16"))), __m512, "v", _mm512_set1_ps, ADD_PAIRS_512,
            _mm512_cvtss_f32)

static kind kind_single(int isa)
{
    return isa == DMLCSR_ISA_AVX512 ? (kind){loop_512, "vfmadd zmm", 16}
           : isa == DMLCSR_ISA_AVX2 ? (kind){loop_256, "vfmadd ymm", 8}
                                    : (kind){loop_128, "mulps addps", 4};
}

/* AVX-VNNI, which compilers know since 2021, is left out: with it, shares of AVX2 exceed what is possible. */
static kind kind_bytes(int isa)
{
    if (isa == DMLCSR_ISA_AVX512 && dml_cpu_has_extra(DML_CPU_AVX512_VNNI))
        return (kind){loop_bytes_512, "vpdpbusd zmm", 64};
    return isa >= DMLCSR_ISA_AVX2 ? (kind){loop_words_256, "vpmaddwd vpaddd ymm", 16}
                                  : (kind){loop_words_128, "pmaddwd paddd", 8};
}

/* Without the extras, AVX-512 has the convolutions of AVX2, which makes single precision of bfloat16. */
static kind kind_of(int isa, dml_format format)
{
    if (isa == DMLCSR_ISA_C || format == DML_FORMAT_F32)
        return kind_single(isa);
    if (format == DML_FORMAT_U8)
        return kind_bytes(isa);
    if (isa == DMLCSR_ISA_AVX512 && dml_cpu_has_extra(DML_CPU_AVX512_BF16))
        return (kind){loop_pairs_512, "vdpbf16ps zmm", 32};
    return kind_single(isa == DMLCSR_ISA_AVX512 ? DMLCSR_ISA_AVX2 : isa);
}

#elif defined(__aarch64__)

#include <arm_neon.h>

#define FIRST_LANE(v) vgetq_lane_f32(v, 0)
#define ADD_PRODUCT(sum, factor) vfmaq_f32(factor, sum, factor)
DEFINE_LOOP(loop_neon, , float32x4_t, "w", vdupq_n_f32, ADD_PRODUCT, FIRST_LANE)

static kind kind_of(int isa, dml_format format)
{
    (void)isa, (void)format;
    return (kind){loop_neon, "fmla", 4};
}

#else

#define SAME(v) (v)
#define ADD_PRODUCT(sum, factor) ((sum) * (factor) + (factor))
DEFINE_LOOP(loop_scalar, , float, "m", SAME, ADD_PRODUCT, SAME)

static kind kind_of(int isa, dml_format format)
{
    (void)isa, (void)format;
    return (kind){loop_scalar, "one product, one sum", 1};
}

#endif

/* A task is short, so that threads that the system interrupts take fewer of them, as they do in the network. */
typedef struct job {
    loop run;
    size_t rounds;
    float results[TASKS];
} job;

static void run_task(void *argument, uint32_t task, uint32_t thread)
{
    (void)thread;
    job *j = argument;
    j->results[task] = j->run(j->rounds);
}

const char *peak_instruction(int isa, dml_format format)
{
    return kind_of(isa, format).instruction;
}

peak_sample peak_measure(int isa, dml_format format, dml_pool *pool, double wanted)
{
    peak_sample sample = {0.0, 0.0};
    if (!dml_cpu_has(isa))
        return sample;
    const kind k = kind_of(isa, format);
    job j = {.run = k.run, .rounds = ROUNDS};
    const double start = seconds();
    do {
        dml_pool_run(pool, run_task, &j, TASKS);
        sample.operations += 2.0 * CHAINS * k.products * ROUNDS * TASKS;
        sample.seconds = seconds() - start;
    } while (sample.seconds < wanted);
    return sample;
}
