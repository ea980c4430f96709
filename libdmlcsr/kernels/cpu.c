/* What this machine can run. A processor that has a register set is not enough: the system must save it, too (XCR0). */
#include "kernels/cpu.h"

#include <stdint.h>

#include "base/compiler.h"
#include "dmlcsr/dmlcsr.h"

#if defined(__x86_64__) || defined(__i386__)

enum {
    LEAF1_ECX_SSE41 = 1 << 19,
    LEAF1_ECX_FMA = 1 << 12,
    LEAF1_ECX_OSXSAVE = 1 << 27,
    LEAF1_ECX_AVX = 1 << 28,
    LEAF1_ECX_F16C = 1 << 29,
    LEAF7_EBX_AVX2 = 1 << 5,
    LEAF7_EBX_AVX512F = 1 << 16,
    LEAF7_EBX_AVX512DQ = 1 << 17,
    LEAF7_EBX_AVX512BW = 1 << 30,
    LEAF7_ECX_AVX512VNNI = 1 << 11,
    LEAF7_1_EAX_AVXVNNI = 1 << 4,
    LEAF7_1_EAX_AVX512BF16 = 1 << 5,
    XCR0_YMM = 0x06,       /* xmm and ymm state */
    XCR0_ZMM = 0x06 | 0xe0 /* and opmask, upper halves of zmm0-15, zmm16-31 */
};
#define LEAF7_EBX_AVX512VL 0x80000000u

typedef struct features {
    uint32_t leaf1_ecx, leaf7_ebx, leaf7_ecx, leaf7_1_eax, xcr0;
} features;

static features read_features(void)
{
    features f = {0, 0, 0, 0, 0};
    uint32_t word[4]; /* eax, ebx, ecx, edx */
    dml_cpuid(0, 0, word);
    const uint32_t leaves = word[0];
    if (leaves < 1)
        return f;
    dml_cpuid(1, 0, word);
    f.leaf1_ecx = word[2];
    if (leaves >= 7) {
        dml_cpuid(7, 0, word);
        f.leaf7_ebx = word[1];
        f.leaf7_ecx = word[2];
        if (word[0] >= 1) {
            dml_cpuid(7, 1, word);
            f.leaf7_1_eax = word[0];
        }
    }
    if (f.leaf1_ecx & LEAF1_ECX_OSXSAVE)
        f.xcr0 = dml_xcr0();
    return f;
}

static bool all_of(uint32_t word, uint32_t bits)
{
    return (word & bits) == bits;
}

bool dml_cpu_has(int isa)
{
    const features f = read_features();
    const bool sse41 = all_of(f.leaf1_ecx, LEAF1_ECX_SSE41);
    const bool avx2 = sse41 && all_of(f.leaf1_ecx, LEAF1_ECX_AVX | LEAF1_ECX_FMA | LEAF1_ECX_F16C)
                      && all_of(f.leaf7_ebx, LEAF7_EBX_AVX2) && all_of(f.xcr0, XCR0_YMM);
    const bool avx512 = avx2 && all_of(f.leaf7_ebx, LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512DQ | LEAF7_EBX_AVX512BW)
                        && all_of(f.leaf7_ebx, LEAF7_EBX_AVX512VL) && all_of(f.xcr0, XCR0_ZMM);
    switch (isa) {
    case DMLCSR_ISA_C: return true;
    case DMLCSR_ISA_SSE41: return sse41;
    case DMLCSR_ISA_AVX2: return avx2;
    case DMLCSR_ISA_AVX512: return avx512;
    default: return false;
    }
}

bool dml_cpu_has_extra(dml_cpu_extra extra)
{
    const features f = read_features();
    switch (extra) {
    case DML_CPU_PLAIN: return true;
    case DML_CPU_AVX_VNNI: return dml_cpu_has(DMLCSR_ISA_AVX2) && all_of(f.leaf7_1_eax, LEAF7_1_EAX_AVXVNNI);
    case DML_CPU_AVX512_BF16: return dml_cpu_has(DMLCSR_ISA_AVX512) && all_of(f.leaf7_1_eax, LEAF7_1_EAX_AVX512BF16);
    case DML_CPU_AVX512_VNNI: return dml_cpu_has(DMLCSR_ISA_AVX512) && all_of(f.leaf7_ecx, LEAF7_ECX_AVX512VNNI);
    default: return false;
    }
}

#else

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

enum { CAP_DOT = 1 << 20, CAP2_BF16 = 1 << 14 };
#endif

/* True, too, where the compiler was told to count on it, which is all that is known without Linux. */
static bool has_dot(void)
{
#if defined(__ARM_FEATURE_DOTPROD)
    return true;
#elif defined(__aarch64__) && defined(__linux__)
    return getauxval(AT_HWCAP) & CAP_DOT;
#else
    return false;
#endif
}

static bool has_bf16(void)
{
#if defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
    return true;
#elif defined(__aarch64__) && defined(__linux__)
    return getauxval(AT_HWCAP2) & CAP2_BF16;
#else
    return false;
#endif
}

bool dml_cpu_has_extra(dml_cpu_extra extra)
{
    switch (extra) {
    case DML_CPU_PLAIN: return true;
    case DML_CPU_NEON_DOT: return has_dot();
    case DML_CPU_NEON_BF16: return has_bf16();
    default: return false;
    }
}

bool dml_cpu_has(int isa)
{
    if (isa == DMLCSR_ISA_C)
        return true;
#if defined(__aarch64__) /* Advanced SIMD is part of the base architecture */
    return isa == DMLCSR_ISA_NEON;
#else
    return false;
#endif
}

#endif
