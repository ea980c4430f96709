//! Face parsing with libdmlcsr: a photograph goes in, one class per pixel comes out.
//!
//! ```no_run
//! use dmlcsr::{Format, Image, Parser};
//!
//! fn labels(rgb: &[u8], width: u32, height: u32) -> dmlcsr::Result<Vec<u8>> {
//!     let mut parser = Parser::new()?; // the built-in model, default options
//!     parser.parse(&Image::new(Format::Rgb8, rgb, width, height))
//! }
//! ```
//!
//! A [`Parser`] serves one thread at a time, which `&mut self` says; [`Parser::try_clone`] makes another one on the
//! same weights for another thread. [`Mask`] has what is done with labels afterwards, and a [`Scheme`] is a list of
//! classes by name.
mod constants;
mod error;
mod face;
mod file;
mod image;
mod mask;
mod options;
mod parser;
mod scheme;

pub use constants::{Format, Geometry, Isa, Log, Precision, Scheme, Side, Status, Storage};
pub use error::{Error, Result};
pub use face::{Face, FindOptions};
pub use file::{convert, export_onnx, inspect, ConvertOptions, Model, OnnxOptions, Tensor};
pub use image::{Image, Outputs, Plane, Region};
pub use mask::Mask;
pub use options::Options;
pub use parser::{Logits, Parser};
pub use scheme::Table;

/// Version of the library that is running: major * 1000000 + minor * 1000 + patch.
pub fn version() -> u32 {
    unsafe { dmlcsr_sys::dmlcsr_version() }
}

/// Where a model that comes with the library (`"small"`, `"base"`) lies once it is installed.
pub fn model_path(name: &str) -> Option<std::path::PathBuf> {
    let name = error::c_string(name).ok()?;
    let path = unsafe { dmlcsr_sys::dmlcsr_model_path(name.as_ptr()) };
    (!path.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(path) }.to_string_lossy().into_owned().into())
}

/// Can this build and this machine run the instruction set?
pub fn isa_available(isa: Isa) -> bool {
    unsafe { dmlcsr_sys::dmlcsr_isa_available(isa as _) != 0 }
}
