#!/bin/bash
# Includes point one way: base <- kernels <- ops <- net <- api; model and image stand on base and kernels, and net reads
# a model; onnx stands on net; train stands on all but onnx, and nothing on either. Intrinsics stay in kernels/. The library does not print or end the process.
set -u
bad=0 good=0

room() { # room, rooms that it may include
    local file number text target rows=
    for file in libdmlcsr/"$1"/*.[ch]; do
        while IFS=: read -r number text; do
            target=${text#*\"}
            case " $1 $2 dmlcsr " in
            *" ${target%%/*} "*) ;;
            *) rows="$rows$file:$number: $text
" ;;
            esac
        done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$file")
    done
    nothing "libdmlcsr/$1 may include $1 $2" "$rows"
}

nothing() { # rule, lines that break it
    if [ -z "$2" ]; then
        good=$((good + 1))
    else
        printf '%s:\n%s\n' "$1" "$2"
        bad=$((bad + 1))
    fi
}

room base ""
room kernels "base"
room ops "base kernels"
room model "base kernels"
room image "base kernels"
room net "base kernels ops model"
room onnx "base kernels ops net model"
room train "base kernels ops net model"

nothing "a room that this test does not know" "$(for folder in libdmlcsr/*/; do
    case $folder in
    libdmlcsr/base/ | libdmlcsr/kernels/ | libdmlcsr/ops/ | libdmlcsr/net/ | libdmlcsr/model/ | libdmlcsr/image/ | libdmlcsr/onnx/ | libdmlcsr/train/) ;;
    *) echo "$folder" ;;
    esac
done)"
nothing "intrinsics outside libdmlcsr/kernels" \
    "$(grep -rnE '(mm|x86|imm|emm|smm|arm_[a-z]*|cpuid|nmm|tmm|xmm)(intrin|neon|sve)?\.h[">]' libdmlcsr include --include='*.[ch]' |
        grep -E 'intrin\.h|arm_neon|arm_sve|cpuid\.h' | grep -v '^libdmlcsr/kernels/')"
nothing "words of one compiler outside base/compiler.h" \
    "$(grep -rnE '__attribute__|__builtin_|__asm|__extension__|typeof|_Pragma|#[[:space:]]*pragma|__declspec|__GNUC__|__clang__|_MSC_VER|vector_size' \
        libdmlcsr include --include='*.[ch]' | grep -vE '^libdmlcsr/base/compiler.h:|^include/dmlcsr/dmlcsr.h:[0-9]+:#(if|elif|define DMLCSR_API) ')"
nothing "kernels with intrinsics whose name does not tell the instruction set" \
    "$(grep -lE '(intrin|arm_neon)\.h[">]' libdmlcsr/kernels/*.c | grep -vE '_(sse41|avx2|avx512|neon)\.c$')"
nothing "printing, ending the process, or asserting in the library" \
    "$(grep -rnE '(^|[^a-z_A-Z0-9])(printf|fprintf|puts|putchar|perror|exit|_exit|abort|assert)[[:space:]]*\(' libdmlcsr --include='*.[ch]')"
nothing "headers of the inside in an example" "$(grep -rnE '#[[:space:]]*include[[:space:]]*[<"](base|kernels|ops|net|model|image|onnx|train)/' examples)"

echo "$good passed, $bad failed"
[ $bad -eq 0 ]
