use std::ffi::CStr;
use std::fmt;
use std::os::raw::{c_char, c_int};

use crate::Status;

pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed: the library's code, and its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: c_int,
    message: String,
}

impl Error {
    pub(crate) fn new(code: c_int, message: String) -> Error {
        let message = if message.is_empty() { text(unsafe { dmlcsr_sys::dmlcsr_strerror(code) }) } else { message };
        Error { code, message }
    }

    /// For what is found before the library is called.
    pub(crate) fn argument(message: impl Into<String>) -> Error {
        Error { code: dmlcsr_sys::DMLCSR_ERROR_ARGUMENT, message: message.into() }
    }

    /// None for a code that is younger than this crate.
    pub fn status(&self) -> Option<Status> {
        Status::from_raw(self.code)
    }

    /// The library's number.
    pub fn code(&self) -> i32 {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A copy of a C string; empty for NULL.
pub(crate) fn text(from: *const c_char) -> String {
    if from.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

/// A buffer for the sentence of a call that takes one.
pub(crate) struct Sentence([c_char; 512]);

impl Sentence {
    pub(crate) fn new() -> Sentence {
        Sentence([0; 512])
    }

    pub(crate) fn pointer(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    pub(crate) fn size(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn text(&self) -> String {
        text(self.0.as_ptr())
    }
}

/// A path or text for C.
pub(crate) fn c_string(bytes: impl Into<Vec<u8>>) -> Result<std::ffi::CString> {
    std::ffi::CString::new(bytes).map_err(|_| Error::argument("a text with a zero byte in it"))
}

/// A path for C: its bytes where paths are bytes, else UTF-8.
pub(crate) fn c_path(path: &std::path::Path) -> Result<std::ffi::CString> {
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec();
    #[cfg(not(unix))]
    let bytes = path.to_str().ok_or_else(|| Error::argument("a path that is not UTF-8"))?.to_owned();
    c_string(bytes)
}
