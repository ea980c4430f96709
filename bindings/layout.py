"""Programs that print every constant as `NAME value`, every struct as `struct size`, and every field as
`struct.field offset size`: what a language's compiler thinks, to be compared with the C compiler's."""

from header import HEADERS


def in_c(api):
    lines = ["#include <dmlcsr/%s>" % name for name in HEADERS]
    lines += ["#include <stdio.h>", "", "int main(void)", "{"]
    for enum in api.enums:
        lines += ['    printf("%s %%d\\n", %s);' % (constant.c_name, constant.c_name) for constant in enum.constants]
    for struct in api.structs:
        lines.append('    printf("%s %%zu\\n", sizeof(%s));' % (struct.name, struct.name))
        for field in struct.fields:
            lines.append('    printf("%s.%s %%zu %%zu\\n", offsetof(%s, %s), sizeof(((%s *)0)->%s));' % (
                struct.name, field.name, struct.name, field.name, struct.name, field.name))
    return "\n".join(lines + ["    return 0;", "}", ""])


def in_rust(api):
    # offset_of! is younger than the compiler that must do: the distance between addresses in a zeroed struct instead.
    lines = ["use std::mem::{size_of, size_of_val, zeroed};", "use dmlcsr_sys::*;", "", "fn main() {"]
    for enum in api.enums:
        lines += ['    println!("%s {}", %s);' % (constant.c_name, constant.c_name) for constant in enum.constants]
    for struct in api.structs:
        lines.append('    println!("%s {}", size_of::<%s>());' % (struct.name, struct.name))
        lines.append("    let s: %s = unsafe { zeroed() };" % struct.name)
        for field in struct.fields:
            lines.append('    println!("%s.%s {} {}", &s.%s as *const _ as usize - &s as *const _ as usize, '
                         'size_of_val(&s.%s));' % (struct.name, field.name, field.name, field.name))
    return "\n".join(lines + ["}", ""])
