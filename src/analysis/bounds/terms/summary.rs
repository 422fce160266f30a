//! What callers have to know of a function: what it needs of its arguments, what it changes, what it returns.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::sites::Use;
use super::symbols::Wire;
use super::types::Kind;
use crate::program::Definition;
use crate::source::{FileId, Span};

/// A defect, by the function that it stands in and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefectId {
    pub function: u32,
    pub number: u32,
}

/// A linear expression over what a function is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub constant: i64,
    pub terms: Vec<(Term, i32)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Parameter(u32),
    /// What stands at a place when the function is entered.
    Load {
        base: Box<Template>,
        path: Vec<Box<str>>,
        bits: Option<(u8, bool)>,
    },
    Size(Box<str>),
}

/// `goal >= 0` is what the caller has to see to.
#[derive(Clone, Debug)]
pub struct Need {
    pub goal: Template,
    /// The address behind the bytes that it is about.
    pub end: Option<Template>,
    pub defect: DefectId,
    /// Calls that lie between here and the defect.
    pub depth: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub needs: Vec<Need>,
    /// Bit `i`: what parameter `i` leads to may be changed.
    pub writes: u32,
    /// By parameter: how many bytes of what it leads to are read in any case.
    pub reads: Vec<(u32, i64)>,
    /// By parameter: how many bytes of what it leads to the function takes for its own, and what it does to them.
    pub given: Vec<(u32, Template, Use)>,
    /// Parameters that are lengths by their names, and of fewer than 32 bits.
    pub narrow: Vec<(u32, Kind)>,
    pub returns: Option<Returned>,
}

/// What is known of functions already analysed.
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
    /// Parameters of which it is never more, but where it is zero or less.
    pub at_most: Vec<u32>,
    pub lo: Option<i64>,
    pub hi: Option<i64>,
    pub wire: Wire,
}

/// A call that has to see to something, and where it stands.
#[derive(Clone, Debug)]
pub struct CallSite {
    pub file: FileId,
    pub span: Span,
    pub function: String,
}

impl Template {
    /// Something is said of a parameter.
    pub fn has_terms(&self) -> bool {
        !self.terms.is_empty()
    }
}
