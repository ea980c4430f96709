/* What the readers of command lines share. An int that is returned: -1 to go on, or the exit code. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_FINE = 0, EXIT_PICTURES = 1, EXIT_USAGE = 2, EXIT_MODEL = 3 };

/* Says what is wrong with an option's value. */
int option_wrong(const char *program, const char *option, const char *text, const char *what);
/* A whole number from `least` to `most`, and nothing behind it but `end`. */
bool option_whole(const char *text, unsigned long least, unsigned long most, uint32_t *out, char end);
int option_number(const char *program, const char *option, const char *text, unsigned long least, unsigned long most,
                  uint32_t *out);
/* An instruction set that is there; else the message lists those that are. */
int option_isa(const char *program, const char *text, int *isa);
/* What dmlcsr_create() wants for the name of a model that comes with the library, or for a file. */
int option_model(const char *program, const char *text, const char **model);
/* Says why a model could not be loaded; EXIT_MODEL. */
int option_model_failed(const char *program, const char *model, int status, const char *error);
int option_precision(const char *program, const char *text, int *precision);
/* Prints the version; EXIT_FINE. */
int option_version(const char *program);

#endif
