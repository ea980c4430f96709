/* The one place where the version is written. The build reads these three lines. */
#ifndef DMLCSR_VERSION_H
#define DMLCSR_VERSION_H

#define DMLCSR_VERSION_MAJOR 0
#define DMLCSR_VERSION_MINOR 2
#define DMLCSR_VERSION_PATCH 0

/** The version as one number that compares: major * 1000000 + minor * 1000 + patch. */
#define DMLCSR_VERSION (DMLCSR_VERSION_MAJOR * 1000000 + DMLCSR_VERSION_MINOR * 1000 + DMLCSR_VERSION_PATCH)

#endif
