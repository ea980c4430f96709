use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void};
use std::path::Path;

use dmlcsr_sys as sys;

use crate::error::{c_path, c_string, text, Sentence};
use crate::{Error, Image, Result, Storage};

/// A tensor of a model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    /// "F32", "F16", "BF16" ...
    pub dtype: String,
    pub shape: Vec<u64>,
    pub bytes: u64,
}

/// What is in a model file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub metadata: Vec<(String, String)>,
    pub tensors: Vec<Tensor>,
}

/// Walks through a model file without making a network of it.
pub fn inspect(model: impl AsRef<Path>) -> Result<Model> {
    let (path, mut found, mut sentence) = (c_path(model.as_ref())?, Model::default(), Sentence::new());
    let visitor = sys::dmlcsr_visitor {
        struct_size: std::mem::size_of::<sys::dmlcsr_visitor>(),
        metadata: Some(on_metadata),
        tensor: Some(on_tensor),
        opaque: &mut found as *mut Model as *mut c_void,
        error: sentence.pointer(),
        error_size: sentence.size(),
    };
    match unsafe { sys::dmlcsr_inspect(path.as_ptr(), &visitor) } {
        sys::DMLCSR_OK => Ok(found),
        code => Err(Error::new(code, sentence.text())),
    }
}

unsafe extern "C" fn on_metadata(opaque: *mut c_void, key: *const c_char, value: *const c_char) -> c_int {
    (*(opaque as *mut Model)).metadata.push((text(key), text(value)));
    0
}

unsafe extern "C" fn on_tensor(opaque: *mut c_void, tensor: *const sys::dmlcsr_tensor_info) -> c_int {
    let tensor = &*tensor;
    let shape = (0..tensor.rank as usize).map(|i| *tensor.shape.add(i)).collect();
    let tensor = Tensor { name: text(tensor.name), dtype: text(tensor.dtype), shape, bytes: tensor.bytes };
    (*(opaque as *mut Model)).tensors.push(tensor);
    0
}

/// Keys and values, one after the other.
fn words(metadata: &[(String, String)]) -> Result<Vec<CString>> {
    let mut words = Vec::new();
    for (key, value) in metadata {
        words.extend([c_string(key.as_str())?, c_string(value.as_str())?]);
    }
    Ok(words)
}

/// How to convert a model file.
#[derive(Clone, Debug)]
pub struct ConvertOptions<'a> {
    pub storage: Storage,
    /// Leave the edge heads out.
    pub drop_edges: bool,
    /// Put on top of the file's own metadata; an empty value removes a key.
    pub metadata: Vec<(String, String)>,
    /// Pictures of faces, framed as [`Parser::parse`](crate::Parser::parse) wants them, a dozen or more, by which the
    /// model is made ready for [`Precision::Int8`](crate::Precision::Int8).
    pub calibration: Vec<Image<'a>>,
}

impl Default for ConvertOptions<'_> {
    fn default() -> Self {
        ConvertOptions { storage: Storage::F32, drop_edges: false, metadata: Vec::new(), calibration: Vec::new() }
    }
}

/// Reads a model file of either kind and writes safetensors.
pub fn convert(from: impl AsRef<Path>, to: impl AsRef<Path>, how: &ConvertOptions) -> Result<()> {
    let (from, to, mut sentence) = (c_path(from.as_ref())?, c_path(to.as_ref())?, Sentence::new());
    let words = words(&how.metadata)?;
    let pointers: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
    let pictures = how.calibration.iter().map(Image::raw).collect::<Result<Vec<_>>>()?;
    let options = sys::dmlcsr_convert_options {
        struct_size: std::mem::size_of::<sys::dmlcsr_convert_options>(),
        dtype: how.storage as _,
        drop_edges: how.drop_edges.into(),
        metadata: pointers.as_ptr(),
        metadata_count: how.metadata.len(),
        error: sentence.pointer(),
        error_size: sentence.size(),
        calibration: pictures.as_ptr(),
        calibration_count: pictures.len(),
    };
    match unsafe { sys::dmlcsr_convert(from.as_ptr(), to.as_ptr(), &options) } {
        sys::DMLCSR_OK => Ok(()),
        code => Err(Error::new(code, sentence.text())),
    }
}

/// How to export a network as ONNX.
#[derive(Clone, Debug, Default)]
pub struct OnnxOptions {
    /// Side of the square that the network sees; 0: the model's own.
    pub input_size: u32,
    /// The edge heads, too; a model without them is an error.
    pub edges: bool,
    /// Put on top of the file's own metadata; an empty value removes a key.
    pub metadata: Vec<(String, String)>,
}

/// Writes the network of a model file as ONNX, for other runtimes.
pub fn export_onnx(from: impl AsRef<Path>, to: impl AsRef<Path>, how: &OnnxOptions) -> Result<()> {
    let (from, to, mut sentence) = (c_path(from.as_ref())?, c_path(to.as_ref())?, Sentence::new());
    let words = words(&how.metadata)?;
    let pointers: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
    let options = sys::dmlcsr_onnx_options {
        struct_size: std::mem::size_of::<sys::dmlcsr_onnx_options>(),
        input_size: how.input_size,
        edges: how.edges.into(),
        metadata: pointers.as_ptr(),
        metadata_count: how.metadata.len(),
        error: sentence.pointer(),
        error_size: sentence.size(),
    };
    match unsafe { sys::dmlcsr_export_onnx(from.as_ptr(), to.as_ptr(), &options) } {
        sys::DMLCSR_OK => Ok(()),
        code => Err(Error::new(code, sentence.text())),
    }
}
