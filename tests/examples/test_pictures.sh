#!/bin/bash
# The picture readers: every kind of JPEG and PNG gives exactly the pixels of its plain twin, and damaged files give
# errors or pictures, never memory errors.
. tests/examples/common.sh
$PKG_CONFIG --exists libpng libjpeg 2>/dev/null || skip "libpng and libjpeg are not there"

readers="examples/io.c examples/io_png.c examples/io_jpeg.c examples/exif.c"
echo 'int main(void) { return 0; }' >"$folder/empty.c"
sanitizer=
if $CC -fsanitize=address,undefined "$folder/empty.c" -o "$folder/empty" 2>/dev/null && "$folder/empty"; then
    sanitizer="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
fi
helper make_pictures
# shellcheck disable=SC2086 # several words
helper read_pictures -Iexamples $readers $sanitizer
"$folder/make_pictures" "$folder/pictures" || exit 1
cd "$folder/pictures" || exit 1
read=$folder/read_pictures

for picture in png/*.png; do
    try 0 "$picture" "$read" same "$picture" "twin/${picture##*/}"
done
for name in grey rgb cmyk-adobe cmyk-plain cmyk-turned orientation{1..8}; do
    try 0 "$name" "$read" same "jpeg/$name.jpg" "twin/$name.png"
done
for name in ycck progressive usual{1..8}; do # where a conversion rounds
    try 0 "$name" "$read" near "jpeg/$name.jpg" twin/rgb.png 3
done
# The comparison itself can fail.
try 1 "another picture" "$read" same png/grey8.png twin/rgb8.png

for picture in jpeg/{rgb,progressive,cmyk-adobe,usual6}.jpg \
    png/{rgb8,palette4-trns,rgba16-half-interlaced,exif6}.png; do
    try 0 "damaged $picture" "$read" damage "$picture" "$folder/damaged" 150
done
finish
