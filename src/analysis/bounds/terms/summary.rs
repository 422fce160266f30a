//! What callers need to know of a function: its preconditions, what it modifies, what it returns.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::sites::Use;
use super::symbols::Wire;
use super::types::Kind;
use crate::program::Definition;
use crate::source::{FileId, Span};

/// A defect, identified by its function and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefectId {
    pub function: u32,
    pub number: u32,
}

/// A linear expression over a function's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub constant: i64,
    pub terms: Vec<(Term, i32)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Parameter(u32),
    /// The contents of a place on entry to the function.
    Load {
        base: Box<Template>,
        path: Vec<Box<str>>,
        bits: Option<(u8, bool)>,
    },
    Size(Box<str>),
}

/// A precondition `goal >= 0` that the caller has to satisfy.
#[derive(Clone, Debug)]
pub struct Need {
    pub goal: Template,
    /// The address past the bytes concerned.
    pub end: Option<Template>,
    pub defect: DefectId,
    /// The number of calls between here and the defect.
    pub depth: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub needs: Vec<Need>,
    /// Bit `i`: the memory that parameter `i` points to may be modified.
    pub writes: u32,
    /// By parameter: the number of bytes behind it that are always read.
    pub reads: Vec<(u32, i64)>,
    /// By parameter: the number of bytes that the function takes its buffer to have, and how it accesses them.
    pub given: Vec<(u32, Template, Use)>,
    /// Parameters named as lengths, of fewer than 32 bits.
    pub narrow: Vec<(u32, Kind)>,
    pub returns: Option<Returned>,
}

/// Summaries of the functions analysed so far.
#[derive(Clone, Copy)]
pub struct Summaries<'a> {
    pub numbers: &'a FxHashMap<Definition, u32>,
    pub all: &'a [OnceLock<Summary>],
}

impl<'a> Summaries<'a> {
    pub fn get(&self, definition: Definition) -> Option<&'a Summary> {
        self.all[*self.numbers.get(&definition)? as usize].get()
    }
}

#[derive(Clone, Debug)]
pub struct Returned {
    pub value: Option<Template>,
    /// Parameters that the result never exceeds, except where it is zero or less.
    pub at_most: Vec<u32>,
    pub lo: Option<i64>,
    pub hi: Option<i64>,
    pub wire: Wire,
}

/// A call that has to satisfy a precondition, and where it is.
#[derive(Clone, Debug)]
pub struct CallSite {
    pub file: FileId,
    pub span: Span,
    pub function: String,
}

impl Template {
    /// Whether it depends on any input.
    pub fn has_terms(&self) -> bool {
        !self.terms.is_empty()
    }
}
