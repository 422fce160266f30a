//! Declarations as they are written, their names not looked up yet.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::Type;
use super::layout::Layout;
use crate::source::FileId;

/// Structures at one place that are compared: as many as there are readings, but a macro may make more.
const MAX_TWINS: usize = 16;

/// A type as a declaration writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub base: Base,
    /// What the declarator makes of the base, the part nearest to the name first: `int *a[2]` is an array of pointers.
    pub derived: Vec<Derived>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    Known(Type),
    /// A `typedef` name.
    Named(Box<str>),
    /// `struct tag`, `union tag`.
    Tag(Box<str>),
    /// A structure or union that is defined right there, by its place in the list of bodies.
    Body(u32),
    /// One without a tag that is defined inside a function, by its text.
    Text(Box<str>),
    /// `enum tag`, or the name that a `typedef` gives; empty for one without either.
    Enum(Box<str>),
}

impl Default for Base {
    fn default() -> Base {
        Base::Known(Type::Unknown)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Derived {
    Pointer,
    /// With the text of its length; none for `[]`.
    Array(Option<Box<str>>),
    /// With the text of its parameters.
    Function(Box<str>),
}

/// What a file declares under an ordinary name: C has one name space for these.
#[derive(Debug)]
pub struct Decl {
    pub file: FileId,
    /// Macros are looked up as of here.
    pub at: u32,
    pub name: Box<str>,
    pub kind: DeclKind,
    pub is_static: bool,
    pub ty: Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclKind {
    Typedef,
    Object,
    Function,
}

/// The definition of a structure or a union.
#[derive(Debug)]
pub struct Struct {
    pub file: FileId,
    /// Where its closing brace stands: macros are looked up as of here.
    pub at: u32,
    /// It stands in the file as it is, and is not made by a macro.
    pub in_file: bool,
    pub tag: Option<Box<str>>,
    /// The first `typedef` name given to one without a tag.
    pub alias: Option<Box<str>>,
    /// Its tokens, for one inside a function.
    pub text: Option<Box<str>>,
    pub is_union: bool,
    pub attributes: Attributes,
    /// The limit that a `#pragma pack` sets; 0 for none.
    pub pack: u8,
    pub members: Vec<Member>,
    /// Not everything in it was understood: there may be more members.
    pub incomplete: bool,
    pub layout: OnceLock<Layout>,
}

impl Struct {
    /// Both are read from the same place and say the same, each under its reading.
    pub fn is_same(&self, other: &Struct) -> bool {
        self.is_twin(other)
            && self.is_union == other.is_union
            && self.incomplete == other.incomplete
            && self.pack == other.pack
            && self.attributes == other.attributes
            && self.members == other.members
    }

    /// Both are read from the same place.
    pub fn is_twin(&self, other: &Struct) -> bool {
        (self.in_file, self.file, self.at) == (other.in_file, other.file, other.at) && self.tag == other.tag
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    /// None for an anonymous structure or union, and for padding bits.
    pub name: Option<Box<str>>,
    pub ty: Written,
    /// The text of a bit-field's width.
    pub bits: Option<Box<str>>,
    pub attributes: Attributes,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    pub packed: bool,
    /// The text of the alignment asked for.
    pub aligned: Option<Box<str>>,
    /// It changes the type in a way not followed: `vector_size`, `mode`.
    pub odd: bool,
}

/// What one file declares.
#[derive(Debug, Default)]
pub struct Declarations {
    pub decls: Vec<Decl>,
    /// [`Base::Body`] counts in this list.
    pub structs: Vec<Struct>,
    /// Those read from one place, under several readings.
    by_place: FxHashMap<u32, Vec<u32>>,
}

impl Declarations {
    /// Adds a structure, unless another reading had the same; gives its number.
    pub fn add(&mut self, new: Struct) -> u32 {
        let next = self.structs.len() as u32;
        let there = self.by_place.entry(new.at).or_default();
        if let Some(&same) = there.iter().take(MAX_TWINS).find(|&&i| self.structs[i as usize].is_same(&new)) {
            return same;
        }
        there.push(next);
        self.structs.push(new);
        next
    }
}
