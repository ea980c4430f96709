#!/bin/bash
# The objects of the library keep the house rules that a linker can see: names with our prefix, no writable data, no
# constructors, nothing that prints, ends the process or keeps hidden state.
set -u
bad=0 good=0
NM=${NM:-nm}
if [ -n "${SANITIZED:-}" ]; then
    echo "a sanitizer adds symbols of its own"
    exit 77
fi

nothing() { # rule, lines that break it
    if [ -z "$2" ]; then
        good=$((good + 1))
    else
        printf '%s:\n%s\n' "$1" "$2"
        bad=$((bad + 1))
    fi
}

symbols=$("$NM" -A "$STATIC" ${TRAIN_STATIC:+"$TRAIN_STATIC"} 2>/dev/null)
nothing "no symbols in $STATIC" "$([ -n "$symbols" ] || echo "$STATIC")"

nothing "global symbols without dml_ or dmlcsr_" "$(awk '$(NF-1) ~ /^[A-TV-Z]$/ && $NF !~ /^_?(dml|dmlcsr)_[a-z0-9_]+$/' <<<"$symbols")"

# Tables of pointers are constant once relocated (.data.rel.ro): only sections that stay writable count.
nothing "writable data or constructors" "$(size -A "$STATIC" ${TRAIN_STATIC:+"$TRAIN_STATIC"} | awk '
    /\.o / { object = $1 }
    $1 ~ /^\.(data|bss|tdata|tbss|init_array|fini_array|ctors|dtors)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
        print object, $1, $2 " bytes" }')"

forbidden='printf|fprintf|vprintf|vfprintf|dprintf|puts|fputs|fputc|putc|putchar|perror|stdout|stderr|exit|_exit|_Exit|quick_exit|abort'
forbidden="$forbidden|__assert_fail|raise|signal|sigaction|atexit|getenv|secure_getenv|setenv|setlocale|rand|srand|random|strtok|system"
nothing "calls of functions that print, end the process, or have hidden state" \
    "$(awk -v names="^(__)?($forbidden)(_chk)?\$" '$(NF-1) == "U" && $NF ~ names' <<<"$symbols")"

echo "$good passed, $bad failed"
[ $bad -eq 0 ]
