# %% [markdown]
# # Parts of a face, drawn over the photograph
# Each block that begins with `# %%` is a cell in editors that know them; as a program, it writes a picture:
#
#     python3 overlay.py PHOTO OUTPUT.png [X,Y,SIZE]
#
# Needs the package in bindings/python, matplotlib and PIL.

# %%
import sys

import matplotlib
import numpy
from matplotlib.patches import Patch
from PIL import Image, ImageOps

import dmlcsr

matplotlib.use("Agg")  # no window; leave it out in a notebook
import matplotlib.pyplot as pyplot  # noqa: E402

if not 3 <= len(sys.argv) <= 4:
    raise SystemExit("usage: overlay.py PHOTO OUTPUT.png [X,Y,SIZE]")
path, output = sys.argv[1:3]
face = [float(number) for number in sys.argv[3].split(",")] if len(sys.argv) > 3 else None

# %% The photograph, upright
photo = numpy.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))

# %% One parse gives all that is drawn below
parser = dmlcsr.Parser()
hair = [name for name in ("hair", "hat") if name in parser.classes]
result = parser.run(photo, face, probabilities=True, matte=True, matte_classes=hair)
labels, sure = result.labels, result.probabilities.max(axis=0)

# %% Colours over the photograph: the library's own, background left as it is
colors = parser.colors[labels]
overlay = numpy.where(labels[..., None] > 0, photo // 2 + colors // 2, photo)

# %% Four panels
figure, axes = pyplot.subplots(2, 2, figsize=(11, 11), constrained_layout=True)
panels = [
    ("photograph", photo, {}),
    ("parts", overlay, {}),
    ("matte of " + ", ".join(hair), result.matte, {"cmap": "gray", "vmin": 0, "vmax": 255}),
    ("how sure: probability of the best class", sure, {"cmap": "viridis", "vmin": 0, "vmax": 1}),
]
for axis, (title, picture, how) in zip(axes.flat, panels):
    axis.imshow(picture, **how)
    axis.set_title(title)
    axis.set_axis_off()
found = [label for label in numpy.unique(labels) if label]
axes[0, 1].legend([Patch(color=parser.colors[label] / 255) for label in found],
                  [parser.classes[label] for label in found], loc="lower right", fontsize="small")

# %%
figure.savefig(output, dpi=100)
print("wrote %s: %s" % (output, ", ".join(parser.classes[label] for label in found)))
