"""Made by bindings/generate.py from the headers in include/dmlcsr: change those, not this."""

import ctypes
import enum

VERSION = "0.2.0"
ABI = 0


class Status(enum.IntEnum):
    OK = 0
    #: an argument is NULL, out of range or contradicts another
    ERROR_ARGUMENT = -1
    #: struct_size is impossible, or a field this version does not know is set
    ERROR_STRUCT = -2
    #: an allocation failed
    ERROR_MEMORY = -3
    #: options.memory_limit would be passed
    ERROR_LIMIT = -4
    #: a file could not be opened, read, mapped or written
    ERROR_IO = -5
    #: the file is not a model file, or is damaged
    ERROR_FORMAT = -6
    #: the file is sound but uses something that is not supported (a data type)
    ERROR_UNSUPPORTED = -7
    #: the tensors do not make up a member of the DML-CSR family
    ERROR_MODEL = -8
    #: the requested instruction set is not there, on this machine or in this build
    ERROR_ISA = -9
    #: a thread could not be started
    ERROR_THREAD = -10
    #: the progress callback asked to stop
    ERROR_CANCELLED = -11
    #: edge maps were asked for, but the handle has no edge heads (see keep_edges)
    ERROR_NO_EDGES = -12
    #: no default model: not built in, and not in the data folder
    ERROR_NO_MODEL = -13
    #: training: the loss or its gradient is not a finite number; @since 0.2
    ERROR_DIVERGED = -14
    #: training: another process does not answer; @since 0.2
    ERROR_COMM = -15


class Format(enum.IntEnum):
    RGB8 = 0
    BGR8 = 1
    #: alpha is ignored
    RGBA8 = 2
    #: alpha is ignored
    BGRA8 = 3
    GRAY8 = 4
    #: Y plane of height rows, right below it (height + 1) / 2 rows of interleaved U V at half resolution, all with the
    #: same stride (of at least width rounded up to even); BT.601, limited range
    NV12 = 5


class Isa(enum.IntEnum):
    #: the best that this machine has
    AUTO = 0
    #: portable C, the definition of every kernel
    C = 1
    SSE41 = 2
    #: with FMA
    AVX2 = 3
    #: F, BW, DQ, VL
    AVX512 = 4
    #: AArch64
    NEON = 5


class Geometry(enum.IntEnum):
    #: logits resampled straight to the image grid, argmax there (smooth borders)
    FINE = 0
    #: the published protocol: argmax on the network's grid, then nearest neighbour
    COMPATIBLE = 1


class Precision(enum.IntEnum):
    #: int8 when the model is calibrated for it (dmlcsr-convert --calibrate), else fp32
    AUTO = 0
    FP32 = 1
    #: inputs and weights of convolutions rounded to bfloat16
    BF16 = 2
    #: 8 bits, but bf16 for 3 x 3 with stride 1; needs a calibrated model, else ERROR_MODEL
    INT8 = 3


class Log(enum.IntEnum):
    ERROR = 0
    WARNING = 1
    INFO = 2


class Flags(enum.IntFlag):
    COMPOSE = 1


class Storage(enum.IntEnum):
    F32 = 0
    F16 = 1
    BF16 = 2
    I8 = 3


class Scheme(enum.IntEnum):
    #: for dmlcsr_class_map(): the classes of the handle's model
    OWN = -1
    #: "celebamask-hq", 19 classes
    CELEBAMASK_HQ = 0
    #: "lapa", 11
    LAPA = 1
    #: "helen", 11: LaPa's order
    HELEN = 2
    #: "face-parsing-pytorch", 19: zllrunning's and yakhyo's order
    FACE_PARSING_PYTORCH = 3
    #: "facer-celebm", 19
    FACER_CELEBM = 4
    #: "facer-lapa", 11
    FACER_LAPA = 5
    #: "segformer", 19: jonathandinu/face-parsing
    SEGFORMER = 6
    #: "merged-11": no sides, lips and mouth in one
    MERGED_11 = 7
    #: "merged-8": no sides; eyes with brows, mouth with lips, hats with clothes
    MERGED_8 = 8


class Side(enum.IntEnum):
    #: not stated; as an argument: that of the target list
    UNKNOWN = 0
    #: the person's: the right of the picture, unless it is mirrored
    SUBJECT = 1
    #: that of the picture as one looks at it
    PICTURE = 2
    #: the list does not tell left from right
    NONE = 3


class dmlcsr_image(ctypes.Structure):
    _fields_ = [
        ("pixels", ctypes.c_void_p),
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("stride", ctypes.c_size_t),
        ("format", ctypes.c_int),
    ]


class dmlcsr_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("threads", ctypes.c_uint32),
        ("isa", ctypes.c_int),
        ("input_size", ctypes.c_uint32),
        ("geometry", ctypes.c_int),
        ("keep_edges", ctypes.c_int),
        ("precision", ctypes.c_int),
        ("memory_limit", ctypes.c_size_t),
        ("allocate", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)),
        ("log", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)),
        ("progress", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)),
        ("opaque", ctypes.c_void_p),
        ("error", ctypes.c_void_p),
        ("error_size", ctypes.c_size_t),
        ("pack", ctypes.c_int),
        ("reserved", ctypes.c_int),
    ]


class dmlcsr_region(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("center_x", ctypes.c_float),
        ("center_y", ctypes.c_float),
        ("size", ctypes.c_float),
        ("rotation", ctypes.c_float),
        ("context", ctypes.c_float),
        ("reserved", ctypes.c_int),
    ]


class dmlcsr_result(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("flags", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("labels", ctypes.c_void_p),
        ("labels_stride", ctypes.c_size_t),
        ("probabilities", ctypes.c_void_p),
        ("probabilities_stride", ctypes.c_size_t),
        ("probabilities8", ctypes.c_void_p),
        ("probabilities8_stride", ctypes.c_size_t),
        ("matte", ctypes.c_void_p),
        ("matte_stride", ctypes.c_size_t),
        ("matte_classes", ctypes.c_uint64),
        ("binary_edge", ctypes.c_void_p),
        ("binary_edge_stride", ctypes.c_size_t),
        ("category_edge", ctypes.c_void_p),
        ("category_edge_stride", ctypes.c_size_t),
    ]


class dmlcsr_job(ctypes.Structure):
    _fields_ = [
        ("image", ctypes.POINTER(dmlcsr_image)),
        ("region", ctypes.POINTER(dmlcsr_region)),
        ("result", ctypes.POINTER(dmlcsr_result)),
        ("status", ctypes.c_int),
        ("reserved", ctypes.c_int),
    ]


class dmlcsr_face(ctypes.Structure):
    _fields_ = [
        ("center_x", ctypes.c_float),
        ("center_y", ctypes.c_float),
        ("size", ctypes.c_float),
        ("rotation", ctypes.c_float),
        ("left", ctypes.c_float),
        ("top", ctypes.c_float),
        ("right", ctypes.c_float),
        ("bottom", ctypes.c_float),
        ("confidence", ctypes.c_float),
    ]


class dmlcsr_find_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("smallest", ctypes.c_float),
        ("threshold", ctypes.c_float),
        ("most", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    ]


class dmlcsr_tensor_info(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_char_p),
        ("rank", ctypes.c_uint32),
        ("shape", ctypes.POINTER(ctypes.c_uint64)),
        ("bytes", ctypes.c_uint64),
    ]


class dmlcsr_visitor(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("metadata", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)),
        ("tensor", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(dmlcsr_tensor_info))),
        ("opaque", ctypes.c_void_p),
        ("error", ctypes.c_void_p),
        ("error_size", ctypes.c_size_t),
    ]


class dmlcsr_convert_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("dtype", ctypes.c_int),
        ("drop_edges", ctypes.c_int),
        ("metadata", ctypes.POINTER(ctypes.c_char_p)),
        ("metadata_count", ctypes.c_size_t),
        ("error", ctypes.c_void_p),
        ("error_size", ctypes.c_size_t),
        ("calibration", ctypes.POINTER(dmlcsr_image)),
        ("calibration_count", ctypes.c_size_t),
    ]


class dmlcsr_onnx_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("input_size", ctypes.c_uint32),
        ("edges", ctypes.c_int),
        ("metadata", ctypes.POINTER(ctypes.c_char_p)),
        ("metadata_count", ctypes.c_size_t),
        ("error", ctypes.c_void_p),
        ("error_size", ctypes.c_size_t),
    ]


class dmlcsr_plane(ctypes.Structure):
    _fields_ = [
        ("pixels", ctypes.c_void_p),
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("stride", ctypes.c_size_t),
    ]


# name: what it returns, what it takes
FUNCTIONS = {
    "dmlcsr_create": (ctypes.c_int, [ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p, ctypes.POINTER(dmlcsr_options)]),
    "dmlcsr_model_path": (ctypes.c_char_p, [ctypes.c_char_p]),
    "dmlcsr_create_from_memory": (ctypes.c_int, [
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.POINTER(dmlcsr_options),
    ]),
    "dmlcsr_clone": (ctypes.c_int, [ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p]),
    "dmlcsr_free": (None, [ctypes.c_void_p]),
    "dmlcsr_parse": (ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(dmlcsr_image), ctypes.c_void_p, ctypes.c_size_t]),
    "dmlcsr_parse_region": (ctypes.c_int, [
        ctypes.c_void_p,
        ctypes.POINTER(dmlcsr_image),
        ctypes.POINTER(dmlcsr_region),
        ctypes.POINTER(dmlcsr_result),
    ]),
    "dmlcsr_parse_many": (ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(dmlcsr_job), ctypes.c_size_t]),
    "dmlcsr_find_faces": (ctypes.c_int, [
        ctypes.c_void_p,
        ctypes.POINTER(dmlcsr_image),
        ctypes.POINTER(dmlcsr_find_options),
        ctypes.POINTER(dmlcsr_face),
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_size_t),
    ]),
    "dmlcsr_forward_size": (ctypes.c_int, [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.POINTER(ctypes.c_uint32),
        ctypes.POINTER(ctypes.c_uint32),
    ]),
    "dmlcsr_forward": (ctypes.c_int, [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]),
    "dmlcsr_class_count": (ctypes.c_uint32, [ctypes.c_void_p]),
    "dmlcsr_class_name": (ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_uint32]),
    "dmlcsr_class_find": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p]),
    "dmlcsr_class_color": (ctypes.c_uint32, [ctypes.c_void_p, ctypes.c_uint32]),
    "dmlcsr_side": (ctypes.c_char_p, [ctypes.c_void_p]),
    "dmlcsr_metadata": (ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_char_p]),
    "dmlcsr_input_size": (ctypes.c_uint32, [ctypes.c_void_p]),
    "dmlcsr_has_edges": (ctypes.c_int, [ctypes.c_void_p]),
    "dmlcsr_threads": (ctypes.c_uint32, [ctypes.c_void_p]),
    "dmlcsr_memory": (None, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)]),
    "dmlcsr_isa": (ctypes.c_char_p, [ctypes.c_void_p]),
    "dmlcsr_precision": (ctypes.c_char_p, [ctypes.c_void_p]),
    "dmlcsr_precision_find": (ctypes.c_int, [ctypes.c_char_p]),
    "dmlcsr_isa_find": (ctypes.c_int, [ctypes.c_char_p]),
    "dmlcsr_isa_available": (ctypes.c_int, [ctypes.c_int]),
    "dmlcsr_strerror": (ctypes.c_char_p, [ctypes.c_int]),
    "dmlcsr_last_error": (ctypes.c_char_p, [ctypes.c_void_p]),
    "dmlcsr_version": (ctypes.c_uint32, []),
    "dmlcsr_inspect": (ctypes.c_int, [ctypes.c_char_p, ctypes.POINTER(dmlcsr_visitor)]),
    "dmlcsr_convert": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(dmlcsr_convert_options)]),
    "dmlcsr_export_onnx": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(dmlcsr_onnx_options)]),
    "dmlcsr_scheme_count": (ctypes.c_uint32, []),
    "dmlcsr_scheme_name": (ctypes.c_char_p, [ctypes.c_int]),
    "dmlcsr_scheme_find": (ctypes.c_int, [ctypes.c_char_p]),
    "dmlcsr_scheme_side": (ctypes.c_int, [ctypes.c_int]),
    "dmlcsr_scheme_class_count": (ctypes.c_uint32, [ctypes.c_int]),
    "dmlcsr_scheme_class_name": (ctypes.c_char_p, [ctypes.c_int, ctypes.c_uint32]),
    "dmlcsr_scheme_class_color": (ctypes.c_uint32, [ctypes.c_int, ctypes.c_uint32]),
    "dmlcsr_scheme_map": (ctypes.c_int, [ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_uint8, ctypes.c_void_p]),
    "dmlcsr_class_map": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_uint8, ctypes.c_void_p]),
    "dmlcsr_scheme_mirror": (ctypes.c_int, [ctypes.c_int, ctypes.c_void_p]),
    "dmlcsr_class_mirror": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_void_p]),
    "dmlcsr_remap": (ctypes.c_int, [ctypes.POINTER(dmlcsr_plane), ctypes.c_void_p, ctypes.POINTER(dmlcsr_plane)]),
    "dmlcsr_mask_select": (ctypes.c_int, [ctypes.POINTER(dmlcsr_plane), ctypes.c_uint64, ctypes.POINTER(dmlcsr_plane)]),
    "dmlcsr_mask_scratch": (ctypes.c_size_t, [ctypes.c_uint32, ctypes.c_uint32]),
    "dmlcsr_mask_grow": (ctypes.c_int, [
        ctypes.POINTER(dmlcsr_plane),
        ctypes.c_float,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.POINTER(dmlcsr_plane),
    ]),
    "dmlcsr_mask_shrink": (ctypes.c_int, [
        ctypes.POINTER(dmlcsr_plane),
        ctypes.c_float,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.POINTER(dmlcsr_plane),
    ]),
    "dmlcsr_mask_feather": (ctypes.c_int, [
        ctypes.POINTER(dmlcsr_plane),
        ctypes.c_float,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.POINTER(dmlcsr_plane),
    ]),
    "dmlcsr_mask_clean": (ctypes.c_int, [
        ctypes.POINTER(dmlcsr_plane),
        ctypes.c_float,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.POINTER(dmlcsr_plane),
    ]),
}
