use std::any::Any;
use std::cell::RefCell;
use std::os::raw::{c_char, c_int, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;

use dmlcsr_sys as sys;

use crate::error::{c_path, c_string, text, Sentence};
use crate::{Error, Geometry, Isa, Log, Parser, Precision, Result};

type Progress = dyn Fn(u32, u32) -> bool + Send + Sync;
type Logging = dyn Fn(Log, &str) + Send + Sync;

/// Settings of a parser. The defaults are sound.
#[derive(Clone, Default)]
pub struct Options {
    threads: u32,
    isa: Option<Isa>,
    input_size: u32,
    geometry: Option<Geometry>,
    keep_edges: bool,
    precision: Option<Precision>,
    pack: bool,
    memory_limit: usize,
    callbacks: Callbacks,
}

#[derive(Clone, Default)]
pub(crate) struct Callbacks {
    progress: Option<Arc<Progress>>,
    log: Option<Arc<Logging>>,
}

impl Options {
    pub fn new() -> Options {
        Options::default()
    }

    /// Threads that work on one picture; 0: one per core.
    pub fn threads(mut self, threads: u32) -> Options {
        self.threads = threads;
        self
    }

    /// One that the machine lacks is an error.
    pub fn isa(mut self, isa: Isa) -> Options {
        self.isa = Some(isa);
        self
    }

    /// Side of the square that the network sees, 17 to 4097.
    pub fn input_size(mut self, side: u32) -> Options {
        self.input_size = side;
        self
    }

    pub fn geometry(mut self, geometry: Geometry) -> Options {
        self.geometry = Some(geometry);
        self
    }

    /// Keep the edge heads, for edge maps.
    pub fn keep_edges(mut self, keep: bool) -> Options {
        self.keep_edges = keep;
        self
    }

    /// What the network computes with.
    pub fn precision(mut self, precision: Precision) -> Options {
        self.precision = Some(precision);
        self
    }

    /// More memory, less time, the same results.
    pub fn pack(mut self, pack: bool) -> Options {
        self.pack = pack;
        self
    }

    /// Bytes that the parser may hold.
    pub fn memory_limit(mut self, bytes: usize) -> Options {
        self.memory_limit = bytes;
        self
    }

    /// Called between layers with the number of steps done, and of all; false cancels. Clones call it, too, each on the
    /// thread that uses it.
    pub fn progress(mut self, progress: impl Fn(u32, u32) -> bool + Send + Sync + 'static) -> Options {
        self.callbacks.progress = Some(Arc::new(progress));
        self
    }

    /// Receives what the library says, a sentence at a time, also that of an [`Error`] which comes from making a parser
    /// or a clone. Clones call it, too, each on the thread that uses it.
    pub fn log(mut self, log: impl Fn(Log, &str) + Send + Sync + 'static) -> Options {
        self.callbacks.log = Some(Arc::new(log));
        self
    }

    /// A parser with the default model.
    pub fn create(&self) -> Result<Parser> {
        self.make(|out, options| unsafe { sys::dmlcsr_create(out, std::ptr::null(), options) })
    }

    /// From a model file.
    pub fn open(&self, model: impl AsRef<Path>) -> Result<Parser> {
        let path = c_path(model.as_ref())?;
        self.make(|out, options| unsafe { sys::dmlcsr_create(out, path.as_ptr(), options) })
    }

    /// From the bytes of a model file, which are not kept.
    pub fn load(&self, model: &[u8]) -> Result<Parser> {
        self.make(|out, options| unsafe {
            sys::dmlcsr_create_from_memory(out, model.as_ptr().cast(), model.len(), options)
        })
    }

    fn make(&self, create: impl Fn(*mut *mut sys::dmlcsr, *const sys::dmlcsr_options) -> c_int) -> Result<Parser> {
        let mut sentence = Sentence::new();
        // At an address that stays: parsers and clones share it.
        let callbacks = Arc::new(self.callbacks.clone());
        // All zero is what dmlcsr_options_init() makes of it.
        let mut options: sys::dmlcsr_options = unsafe { std::mem::zeroed() };
        options.struct_size = std::mem::size_of::<sys::dmlcsr_options>();
        options.threads = self.threads;
        options.isa = self.isa.map_or(0, |isa| isa as _);
        options.input_size = self.input_size;
        options.geometry = self.geometry.map_or(0, |geometry| geometry as _);
        options.keep_edges = self.keep_edges.into();
        options.precision = self.precision.map_or(0, |precision| precision as _);
        options.pack = self.pack.into();
        options.memory_limit = self.memory_limit;
        options.log = Some(on_log);
        if callbacks.progress.is_some() {
            options.progress = Some(on_progress);
        }
        options.opaque = Arc::as_ptr(&callbacks) as *mut c_void;
        options.error = sentence.pointer();
        options.error_size = sentence.size();
        let mut handle = std::ptr::null_mut();
        match call(|| create(&mut handle, &options)) {
            (sys::DMLCSR_OK, _) => Ok(Parser::from_raw(handle, callbacks)),
            (code, _) => Err(Error::new(code, sentence.text())),
        }
    }
}

/// What the callbacks of a parser look into.
pub(crate) type Shared = Arc<Callbacks>;

#[derive(Default)]
struct Left {
    log: String,
    panic: Option<Box<dyn Any + Send>>,
}

thread_local! {
    /// What the callbacks left for the function that called the library, on the same thread.
    static LEFT: RefCell<Left> = RefCell::default();
}

/// Calls the library; a panic of a callback goes on behind it. The sentence that was logged comes with the status.
pub(crate) fn call(library: impl FnOnce() -> c_int) -> (c_int, String) {
    LEFT.with(|left| left.take());
    let status = library();
    let left = LEFT.with(|left| left.take());
    if let Some(panic) = left.panic {
        resume_unwind(panic);
    }
    (status, left.log)
}

/// No panic may go through C: None where there was one.
fn caught<T>(callback: impl FnOnce() -> T) -> Option<T> {
    let keep = |panic| LEFT.with(|left| left.borrow_mut().panic = Some(panic));
    catch_unwind(AssertUnwindSafe(callback)).map_err(keep).ok()
}

unsafe extern "C" fn on_log(opaque: *mut c_void, level: c_int, message: *const c_char) {
    let message = text(message);
    if let Some(log) = &(*(opaque as *const Callbacks)).log {
        // A level that is younger than this crate is less urgent than those it knows.
        caught(|| log(Log::from_raw(level).unwrap_or(Log::Info), &message));
    }
    LEFT.with(|left| left.borrow_mut().log = message);
}

unsafe extern "C" fn on_progress(opaque: *mut c_void, done: u32, total: u32) -> c_int {
    let go_on = match &(*(opaque as *const Callbacks)).progress {
        Some(progress) => caught(|| progress(done, total)).unwrap_or(false),
        None => true,
    };
    (!go_on).into()
}

impl Isa {
    /// The instruction set of that name, such as "avx2".
    pub fn find(name: &str) -> Option<Isa> {
        let name = c_string(name).ok()?;
        Isa::from_raw(unsafe { sys::dmlcsr_isa_find(name.as_ptr()) })
    }
}

impl Precision {
    /// The precision of that name, such as "bf16".
    pub fn find(name: &str) -> Option<Precision> {
        let name = c_string(name).ok()?;
        Precision::from_raw(unsafe { sys::dmlcsr_precision_find(name.as_ptr()) })
    }
}
