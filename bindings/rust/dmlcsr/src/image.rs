use dmlcsr_sys as sys;

use crate::{Error, Format, Result};

/// A picture in someone's memory.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    pixels: &'a [u8],
    width: u32,
    height: u32,
    stride: usize,
    format: Format,
}

impl<'a> Image<'a> {
    /// Rows without padding between them. Whether the pixels are enough is checked when the picture is parsed.
    pub fn new(format: Format, pixels: &'a [u8], width: u32, height: u32) -> Image<'a> {
        Image { pixels, width, height, stride: row_bytes(format, width) as usize, format }
    }

    /// With `stride` bytes from one row to the next; 0: rows without padding.
    pub fn stride(self, stride: usize) -> Image<'a> {
        let stride = if stride == 0 { row_bytes(self.format, self.width) as usize } else { stride };
        Image { stride, ..self }
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    pub fn height(&self) -> u32 {
        self.height
    }

    /// For C, once it is certain that C finds nothing but these pixels.
    pub(crate) fn raw(&self) -> Result<sys::dmlcsr_image> {
        let rows = match self.format {
            Format::Nv12 => u64::from(self.height) + (u64::from(self.height) + 1) / 2,
            _ => self.height.into(),
        };
        if !fits(self.pixels.len(), self.stride, rows, row_bytes(self.format, self.width)) {
            return Err(Error::argument(format!(
                "{} bytes are no picture of {} x {} pixels, {:?}, {} bytes from row to row",
                self.pixels.len(),
                self.width,
                self.height,
                self.format,
                self.stride
            )));
        }
        Ok(sys::dmlcsr_image {
            pixels: self.pixels.as_ptr(),
            width: self.width,
            height: self.height,
            stride: self.stride,
            format: self.format as _,
        })
    }
}

fn row_bytes(format: Format, width: u32) -> u64 {
    let width = u64::from(width);
    match format {
        Format::Rgb8 | Format::Bgr8 => 3 * width,
        Format::Rgba8 | Format::Bgra8 => 4 * width,
        Format::Gray8 => width,
        Format::Nv12 => width + width % 2,
    }
}

/// Do `rows` rows of `row` elements, `stride` apart, fit into `size` elements?
pub(crate) fn fits(size: usize, stride: usize, rows: u64, row: u64) -> bool {
    let (size, stride) = (size as u64, stride as u64);
    row <= size && (rows < 2 || stride <= (size - row) / (rows - 1))
}

/// Where a face is, in pixels of the picture: what any face detector gives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Region {
    pub center_x: f32,
    pub center_y: f32,
    /// Side of the face's bounding square.
    pub size: f32,
    /// Radians, clockwise as seen on the screen.
    pub rotation: f32,
    /// How many face sizes the network sees; 0: 2.
    pub context: f32,
}

impl Region {
    pub fn new(center_x: f32, center_y: f32, size: f32) -> Region {
        Region { center_x, center_y, size, ..Region::default() }
    }

    pub(crate) fn raw(&self) -> sys::dmlcsr_region {
        sys::dmlcsr_region {
            struct_size: std::mem::size_of::<sys::dmlcsr_region>(),
            center_x: self.center_x,
            center_y: self.center_y,
            size: self.size,
            rotation: self.rotation,
            context: self.context,
            reserved: 0,
        }
    }
}

/// Rows to be written; `stride` elements from one to the next, 0: the picture's width. Planes follow each other at
/// `height * stride` elements.
#[derive(Debug)]
pub struct Plane<'a, T> {
    pub data: &'a mut [T],
    pub stride: usize,
}

impl<'a, T> From<&'a mut [T]> for Plane<'a, T> {
    fn from(data: &'a mut [T]) -> Plane<'a, T> {
        Plane { data, stride: 0 }
    }
}

impl<'a, T> From<&'a mut Vec<T>> for Plane<'a, T> {
    fn from(data: &'a mut Vec<T>) -> Plane<'a, T> {
        Plane { data, stride: 0 }
    }
}

/// What a parse shall deliver. All have the picture's width and height.
#[derive(Debug, Default)]
pub struct Outputs<'a> {
    /// Class ids.
    pub labels: Option<Plane<'a, u8>>,
    /// A plane per class, 0 to 1.
    pub probabilities: Option<Plane<'a, f32>>,
    /// A plane per class, 0 to 255.
    pub probabilities8: Option<Plane<'a, u8>>,
    /// 255 times the summed probability of `matte_classes`.
    pub matte: Option<Plane<'a, u8>>,
    /// Bit k set: class k is in the matte.
    pub matte_classes: u64,
    /// Probability that a pixel lies on an edge between parts.
    pub binary_edge: Option<Plane<'a, f32>>,
    /// The class whose edge is here, 0 for none.
    pub category_edge: Option<Plane<'a, u8>>,
    /// Add to what labels, matte and edges hold already, so that several faces end up in one map.
    pub compose: bool,
}

impl Outputs<'_> {
    /// For C, once it is certain that C writes nowhere but into these slices.
    pub(crate) fn raw(&mut self, image: &Image, classes: u32) -> Result<sys::dmlcsr_result> {
        let (width, height) = (image.width.into(), u64::from(image.height));
        let planes = u64::from(classes) * height;
        // The C struct has no invalid values: all zero is what dmlcsr_result_init() makes of it.
        let mut result: sys::dmlcsr_result = unsafe { std::mem::zeroed() };
        result.struct_size = std::mem::size_of::<sys::dmlcsr_result>();
        result.flags = if self.compose { sys::DMLCSR_COMPOSE } else { 0 };
        result.matte_classes = self.matte_classes;
        (result.labels, result.labels_stride) = place("labels", &mut self.labels, height, width)?;
        (result.probabilities, result.probabilities_stride) =
            place("probabilities", &mut self.probabilities, planes, width)?;
        (result.probabilities8, result.probabilities8_stride) =
            place("probabilities8", &mut self.probabilities8, planes, width)?;
        (result.matte, result.matte_stride) = place("matte", &mut self.matte, height, width)?;
        (result.binary_edge, result.binary_edge_stride) = place("binary_edge", &mut self.binary_edge, height, width)?;
        (result.category_edge, result.category_edge_stride) =
            place("category_edge", &mut self.category_edge, height, width)?;
        Ok(result)
    }
}

fn place<T>(name: &str, plane: &mut Option<Plane<'_, T>>, rows: u64, width: u64) -> Result<(*mut T, usize)> {
    let plane = match plane {
        Some(plane) => plane,
        None => return Ok((std::ptr::null_mut(), 0)),
    };
    let stride = if plane.stride == 0 { width as usize } else { plane.stride };
    if !fits(plane.data.len(), stride, rows, width) {
        return Err(Error::argument(format!("{name}: {} elements are too few", plane.data.len())));
    }
    Ok((plane.data.as_mut_ptr(), stride))
}
