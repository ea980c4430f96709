/**
 * @file version.h
 * The version, included by dmlcsr.h. This is the one place where it is written: the build reads the first three numbers.
 */
#ifndef DMLCSR_VERSION_H
#define DMLCSR_VERSION_H

/** Goes up when programs have to be compiled again: it is the number of the shared object. @since 0.1 */
#define DMLCSR_VERSION_MAJOR 0
/** Goes up when something is added. @since 0.1 */
#define DMLCSR_VERSION_MINOR 2
/** Goes up when something is repaired. @since 0.1 */
#define DMLCSR_VERSION_PATCH 0

/** The version as one number that compares: major * 1000000 + minor * 1000 + patch. @since 0.1 */
#define DMLCSR_VERSION (DMLCSR_VERSION_MAJOR * 1000000 + DMLCSR_VERSION_MINOR * 1000 + DMLCSR_VERSION_PATCH)

#endif
