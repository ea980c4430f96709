#!/bin/bash
# dmlcsr.hpp and mask.hpp: compile without a warning as C++17 and C++20, with exceptions and without, and do what they
# say.
. tests/bindings/common.sh
command -v "${CXX:=c++}" >/dev/null 2>&1 || skip "no C++ compiler"
two_faces

warnings="-Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -pedantic -Werror"
for header in dmlcsr.hpp mask.hpp; do
    printf '#include <dmlcsr/%s>\n#include <dmlcsr/%s>\nint main() {}\n' $header $header >"$folder/$header.cpp"
done
standards=c++17
"$CXX" -std=c++20 -fsyntax-only -xc++ /dev/null 2>/dev/null && standards="c++17 c++20"
for standard in $standards; do
    for flags in "" "-fno-exceptions -fno-rtti"; do
        # shellcheck disable=SC2086 # lists of flags
        {
            try 0 "alone, $standard $flags" "$CXX" -std=$standard $flags $warnings -Iinclude -fsyntax-only \
                "$folder/dmlcsr.hpp.cpp" "$folder/mask.hpp.cpp"
            try 0 "$standard $flags" "$CXX" -std=$standard $flags $warnings -Iinclude "$here/use.cpp" -o "$folder/use" \
                -L"$BUILD/lib" -ldmlcsr -pthread
        }
        try 0 "$standard $flags, run" "$folder/use" "$model"
        if [ -n "$flags" ]; then says "87 passed, 0 failed"; else says "88 passed, 0 failed"; fi
    done
done
try 0 "facts" "$folder/use" "$model" ${photo:+"$photo"}
cp "$folder/out" "$folder/use.txt"
same_facts C++ "$folder/use.txt"

pieces doc/cpp.md cpp >"$folder/page.cpp"
try 0 "doc/cpp.md has code" [ "$(wc -l <"$folder/page.cpp")" -gt 20 ]
# shellcheck disable=SC2086 # a list of flags
try 0 "doc/cpp.md" "$CXX" -std=c++17 $warnings -Iinclude -fsyntax-only "$folder/page.cpp"

# What cannot be overlooked or copied by mistake.
refused() { # what, code
    compiles 1 "$@"
}
compiles() { # status, what, code
    printf '#include <dmlcsr/mask.hpp>\nusing namespace dmlcsr_cpp;\nvoid f(Parser &p, Image i) { %s; }\n' "$3" \
        >"$folder/some.cpp"
    try "$1" "$2" "$CXX" -std=c++17 -Wall -Werror -Iinclude -fsyntax-only "$folder/some.cpp"
}
compiles 0 "a result" "(void)p.parse(i).ok()"
compiles 0 "a moved parser" "auto q = std::move(p)"
compiles 0 "pixels" "std::vector<std::uint8_t> v(9); i.pixels = v"
refused "a result that nobody looks at" "p.parse(i)"
refused "a copied parser" "auto q = p"
refused "pixels that are gone" "i.pixels = std::vector<std::uint8_t>(9)"
compiles 0 "a mask" "std::vector<std::uint8_t> v(9); (void)grow({v, 3, 3}, 1, v)"
refused "a mask that nobody looks at" "std::vector<std::uint8_t> v(9); grow({v, 3, 3}, 1, v)"
refused "a mask of pixels that are gone" "(void)grow({std::vector<std::uint8_t>(9), 3, 3}, 1)"
finish
