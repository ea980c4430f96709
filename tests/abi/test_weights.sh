#!/bin/bash
# The files under weights/ are those that the MANIFEST describes, each with all of its facts.
set -u
bad=0 good=0
name='' bytes='' sha256='' facts=''

finish() {
    [ -n "$name" ] || return
    local file=weights/$name size sum
    if [ ! -f "$file" ]; then
        echo "$file is in the MANIFEST, but not there"
        bad=$((bad + 1))
    else
        size=$(($(wc -c <"$file")))
        sum=$({ sha256sum "$file" 2>/dev/null || shasum -a 256 "$file"; } | cut -d ' ' -f 1)
        if [ "$size" != "$bytes" ] || [ "$sum" != "$sha256" ] || [ "$facts" != "licence network origin scores " ]; then
            echo "$file: bytes $size, sha256 $sum"
            echo "MANIFEST: bytes $bytes, sha256 $sha256, facts $facts(wanted: licence network origin scores)"
            bad=$((bad + 1))
        else
            good=$((good + 1))
        fi
    fi
    name='' facts=''
}

while read -r key value; do
    case $key in
    '' | '#'*) ;;
    name) finish; name=$value ;;
    bytes) bytes=$value ;;
    sha256) sha256=$value ;;
    *) [ -z "$value" ] || facts=$(printf '%s' "$facts$key " | tr ' ' '\n' | sort | tr '\n' ' ') ;;
    esac
done <weights/MANIFEST
finish

for file in weights/*.safetensors weights/*.pth; do
    if [ -e "$file" ] && ! grep -q "^name  *${file#weights/}\$" weights/MANIFEST; then
        echo "$file is not in the MANIFEST"
        bad=$((bad + 1))
    fi
done
echo "$good passed, $bad failed"
[ $bad -eq 0 ] && [ $good -gt 0 ]
