use std::os::raw::c_int;

use dmlcsr_sys as sys;

use crate::error::{c_string, text};
use crate::{Error, Result, Scheme, Side};

/// An id for each of 256 ids, as [`crate::Mask::remap`] takes it.
pub type Table = [u8; 256];

/// Class lists by name, whose classes are spelled as by their origin. [`Scheme::Own`] has neither name nor classes.
impl Scheme {
    /// All that the library and this crate know, in the order of their numbers.
    pub fn all() -> Vec<Scheme> {
        (0..unsafe { sys::dmlcsr_scheme_count() }).filter_map(|number| Scheme::from_raw(number as c_int)).collect()
    }

    /// The scheme of that name, such as "lapa".
    pub fn find(name: &str) -> Option<Scheme> {
        let name = c_string(name).ok()?;
        match unsafe { sys::dmlcsr_scheme_find(name.as_ptr()) } {
            number if number < 0 => None, // the number of `Own`, which is no answer
            number => Scheme::from_raw(number),
        }
    }

    pub fn name(self) -> String {
        text(unsafe { sys::dmlcsr_scheme_name(self as _) })
    }

    /// Whose left "left" is.
    pub fn side(self) -> Side {
        Side::from_raw(unsafe { sys::dmlcsr_scheme_side(self as _) }).unwrap_or(Side::Unknown)
    }

    /// Names of the classes, in the order of their ids.
    pub fn classes(self) -> Vec<String> {
        let count = unsafe { sys::dmlcsr_scheme_class_count(self as _) };
        (0..count).map(|label| text(unsafe { sys::dmlcsr_scheme_class_name(self as _, label) })).collect()
    }

    /// The library's colour for a class, 0xRRGGBB.
    pub fn class_color(self, label: u32) -> u32 {
        unsafe { sys::dmlcsr_scheme_class_color(self as _, label) }
    }

    /// A table from the ids of this scheme to those of another. `side`: what left means in the result; `Side::Unknown`:
    /// what it means in the target. `other`: the id for classes without a counterpart; 255 stays 255, which marks
    /// pixels to ignore.
    pub fn map_to(self, to: Scheme, side: Side, other: u8) -> Result<Table> {
        let mut table = [0; 256];
        let code = unsafe { sys::dmlcsr_scheme_map(self as _, to as _, side as _, other, table.as_mut_ptr()) };
        checked(table, code, || no_table(&format!("{self:?}"), to, side, other))
    }

    /// A table that swaps left and right: for the labels of a mirrored picture.
    pub fn mirror(self) -> Result<Table> {
        let mut table = [0; 256];
        let code = unsafe { sys::dmlcsr_scheme_mirror(self as _, table.as_mut_ptr()) };
        checked(table, code, || format!("{self:?} has no classes"))
    }
}

pub(crate) fn checked(table: Table, code: c_int, why: impl Fn() -> String) -> Result<Table> {
    match code {
        sys::DMLCSR_OK => Ok(table),
        _ => Err(Error::new(code, why())),
    }
}

pub(crate) fn no_table(from: &str, to: Scheme, side: Side, other: u8) -> String {
    format!(
        "no table from {from} to {to:?}, side {side:?}, other {other}: there is no such side or id in the target, or \
         whose left it is in the source is not known"
    )
}
