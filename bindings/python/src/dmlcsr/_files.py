"""Model files: looking into them, converting and exporting them."""

import ctypes
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ._arguments import Path, c_path, c_string, choice, whole
from ._callbacks import Sentence
from ._errors import error
from ._header import Status, Storage, dmlcsr_convert_options, dmlcsr_image, dmlcsr_onnx_options, dmlcsr_visitor
from ._images import picture
from ._library import library, text

_FIELDS: Any = dict(field[:2] for field in dmlcsr_visitor._fields_)


class Tensor(NamedTuple):
    name: str
    dtype: str  # "F32", "F16", "BF16" ...
    shape: Tuple[int, ...]
    bytes: int


def model_path(name: str) -> Optional[str]:
    """Where a model that comes with the library ("small", "base") lies once it is installed; None for other names."""
    path: Optional[bytes] = library().dmlcsr_model_path(c_string("name", name))
    return None if path is None else path.decode(errors="surrogateescape")


def inspect(model: Path) -> Tuple[Dict[str, str], List[Tensor]]:
    """Metadata and tensors of a model file, in its order. Nothing of the file is executed."""
    metadata: Dict[str, str] = {}
    tensors: List[Tensor] = []

    def on_metadata(_opaque: Any, key: bytes, value: bytes) -> int:
        metadata[text(key)] = text(value)
        return 0

    def on_tensor(_opaque: Any, tensor: Any) -> int:
        found = tensor.contents
        tensors.append(Tensor(text(found.name), text(found.dtype), tuple(found.shape[:found.rank]), found.bytes))
        return 0

    sentence = Sentence()
    visitor = dmlcsr_visitor(ctypes.sizeof(dmlcsr_visitor), _FIELDS["metadata"](on_metadata),
                             _FIELDS["tensor"](on_tensor), None, sentence.address, sentence.size)
    status = library().dmlcsr_inspect(c_path("model", model), ctypes.byref(visitor))
    if status != Status.OK:
        raise error(status, str(sentence))
    return metadata, tensors


def _words(metadata: Optional[Mapping[str, str]]) -> List[bytes]:
    return [c_string("metadata", word) for pair in (metadata or {}).items() for word in pair]


def convert(source: Path, target: Path, *, storage: Union[Storage, str] = Storage.F32, drop_edges: bool = False,
            metadata: Optional[Mapping[str, str]] = None, calibration: Sequence[Any] = ()) -> None:
    """Reads a model file of either kind and writes safetensors. `metadata` is put on top of the file's own; an empty
    value removes a key. `calibration`: pictures of faces, framed as Parser.parse() wants them, a dozen or more, by which
    the model is made ready for Precision.INT8."""
    words = _words(metadata)
    sentence = Sentence()
    pictures = [picture(photo) for photo in calibration]
    options = dmlcsr_convert_options(
        ctypes.sizeof(dmlcsr_convert_options), choice("storage", Storage, storage), bool(drop_edges),
        (ctypes.c_char_p * len(words))(*words), len(words) // 2, sentence.address, sentence.size,
        (dmlcsr_image * len(pictures))(*(p.raw for p in pictures)), len(pictures))
    status = library().dmlcsr_convert(c_path("source", source), c_path("target", target), ctypes.byref(options))
    if status != Status.OK:
        raise error(status, str(sentence))


def export_onnx(source: Path, target: Path, *, input_size: int = 0, edges: bool = False,
                metadata: Optional[Mapping[str, str]] = None) -> None:
    """Writes the network of a model file as ONNX, for an input of 1 x 3 x input_size x input_size (0: the model's own
    size), with its edge heads when `edges` is set. `metadata` as in convert()."""
    words = _words(metadata)
    sentence = Sentence()
    options = dmlcsr_onnx_options(
        ctypes.sizeof(dmlcsr_onnx_options), whole("input_size", input_size, 32), bool(edges),
        (ctypes.c_char_p * len(words))(*words), len(words) // 2, sentence.address, sentence.size)
    status = library().dmlcsr_export_onnx(c_path("source", source), c_path("target", target), ctypes.byref(options))
    if status != Status.OK:
        raise error(status, str(sentence))
