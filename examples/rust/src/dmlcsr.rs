//! A safe wrapper of what most programs need from libdmlcsr. To be copied: no other crates, and `build.rs` finds the
//! library.
use std::ffi::CStr;
use std::os::raw::{c_char, c_int};
use std::ptr;

/// The few declarations of dmlcsr.h that the wrapper needs.
mod ffi {
    use super::{c_char, c_int};

    #[repr(C)]
    pub struct Handle {
        _opaque: [u8; 0],
    }

    /// Frozen in the C header, so it may be written down here.
    #[repr(C)]
    pub struct Image {
        pub pixels: *const u8,
        pub width: u32,
        pub height: u32,
        pub stride: usize,
        pub format: c_int,
    }

    pub const RGB8: c_int = 0;

    extern "C" {
        pub fn dmlcsr_create(out: *mut *mut Handle, path: *const c_char, options: *const u8) -> c_int;
        pub fn dmlcsr_parse(handle: *mut Handle, image: *const Image, labels: *mut u8, stride: usize) -> c_int;
        pub fn dmlcsr_free(handle: *mut Handle);
        pub fn dmlcsr_class_count(handle: *const Handle) -> u32;
        pub fn dmlcsr_class_name(handle: *const Handle, label: u32) -> *const c_char;
        pub fn dmlcsr_last_error(handle: *const Handle) -> *const c_char;
        pub fn dmlcsr_strerror(status: c_int) -> *const c_char;
    }
}

/// A parser that frees itself. `&mut self` in `parse` is the library's rule: one thread at a time.
pub struct Parser(*mut ffi::Handle);

fn text(from: *const c_char) -> String {
    if from.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

impl Parser {
    /// The default model with default options.
    pub fn new() -> Result<Parser, String> {
        let mut handle = ptr::null_mut();
        match unsafe { ffi::dmlcsr_create(&mut handle, ptr::null(), ptr::null()) } {
            0 => Ok(Parser(handle)),
            status => Err(text(unsafe { ffi::dmlcsr_strerror(status) })),
        }
    }

    /// Names of the classes, in the order of their ids.
    pub fn classes(&self) -> Vec<String> {
        let count = unsafe { ffi::dmlcsr_class_count(self.0) };
        (0..count).map(|label| text(unsafe { ffi::dmlcsr_class_name(self.0, label) })).collect()
    }

    /// `rgb`: height rows of 3 * width bytes. Returns height rows of width class ids.
    pub fn parse(&mut self, rgb: &[u8], width: u32, height: u32) -> Result<Vec<u8>, String> {
        let stride = width as usize * 3;
        if stride.checked_mul(height as usize) != Some(rgb.len()) {
            return Err(format!("{} bytes are no RGB picture of {width} x {height}", rgb.len()));
        }
        let mut labels = vec![0u8; width as usize * height as usize];
        let image = ffi::Image { pixels: rgb.as_ptr(), width, height, stride, format: ffi::RGB8 };
        match unsafe { ffi::dmlcsr_parse(self.0, &image, labels.as_mut_ptr(), width as usize) } {
            0 => Ok(labels),
            _ => Err(text(unsafe { ffi::dmlcsr_last_error(self.0) })),
        }
    }
}

impl Drop for Parser {
    fn drop(&mut self) {
        unsafe { ffi::dmlcsr_free(self.0) }
    }
}
