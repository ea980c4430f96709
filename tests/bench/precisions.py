#!/usr/bin/env python3
"""What bf16 and int8 do to the labels: how many of them are others than with fp32, and mean F1. The table of
doc/numerics.md.

    DMLCSR_LIBRARY=build/lib/libdmlcsr.so.0 tests/bench/precisions.py DATA [--model FILE] [--calibrate N] [--limit N]

DATA has val_list.txt and train_list.txt with lines "IMAGE LABELS", square pictures of one face each that fills half of the
side, and label_names.txt. A copy of the model is calibrated with N training faces, evenly taken. Mean F1 is that of labels as
large as the picture, from resampled logits. Needs numpy and PIL.
"""

import argparse
import pathlib
import sys
import tempfile

import numpy

from labelled import confusion, f1, names_of, paths_of, read

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python/src"))
import dmlcsr  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "weights/dmlcsr-small.safetensors")
    parser.add_argument("--calibrate", type=int, default=32, metavar="N", help="training faces (%(default)s)")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many validation faces")
    parser.add_argument("--threads", type=int, default=0)
    return parser.parse_args()


def calibrated(model, faces, target):
    """Tensors keep the types that they have on disk: what is compared is the same weights."""
    bytes_ = any(tensor.dtype == "I8" for tensor in dmlcsr.inspect(model)[1])
    dmlcsr.convert(model, target, storage=dmlcsr.Storage.I8 if bytes_ else dmlcsr.Storage.F32, calibration=faces)
    return target


def main():
    options = arguments()
    train = paths_of(options.data, "train")
    evenly = [train[i * len(train) // options.calibrate] for i in range(options.calibrate)]
    pairs = list(read(paths_of(options.data)[:options.limit]))
    classes = len(names_of(options.data))
    print("| precision | labels that change | mean F1 |\n|---|---:|---:|")
    plain = None
    with tempfile.TemporaryDirectory() as folder:
        model = calibrated(options.model, [photo for photo, _ in read(evenly)], pathlib.Path(folder) / "model.safetensors")
        for precision in ("fp32", "bf16", "int8"):
            with dmlcsr.Parser(model, threads=options.threads, precision=precision) as parser:
                maps = [parser.parse(photo) for photo, _ in pairs]
            plain = plain or maps
            changed = numpy.mean([numpy.mean(one != other) for one, other in zip(maps, plain)])
            counts = sum(confusion(truth, labels, classes) for (_, truth), labels in zip(pairs, maps))
            print("| %s | %.2f %% | %.4f |" % (precision, 100 * changed, f1(counts)), flush=True)


if __name__ == "__main__":
    main()
