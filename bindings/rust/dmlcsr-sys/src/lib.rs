//! What `dmlcsr.h`, `classes.h` and `mask.h` declare, word for word. The crate `dmlcsr` is the safe way to it.
// Made by bindings/generate.py from the headers in include/dmlcsr: change those, not this.
#![allow(non_camel_case_types)]
use std::marker::{PhantomData, PhantomPinned};
use std::os::raw::{c_char, c_int, c_void};

/// A parser. Opaque.
#[repr(C)]
pub struct dmlcsr {
    _opaque: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

pub const DMLCSR_OK: c_int = 0;
/// an argument is NULL, out of range or contradicts another
pub const DMLCSR_ERROR_ARGUMENT: c_int = -1;
/// struct_size is impossible, or a field this version does not know is set
pub const DMLCSR_ERROR_STRUCT: c_int = -2;
/// an allocation failed
pub const DMLCSR_ERROR_MEMORY: c_int = -3;
/// options.memory_limit would be passed
pub const DMLCSR_ERROR_LIMIT: c_int = -4;
/// a file could not be opened, read, mapped or written
pub const DMLCSR_ERROR_IO: c_int = -5;
/// the file is not a model file, or is damaged
pub const DMLCSR_ERROR_FORMAT: c_int = -6;
/// the file is sound but uses something that is not supported (a data type)
pub const DMLCSR_ERROR_UNSUPPORTED: c_int = -7;
/// the tensors do not make up a member of the DML-CSR family
pub const DMLCSR_ERROR_MODEL: c_int = -8;
/// the requested instruction set is not there, on this machine or in this build
pub const DMLCSR_ERROR_ISA: c_int = -9;
/// a thread could not be started
pub const DMLCSR_ERROR_THREAD: c_int = -10;
/// the progress callback asked to stop
pub const DMLCSR_ERROR_CANCELLED: c_int = -11;
/// edge maps were asked for, but the handle has no edge heads (see keep_edges)
pub const DMLCSR_ERROR_NO_EDGES: c_int = -12;
/// no default model: not built in, and not in the data folder
pub const DMLCSR_ERROR_NO_MODEL: c_int = -13;
/// training: the loss or its gradient is not a finite number; @since 0.2
pub const DMLCSR_ERROR_DIVERGED: c_int = -14;
/// training: another process does not answer; @since 0.2
pub const DMLCSR_ERROR_COMM: c_int = -15;

pub const DMLCSR_RGB8: c_int = 0;
pub const DMLCSR_BGR8: c_int = 1;
/// alpha is ignored
pub const DMLCSR_RGBA8: c_int = 2;
/// alpha is ignored
pub const DMLCSR_BGRA8: c_int = 3;
pub const DMLCSR_GRAY8: c_int = 4;
/// Y plane of height rows, right below it (height + 1) / 2 rows of interleaved U V at half resolution, all with the
/// same stride (of at least width rounded up to even); BT.601, limited range
pub const DMLCSR_NV12: c_int = 5;

/// the best that this machine has
pub const DMLCSR_ISA_AUTO: c_int = 0;
/// portable C, the definition of every kernel
pub const DMLCSR_ISA_C: c_int = 1;
pub const DMLCSR_ISA_SSE41: c_int = 2;
/// with FMA
pub const DMLCSR_ISA_AVX2: c_int = 3;
/// F, BW, DQ, VL
pub const DMLCSR_ISA_AVX512: c_int = 4;
/// AArch64
pub const DMLCSR_ISA_NEON: c_int = 5;

/// logits resampled straight to the image grid, argmax there (smooth borders)
pub const DMLCSR_GEOMETRY_FINE: c_int = 0;
/// the published protocol: argmax on the network's grid, then nearest neighbour
pub const DMLCSR_GEOMETRY_COMPATIBLE: c_int = 1;

/// int8 when the model is calibrated for it (dmlcsr-convert --calibrate), else fp32
pub const DMLCSR_PRECISION_AUTO: c_int = 0;
pub const DMLCSR_PRECISION_FP32: c_int = 1;
/// inputs and weights of convolutions rounded to bfloat16
pub const DMLCSR_PRECISION_BF16: c_int = 2;
/// 8 bits, but bf16 for 3 x 3 with stride 1; needs a calibrated model, else ERROR_MODEL
pub const DMLCSR_PRECISION_INT8: c_int = 3;

pub const DMLCSR_LOG_ERROR: c_int = 0;
pub const DMLCSR_LOG_WARNING: c_int = 1;
pub const DMLCSR_LOG_INFO: c_int = 2;

pub const DMLCSR_COMPOSE: u32 = 1;

pub const DMLCSR_F32: c_int = 0;
pub const DMLCSR_F16: c_int = 1;
pub const DMLCSR_BF16: c_int = 2;
pub const DMLCSR_I8: c_int = 3;

/// for dmlcsr_class_map(): the classes of the handle's model
pub const DMLCSR_SCHEME_OWN: c_int = -1;
/// "celebamask-hq", 19 classes
pub const DMLCSR_SCHEME_CELEBAMASK_HQ: c_int = 0;
/// "lapa", 11
pub const DMLCSR_SCHEME_LAPA: c_int = 1;
/// "helen", 11: LaPa's order
pub const DMLCSR_SCHEME_HELEN: c_int = 2;
/// "face-parsing-pytorch", 19: zllrunning's and yakhyo's order
pub const DMLCSR_SCHEME_FACE_PARSING_PYTORCH: c_int = 3;
/// "facer-celebm", 19
pub const DMLCSR_SCHEME_FACER_CELEBM: c_int = 4;
/// "facer-lapa", 11
pub const DMLCSR_SCHEME_FACER_LAPA: c_int = 5;
/// "segformer", 19: jonathandinu/face-parsing
pub const DMLCSR_SCHEME_SEGFORMER: c_int = 6;
/// "merged-11": no sides, lips and mouth in one
pub const DMLCSR_SCHEME_MERGED_11: c_int = 7;
/// "merged-8": no sides; eyes with brows, mouth with lips, hats with clothes
pub const DMLCSR_SCHEME_MERGED_8: c_int = 8;

/// not stated; as an argument: that of the target list
pub const DMLCSR_SIDE_UNKNOWN: c_int = 0;
/// the person's: the right of the picture, unless it is mirrored
pub const DMLCSR_SIDE_SUBJECT: c_int = 1;
/// that of the picture as one looks at it
pub const DMLCSR_SIDE_PICTURE: c_int = 2;
/// the list does not tell left from right
pub const DMLCSR_SIDE_NONE: c_int = 3;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_image {
    pub pixels: *const u8,
    pub width: u32,
    pub height: u32,
    pub stride: usize,
    pub format: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_options {
    pub struct_size: usize,
    pub threads: u32,
    pub isa: c_int,
    pub input_size: u32,
    pub geometry: c_int,
    pub keep_edges: c_int,
    pub precision: c_int,
    pub memory_limit: usize,
    pub allocate: Option<unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void>,
    pub release: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
    pub log: Option<unsafe extern "C" fn(*mut c_void, c_int, *const c_char)>,
    pub progress: Option<unsafe extern "C" fn(*mut c_void, u32, u32) -> c_int>,
    pub opaque: *mut c_void,
    pub error: *mut c_char,
    pub error_size: usize,
    pub pack: c_int,
    pub reserved: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_region {
    pub struct_size: usize,
    pub center_x: f32,
    pub center_y: f32,
    pub size: f32,
    pub rotation: f32,
    pub context: f32,
    pub reserved: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_result {
    pub struct_size: usize,
    pub flags: u32,
    pub reserved: u32,
    pub labels: *mut u8,
    pub labels_stride: usize,
    pub probabilities: *mut f32,
    pub probabilities_stride: usize,
    pub probabilities8: *mut u8,
    pub probabilities8_stride: usize,
    pub matte: *mut u8,
    pub matte_stride: usize,
    pub matte_classes: u64,
    pub binary_edge: *mut f32,
    pub binary_edge_stride: usize,
    pub category_edge: *mut u8,
    pub category_edge_stride: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_job {
    pub image: *const dmlcsr_image,
    pub region: *const dmlcsr_region,
    pub result: *mut dmlcsr_result,
    pub status: c_int,
    pub reserved: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_face {
    pub center_x: f32,
    pub center_y: f32,
    pub size: f32,
    pub rotation: f32,
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
    pub confidence: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_find_options {
    pub struct_size: usize,
    pub smallest: f32,
    pub threshold: f32,
    pub most: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_tensor_info {
    pub name: *const c_char,
    pub dtype: *const c_char,
    pub rank: u32,
    pub shape: *const u64,
    pub bytes: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_visitor {
    pub struct_size: usize,
    pub metadata: Option<unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char) -> c_int>,
    pub tensor: Option<unsafe extern "C" fn(*mut c_void, *const dmlcsr_tensor_info) -> c_int>,
    pub opaque: *mut c_void,
    pub error: *mut c_char,
    pub error_size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_convert_options {
    pub struct_size: usize,
    pub dtype: c_int,
    pub drop_edges: c_int,
    pub metadata: *const *const c_char,
    pub metadata_count: usize,
    pub error: *mut c_char,
    pub error_size: usize,
    pub calibration: *const dmlcsr_image,
    pub calibration_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_onnx_options {
    pub struct_size: usize,
    pub input_size: u32,
    pub edges: c_int,
    pub metadata: *const *const c_char,
    pub metadata_count: usize,
    pub error: *mut c_char,
    pub error_size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct dmlcsr_plane {
    pub pixels: *mut u8,
    pub width: u32,
    pub height: u32,
    pub stride: usize,
}

extern "C" {
    pub fn dmlcsr_create(out: *mut *mut dmlcsr, model_path: *const c_char, options: *const dmlcsr_options) -> c_int;
    pub fn dmlcsr_model_path(name: *const c_char) -> *const c_char;
    pub fn dmlcsr_create_from_memory(
        out: *mut *mut dmlcsr,
        data: *const c_void,
        size: usize,
        options: *const dmlcsr_options,
    ) -> c_int;
    pub fn dmlcsr_clone(out: *mut *mut dmlcsr, handle: *const dmlcsr) -> c_int;
    pub fn dmlcsr_free(handle: *mut dmlcsr);
    pub fn dmlcsr_parse(handle: *mut dmlcsr, image: *const dmlcsr_image, labels: *mut u8, stride: usize) -> c_int;
    pub fn dmlcsr_parse_region(
        handle: *mut dmlcsr,
        image: *const dmlcsr_image,
        region: *const dmlcsr_region,
        result: *mut dmlcsr_result,
    ) -> c_int;
    pub fn dmlcsr_parse_many(handle: *mut dmlcsr, jobs: *mut dmlcsr_job, count: usize) -> c_int;
    pub fn dmlcsr_find_faces(
        handle: *mut dmlcsr,
        image: *const dmlcsr_image,
        options: *const dmlcsr_find_options,
        faces: *mut dmlcsr_face,
        capacity: usize,
        count: *mut usize,
    ) -> c_int;
    pub fn dmlcsr_forward_size(
        handle: *const dmlcsr,
        height: u32,
        width: u32,
        out_height: *mut u32,
        out_width: *mut u32,
    ) -> c_int;
    pub fn dmlcsr_forward(
        handle: *mut dmlcsr,
        input: *const f32,
        height: u32,
        width: u32,
        parsing: *mut f32,
        binary_edge: *mut f32,
        category_edge: *mut f32,
    ) -> c_int;
    pub fn dmlcsr_class_count(handle: *const dmlcsr) -> u32;
    pub fn dmlcsr_class_name(handle: *const dmlcsr, label: u32) -> *const c_char;
    pub fn dmlcsr_class_find(handle: *const dmlcsr, name: *const c_char) -> c_int;
    pub fn dmlcsr_class_color(handle: *const dmlcsr, label: u32) -> u32;
    pub fn dmlcsr_side(handle: *const dmlcsr) -> *const c_char;
    pub fn dmlcsr_metadata(handle: *const dmlcsr, key: *const c_char) -> *const c_char;
    pub fn dmlcsr_input_size(handle: *const dmlcsr) -> u32;
    pub fn dmlcsr_has_edges(handle: *const dmlcsr) -> c_int;
    pub fn dmlcsr_threads(handle: *const dmlcsr) -> u32;
    pub fn dmlcsr_memory(handle: *const dmlcsr, weights: *mut usize, scratch: *mut usize);
    pub fn dmlcsr_isa(handle: *const dmlcsr) -> *const c_char;
    pub fn dmlcsr_precision(handle: *const dmlcsr) -> *const c_char;
    pub fn dmlcsr_precision_find(name: *const c_char) -> c_int;
    pub fn dmlcsr_isa_find(name: *const c_char) -> c_int;
    pub fn dmlcsr_isa_available(isa: c_int) -> c_int;
    pub fn dmlcsr_strerror(status: c_int) -> *const c_char;
    pub fn dmlcsr_last_error(handle: *const dmlcsr) -> *const c_char;
    pub fn dmlcsr_version() -> u32;
    pub fn dmlcsr_inspect(model_path: *const c_char, visitor: *const dmlcsr_visitor) -> c_int;
    pub fn dmlcsr_convert(
        model_path: *const c_char,
        out_path: *const c_char,
        options: *const dmlcsr_convert_options,
    ) -> c_int;
    pub fn dmlcsr_export_onnx(
        model_path: *const c_char,
        out_path: *const c_char,
        options: *const dmlcsr_onnx_options,
    ) -> c_int;
    pub fn dmlcsr_scheme_count() -> u32;
    pub fn dmlcsr_scheme_name(scheme: c_int) -> *const c_char;
    pub fn dmlcsr_scheme_find(name: *const c_char) -> c_int;
    pub fn dmlcsr_scheme_side(scheme: c_int) -> c_int;
    pub fn dmlcsr_scheme_class_count(scheme: c_int) -> u32;
    pub fn dmlcsr_scheme_class_name(scheme: c_int, label: u32) -> *const c_char;
    pub fn dmlcsr_scheme_class_color(scheme: c_int, label: u32) -> u32;
    pub fn dmlcsr_scheme_map(from: c_int, to: c_int, side: c_int, other: u8, map: *mut u8) -> c_int;
    pub fn dmlcsr_class_map(handle: *const dmlcsr, to: c_int, side: c_int, other: u8, map: *mut u8) -> c_int;
    pub fn dmlcsr_scheme_mirror(scheme: c_int, map: *mut u8) -> c_int;
    pub fn dmlcsr_class_mirror(handle: *const dmlcsr, map: *mut u8) -> c_int;
    pub fn dmlcsr_remap(labels: *const dmlcsr_plane, map: *const u8, out: *const dmlcsr_plane) -> c_int;
    pub fn dmlcsr_mask_select(labels: *const dmlcsr_plane, classes: u64, out: *const dmlcsr_plane) -> c_int;
    pub fn dmlcsr_mask_scratch(width: u32, height: u32) -> usize;
    pub fn dmlcsr_mask_grow(
        mask: *const dmlcsr_plane,
        radius: f32,
        scratch: *mut c_void,
        scratch_size: usize,
        out: *const dmlcsr_plane,
    ) -> c_int;
    pub fn dmlcsr_mask_shrink(
        mask: *const dmlcsr_plane,
        radius: f32,
        scratch: *mut c_void,
        scratch_size: usize,
        out: *const dmlcsr_plane,
    ) -> c_int;
    pub fn dmlcsr_mask_feather(
        mask: *const dmlcsr_plane,
        width: f32,
        scratch: *mut c_void,
        scratch_size: usize,
        out: *const dmlcsr_plane,
    ) -> c_int;
    pub fn dmlcsr_mask_clean(
        matte: *const dmlcsr_plane,
        band: f32,
        scratch: *mut c_void,
        scratch_size: usize,
        out: *const dmlcsr_plane,
    ) -> c_int;
}
