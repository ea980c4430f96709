"""Face parsing with libdmlcsr through ctypes and numpy: a photo in, one class per pixel out.

    parser = dmlcsr.Parser()
    labels = parser.parse(rgb)                       # height x width x 3, uint8  ->  height x width, uint8
    hair = parser.matte(rgb, ["hair", "hat"])        # soft, 0 to 255

Run as a program it prints the share of each class: python3 dmlcsr.py PHOTO...
"""

import ctypes
import ctypes.util
import os
import subprocess
import sys

import numpy

OK, RGB8, COMPOSE = 0, 0, 1


class Image(ctypes.Structure):
    _fields_ = [("pixels", ctypes.c_void_p), ("width", ctypes.c_uint32), ("height", ctypes.c_uint32),
                ("stride", ctypes.c_size_t), ("format", ctypes.c_int)]


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32), ("isa", ctypes.c_int),
                ("input_size", ctypes.c_uint32), ("geometry", ctypes.c_int), ("keep_edges", ctypes.c_int),
                ("reserved", ctypes.c_int), ("memory_limit", ctypes.c_size_t), ("allocate", ctypes.c_void_p),
                ("release", ctypes.c_void_p), ("log", ctypes.c_void_p), ("progress", ctypes.c_void_p),
                ("opaque", ctypes.c_void_p), ("error", ctypes.c_char_p), ("error_size", ctypes.c_size_t)]


class Region(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("center_x", ctypes.c_float), ("center_y", ctypes.c_float),
                ("size", ctypes.c_float), ("rotation", ctypes.c_float), ("context", ctypes.c_float),
                ("reserved", ctypes.c_int)]


class Result(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("flags", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                ("labels", ctypes.c_void_p), ("labels_stride", ctypes.c_size_t),
                ("probabilities", ctypes.c_void_p), ("probabilities_stride", ctypes.c_size_t),
                ("probabilities8", ctypes.c_void_p), ("probabilities8_stride", ctypes.c_size_t),
                ("matte", ctypes.c_void_p), ("matte_stride", ctypes.c_size_t), ("matte_classes", ctypes.c_uint64),
                ("binary_edge", ctypes.c_void_p), ("binary_edge_stride", ctypes.c_size_t),
                ("category_edge", ctypes.c_void_p), ("category_edge_stride", ctypes.c_size_t)]


def _load():
    """The library pkg-config knows, else the one the system's linker finds."""
    names = []
    try:
        folder = subprocess.run(["pkg-config", "--variable=libdir", "dmlcsr"], capture_output=True, text=True)
        root = os.environ.get("PKG_CONFIG_SYSROOT_DIR", "")
        if folder.returncode == 0:
            for place in (folder.stdout.strip(), root + folder.stdout.strip()):  # some pkg-configs add the root themselves
                names += [place + "/" + name for name in ("libdmlcsr.so.0", "libdmlcsr.0.dylib")]
    except OSError:
        pass
    names = [name for name in names if os.path.exists(name)]
    names += [name for name in [ctypes.util.find_library("dmlcsr"), "libdmlcsr.so.0"] if name]
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError as error:
            reason = error
    raise OSError("libdmlcsr is not installed: %s" % reason)


def _declare(lib):
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    lib.dmlcsr_create.argtypes = [ctypes.POINTER(handle), text, ctypes.POINTER(Options)]
    lib.dmlcsr_parse_region.argtypes = [handle, ctypes.POINTER(Image), ctypes.POINTER(Region), ctypes.POINTER(Result)]
    lib.dmlcsr_free.argtypes, lib.dmlcsr_free.restype = [handle], None
    lib.dmlcsr_class_count.argtypes, lib.dmlcsr_class_count.restype = [handle], ctypes.c_uint32
    lib.dmlcsr_class_name.argtypes, lib.dmlcsr_class_name.restype = [handle, ctypes.c_uint32], text
    lib.dmlcsr_last_error.argtypes, lib.dmlcsr_last_error.restype = [handle], text
    return lib


class Parser:
    """One parser serves one thread at a time."""

    def __init__(self, model=None, threads=0):
        self._lib, self._handle = _declare(_load()), ctypes.c_void_p()
        error = ctypes.create_string_buffer(512)
        options = Options(struct_size=ctypes.sizeof(Options), threads=threads, error_size=len(error),
                          error=ctypes.cast(error, ctypes.c_char_p))
        path = os.fsencode(model) if model else None
        if self._lib.dmlcsr_create(ctypes.byref(self._handle), path, ctypes.byref(options)) != OK:
            raise RuntimeError(error.value.decode(errors="replace"))
        count = self._lib.dmlcsr_class_count(self._handle)
        self.classes = [self._lib.dmlcsr_class_name(self._handle, i).decode() for i in range(count)]

    def __del__(self):
        if getattr(self, "_handle", None):
            self._lib.dmlcsr_free(self._handle)

    def _run(self, rgb, region, **wanted):
        rgb = numpy.ascontiguousarray(rgb, dtype=numpy.uint8)
        if rgb.ndim != 3 or rgb.shape[2] != 3:
            raise ValueError("expected an array of height x width x 3, not %s" % (rgb.shape,))
        out = numpy.zeros(rgb.shape[:2], numpy.uint8)
        image = Image(rgb.ctypes.data, rgb.shape[1], rgb.shape[0], rgb.shape[1] * 3, RGB8)
        result = Result(struct_size=ctypes.sizeof(Result))
        wanted = dict(wanted, **{wanted.pop("into"): out.ctypes.data})
        for name, value in wanted.items():
            setattr(result, name, value)
        where = None
        if region:
            x, y, size, rotation = (tuple(region) + (0,))[:4]
            where = ctypes.byref(Region(struct_size=ctypes.sizeof(Region), center_x=x, center_y=y, size=size,
                                        rotation=rotation))
        if self._lib.dmlcsr_parse_region(self._handle, ctypes.byref(image), where, ctypes.byref(result)) != OK:
            raise RuntimeError(self._lib.dmlcsr_last_error(self._handle).decode(errors="replace"))
        return out

    def parse(self, rgb, region=None):
        """Class ids. region: centre x, centre y, size of the face in pixels, and optionally its tilt in radians."""
        return self._run(rgb, region, into="labels")

    def matte(self, rgb, names, region=None):
        """How much each pixel belongs to the named classes, 0 to 255."""
        return self._run(rgb, region, into="matte", matte_classes=sum(1 << self.classes.index(n) for n in names))


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
        from PIL import Image as pil, ImageOps
    except ImportError:
        raise SystemExit("%s: without PIL (python3-pil) only PPM pictures can be read" % path)
    return numpy.asarray(ImageOps.exif_transpose(pil.open(path)).convert("RGB"))


def main(paths):
    if not paths:
        raise SystemExit("usage: dmlcsr.py PHOTO...")
    parser = Parser()
    for path in paths:
        labels = parser.parse(read_picture(path))
        print(path)
        for label, count in enumerate(numpy.bincount(labels.ravel(), minlength=len(parser.classes))):
            if count:
                print("%-12s %6.2f %%" % (parser.classes[label], 100 * count / labels.size))


if __name__ == "__main__":
    main(sys.argv[1:])
