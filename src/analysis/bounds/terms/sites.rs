//! Places of a function at which something has to hold.

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

/// What the code of a call tells of its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    Nothing,
    /// A field of a structure that is declared nowhere in sight; whether a pointer and its own length are put there.
    Field(bool),
    /// The bound is the size of the whole array, whatever stands in it already: `strncat(a, b, sizeof(a))`.
    Capacity,
    /// The bound is all that is left behind what stands in the array, and the NUL comes on top of it.
    Left,
    /// A pointer and its own length, two fields of a structure or two parameters beside each other.
    Whole,
    /// A comparison, which ends at the first difference.
    Compared,
}

#[derive(Clone, Debug)]
pub enum SiteKind {
    /// `size` bytes at `address` are read or written by the code itself, through the variable `cursor` if it is one.
    /// Without a buffer, nothing is known of how many are there.
    /// `bytes`: it is a parameter that leads to bytes; `field`: what is there is a field of a structure;
    /// `character`: it is a character.
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
    /// `size` bytes are read or written by a call, which is given that length.
    /// Without a buffer, `beside` are what stands beside the pointer and may say how many bytes there are.
    /// `inner`: by its names, the callee takes that length for its buffer's.
    Block {
        does: Use,
        address: Linear,
        size: Linear,
        buffer: Option<Buffer>,
        beside: Vec<Linear>,
        callee: Box<str>,
        inner: bool,
        /// The variable that it is written through.
        cursor: Option<u32>,
        hint: Hint,
    },
    /// `size` bytes are taken out of an object that has `left`; `lenient`: fewer do no harm.
    Take { left: Linear, size: Linear, lenient: bool },
    /// A place of an array is used of which nothing tells how long it is.
    Element { index: Linear },
    /// A place of such an array whose number is only tested against a name.
    UpTo { index: Linear },
    /// An element is used whose number stands in a field of a structure; how many there are, where that is known.
    Chosen { index: Linear, count: Option<i64> },
    /// An element is used that counts back from a number: `a[n - 1]`.
    Back { index: Linear },
    /// A string is looked for at `address`, in bytes that nothing has terminated.
    Unterminated { address: Linear, buffer: Buffer, callee: Box<str> },
    /// A copy fills all of an array where the string is as long: `goal >= 0` if it is shorter.
    Filled { goal: Linear, address: Linear, buffer: Buffer, callee: Box<str> },
    /// A sum that may be larger than its type is compared with a limit.
    Wrapping { sum: Linear },
    /// A scan stores a string of that size, without a width.
    Scan { address: Linear, size: Linear, buffer: Option<Buffer> },
    /// A structure of that size is laid over bytes at `address`.
    Overlay { address: Linear, size: Linear, buffer: Buffer },
    /// A difference `a - b` of lengths; `unsigned`: it wraps where it would be below zero.
    Difference { a: Linear, b: Linear, unsigned: bool },
    /// A value is stored or passed in a type that may not hold it.
    Conversion { value: Linear, to: Kind, from: Kind, is_length: bool },
    /// An unsigned difference is compared with zero.
    NeverNegative { a: Linear, b: Linear },
    /// What printing into `room` bytes would have written is kept as a length.
    Printed { length: Linear, room: Linear },
    /// A size that memory is asked for.
    Allocation { size: Linear },
    /// What a call of a function has to see to.
    Need { goal: Linear, end: Option<Linear>, defect: DefectId, depth: u32 },
}

#[derive(Clone, Debug)]
pub struct Site {
    pub kind: SiteKind,
    pub span: Span,
    /// What holds there.
    pub at: FactId,
    pub code: Code,
}

/// What stands there in the function's own body.
#[derive(Clone, Debug)]
pub enum Code {
    Own(ExprId),
    /// A call in a macro or function looked into: its arguments, where they are arguments of that.
    Inlined(Box<[Option<ExprId>]>),
    Elsewhere,
}
