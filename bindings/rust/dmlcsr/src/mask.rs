use std::os::raw::{c_int, c_void};

use dmlcsr_sys as sys;

use crate::image::fits;
use crate::{Error, Result, Table};

/// A label map or a mask in someone's memory, one byte per pixel. What is done to it is done in place; steps can follow
/// each other, and share their scratch memory then:
///
/// ```
/// # fn main() -> dmlcsr::Result<()> {
/// let mut lips = vec![0, 11, 0, 0, 13, 0]; // labels: 3 x 2 pixels
/// dmlcsr::Mask::new(&mut lips, 3, 2).select(1 << 11 | 1 << 12)?.grow(1.0)?;
/// assert_eq!(lips, [255, 255, 255, 0, 255, 0]);
/// # Ok(())
/// # }
/// ```
///
/// In masks a pixel is on from 128. Distances are Euclidean and exact; what lies beyond the picture neither adds to a
/// mask nor takes from it.
#[derive(Debug)]
pub struct Mask<'a> {
    pixels: &'a mut [u8],
    width: u32,
    height: u32,
    stride: usize,
    scratch: Vec<Block>,
}

/// Scratch memory lies at a multiple of 8, which `u64` does not promise on all machines.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
struct Block([u8; 8]);

impl<'a> Mask<'a> {
    /// Rows without padding between them. Whether the pixels are enough is checked at each step.
    pub fn new(pixels: &'a mut [u8], width: u32, height: u32) -> Mask<'a> {
        Mask { pixels, width, height, stride: 0, scratch: Vec::new() }
    }

    /// With `stride` bytes from one row to the next; 0: the width.
    pub fn stride(self, stride: usize) -> Mask<'a> {
        Mask { stride, ..self }
    }

    /// Replaces every label by its entry in a table, such as [`crate::Parser::class_map`] makes.
    pub fn remap(&mut self, map: &Table) -> Result<&mut Mask<'a>> {
        self.step(|plane| unsafe { sys::dmlcsr_remap(plane, map.as_ptr(), plane) })
    }

    /// Makes a mask of labels: 255 where the label is one of the classes (bit k: class k), 0 elsewhere.
    pub fn select(&mut self, classes: u64) -> Result<&mut Mask<'a>> {
        self.step(|plane| unsafe { sys::dmlcsr_mask_select(plane, classes, plane) })
    }

    /// 255 where a pixel that is on lies within `radius` pixels, 0 elsewhere.
    pub fn grow(&mut self, radius: f32) -> Result<&mut Mask<'a>> {
        self.measured("radius", radius, sys::dmlcsr_mask_grow)
    }

    /// 255 where no pixel that is off lies within `radius` pixels, 0 elsewhere.
    pub fn shrink(&mut self, radius: f32) -> Result<&mut Mask<'a>> {
        self.measured("radius", radius, sys::dmlcsr_mask_shrink)
    }

    /// A soft edge: from 0 to 255 within `width` pixels, half of them on each side.
    pub fn feather(&mut self, width: f32) -> Result<&mut Mask<'a>> {
        self.measured("width", width, sys::dmlcsr_mask_feather)
    }

    /// A soft matte as it is at its edge, fully on or off from `band` / 2 pixels away: without haze and holes.
    pub fn clean(&mut self, band: f32) -> Result<&mut Mask<'a>> {
        self.measured("band", band, sys::dmlcsr_mask_clean)
    }

    /// For C, once it is certain that C finds nothing but these pixels.
    fn plane(&mut self) -> Result<sys::dmlcsr_plane> {
        let stride = if self.stride == 0 { self.width as usize } else { self.stride };
        if !fits(self.pixels.len(), stride, self.height.into(), self.width.into()) {
            return Err(Error::argument(format!(
                "{} bytes are no mask of {} x {} pixels, {stride} bytes from row to row",
                self.pixels.len(),
                self.width,
                self.height
            )));
        }
        Ok(sys::dmlcsr_plane { pixels: self.pixels.as_mut_ptr(), width: self.width, height: self.height, stride })
    }

    fn step(&mut self, library: impl FnOnce(&sys::dmlcsr_plane) -> c_int) -> Result<&mut Mask<'a>> {
        match library(&self.plane()?) {
            sys::DMLCSR_OK => Ok(self),
            code => Err(Error::new(code, String::new())),
        }
    }

    fn measured(&mut self, name: &str, reach: f32, library: Measured) -> Result<&mut Mask<'a>> {
        if !(reach >= 0.0 && reach.is_finite()) {
            return Err(Error::argument(format!("{name} is {reach}, must be 0 or above, and finite")));
        }
        let size = unsafe { sys::dmlcsr_mask_scratch(self.width, self.height) };
        self.plane()?; // a size that the mask cannot have is not worth the memory
        self.scratch.resize((size + 7) / 8, Block([0; 8]));
        let scratch: *mut c_void = self.scratch.as_mut_ptr().cast();
        self.step(|plane| unsafe { library(plane, reach, scratch, size, plane) })
    }
}

type Measured =
    unsafe extern "C" fn(*const sys::dmlcsr_plane, f32, *mut c_void, usize, *const sys::dmlcsr_plane) -> c_int;
