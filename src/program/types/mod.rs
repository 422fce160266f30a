//! The types of the repository: what its declarations say, in the sizes of LP64.
//!
//! A type is asked for by a text (`const char *p`) or a name, and as seen from a file: of several definitions of one
//! name the file's own count, else those it includes, else a standard one, else all there are. Where those that count
//! differ, the answer is the weaker claim for a finding: of two lengths of an array the greater, of two types or sizes
//! none.
//!
//! The declarations are read when a rule first asks, without a syntax tree. What they name is looked up with each
//! question, for that depends on who asks; only the layouts of structures are kept. Nothing is interned: a type is a
//! small tree that shares its parts, so questions need no lock.

mod expression;
mod index;
mod layout;
mod parse;
mod query;
mod read;
mod standard;
mod value;
mod written;

use std::sync::Arc;

pub(super) use index::Index;
use query::{Context, Query};
pub(super) use read::read;
use written::{DeclKind, Derived};

use super::Program;
use crate::source::FileId;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Type {
    #[default]
    Unknown,
    Void,
    Bool,
    /// Enumerations, too.
    Int {
        bits: u8,
        signed: bool,
    },
    Float {
        bits: u8,
    },
    Pointer(Arc<Type>),
    /// With the number of its elements: none where that is not known, or where the array is the open end of a
    /// structure (`[]`, `[0]`, `[1]`).
    Array(Arc<Type>, Option<u64>),
    /// A structure or a union.
    Struct(StructId),
    /// With what it returns.
    Function(Arc<Type>),
}

/// A structure as a file sees it: it may have several definitions.
#[derive(Clone, Copy, Debug)]
pub struct StructId {
    /// The first of its definitions.
    first: u32,
    view: FileId,
}

impl PartialEq for StructId {
    fn eq(&self, other: &StructId) -> bool {
        self.first == other.first
    }
}

impl Eq for StructId {}

impl std::hash::Hash for StructId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.first.hash(state);
    }
}

/// A member of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub ty: Type,
    /// In bytes; of a bit-field, the byte with its first bit.
    pub offset: Option<u64>,
    /// The width of a bit-field.
    pub bits: Option<u8>,
}

/// Where a text stands: what its names mean.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub file: FileId,
    /// The types of local variables, for `sizeof`.
    pub locals: &'a dyn Fn(&str) -> Option<Type>,
}

impl<'a> Scope<'a> {
    /// Outside of functions.
    pub fn of(file: FileId) -> Scope<'a> {
        Scope { file, locals: &|_| None }
    }
}

/// What there is to ask.
#[derive(Clone, Copy)]
pub struct Types<'p> {
    program: &'p Program,
    index: &'p Index,
}

impl<'p> Types<'p> {
    pub(super) fn new(program: &'p Program, index: &'p Index) -> Types<'p> {
        Types { program, index }
    }

    /// The type that a declaration gives its name, or that a type's name stands for: `const char *p`,
    /// `uint8_t mac[6]`, `int (*)(int)`, `struct s`. An array stays one even where it is a parameter's.
    pub fn of_declaration(self, text: &str, scope: Scope) -> Type {
        let query = Query::new(self, scope.locals);
        query.declared(text, Context::of(scope.file))
    }

    /// The member `name` of a structure, those of anonymous members counted.
    pub fn field(self, of: StructId, name: &str) -> Option<Field> {
        Query::new(self, &|_| None).field(of, name)
    }

    /// How long the array `name` of a structure is, as it is written, where all definitions say the same.
    pub fn written_length(self, of: StructId, name: &str) -> Option<&'p str> {
        Query::new(self, &|_| None).written_length(of, name)
    }

    /// What a structure is called: its tag, or else what a `typedef` calls it.
    pub fn name_of(self, of: StructId) -> Option<&'p str> {
        let body = self.index.body(of.first);
        body.tag.as_deref().or(body.alias.as_deref())
    }

    /// Some pointer is part of it, in a structure or array within it as well: no peer can send one.
    pub fn holds_pointer(self, of: StructId) -> bool {
        Query::new(self, &|_| None).holds_pointer(of)
    }

    /// Every definition of it is a union.
    pub fn is_union(self, of: StructId) -> bool {
        let all = self.definitions(of);
        !all.is_empty() && all.into_iter().all(|body| self.index.body(body).is_union)
    }

    /// In bytes.
    pub fn size_of(self, ty: &Type) -> Option<u64> {
        Query::new(self, &|_| None).measure(ty).map(|(size, _)| size)
    }

    /// The value of an integer constant expression, where there is only one.
    pub fn constant(self, text: &str, scope: Scope) -> Option<i64> {
        let query = Query::new(self, scope.locals);
        query.value(text, Context::of(scope.file))?.single()?.try_into().ok()
    }

    /// The type of a variable at file scope.
    pub fn global(self, name: &str, file: FileId) -> Option<Type> {
        Query::new(self, &|_| None).global(name, Context::of(file))
    }

    /// What a function returns.
    pub fn returns(self, function: &str, file: FileId) -> Option<Type> {
        Query::new(self, &|_| None).returns(function, Context::of(file))
    }

    /// The types of a function's parameters.
    pub fn parameters(self, function: &str, file: FileId) -> Option<Vec<Type>> {
        let all = self.index.declared(self.program, function, DeclKind::Function, file);
        let query = Query::new(self, &|_| None);
        let mut merged: Option<Vec<Type>> = None;
        for i in all {
            let decl = self.index.decl(i);
            let Some(Derived::Function(list)) = decl.ty.derived.first() else { continue };
            let Some(types) = query.parameters(list, self.context(decl.file, decl.at, file, 0)) else { continue };
            merged = Some(match merged {
                None => types,
                Some(others) if others.len() == types.len() => {
                    others.into_iter().zip(types).map(|(a, b)| self.merged(a, b, file)).collect()
                }
                Some(_) => return None,
            });
        }
        merged
    }

    /// Where what stands in another file is seen from `view`: with its eyes if it includes that file, for a structure
    /// may be defined behind the `#include`.
    fn context(self, file: FileId, at: u32, view: FileId, depth: usize) -> Context {
        let view = if self.index.sees(self.program, view, file) { view } else { file };
        Context { view, file, at, depth }
    }

    /// The definitions that a structure may have where it is seen.
    fn definitions(self, of: StructId) -> Vec<u32> {
        let first = self.index.body(of.first);
        let all = match (&first.tag, &first.alias) {
            (Some(tag), _) => self.index.tagged(self.program, tag, of.view),
            (None, Some(alias)) => self.index.aliased(self.program, alias, of.view),
            (None, None) => self.index.twins(of.first),
        };
        if all.contains(&of.first) { all } else { vec![of.first] }
    }

    /// What can be said of what is one type or the other.
    fn merged(self, a: Type, b: Type, view: FileId) -> Type {
        match (a, b) {
            (a, b) if a == b => a,
            (Type::Array(a, n), Type::Array(b, m)) => {
                Type::Array(self.merged_parts(a, b, view), n.zip(m).map(|(n, m)| n.max(m)))
            }
            (Type::Pointer(a), Type::Pointer(b)) => Type::Pointer(self.merged_parts(a, b, view)),
            (Type::Function(a), Type::Function(b)) => Type::Function(self.merged_parts(a, b, view)),
            (Type::Struct(a), Type::Struct(b)) => {
                let (one, other) = (self.index.body(a.first), self.index.body(b.first));
                let same = match (&one.tag, &other.tag, &one.alias) {
                    (None, None, Some(_)) => one.alias == other.alias,
                    (None, None, None) => one.in_file && one.is_twin(other),
                    (one, other, _) => one == other,
                };
                if same { Type::Struct(StructId { view, ..a }) } else { Type::Unknown }
            }
            _ => Type::Unknown,
        }
    }

    fn merged_parts(self, a: Arc<Type>, b: Arc<Type>, view: FileId) -> Arc<Type> {
        if a == b { a } else { Arc::new(self.merged((*a).clone(), (*b).clone(), view)) }
    }
}

#[cfg(test)]
mod tests;
