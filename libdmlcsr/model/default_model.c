/* The default model, linked in as read-only data: the assembler reads the file, so nothing has to be turned into C. The
 * build defines DML_EMBEDDED_MODEL as the file's name, or leaves it undefined to build without. */
#include "model/default.h"

#ifdef DML_EMBEDDED_MODEL

/* How the assembler spells a C name, and where constants go. */
#define QUOTE(text) #text
#define SPELL(prefix, name) QUOTE(prefix) #name
#define NAME_(prefix, name) SPELL(prefix, name)
#define NAME(name) NAME_(__USER_LABEL_PREFIX__, name)

#if defined(__APPLE__)
#define SECTION ".const_data\n"
#define HIDE(name) ".private_extern " NAME(name) "\n"
#define TYPE(name) ""
#elif defined(_WIN32) /* nothing is exported that does not ask for it */
#define SECTION ".section .rdata,\"dr\"\n"
#define HIDE(name) ""
#define TYPE(name) ""
#else
#define SECTION ".section .rodata\n"
#define HIDE(name) ".hidden " NAME(name) "\n"
#define TYPE(name) ".type " NAME(name) ", %object\n"
#endif

__asm__(SECTION
        ".globl " NAME(dml_model_bytes) "\n"
        HIDE(dml_model_bytes)
        TYPE(dml_model_bytes)
        ".globl " NAME(dml_model_end) "\n"
        HIDE(dml_model_end)
        ".balign 64\n"
        NAME(dml_model_bytes) ":\n"
        ".incbin \"" DML_EMBEDDED_MODEL "\"\n"
        NAME(dml_model_end) ":\n"
        ".byte 0\n"
        ".text\n");

extern const unsigned char dml_model_bytes[], dml_model_end[];

const void *dml_default_model(size_t *size)
{
    *size = (size_t)(dml_model_end - dml_model_bytes);
    return dml_model_bytes;
}

#else

const void *dml_default_model(size_t *size)
{
    *size = 0;
    return NULL;
}

#endif
