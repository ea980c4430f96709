"""python3 -m unittest discover tests, with DMLCSR_MODEL naming a model file (and DMLCSR_LIBRARY the library, where it
is not installed). DMLCSR_PHOTO, if it is set, is the picture of two faces that tests/bindings/photo.c makes."""

import gc
import os
import tempfile
import threading
import time
import unittest
import unittest.mock
from typing import Any, List

import numpy

import dmlcsr
from dmlcsr._images import picture
from dmlcsr._library import library

MODEL = os.environ["DMLCSR_MODEL"]
HEIGHT, WIDTH = 53, 67


def drawing() -> Any:
    rows, columns = numpy.mgrid[:HEIGHT, :WIDTH]
    photo = numpy.empty((HEIGHT, WIDTH, 3), numpy.uint8)
    photo[:] = (3 * rows)[:, :, None]
    photo[(rows - 26) ** 2 + (columns - 33) ** 2 < 500] = (200, 180, 160)
    return photo


class Pictures(unittest.TestCase):
    parser: dmlcsr.Parser

    @classmethod
    def setUpClass(cls) -> None:
        cls.parser = dmlcsr.Parser(MODEL, threads=1)
        cls.photo = drawing()
        cls.labels = cls.parser.parse(cls.photo)

    def test_labels(self) -> None:
        self.assertEqual((self.labels.shape, self.labels.dtype), ((HEIGHT, WIDTH), numpy.uint8))
        self.assertGreater(self.labels.max(), 0)
        self.assertFalse(numpy.array_equal(self.parser.parse(self.photo, (33, 26, 40)), self.labels))

    def test_padded_rows_are_not_copied(self) -> None:
        padded = numpy.zeros((HEIGHT, WIDTH + 9, 3), numpy.uint8)[:, 4:-5]
        padded[:] = self.photo
        self.assertEqual(picture(padded).raw.pixels, padded.ctypes.data)
        self.assertEqual(picture(self.photo).raw.pixels, self.photo.ctypes.data)
        self.assertTrue(numpy.array_equal(self.parser.parse(padded), self.labels))

    def test_scattered_pixels_are_copied(self) -> None:
        wide = numpy.repeat(self.photo, 2, axis=1)[:, ::2]
        upside_down = numpy.ascontiguousarray(self.photo[::-1])[::-1]
        for scattered in (wide, upside_down, numpy.asfortranarray(self.photo)):
            self.assertNotEqual(picture(scattered).raw.pixels, scattered.ctypes.data)
            self.assertTrue(numpy.array_equal(self.parser.parse(scattered), self.labels))

    def test_formats(self) -> None:
        alpha = numpy.dstack([self.photo, numpy.full((HEIGHT, WIDTH), 9, numpy.uint8)])
        bgr = numpy.ascontiguousarray(self.photo[:, :, ::-1])
        for photo, kind in ((alpha, None), (bgr, "bgr8"), (bgr, dmlcsr.Format.BGR8)):
            self.assertTrue(numpy.array_equal(self.parser.parse(photo, format=kind), self.labels))
        grey = numpy.ascontiguousarray(self.photo[:, :, 0])
        self.assertTrue(numpy.array_equal(self.parser.parse(grey), self.parser.parse(numpy.dstack([grey] * 3))))
        self.assertEqual(self.parser.parse(numpy.full((11, 10), 128, numpy.uint8), format="NV12").shape, (7, 10))

    def test_pil(self) -> None:
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("no PIL")
        image = Image.fromarray(self.photo)
        self.assertTrue(numpy.array_equal(self.parser.parse(image), self.labels))
        for mode in ("P", "LA", "CMYK", "1"):
            self.assertEqual(self.parser.parse(image.convert(mode)).shape, self.labels.shape)

    def test_outputs(self) -> None:
        result = self.parser.run(self.photo, probabilities=True, probabilities8=True)
        assert result.probabilities is not None and result.probabilities8 is not None
        self.assertIsNone(result.matte)
        numpy.testing.assert_allclose(result.probabilities.sum(axis=0), 1, atol=1e-4)
        self.assertTrue(numpy.array_equal(result.probabilities.argmax(axis=0), self.labels))
        self.assertLessEqual(abs(result.probabilities * 255 - result.probabilities8).max(), 0.501)
        everything = self.parser.matte(self.photo, self.parser.classes)
        self.assertTrue((everything == 255).all())
        skin = self.parser.matte(self.photo, "skin")
        self.assertTrue(numpy.array_equal(skin, self.parser.matte(self.photo, [numpy.int64(1)])))

    def test_given_arrays(self) -> None:
        board = numpy.full((HEIGHT + 2, WIDTH + 3), 77, numpy.uint8)
        inner = board[1:-1, 2:-1]
        self.assertIs(self.parser.parse(self.photo, out=inner), inner)
        self.assertTrue(numpy.array_equal(inner, self.labels))
        inner[:] = 77
        self.assertTrue((board == 77).all())
        shape = (len(self.parser.classes), HEIGHT, WIDTH)
        whole = numpy.empty(shape[:2] + (WIDTH + 5,), numpy.float32)
        self.parser.run(self.photo, labels=None, probabilities=whole[:, :, :WIDTH])
        self.assertTrue(numpy.array_equal(whole[:, :, :WIDTH].argmax(axis=0), self.labels))
        read_only = numpy.zeros((HEIGHT, WIDTH), numpy.uint8)
        read_only.flags.writeable = False
        more_rows = numpy.empty((shape[0], HEIGHT + 1, WIDTH), numpy.float32)[:, :HEIGHT]
        for name, array in (("labels", read_only), ("labels", self.labels[1:]), ("labels", self.labels.astype("i4")),
                            ("labels", numpy.zeros((HEIGHT, 2 * WIDTH), numpy.uint8)[:, ::2]),
                            ("labels", numpy.zeros((HEIGHT, WIDTH), numpy.uint8)[::-1]), ("labels", [1]),
                            ("probabilities", more_rows)):
            with self.assertRaisesRegex(dmlcsr.ArgumentError, name):
                self.parser.run(self.photo, **{name: array})

    def test_compose(self) -> None:
        left, right = (18, 26, 20), dmlcsr.Region(48, 26, 20, 0.2, 1.5)
        both = self.parser.run(self.photo, left).labels
        assert both is not None
        first, second = both.copy(), self.parser.parse(self.photo, right)
        self.parser.run(self.photo, right, labels=both, compose=True)
        self.assertTrue(numpy.array_equal(both, numpy.where(second, second, first)))
        alone = self.parser.run(self.photo, right, compose=True).labels
        self.assertTrue(numpy.array_equal(alone, second))

    def test_refusals(self) -> None:
        for photo in (self.photo.astype(float), self.photo[0, 0], self.photo[:, :, :2], self.photo[:0]):
            with self.assertRaises(dmlcsr.ArgumentError):
                self.parser.parse(photo)
        for kind in ("RGBA8", "no such format", 99, "NV12"):
            with self.assertRaises(dmlcsr.ArgumentError):
                self.parser.parse(self.photo, format=kind)
        with self.assertRaises(dmlcsr.ArgumentError):
            self.parser.parse(numpy.zeros((10, 10), numpy.uint8), format="NV12")
        for region in ((1, 2), (1, 2, 3, 4, 5, 6), (1, 2, -3)):
            with self.assertRaises(ValueError):
                self.parser.parse(self.photo, region)
        for classes in ([], ["no such class"], [99], [-1]):
            with self.assertRaises(dmlcsr.ArgumentError):
                self.parser.matte(self.photo, classes)
        with self.assertRaises(dmlcsr.Error) as caught:
            self.parser.run(self.photo, binary_edge=True)
        self.assertIs(caught.exception.status, dmlcsr.Status.ERROR_NO_EDGES)


class Parsers(unittest.TestCase):
    def test_errors(self) -> None:
        with self.assertRaisesRegex(dmlcsr.FileError, "/nowhere.safetensors") as caught:
            dmlcsr.Parser("/nowhere.safetensors")
        self.assertIsInstance(caught.exception, OSError)
        self.assertIs(caught.exception.status, dmlcsr.Status.ERROR_IO)
        with self.assertRaises(MemoryError):
            dmlcsr.Parser(MODEL, memory_limit=1)
        for data in (b"", b"no model"):
            with self.assertRaises(dmlcsr.Error) as caught_too:
                dmlcsr.Parser(data)
            self.assertIs(caught_too.exception.status, dmlcsr.Status.ERROR_FORMAT)
        wrong: Any
        for wrong in ({"threads": 1 << 32}, {"threads": -1}, {"input_size": 5}, {"isa": "mmx"}, {"geometry": 7},
                      {"geometry": "coarse"}, {"geometry": (1 << 32) + 1}, {"isa": 1 << 32}, {"precision": 1 << 32},
                      {"precision": "fp8"}, {"memory_limit": 1 << 64}):
            with self.assertRaises(dmlcsr.ArgumentError):
                dmlcsr.Parser(MODEL, **wrong)

    def test_texts_are_not_cut(self) -> None:
        with tempfile.TemporaryDirectory() as folder, dmlcsr.Parser(MODEL, threads=1) as parser:
            target = os.path.join(folder, "a\0b")
            for call in (lambda: dmlcsr.Parser(MODEL + "\0b"), lambda: dmlcsr.inspect(MODEL + "\0b"),
                         lambda: dmlcsr.convert(MODEL, target), lambda: dmlcsr.convert(MODEL + "\0b", target),
                         lambda: dmlcsr.convert(MODEL, target[:-2], metadata={"k": "abc\0def"}),
                         lambda: dmlcsr.convert(MODEL, target[:-2], metadata={"k\0": "abc"}),
                         lambda: dmlcsr.export_onnx(MODEL, target), lambda: dmlcsr.export_onnx(MODEL + "\0b", target),
                         lambda: dmlcsr.export_onnx(MODEL, target[:-2], metadata={"k": "abc\0def"}),
                         lambda: dmlcsr.model_path("base\0"), lambda: dmlcsr.scheme_map("lapa\0", "lapa"),
                         lambda: parser.metadata("dmlcsr.licence\0")):
                with self.assertRaisesRegex(dmlcsr.ArgumentError, "has a zero byte in it"):
                    call()
            self.assertEqual(os.listdir(folder), [])

    def test_pack(self) -> None:
        with dmlcsr.Parser(MODEL, threads=1) as plain, dmlcsr.Parser(MODEL, threads=1, pack=True) as packed:
            self.assertGreater(packed.memory()[0], plain.memory()[0])
            numpy.testing.assert_array_equal(packed.parse(drawing()), plain.parse(drawing()))

    def test_settings(self) -> None:
        with open(MODEL, "rb") as file:
            data = file.read()
        with dmlcsr.Parser(data, threads=1, isa="c", input_size=33, keep_edges=1 << 32) as parser:
            self.assertEqual((parser.threads, parser.isa, parser.input_size, parser.has_edges), (1, "c", 33, True))
            self.assertEqual(parser.colors.shape, (len(parser.classes), 3))
            self.assertIsNone(parser.metadata("no such key"))
            self.assertGreater(min(parser.memory()), 1 << 10)
            result = parser.run(drawing(), binary_edge=True, category_edge=True)
            assert result.binary_edge is not None and result.category_edge is not None
            self.assertTrue(0 <= result.binary_edge.min() <= result.binary_edge.max() <= 1)
            logits = parser.forward(numpy.full((3, 33, 17), 0.5))
            assert logits.binary_edge is not None
            self.assertEqual(logits.parsing.shape, (len(parser.classes), 9, 5))
            self.assertEqual(logits.binary_edge.shape, (2, 9, 5))
            for shape in ((3, 33), (4, 33, 17), (3, 5, 17)):
                with self.assertRaises(dmlcsr.ArgumentError):
                    parser.forward(numpy.zeros(shape))
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "input of 17 x 5: both sides must be 17 to 4097"):
                parser.forward(numpy.zeros((3, 5, 17)))

    def test_names_of_constants(self) -> None:
        photo = drawing()
        with dmlcsr.Parser(MODEL, threads=1, geometry=dmlcsr.Geometry.COMPATIBLE) as parser:
            compatible = parser.parse(photo)
        for named in ("compatible", "COMPATIBLE"):
            with dmlcsr.Parser(MODEL, threads=1, geometry=named, precision="FP32") as parser:
                self.assertTrue(numpy.array_equal(parser.parse(photo), compatible))
        self.assertTrue(dmlcsr.isa_available("c") and dmlcsr.isa_available(dmlcsr.Isa.C))
        wrong: Any
        for wrong in ("mmx", 1 << 32):
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "there is no instruction set .*, but auto, c, sse41"):
                dmlcsr.isa_available(wrong)

    def test_life(self) -> None:
        parser = dmlcsr.Parser(MODEL, threads=1)
        clone = parser.clone()
        expected = parser.parse(drawing())
        parser.close()
        parser.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            parser.parse(drawing())
        with self.assertRaisesRegex(ValueError, "closed"):
            parser.clone()
        del parser
        gc.collect()
        self.assertTrue(numpy.array_equal(clone.parse(drawing()), expected))

    def test_progress(self) -> None:
        answers: List[Any] = []
        calls: List[int] = []

        def progress(done: int, total: int) -> Any:
            calls.append(total - done)
            if answers and isinstance(answers[0], BaseException):
                raise answers[0]
            return answers[0] if answers else None

        with dmlcsr.Parser(MODEL, threads=1, progress=progress) as parser:
            parser.parse(drawing())
            self.assertGreater(len(calls), 1)
            self.assertEqual(calls[-1], 0)
            answers[:] = [False]
            with self.assertRaises(dmlcsr.Cancelled):
                parser.parse(drawing())
            for raised in (KeyError("mine"), KeyboardInterrupt()):
                answers[:] = [raised]
                with self.assertRaises(type(raised)):
                    parser.parse(drawing())
            answers.clear()
            parser.parse(drawing())

    def test_log(self) -> None:
        said: List[Any] = []
        with self.assertRaises(dmlcsr.FileError) as caught:
            dmlcsr.Parser("/nowhere.safetensors", log=lambda level, sentence: said.append((level, sentence)))
        self.assertEqual(said, [(dmlcsr.Log.ERROR, str(caught.exception))])

    def test_what_a_log_function_may_do(self) -> None:
        said: List[Any] = []

        def log(level: dmlcsr.Log, sentence: str) -> None:
            said.append((sentence, parser.metadata("no such key"), len(parser.class_mirror())))
            with self.assertRaisesRegex(RuntimeError, "being cloned"):  # C is still at work with it
                parser.close()

        # No clone fails where its parser could be made, but for want of memory: this one says so without that.
        def no_memory(out: Any, handle: Any) -> int:
            parser._callbacks.c_log(None, dmlcsr.Log.ERROR, b"no memory for a clone")
            return dmlcsr.Status.ERROR_MEMORY

        with dmlcsr.Parser(MODEL, threads=1, log=log) as parser:
            with unittest.mock.patch.object(library(), "dmlcsr_clone", no_memory):
                wanted = (dmlcsr.OutOfMemory, parser.clone)
                thread = threading.Thread(target=self.assertRaises, args=wanted, daemon=True)
                thread.start()
                thread.join(60)
            self.assertEqual(said, [("no memory for a clone", None, 256)])
            parser.clone().close()

    def test_models_that_come_with_the_library(self) -> None:
        self.assertEqual(os.path.basename(dmlcsr.model_path("base") or ""), "dmlcsr-base.safetensors")
        self.assertIsNone(dmlcsr.model_path("no such model"))

    def test_model_files(self) -> None:
        _, tensors = dmlcsr.inspect(MODEL)
        self.assertTrue([t for t in tensors if t.name == "layer6.conv4.weight" and len(t.shape) == 4])
        with tempfile.TemporaryDirectory() as folder:
            target = os.path.join(folder, "half.safetensors")
            dmlcsr.convert(MODEL, target, storage=dmlcsr.Storage.BF16, drop_edges=True,
                           metadata={"note": "from Python"})
            metadata, fewer = dmlcsr.inspect(target)
        self.assertEqual(metadata["note"], "from Python")
        self.assertLess(len(fewer), len(tensors))
        with self.assertRaisesRegex(dmlcsr.FileError, "half.safetensors"):
            dmlcsr.inspect(target)

    def test_calibration(self) -> None:
        with self.assertRaisesRegex(dmlcsr.Error, "calibrated model"):
            dmlcsr.Parser(MODEL, precision="int8")
        with tempfile.TemporaryDirectory() as folder:
            target = os.path.join(folder, "bytes.safetensors")
            dmlcsr.convert(MODEL, target, storage="i8", calibration=[drawing(), drawing()[:, ::-1]])
            with dmlcsr.Parser(target) as parser:
                self.assertEqual(parser.precision, "int8")
                self.assertEqual(parser.parse(drawing()).shape, (HEIGHT, WIDTH))
            with self.assertRaises(dmlcsr.ArgumentError):
                dmlcsr.convert(MODEL, target, calibration=[drawing().astype(float)])
            wrong: Any
            for wrong in ("i4", (1 << 32) + 1):
                with self.assertRaisesRegex(dmlcsr.ArgumentError, "there is no storage .*, but f32, f16, bf16, i8"):
                    dmlcsr.convert(MODEL, target, storage=wrong)

    def test_onnx(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            target = os.path.join(folder, "face.onnx")
            dmlcsr.export_onnx(MODEL, target, input_size=65, metadata={"note": "from Python"})
            with open(target, "rb") as file:
                written = file.read()
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "input_size is 5"):
                dmlcsr.export_onnx(MODEL, os.path.join(folder, "other.onnx"), input_size=5)
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "input_size is 4294967313"):
                dmlcsr.export_onnx(MODEL, os.path.join(folder, "other.onnx"), input_size=(1 << 32) + 17)
            self.assertEqual(os.listdir(folder), ["face.onnx"])
        self.assertIn(b"\n\x04note\x12\x0bfrom Python", written)  # a key and a value, each with its length
        self.assertIn(b"\n\x0bdmlcsr.size\x12\x0265", written)
        self.assertGreater(len(written), 4 << 20)


class Faces(unittest.TestCase):
    def test_find(self) -> None:
        with dmlcsr.Parser(MODEL) as parser:
            found = parser.find_faces(drawing(), smallest=60)
            self.assertIsInstance(found, list)
            self.assertEqual(found, parser.find_faces(drawing(), smallest=60))  # frozen numbers, not the call's memory
            for wrong in ({"smallest": 3}, {"threshold": 2}, {"most": -1}, {"most": 1 << 32}):
                with self.assertRaises(dmlcsr.ArgumentError):
                    parser.find_faces(drawing(), **wrong)

    def test_parse(self) -> None:
        faces = [dmlcsr.Face(30, 20, 16, .2, 20, 10, 40, 30, .9), dmlcsr.Face(33, 26, 30, 0, 10, 10, 50, 50, .8)]
        with dmlcsr.Parser(MODEL) as parser:
            expected = parser.parse(drawing(), faces[1].region())
            parser.run(drawing(), faces[0].region(), labels=expected, compose=True)  # the smaller one on top
            self.assertTrue(numpy.array_equal(parser.parse_faces(drawing(), faces), expected))
            regions = [faces[0].region(), (33, 26, 30)]
            self.assertTrue(numpy.array_equal(parser.parse_faces(drawing(), regions), expected))
            self.assertTrue(numpy.array_equal(parser.parse(drawing(), faces[1]), parser.parse(drawing(), regions[1])))
            self.assertFalse(parser.parse_faces(drawing(), []).any())
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "job 1: "):
                parser.parse_faces(drawing(), [faces[1], faces[0]._replace(center_x=numpy.nan)])


class ClassLists(unittest.TestCase):
    def test_schemes(self) -> None:
        schemes = dmlcsr.schemes()
        self.assertEqual([scheme.number for scheme in schemes.values()], list(dmlcsr.Scheme)[1:])
        lapa = schemes["lapa"]
        self.assertIs(lapa.number, dmlcsr.Scheme.LAPA)
        self.assertEqual((lapa.side, lapa.classes[2], len(lapa.classes)), ("picture", "left eyebrow", 11))
        self.assertEqual((lapa.colors.shape, lapa.colors.dtype), ((11, 3), numpy.uint8))
        self.assertEqual([schemes[name].side for name in ("segformer", "helen", "merged-8")],
                         ["subject", "unknown", "none"])

    def test_maps(self) -> None:
        names = dmlcsr.schemes()["celebamask-hq"].classes
        table = dmlcsr.scheme_map("celebamask-hq", dmlcsr.Scheme.LAPA, other=255)
        self.assertEqual((table.shape, table.dtype), ((256,), numpy.uint8))
        # The person's left eye is the right one of the picture; hats have no counterpart.
        self.assertEqual(table[[names.index(name) for name in ("l_eye", "u_lip", "hat")]].tolist(), [5, 7, 255])
        same_side = dmlcsr.scheme_map(0, "lapa", side="subject")
        self.assertEqual(same_side[[4, 14, 255]].tolist(), [4, 0, 255])
        self.assertTrue(numpy.array_equal(same_side, dmlcsr.scheme_map(0, "lapa", side=dmlcsr.Side.SUBJECT)))
        self.assertEqual(dmlcsr.scheme_mirror("lapa")[:6].tolist(), [0, 1, 3, 2, 5, 4])
        for source, target in (("own", "lapa"), (dmlcsr.Scheme.OWN, "lapa"), ("lapa", -1)):
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "there is no scheme"):
                dmlcsr.scheme_map(source, target)
        with self.assertRaisesRegex(dmlcsr.ArgumentError, "whose left it is"):
            dmlcsr.scheme_map("helen", "lapa", side="subject")
        with self.assertRaises(dmlcsr.ArgumentError):
            dmlcsr.scheme_mirror("no such scheme")

    def test_maps_of_a_model(self) -> None:
        with dmlcsr.Parser(MODEL, threads=1) as parser:  # its classes are those of CelebAMask-HQ
            self.assertTrue(numpy.array_equal(parser.class_map("lapa", other=255),
                                              dmlcsr.scheme_map("celebamask-hq", "lapa", other=255)))
            swapped = parser.class_map(side="picture", other=9)
            self.assertEqual(swapped[[4, 5, 13, 99]].tolist(), [5, 4, 13, 9])
            self.assertTrue(numpy.array_equal(parser.class_map(dmlcsr.Scheme.OWN)[:19], numpy.arange(19)))
            self.assertEqual(parser.class_mirror()[[4, 5, 13, 99]].tolist(), [5, 4, 13, 99])
            wrong: Any
            for wrong in ({"target": "no such scheme"}, {"target": 99}, {"target": 1 << 32}, {"other": 256},
                          {"target": "lapa", "other": 11}, {"side": "none"}, {"side": "no such side"}, {"side": 7}):
                with self.assertRaises(dmlcsr.ArgumentError):
                    parser.class_map(**wrong)
        for closed in (parser.class_map, parser.class_mirror):
            with self.assertRaisesRegex(ValueError, "closed"):
                closed()


class Masks(unittest.TestCase):
    labels = numpy.array([[3, 3, 0, 0, 5, 70]] * 4, numpy.uint8)
    mask = numpy.zeros((9, 11), numpy.uint8)
    mask[3:6, 4:8] = 200

    def test_labels(self) -> None:
        table = numpy.arange(256)[::-1]
        self.assertEqual(dmlcsr.remap(self.labels, table)[2].tolist(), [252, 252, 255, 255, 250, 185])
        self.assertEqual(dmlcsr.select(self.labels, [3, 5])[3].tolist(), [255, 255, 0, 0, 255, 0])
        names = ["background", "skin", "nose", "glasses"]
        named: Any
        for named in ("glasses", 3, ["nose", "glasses"], [2, "glasses"], numpy.int64(3)):
            self.assertEqual(dmlcsr.select(self.labels, named, names)[0].tolist(), [255, 255, 0, 0, 0, 0])
        for wrong in ("hat", 4, -1):
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "background, skin, nose, glasses"):
                dmlcsr.select(self.labels, wrong, names)
        for wrong in ("hat", 64):
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "no names are given"):
                dmlcsr.select(self.labels, wrong)
        for no_table in (table[:255], table + 1, table - 1, table * 0.5, table.reshape(16, 16), "merged-8"):
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "256 ids"):
                dmlcsr.remap(self.labels, no_table)

    def test_masks(self) -> None:
        rows, columns = numpy.mgrid[:9, :11]
        # To the nearest pixel that is on, of a rectangle.
        distance = numpy.hypot(numpy.maximum(abs(rows - 4) - 1, 0), numpy.maximum(abs(columns - 5.5) - 1.5, 0))
        for radius in (0, 1, 1.5, numpy.float64(2.9), 3.5):
            grown = dmlcsr.grow(self.mask, radius)
            self.assertTrue(numpy.array_equal(grown, numpy.where(distance <= radius, 255, 0)))
            # What is off grows when what is on shrinks.
            self.assertTrue(numpy.array_equal(dmlcsr.shrink(255 - self.mask, radius), 255 - grown))
        self.assertEqual(dmlcsr.feather(self.mask, 4)[4].tolist(), [0, 0, 32, 96, 159, 223, 223, 159, 96, 32, 0])
        self.assertEqual(dmlcsr.clean(self.mask, 0).tolist(), numpy.where(self.mask, 255, 0).tolist())
        cleaned = dmlcsr.clean(numpy.maximum(self.mask, 40), 4)
        self.assertEqual(cleaned[4].tolist(), [0, 0, 10, 30, 214, 241, 241, 214, 30, 10, 0])

    def test_kinds_of_arrays(self) -> None:
        expected = dmlcsr.grow(self.mask, 2)
        board = numpy.zeros((9, 17), numpy.uint8)
        padded = board[:, 3:14]
        padded[:] = self.mask
        for mask in (self.mask > 0, padded, numpy.asfortranarray(self.mask), self.mask[:, :, None]):
            self.assertTrue(numpy.array_equal(dmlcsr.grow(mask, 2), expected))
        # In place, between bytes that stay.
        self.assertIs(dmlcsr.grow(padded, 2, out=padded), padded)
        self.assertTrue(numpy.array_equal(padded, expected))
        self.assertFalse(board[:, :3].any() or board[:, 14:].any())
        line = numpy.array([[0, 0, 255, 0, 0]], numpy.uint8)
        self.assertEqual(dmlcsr.grow(line, 1, out=line).tolist(), [[0, 255, 255, 255, 0]])

    def test_refusals(self) -> None:
        for radius in (-1, numpy.nan, numpy.inf, 1e39):
            for function in (dmlcsr.grow, dmlcsr.shrink, dmlcsr.feather, dmlcsr.clean):
                with self.assertRaisesRegex(dmlcsr.ArgumentError, "is .*, must be 0 or above, and finite"):
                    function(self.mask, radius)
        wrong: Any
        for wrong in (self.mask.astype(float), self.mask[0], self.mask[:0], numpy.zeros((3, 4, 3), numpy.uint8), [1]):
            with self.assertRaises(dmlcsr.ArgumentError):
                dmlcsr.grow(wrong, 1)
        board = numpy.zeros((9, 12), numpy.uint8)
        with self.assertRaisesRegex(dmlcsr.ArgumentError, "out overlaps the input"):
            dmlcsr.grow(board[:, 1:], 1, out=board[:, :-1])
        for out in (board, self.mask > 0, board[:, :0:-1]):
            with self.assertRaisesRegex(dmlcsr.ArgumentError, "out"):
                dmlcsr.remap(self.mask, numpy.arange(256), out=out)


def checksum(labels: Any) -> int:
    return int((labels.ravel() * (numpy.arange(labels.size) % 251 + 1)).sum())


class Facts(unittest.TestCase):
    """Writes what tests/bindings/facts.c writes."""

    def test_facts(self) -> None:
        with dmlcsr.Parser(MODEL) as parser:
            for label, name in enumerate(parser.classes):
                print("fact: class", label, name, "%02x%02x%02x" % tuple(parser.colors[label]))
            self.tables(parser)
            self.masks()
            if os.environ.get("DMLCSR_PHOTO"):
                self.faces(parser, numpy.fromfile(os.environ["DMLCSR_PHOTO"], numpy.uint8).reshape(256, 512, 3))

    def tables(self, parser: dmlcsr.Parser) -> None:
        for name, scheme in dmlcsr.schemes().items():
            print("fact: scheme %d is %s, side %d" % (dmlcsr.Scheme(scheme.number), name,
                                                      dmlcsr.Side[scheme.side.upper()]))
            for label, named in enumerate(scheme.classes):
                color = "%02x%02x%02x" % tuple(scheme.colors[label])
                print("fact: class", label, "of", name, "is", named, color)
            print("fact: model to", name, checksum(parser.class_map(name, side="picture", other=255)))
            print("fact:", name, "to lapa", checksum(dmlcsr.scheme_map(scheme.number, dmlcsr.Scheme.LAPA, other=3)))
            print("fact:", name, "mirrored", checksum(dmlcsr.scheme_mirror(name)))
        print("fact: model's left that of the picture", checksum(parser.class_map(side="picture")))
        print("fact: model mirrored", checksum(parser.class_mirror()))

    def masks(self) -> None:
        rows, columns = numpy.mgrid[:HEIGHT, :WIDTH]
        labels = ((columns // 9 + rows // 7) % 19).astype(numpy.uint8)
        selected = dmlcsr.select(labels, [3, 11])
        print("fact: remapped", checksum(dmlcsr.remap(labels, numpy.arange(256) * 7 % 256)))
        print("fact: selected", checksum(selected))
        print("fact: grown", checksum(dmlcsr.grow(selected, 3.5)))
        print("fact: shrunk", checksum(dmlcsr.shrink(selected, 2.25)))
        print("fact: feathered", checksum(dmlcsr.feather(selected, 6.5)))
        print("fact: cleaned", checksum(dmlcsr.clean(((7 * columns + 5 * rows) % 256).astype(numpy.uint8), 9.5)))

    def faces(self, parser: dmlcsr.Parser, photo: Any) -> None:
        found = parser.find_faces(photo, smallest=40)
        self.assertEqual(len(found), 2)
        for face in found:
            print("fact: face %.2f %.2f %.2f %.4f, %.2f %.2f %.2f %.2f, %.6f" % face)
        print("fact: labels of all faces", checksum(parser.parse_faces(photo, found)))
        # Without faces, they are found, by another default of what is smallest.
        labels = parser.parse_faces(photo)
        self.assertTrue(labels[105, 128] and labels[112, 399] and not labels[0, 0])


class Threads(unittest.TestCase):
    def test_python_runs_while_the_library_works(self) -> None:
        parser = dmlcsr.Parser(MODEL, threads=1, input_size=473)
        photo = drawing()
        times: List[float] = []

        def work() -> None:
            times.append(time.perf_counter())
            parser.parse(photo)
            times.append(time.perf_counter())

        # One parse takes longer than Python's threads wait for each other, many times over. A call that kept Python's
        # lock would let this loop see no moment in its middle half, however often it is tried.
        for _ in range(20):
            times.clear()
            thread = threading.Thread(target=work)
            thread.start()
            moments = []
            while thread.is_alive():
                moments.append(time.perf_counter())
                time.sleep(0.001)
            quarter = (times[1] - times[0]) / 4
            inside = [m for m in moments if times[0] + quarter < m < times[1] - quarter]
            if len(inside) > 3:
                return
        self.fail("Python stood still while the library worked")

    def test_clones_run_at_once(self) -> None:
        # Each waits in the middle of its first parse for the others: done one after the other, none would ever go on.
        barrier = threading.Barrier(3, timeout=60)
        first = threading.local()

        def progress(done: int, total: int) -> None:
            if not getattr(first, "met", False):
                first.met = True
                barrier.wait()

        with dmlcsr.Parser(MODEL, threads=1) as plain:
            photos = [numpy.roll(drawing(), 3 * k, axis=1) for k in range(7)]
            expected = [plain.parse(photo) for photo in photos]
        with dmlcsr.Parser(MODEL, threads=1, progress=progress) as parser:
            found = list(parser.parse_many(iter(photos), workers=3))
        self.assertEqual(len(found), 7)
        for one, other in zip(found, expected):
            self.assertTrue(numpy.array_equal(one, other))

    def test_piles(self) -> None:
        photo, taken = drawing(), [0]

        def photos() -> Any:
            for _ in range(50):
                taken[0] += 1
                yield photo

        with dmlcsr.Parser(MODEL, threads=1) as parser:
            for regions in ([(33, 26, 40)] * 50, None):
                taken[0] = 0
                pile = parser.parse_many(photos(), regions, workers=2)
                self.assertTrue(numpy.array_equal(next(pile), parser.parse(photo, regions and regions[0])))
                self.assertLessEqual(taken[0], 4)
                pile.close()
            with self.assertRaises(dmlcsr.ArgumentError):
                list(parser.parse_many([photo, photo[0, 0]]))
            self.assertEqual(list(parser.parse_many([])), [])

    def test_piles_with_too_few_regions(self) -> None:
        photo, face = drawing(), (33, 26, 40)
        with dmlcsr.Parser(MODEL, threads=1) as parser:
            for photos, regions, sentence in ((3, 1, "the regions end after 1, the pictures go on"),
                                              (1, 2, "the pictures end after 1, the regions go on"),
                                              (1, 0, "the regions end after 0, the pictures go on")):
                with self.assertRaisesRegex(dmlcsr.ArgumentError, sentence):
                    list(parser.parse_many([photo] * photos, iter([face] * regions)))
            self.assertEqual(len(list(parser.parse_many([photo] * 2, [face, None]))), 2)

    def test_one_parser_refuses_two_threads(self) -> None:
        inside, go_on = threading.Event(), threading.Event()

        def progress(done: int, total: int) -> None:
            inside.set()
            go_on.wait(60)

        with dmlcsr.Parser(MODEL, threads=1, progress=progress) as parser:
            thread = threading.Thread(target=parser.parse, args=(drawing(),))
            thread.start()
            self.assertTrue(inside.wait(60))
            for refused in (lambda: parser.parse(drawing()), parser.close):
                with self.assertRaisesRegex(RuntimeError, "at work in another thread"):
                    refused()
            parser.clone().close()  # may run beside it
            go_on.set()
            thread.join()


if __name__ == "__main__":
    unittest.main()
