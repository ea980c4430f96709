// Parses binary PPM pictures and prints the share of each class: parse PHOTO.ppm...
use std::error::Error;
use std::ffi::CStr;
use std::os::raw::{c_char, c_int};
use std::{env, fs, process, ptr};

/// The few declarations of dmlcsr.h that this program needs.
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
struct Parser(*mut ffi::Handle);

fn text(from: *const c_char) -> String {
    if from.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

impl Parser {
    fn new() -> Result<Parser, String> {
        let mut handle = ptr::null_mut();
        match unsafe { ffi::dmlcsr_create(&mut handle, ptr::null(), ptr::null()) } {
            0 => Ok(Parser(handle)),
            status => Err(text(unsafe { ffi::dmlcsr_strerror(status) })),
        }
    }

    fn classes(&self) -> Vec<String> {
        let count = unsafe { ffi::dmlcsr_class_count(self.0) };
        (0..count).map(|label| text(unsafe { ffi::dmlcsr_class_name(self.0, label) })).collect()
    }

    fn parse(&mut self, picture: &Picture) -> Result<Vec<u8>, String> {
        let mut labels = vec![0u8; picture.width as usize * picture.height as usize];
        let image = ffi::Image {
            pixels: picture.pixels.as_ptr(),
            width: picture.width,
            height: picture.height,
            stride: picture.width as usize * 3,
            format: ffi::RGB8,
        };
        match unsafe { ffi::dmlcsr_parse(self.0, &image, labels.as_mut_ptr(), picture.width as usize) } {
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

struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

fn read_ppm(path: &str) -> Result<Picture, Box<dyn Error>> {
    let data = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let (mut words, mut at) = (Vec::new(), 0);
    while words.len() < 4 && at < data.len() {
        let start = at;
        while at < data.len() && !data[at].is_ascii_whitespace() {
            at += 1;
        }
        words.push(String::from_utf8_lossy(&data[start..at]).into_owned());
        at += 1;
    }
    if words.len() < 4 || words[0] != "P6" || words[3] != "255" {
        return Err(format!("{path} is not a binary PPM picture with 8 bits").into());
    }
    let (width, height): (u32, u32) = (words[1].parse()?, words[2].parse()?);
    if width > 65535 || height > 65535 {
        return Err(format!("{path} is too large").into());
    }
    let size = width as usize * height as usize * 3;
    let pixels = data.get(at..at + size).ok_or_else(|| format!("{path} ends too early"))?.to_vec();
    Ok(Picture { width, height, pixels })
}

fn run() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    if paths.is_empty() {
        return Err("usage: parse PHOTO.ppm...".into());
    }
    let mut parser = Parser::new()?;
    let classes = parser.classes();
    for path in &paths {
        let labels = parser.parse(&read_ppm(path)?)?;
        println!("{path}");
        for (label, name) in classes.iter().enumerate() {
            let count = labels.iter().filter(|&&l| usize::from(l) == label).count();
            if count > 0 {
                println!("{name:<12} {:6.2} %", 100.0 * count as f64 / labels.len() as f64);
            }
        }
    }
    Ok(())
}

fn main() {
    if let Err(error) = run() {
        eprintln!("parse: {error}");
        process::exit(1);
    }
}
