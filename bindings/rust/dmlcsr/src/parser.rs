use std::ptr::{null, null_mut, NonNull};

use dmlcsr_sys as sys;

use crate::error::{c_string, text};
use crate::face::MOST;
use crate::options::{call, Shared};
use crate::scheme::{checked, no_table};
use crate::{Error, Face, FindOptions, Image, Options, Outputs, Region, Result, Scheme, Side, Table};

/// A model with its scratch memory and threads.
pub struct Parser {
    handle: NonNull<sys::dmlcsr>,
    shared: Shared,
}

// The library keeps no thread-local state, and callbacks are Send + Sync.
unsafe impl Send for Parser {}
// Everything behind &self only reads, or is dmlcsr_clone(), which may run beside anything.
unsafe impl Sync for Parser {}

/// What the bare network says: planes of `height` x `width` logits.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    pub height: u32,
    pub width: u32,
    /// A plane per class.
    pub parsing: Vec<f32>,
    /// Two planes, and a plane per class; empty without edge heads.
    pub binary_edge: Vec<f32>,
    pub category_edge: Vec<f32>,
}

impl Parser {
    /// The default model with default options; [`Options`] has the rest.
    pub fn new() -> Result<Parser> {
        Options::new().create()
    }

    pub(crate) fn from_raw(handle: *mut sys::dmlcsr, shared: Shared) -> Parser {
        Parser { handle: NonNull::new(handle).expect("a created handle"), shared }
    }

    fn raw(&self) -> *const sys::dmlcsr {
        self.handle.as_ptr()
    }

    /// The same weights with scratch memory of its own, for another thread.
    pub fn try_clone(&self) -> Result<Parser> {
        let mut handle = null_mut();
        match call(|| unsafe { sys::dmlcsr_clone(&mut handle, self.raw()) }) {
            (sys::DMLCSR_OK, _) => Ok(Parser::from_raw(handle, self.shared.clone())),
            (code, logged) => Err(Error::new(code, logged)),
        }
    }

    fn check(&self, code: i32) -> Result<()> {
        match code {
            sys::DMLCSR_OK => Ok(()),
            _ => Err(Error::new(code, text(unsafe { sys::dmlcsr_last_error(self.raw()) }))),
        }
    }

    /// Class ids, height rows of width, of a picture that is framed about as a portrait is.
    pub fn parse(&mut self, image: &Image) -> Result<Vec<u8>> {
        self.parse_face(image, None)
    }

    /// Class ids; background outside the region.
    pub fn parse_face(&mut self, image: &Image, region: Option<&Region>) -> Result<Vec<u8>> {
        image.raw()?; // a size that the picture cannot have is not worth the memory for its map
        let mut labels = vec![0; image.width() as usize * image.height() as usize];
        self.run(image, region, &mut Outputs { labels: Some((&mut labels).into()), ..Outputs::default() })?;
        Ok(labels)
    }

    /// How much each pixel belongs to a set of classes (bit k: class k), 0 to 255.
    pub fn matte(&mut self, image: &Image, region: Option<&Region>, classes: u64) -> Result<Vec<u8>> {
        image.raw()?;
        let mut matte = vec![0; image.width() as usize * image.height() as usize];
        let wanted = &mut Outputs { matte: Some((&mut matte).into()), matte_classes: classes, ..Outputs::default() };
        self.run(image, region, wanted)?;
        Ok(matte)
    }

    /// All that is asked for, written into the caller's slices. On an error they are untouched.
    pub fn run(&mut self, image: &Image, region: Option<&Region>, wanted: &mut Outputs) -> Result<()> {
        let mut result = wanted.raw(image, self.class_count())?;
        let (image, region) = (image.raw()?, region.map(Region::raw));
        let region = region.as_ref().map_or(null(), |region| region as *const _);
        let handle = self.handle.as_ptr();
        let (code, _) = call(|| unsafe { sys::dmlcsr_parse_region(handle, &image, region, &mut result) });
        self.check(code)
    }

    /// The faces in a whole picture, the largest first.
    pub fn find_faces(&mut self, image: &Image, options: &FindOptions) -> Result<Vec<Face>> {
        let (image, options) = (image.raw()?, options.raw());
        // All zero is a face like any other to C.
        let mut found: Vec<sys::dmlcsr_face> = vec![unsafe { std::mem::zeroed() }; MOST];
        let (handle, faces, mut count) = (self.handle.as_ptr(), found.as_mut_ptr(), 0);
        let (code, _) = call(|| unsafe { sys::dmlcsr_find_faces(handle, &image, &options, faces, MOST, &mut count) });
        self.check(code)?;
        Ok(found.iter().take(count).map(Face::from_raw).collect())
    }

    /// Class ids of all faces in one map, the smaller ones on top: of those given, or of what [`Parser::find_faces`]
    /// finds. They are parsed as `dmlcsr_parse_many()` does it, so [`Options::progress`] counts faces.
    pub fn parse_faces(&mut self, image: &Image, faces: Option<&[Face]>) -> Result<Vec<u8>> {
        let mut faces = match faces {
            Some(faces) => faces.to_vec(),
            None => self.find_faces(image, &FindOptions::default())?,
        };
        faces.sort_by(|one, other| other.size.total_cmp(&one.size));
        let picture = image.raw()?;
        let mut labels = vec![0; image.width() as usize * image.height() as usize];
        let mut wanted = Outputs { labels: Some((&mut labels).into()), compose: true, ..Outputs::default() };
        let mut result = wanted.raw(image, self.class_count())?;
        let result: *mut _ = &mut result;
        let regions: Vec<_> = faces.iter().map(|face| face.region().raw()).collect();
        let job = |region| sys::dmlcsr_job { image: &picture, region, result, status: 0, reserved: 0 };
        let mut jobs: Vec<_> = regions.iter().map(|region| job(region as *const _)).collect();
        let (handle, first) = (self.handle.as_ptr(), jobs.as_mut_ptr());
        let (code, _) = call(|| unsafe { sys::dmlcsr_parse_many(handle, first, jobs.len()) });
        self.check(code)?;
        Ok(labels)
    }

    /// The bare network on 3 x height x width normalised values.
    pub fn forward(&mut self, input: &[f32], height: u32, width: u32) -> Result<Logits> {
        let (mut rows, mut columns) = (0, 0);
        let code = unsafe { sys::dmlcsr_forward_size(self.raw(), height, width, &mut rows, &mut columns) };
        if code != sys::DMLCSR_OK {
            return Err(Error::new(code, format!("input of {width} x {height}: both sides must be 17 to 4097")));
        }
        if input.len() as u64 != 3 * u64::from(height) * u64::from(width) {
            return Err(Error::argument(format!("{} values are no input of 3 x {height} x {width}", input.len())));
        }
        let plane = rows as usize * columns as usize;
        let classes = plane * self.class_count() as usize;
        let (two, all) = if self.has_edges() { (2 * plane, classes) } else { (0, 0) };
        let (mut parsing, mut binary_edge, mut category_edge) = (vec![0.0; classes], vec![0.0; two], vec![0.0; all]);
        let or_null = |values: &mut Vec<f32>| if values.is_empty() { null_mut() } else { values.as_mut_ptr() };
        let (binary, category) = (or_null(&mut binary_edge), or_null(&mut category_edge));
        let (handle, out) = (self.handle.as_ptr(), parsing.as_mut_ptr());
        let (code, _) =
            call(|| unsafe { sys::dmlcsr_forward(handle, input.as_ptr(), height, width, out, binary, category) });
        self.check(code)?;
        Ok(Logits { height: rows, width: columns, parsing, binary_edge, category_edge })
    }

    pub fn class_count(&self) -> u32 {
        unsafe { sys::dmlcsr_class_count(self.raw()) }
    }

    /// Names of the classes, in the order of their ids.
    pub fn classes(&self) -> Vec<String> {
        (0..self.class_count()).map(|k| text(unsafe { sys::dmlcsr_class_name(self.raw(), k) })).collect()
    }

    /// The class of that name.
    pub fn class_find(&self, name: &str) -> Option<u32> {
        let name = c_string(name).ok()?;
        u32::try_from(unsafe { sys::dmlcsr_class_find(self.raw(), name.as_ptr()) }).ok()
    }

    /// The library's colour for a class, 0xRRGGBB.
    pub fn class_color(&self, label: u32) -> u32 {
        unsafe { sys::dmlcsr_class_color(self.raw(), label) }
    }

    /// As [`Scheme::map_to`], from the classes of this model, whose names are understood in all spellings of the
    /// schemes. To [`Scheme::Own`], ids stay, but for left and right when `side` is not the model's.
    pub fn class_map(&self, to: Scheme, side: Side, other: u8) -> Result<Table> {
        let mut table = [0; 256];
        let code = unsafe { sys::dmlcsr_class_map(self.raw(), to as _, side as _, other, table.as_mut_ptr()) };
        checked(table, code, || no_table("the model's classes", to, side, other))
    }

    /// A table that swaps left and right: for the labels of a mirrored picture.
    pub fn class_mirror(&self) -> Table {
        let mut table = [0; 256];
        unsafe { sys::dmlcsr_class_mirror(self.raw(), table.as_mut_ptr()) };
        table
    }

    /// Whose left "left" is: "subject", "picture" or "unknown".
    pub fn side(&self) -> String {
        text(unsafe { sys::dmlcsr_side(self.raw()) })
    }

    /// A line of the model file's metadata.
    pub fn metadata(&self, key: &str) -> Option<String> {
        let key = c_string(key).ok()?;
        let value = unsafe { sys::dmlcsr_metadata(self.raw(), key.as_ptr()) };
        if value.is_null() {
            None
        } else {
            Some(text(value))
        }
    }

    /// Side of the square that the network sees.
    pub fn input_size(&self) -> u32 {
        unsafe { sys::dmlcsr_input_size(self.raw()) }
    }

    pub fn has_edges(&self) -> bool {
        unsafe { sys::dmlcsr_has_edges(self.raw()) != 0 }
    }

    /// Threads that work on one picture.
    pub fn threads(&self) -> u32 {
        unsafe { sys::dmlcsr_threads(self.raw()) }
    }

    /// Name of the instruction set in use.
    pub fn isa(&self) -> String {
        text(unsafe { sys::dmlcsr_isa(self.raw()) })
    }

    /// Name of the precision in use: "fp32", "bf16" or "int8".
    pub fn precision(&self) -> String {
        text(unsafe { sys::dmlcsr_precision(self.raw()) })
    }

    /// Bytes held: weights, shared among clones, and scratch memory.
    pub fn memory(&self) -> (usize, usize) {
        let (mut weights, mut scratch) = (0, 0);
        unsafe { sys::dmlcsr_memory(self.raw(), &mut weights, &mut scratch) };
        (weights, scratch)
    }
}

impl Drop for Parser {
    fn drop(&mut self) {
        unsafe { sys::dmlcsr_free(self.handle.as_ptr()) }
    }
}
