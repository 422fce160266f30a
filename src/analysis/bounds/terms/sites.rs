//! Places in a function with a proof obligation.

use super::facts::FactId;
use super::linear::Linear;
use super::summary::DefectId;
use super::symbols::Buffer;
use super::types::Kind;
use crate::hir::ExprId;
use crate::source::Span;

/// What happens to the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    Read,
    Write,
}

/// What the code of a call implies about its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    Nothing,
    /// A field of a structure without a visible declaration; whether a pointer and its own length are stored there.
    Field(bool),
    /// The bound is the size of the whole array, regardless of its current contents: `strncat(a, b, sizeof(a))`.
    Capacity,
    /// The bound is all the room left after the current contents, and the NUL comes on top.
    Left,
    /// A pointer and its own length: two fields of a structure or two adjacent parameters.
    Whole,
    /// A comparison, which stops at the first difference.
    Compared,
}

#[derive(Clone, Debug)]
pub enum SiteKind {
    /// The code itself reads or writes `size` bytes at `address`, through the variable `cursor` if there is one.
    /// Without a buffer, the available size is unknown. `bytes`: a parameter that points to bytes; `field`: a structure
    /// field is accessed; `character`: a character is accessed.
    Access {
        does: Use,
        address: Linear,
        size: Linear,
        buffer: Option<Buffer>,
        cursor: Option<u32>,
        bytes: bool,
        field: bool,
        character: bool,
    },
    /// A call reads or writes `size` bytes and is given that length. Without a buffer, `beside` holds the neighbouring
    /// fields that may hold the available length. `inner`: by its names, the callee takes that length for its buffer's.
    Block {
        does: Use,
        address: Linear,
        size: Linear,
        buffer: Option<Buffer>,
        beside: Vec<Linear>,
        callee: Box<str>,
        inner: bool,
        /// The variable through which it is written.
        cursor: Option<u32>,
        hint: Hint,
    },
    /// `size` bytes are taken from an object that has `left`; `lenient`: taking more does no harm.
    Take { left: Linear, size: Linear, lenient: bool },
    /// An element of an array of unknown length is accessed.
    Element { index: Linear },
    /// An element of such an array whose index is only compared with a named limit.
    UpTo { index: Linear },
    /// An element is accessed whose index is a structure field; the number of elements, if known.
    Chosen { index: Linear, count: Option<i64> },
    /// An element counted back from a number is accessed: `a[n - 1]`.
    Back { index: Linear },
    /// A string is expected at `address`, in bytes that nothing has terminated.
    Unterminated { address: Linear, buffer: Buffer, callee: Box<str> },
    /// A copy fills the whole array if the string is that long: `goal >= 0` if it is shorter.
    Filled { goal: Linear, address: Linear, buffer: Buffer, callee: Box<str> },
    /// A sum that may overflow its type is compared with a limit.
    Wrapping { sum: Linear },
    /// A `scanf` conversion without a width stores a string of that size.
    Scan { address: Linear, size: Linear, buffer: Option<Buffer> },
    /// Bytes at `address` are cast to a structure of that size.
    Overlay { address: Linear, size: Linear, buffer: Buffer },
    /// A difference `a - b` of lengths; `unsigned`: it wraps below zero.
    Difference { a: Linear, b: Linear, unsigned: bool },
    /// A value is stored or passed in a type that may not hold it.
    Conversion { value: Linear, to: Kind, from: Kind, is_length: bool },
    /// An unsigned difference is compared with zero.
    NeverNegative { a: Linear, b: Linear },
    /// The would-be length of printing into `room` bytes is used as a length.
    Printed { length: Linear, room: Linear },
    /// The size of an allocation.
    Allocation { size: Linear },
    /// A precondition of the callee that this call has to satisfy.
    Need { goal: Linear, end: Option<Linear>, defect: DefectId, depth: u32 },
}

#[derive(Clone, Debug)]
pub struct Site {
    pub kind: SiteKind,
    pub span: Span,
    /// The facts that hold there.
    pub at: FactId,
    pub code: Code,
}

/// The site's code in the function's own body.
#[derive(Clone, Debug)]
pub enum Code {
    Own(ExprId),
    /// A call in an inlined macro or function: its arguments that are arguments of the outer call.
    Inlined(Box<[Option<ExprId>]>),
    Elsewhere,
}

/// `size` bytes at `address`, which a site reads or writes.
#[derive(Clone, Copy)]
pub struct Bytes<'s> {
    pub site: &'s Site,
    pub does: Use,
    pub address: &'s Linear,
    pub size: &'s Linear,
}
