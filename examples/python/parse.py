"""Prints the share of each class in pictures, several at once: python3 parse.py PHOTO...

Needs the package in bindings/python (installed, or in PYTHONPATH), numpy, and PIL for all but PPM pictures."""

import sys

import numpy

import dmlcsr


def read_ppm(path):
    """A binary PPM picture of 8 bits."""
    with open(path, "rb") as file:
        data = file.read()
    magic, width, height, depth = data.split(None, 4)[:4]
    if magic != b"P6" or depth != b"255":
        raise ValueError("%s is not a binary PPM picture of 8 bits" % path)
    pixels = numpy.frombuffer(data, numpy.uint8)[-int(width) * int(height) * 3:]
    return pixels.reshape(int(height), int(width), 3)


def read_picture(path):
    """Any picture when PIL is there, else PPM."""
    if path.lower().endswith(".ppm"):
        return read_ppm(path)
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise SystemExit("%s: without PIL (python3-pil) only PPM pictures can be read" % path)
    return ImageOps.exif_transpose(Image.open(path))


def main(paths):
    if not paths:
        raise SystemExit("usage: parse.py PHOTO...")
    with dmlcsr.Parser(threads=1) as parser:
        for path, labels in zip(paths, parser.parse_many(map(read_picture, paths))):
            print(path)
            for label, count in enumerate(numpy.bincount(labels.ravel(), minlength=len(parser.classes))):
                if count:
                    print("%-12s %6.2f %%" % (parser.classes[label], 100 * count / labels.size))


if __name__ == "__main__":
    main(sys.argv[1:])
