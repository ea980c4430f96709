use dmlcsr_sys as sys;

use crate::Region;

/// As many as the library finds in one picture.
pub(crate) const MOST: usize = 1000;

/// A face that was found, in pixels of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Face {
    pub center_x: f32,
    pub center_y: f32,
    /// Side of its square, about from brows to chin.
    pub size: f32,
    /// Radians, clockwise as seen on the screen.
    pub rotation: f32,
    /// Edges of the box around skin, eyes, nose and mouth.
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
    /// 0 to 1; not a probability.
    pub confidence: f32,
}

impl Face {
    /// Where to parse it.
    pub fn region(&self) -> Region {
        Region { rotation: self.rotation, ..Region::new(self.center_x, self.center_y, self.size) }
    }

    pub(crate) fn from_raw(face: &sys::dmlcsr_face) -> Face {
        Face {
            center_x: face.center_x,
            center_y: face.center_y,
            size: face.size,
            rotation: face.rotation,
            left: face.left,
            top: face.top,
            right: face.right,
            bottom: face.bottom,
            confidence: face.confidence,
        }
    }
}

/// What to look for. The defaults are sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FindOptions {
    /// Size of the smallest face in pixels, 8 or more; 0: 1/32 of the longer side, at least 24. Smaller ones take more
    /// time.
    pub smallest: f32,
    /// Confidence from which on a face counts, up to 1; 0: 0.5.
    pub threshold: f32,
    /// Number of faces after which the smaller ones are left out; 0: no limit but 1000.
    pub most: u32,
}

impl FindOptions {
    pub(crate) fn raw(&self) -> sys::dmlcsr_find_options {
        sys::dmlcsr_find_options {
            struct_size: std::mem::size_of::<sys::dmlcsr_find_options>(),
            smallest: self.smallest,
            threshold: self.threshold,
            most: self.most,
            reserved: 0,
        }
    }
}
