#ifdef __linux__
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#endif

#ifdef _WIN32
#include <windows.h>
#endif

#include "base/cores.h"

#include <stdio.h>
#include <unistd.h>

#ifdef __linux__

/* The first number of a core's sibling list ("3" of "3,67" and of "3-4") stands for the core. */
static int first_sibling(int cpu)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    FILE *file = fopen(path, "r");
    if (!file)
        return cpu;
    int first = cpu;
    if (fscanf(file, "%d", &first) != 1)
        first = cpu;
    fclose(file);
    return first;
}

uint32_t dml_physical_cores(void)
{
    cpu_set_t allowed, seen;
    CPU_ZERO(&seen);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 1;
    uint32_t cores = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed))
            continue;
        int core = first_sibling(cpu);
        if (core < 0 || core >= CPU_SETSIZE || CPU_ISSET(core, &seen))
            continue;
        CPU_SET(core, &seen);
        cores++;
    }
    return cores ? cores : 1;
}

#elif defined(_WIN32)

#define CORES_MAX 512 /* caches and packages among them */

uint32_t dml_physical_cores(void)
{
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION part[CORES_MAX];
    DWORD size = sizeof part;
    DWORD_PTR allowed, system;
    if (!GetLogicalProcessorInformation(part, &size) || !GetProcessAffinityMask(GetCurrentProcess(), &allowed, &system))
        return 1;
    uint32_t cores = 0;
    for (DWORD i = 0; i < size / sizeof *part; i++)
        if (part[i].Relationship == RelationProcessorCore && (part[i].ProcessorMask & allowed))
            cores++;
    return cores ? cores : 1;
}

#else

uint32_t dml_physical_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (uint32_t)cores : 1;
}

#endif
