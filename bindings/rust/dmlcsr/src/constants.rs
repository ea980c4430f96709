//! The library's numbers as enums. Each has a place for what a newer library may add.
// Made by bindings/generate.py from the headers in include/dmlcsr: change those, not this.
use std::os::raw::c_int;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Status {
    Ok = dmlcsr_sys::DMLCSR_OK,
    /// an argument is NULL, out of range or contradicts another
    Argument = dmlcsr_sys::DMLCSR_ERROR_ARGUMENT,
    /// struct_size is impossible, or a field this version does not know is set
    Struct = dmlcsr_sys::DMLCSR_ERROR_STRUCT,
    /// an allocation failed
    Memory = dmlcsr_sys::DMLCSR_ERROR_MEMORY,
    /// options.memory_limit would be passed
    Limit = dmlcsr_sys::DMLCSR_ERROR_LIMIT,
    /// a file could not be opened, read, mapped or written
    Io = dmlcsr_sys::DMLCSR_ERROR_IO,
    /// the file is not a model file, or is damaged
    Format = dmlcsr_sys::DMLCSR_ERROR_FORMAT,
    /// the file is sound but uses something that is not supported (a data type)
    Unsupported = dmlcsr_sys::DMLCSR_ERROR_UNSUPPORTED,
    /// the tensors do not make up a member of the DML-CSR family
    Model = dmlcsr_sys::DMLCSR_ERROR_MODEL,
    /// the requested instruction set is not there, on this machine or in this build
    Isa = dmlcsr_sys::DMLCSR_ERROR_ISA,
    /// a thread could not be started
    Thread = dmlcsr_sys::DMLCSR_ERROR_THREAD,
    /// the progress callback asked to stop
    Cancelled = dmlcsr_sys::DMLCSR_ERROR_CANCELLED,
    /// edge maps were asked for, but the handle has no edge heads (see keep_edges)
    NoEdges = dmlcsr_sys::DMLCSR_ERROR_NO_EDGES,
    /// no default model: not built in, and not in the data folder
    NoModel = dmlcsr_sys::DMLCSR_ERROR_NO_MODEL,
    /// training: the loss or its gradient is not a finite number; @since 0.2
    Diverged = dmlcsr_sys::DMLCSR_ERROR_DIVERGED,
    /// training: another process does not answer; @since 0.2
    Comm = dmlcsr_sys::DMLCSR_ERROR_COMM,
}

impl Status {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Status> {
        Some(match number {
            dmlcsr_sys::DMLCSR_OK => Status::Ok,
            dmlcsr_sys::DMLCSR_ERROR_ARGUMENT => Status::Argument,
            dmlcsr_sys::DMLCSR_ERROR_STRUCT => Status::Struct,
            dmlcsr_sys::DMLCSR_ERROR_MEMORY => Status::Memory,
            dmlcsr_sys::DMLCSR_ERROR_LIMIT => Status::Limit,
            dmlcsr_sys::DMLCSR_ERROR_IO => Status::Io,
            dmlcsr_sys::DMLCSR_ERROR_FORMAT => Status::Format,
            dmlcsr_sys::DMLCSR_ERROR_UNSUPPORTED => Status::Unsupported,
            dmlcsr_sys::DMLCSR_ERROR_MODEL => Status::Model,
            dmlcsr_sys::DMLCSR_ERROR_ISA => Status::Isa,
            dmlcsr_sys::DMLCSR_ERROR_THREAD => Status::Thread,
            dmlcsr_sys::DMLCSR_ERROR_CANCELLED => Status::Cancelled,
            dmlcsr_sys::DMLCSR_ERROR_NO_EDGES => Status::NoEdges,
            dmlcsr_sys::DMLCSR_ERROR_NO_MODEL => Status::NoModel,
            dmlcsr_sys::DMLCSR_ERROR_DIVERGED => Status::Diverged,
            dmlcsr_sys::DMLCSR_ERROR_COMM => Status::Comm,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Format {
    Rgb8 = dmlcsr_sys::DMLCSR_RGB8,
    Bgr8 = dmlcsr_sys::DMLCSR_BGR8,
    /// alpha is ignored
    Rgba8 = dmlcsr_sys::DMLCSR_RGBA8,
    /// alpha is ignored
    Bgra8 = dmlcsr_sys::DMLCSR_BGRA8,
    Gray8 = dmlcsr_sys::DMLCSR_GRAY8,
    /// Y plane of height rows, right below it (height + 1) / 2 rows of interleaved U V at half resolution, all with the
    /// same stride (of at least width rounded up to even); BT.601, limited range
    Nv12 = dmlcsr_sys::DMLCSR_NV12,
}

impl Format {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Format> {
        Some(match number {
            dmlcsr_sys::DMLCSR_RGB8 => Format::Rgb8,
            dmlcsr_sys::DMLCSR_BGR8 => Format::Bgr8,
            dmlcsr_sys::DMLCSR_RGBA8 => Format::Rgba8,
            dmlcsr_sys::DMLCSR_BGRA8 => Format::Bgra8,
            dmlcsr_sys::DMLCSR_GRAY8 => Format::Gray8,
            dmlcsr_sys::DMLCSR_NV12 => Format::Nv12,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Isa {
    /// the best that this machine has
    Auto = dmlcsr_sys::DMLCSR_ISA_AUTO,
    /// portable C, the definition of every kernel
    C = dmlcsr_sys::DMLCSR_ISA_C,
    Sse41 = dmlcsr_sys::DMLCSR_ISA_SSE41,
    /// with FMA
    Avx2 = dmlcsr_sys::DMLCSR_ISA_AVX2,
    /// F, BW, DQ, VL
    Avx512 = dmlcsr_sys::DMLCSR_ISA_AVX512,
    /// AArch64
    Neon = dmlcsr_sys::DMLCSR_ISA_NEON,
}

impl Isa {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Isa> {
        Some(match number {
            dmlcsr_sys::DMLCSR_ISA_AUTO => Isa::Auto,
            dmlcsr_sys::DMLCSR_ISA_C => Isa::C,
            dmlcsr_sys::DMLCSR_ISA_SSE41 => Isa::Sse41,
            dmlcsr_sys::DMLCSR_ISA_AVX2 => Isa::Avx2,
            dmlcsr_sys::DMLCSR_ISA_AVX512 => Isa::Avx512,
            dmlcsr_sys::DMLCSR_ISA_NEON => Isa::Neon,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Geometry {
    /// logits resampled straight to the image grid, argmax there (smooth borders)
    Fine = dmlcsr_sys::DMLCSR_GEOMETRY_FINE,
    /// the published protocol: argmax on the network's grid, then nearest neighbour
    Compatible = dmlcsr_sys::DMLCSR_GEOMETRY_COMPATIBLE,
}

impl Geometry {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Geometry> {
        Some(match number {
            dmlcsr_sys::DMLCSR_GEOMETRY_FINE => Geometry::Fine,
            dmlcsr_sys::DMLCSR_GEOMETRY_COMPATIBLE => Geometry::Compatible,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Precision {
    /// int8 when the model is calibrated for it (dmlcsr-convert --calibrate), else fp32
    Auto = dmlcsr_sys::DMLCSR_PRECISION_AUTO,
    Fp32 = dmlcsr_sys::DMLCSR_PRECISION_FP32,
    /// inputs and weights of convolutions rounded to bfloat16
    Bf16 = dmlcsr_sys::DMLCSR_PRECISION_BF16,
    /// 8 bits, but bf16 for 3 x 3 with stride 1; needs a calibrated model, else ERROR_MODEL
    Int8 = dmlcsr_sys::DMLCSR_PRECISION_INT8,
}

impl Precision {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Precision> {
        Some(match number {
            dmlcsr_sys::DMLCSR_PRECISION_AUTO => Precision::Auto,
            dmlcsr_sys::DMLCSR_PRECISION_FP32 => Precision::Fp32,
            dmlcsr_sys::DMLCSR_PRECISION_BF16 => Precision::Bf16,
            dmlcsr_sys::DMLCSR_PRECISION_INT8 => Precision::Int8,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Log {
    Error = dmlcsr_sys::DMLCSR_LOG_ERROR,
    Warning = dmlcsr_sys::DMLCSR_LOG_WARNING,
    Info = dmlcsr_sys::DMLCSR_LOG_INFO,
}

impl Log {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Log> {
        Some(match number {
            dmlcsr_sys::DMLCSR_LOG_ERROR => Log::Error,
            dmlcsr_sys::DMLCSR_LOG_WARNING => Log::Warning,
            dmlcsr_sys::DMLCSR_LOG_INFO => Log::Info,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Storage {
    F32 = dmlcsr_sys::DMLCSR_F32,
    F16 = dmlcsr_sys::DMLCSR_F16,
    Bf16 = dmlcsr_sys::DMLCSR_BF16,
    I8 = dmlcsr_sys::DMLCSR_I8,
}

impl Storage {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Storage> {
        Some(match number {
            dmlcsr_sys::DMLCSR_F32 => Storage::F32,
            dmlcsr_sys::DMLCSR_F16 => Storage::F16,
            dmlcsr_sys::DMLCSR_BF16 => Storage::Bf16,
            dmlcsr_sys::DMLCSR_I8 => Storage::I8,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Scheme {
    /// for dmlcsr_class_map(): the classes of the handle's model
    Own = dmlcsr_sys::DMLCSR_SCHEME_OWN,
    /// "celebamask-hq", 19 classes
    CelebamaskHq = dmlcsr_sys::DMLCSR_SCHEME_CELEBAMASK_HQ,
    /// "lapa", 11
    Lapa = dmlcsr_sys::DMLCSR_SCHEME_LAPA,
    /// "helen", 11: LaPa's order
    Helen = dmlcsr_sys::DMLCSR_SCHEME_HELEN,
    /// "face-parsing-pytorch", 19: zllrunning's and yakhyo's order
    FaceParsingPytorch = dmlcsr_sys::DMLCSR_SCHEME_FACE_PARSING_PYTORCH,
    /// "facer-celebm", 19
    FacerCelebm = dmlcsr_sys::DMLCSR_SCHEME_FACER_CELEBM,
    /// "facer-lapa", 11
    FacerLapa = dmlcsr_sys::DMLCSR_SCHEME_FACER_LAPA,
    /// "segformer", 19: jonathandinu/face-parsing
    Segformer = dmlcsr_sys::DMLCSR_SCHEME_SEGFORMER,
    /// "merged-11": no sides, lips and mouth in one
    Merged11 = dmlcsr_sys::DMLCSR_SCHEME_MERGED_11,
    /// "merged-8": no sides; eyes with brows, mouth with lips, hats with clothes
    Merged8 = dmlcsr_sys::DMLCSR_SCHEME_MERGED_8,
}

impl Scheme {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Scheme> {
        Some(match number {
            dmlcsr_sys::DMLCSR_SCHEME_OWN => Scheme::Own,
            dmlcsr_sys::DMLCSR_SCHEME_CELEBAMASK_HQ => Scheme::CelebamaskHq,
            dmlcsr_sys::DMLCSR_SCHEME_LAPA => Scheme::Lapa,
            dmlcsr_sys::DMLCSR_SCHEME_HELEN => Scheme::Helen,
            dmlcsr_sys::DMLCSR_SCHEME_FACE_PARSING_PYTORCH => Scheme::FaceParsingPytorch,
            dmlcsr_sys::DMLCSR_SCHEME_FACER_CELEBM => Scheme::FacerCelebm,
            dmlcsr_sys::DMLCSR_SCHEME_FACER_LAPA => Scheme::FacerLapa,
            dmlcsr_sys::DMLCSR_SCHEME_SEGFORMER => Scheme::Segformer,
            dmlcsr_sys::DMLCSR_SCHEME_MERGED_11 => Scheme::Merged11,
            dmlcsr_sys::DMLCSR_SCHEME_MERGED_8 => Scheme::Merged8,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Side {
    /// not stated; as an argument: that of the target list
    Unknown = dmlcsr_sys::DMLCSR_SIDE_UNKNOWN,
    /// the person's: the right of the picture, unless it is mirrored
    Subject = dmlcsr_sys::DMLCSR_SIDE_SUBJECT,
    /// that of the picture as one looks at it
    Picture = dmlcsr_sys::DMLCSR_SIDE_PICTURE,
    /// the list does not tell left from right
    None = dmlcsr_sys::DMLCSR_SIDE_NONE,
}

impl Side {
    /// The one with the library's number, if it is known.
    pub fn from_raw(number: c_int) -> Option<Side> {
        Some(match number {
            dmlcsr_sys::DMLCSR_SIDE_UNKNOWN => Side::Unknown,
            dmlcsr_sys::DMLCSR_SIDE_SUBJECT => Side::Subject,
            dmlcsr_sys::DMLCSR_SIDE_PICTURE => Side::Picture,
            dmlcsr_sys::DMLCSR_SIDE_NONE => Side::None,
            _ => return None,
        })
    }
}
