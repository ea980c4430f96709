/* What C11 has no words for. Every construct of one compiler alone is here, and nowhere else in the library (the public
 * header says for itself what is exported), so that another compiler is a matter of this file. Where it is neither GCC
 * nor clang, kernels.c takes the kernels in C alone. */
#ifndef DML_BASE_COMPILER_H
#define DML_BASE_COMPILER_H

#include <stdint.h>

#if defined(__GNUC__)
#define DML_INLINE static inline __attribute__((always_inline, unused))
#define DML_NOT_INLINE static __attribute__((noinline))
#define DML_PRAGMA(text) _Pragma(#text)
#elif defined(_MSC_VER)
#include <intrin.h>
#define DML_INLINE static __forceinline
#define DML_NOT_INLINE static __declspec(noinline)
#else
#define DML_INLINE static inline
#define DML_NOT_INLINE static
#endif

/* DML_UNROLL before a loop whose count, at most `most`, is known where it is inlined: no loop is left, and arrays that
   it goes through can live in registers. An order to unroll n times is not enough for clang, which then unrolls too late
   for that, and keeps the sums of a convolution in memory (2.4 times slower). DML_LOOP before one that is to stay. */
#if defined(__clang__)
#define DML_UNROLL(most) _Pragma("clang loop unroll(full)")
#define DML_LOOP _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__)
#define DML_UNROLL(most) DML_PRAGMA(GCC unroll most)
#define DML_LOOP _Pragma("GCC unroll 1")
#else
#define DML_UNROLL(most)
#define DML_LOOP
#endif

/* Asks for the cache line at p, which need not be memory that exists, in order to read or to write there. */
#if defined(__GNUC__)
#define DML_PREFETCH(p) __builtin_prefetch(p)
#define DML_PREFETCH_WRITE(p) __builtin_prefetch(p, 1)
#else
#define DML_PREFETCH(p) ((void)(p))
#define DML_PREFETCH_WRITE(p) ((void)(p))
#endif

/* A function whose arguments from `first` on are those of the printf format `text`. */
#if defined(__MINGW32__) /* "printf" is there the old C library's, without %z */
#define DML_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define DML_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define DML_PRINTF(text, first)
#endif

/* typedef float name DML_VECTOR(bytes): a vector on which plain operators work. DML_VECTOR_ANYWHERE: the same in memory,
   aligned to `alignment` only and of any type there. DML_CONVERT: each lane as the type of a lane of another vector. */
#if defined(__GNUC__)
#define DML_VECTOR(bytes) __attribute__((vector_size(bytes)))
#define DML_VECTOR_ANYWHERE(bytes, alignment) __attribute__((vector_size(bytes), aligned(alignment), may_alias))
#define DML_CONVERT(vector, type) __builtin_convertvector(vector, type)
#endif

/* No instruction, but orders to the compiler. DML_RELOAD: what memory holds is read again after it, since there are no
   registers to keep it in. DML_KEEP: an x86 register holds what it holds here, whatever could be computed later. */
#if defined(__GNUC__)
#define DML_RELOAD() __asm__ volatile("" ::: "memory")
#define DML_KEEP(vector) __asm__("" : "+x"(vector))
#else
#define DML_RELOAD() ((void)0)
#define DML_KEEP(vector) ((void)0)
#endif

/* The lowest bit that is set; bits is not 0. */
static inline uint32_t dml_lowest_bit(uint32_t bits)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctz(bits);
#elif defined(_MSC_VER)
    unsigned long index;
    _BitScanForward(&index, bits);
    return index;
#else
    uint32_t index = 0;
    while (!(bits >> index & 1))
        index++;
    return index;
#endif
}

/* Tells the processor that this thread waits in a loop. */
static inline void dml_pause(void)
{
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    __builtin_ia32_pause();
#elif defined(__GNUC__) && defined(__aarch64__)
    __asm__ volatile("yield");
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
    _mm_pause();
#endif
}

/* Machine code that asks an x86 processor what it has: eax, ebx, ecx, edx of a leaf; the low half of XCR0. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
static inline void dml_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t word[4])
{
    __asm__ volatile("cpuid" : "=a"(word[0]), "=b"(word[1]), "=c"(word[2]), "=d"(word[3]) : "a"(leaf), "c"(subleaf));
}

static inline uint32_t dml_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}
#endif

/* Puts the bytes of a file into the constants, between two symbols, and a zero after them: the assembler reads it, so
   that nothing has to be turned into C. */
#if defined(__GNUC__)
#define DML_QUOTE(text) #text
#define DML_SPELL_(prefix, name) DML_QUOTE(prefix) #name
#define DML_SPELL(prefix, name) DML_SPELL_(prefix, name)
#define DML_SYMBOL(name) DML_SPELL(__USER_LABEL_PREFIX__, name)
#if defined(__APPLE__)
#define DML_CONSTANTS ".const_data\n"
#define DML_HIDE(name) ".private_extern " DML_SYMBOL(name) "\n"
#define DML_OBJECT(name) ""
#elif defined(_WIN32) /* nothing is exported that does not ask for it */
#define DML_CONSTANTS ".section .rdata,\"dr\"\n"
#define DML_HIDE(name) ""
#define DML_OBJECT(name) ""
#else
#define DML_CONSTANTS ".section .rodata\n"
#define DML_HIDE(name) ".hidden " DML_SYMBOL(name) "\n"
#define DML_OBJECT(name) ".type " DML_SYMBOL(name) ", %object\n"
#endif
#define DML_LABEL(name) ".globl " DML_SYMBOL(name) "\n" DML_HIDE(name) DML_OBJECT(name) DML_SYMBOL(name) ":\n"
#define DML_EMBED_FILE(begin, end, path)                                                                             \
    __asm__(DML_CONSTANTS ".balign 64\n" DML_LABEL(begin) ".incbin \"" path "\"\n" DML_LABEL(end) ".byte 0\n.text\n")
#endif

#endif
