/* What this machine can run: CPUID, and XCR0 for the registers that the system must save; what Linux says on Arm. */
#ifndef DML_KERNELS_CPU_H
#define DML_KERNELS_CPU_H

#include <stdbool.h>

/* True when the instruction set DMLCSR_ISA_... can run here (C always; AUTO never). Says nothing of the build. */
bool dml_cpu_has(int isa);

/* What some machines with an instruction set have beside it. */
typedef enum dml_cpu_extra {
    DML_CPU_PLAIN,
    DML_CPU_AVX_VNNI, /* beside AVX2 */
    DML_CPU_AVX512_BF16,
    DML_CPU_AVX512_VNNI,
    DML_CPU_NEON_DOT,
    DML_CPU_NEON_BF16
} dml_cpu_extra;
bool dml_cpu_has_extra(dml_cpu_extra extra); /* PLAIN: true */

#endif
