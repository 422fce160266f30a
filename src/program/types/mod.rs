//! The types declared in the repository, with LP64 sizes.
//!
//! A type is queried by a text (`const char *p`) or a name, as seen from a file: of several definitions of a name, the
//! file's own are used, otherwise those it includes, otherwise a standard one, otherwise all. If those differ, the
//! answer is the weaker claim for a finding: the greater of two array lengths, and none if types or sizes differ.
//!
//! The declarations are read when a rule first needs them, without a syntax tree. The names in them are looked up for
//! each query, because the result depends on the file; only the layouts of structures are cached. Nothing is interned:
//! a type is a small tree with shared parts, so queries need no lock.

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
    /// Includes enumerations.
    Int {
        bits: u8,
        signed: bool,
    },
    Float {
        bits: u8,
    },
    Pointer(Arc<Type>),
    /// With the number of elements: `None` if it is unknown, or if the array is the flexible end of a structure (`[]`,
    /// `[0]`, `[1]`).
    Array(Arc<Type>, Option<u64>),
    /// A structure or a union.
    Struct(StructId),
    /// With its return type.
    Function(Arc<Type>),
}

/// A structure as seen from a file: it may have several definitions.
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
    /// In bytes; for a bit-field, the byte that contains its first bit.
    pub offset: Option<u64>,
    /// The width of a bit-field.
    pub bits: Option<u8>,
}

/// The location of a text, which determines what its names mean.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub file: FileId,
    /// The types of local variables, for `sizeof`.
    pub locals: &'a dyn Fn(&str) -> Option<Type>,
}

impl<'a> Scope<'a> {
    /// Outside functions.
    pub fn of(file: FileId) -> Scope<'a> {
        Scope { file, locals: &|_| None }
    }
}

/// The query interface.
#[derive(Clone, Copy)]
pub struct Types<'p> {
    program: &'p Program,
    index: &'p Index,
}

impl<'p> Types<'p> {
    pub(super) fn new(program: &'p Program, index: &'p Index) -> Types<'p> {
        Types { program, index }
    }

    /// The type that a declaration gives its name, or the type of a type name: `const char *p`, `uint8_t mac[6]`,
    /// `int (*)(int)`, `struct s`. An array type is kept even for a parameter.
    pub fn of_declaration(self, text: &str, scope: Scope) -> Type {
        let query = Query::new(self, scope.locals);
        query.declared(text, Context::of(scope.file))
    }

    /// The member `name` of a structure, including those of anonymous members.
    pub fn field(self, of: StructId, name: &str) -> Option<Field> {
        Query::new(self, &|_| None).field(of, name)
    }

    /// The length of the array `name` of a structure, as written, if all definitions agree.
    pub fn written_length(self, of: StructId, name: &str) -> Option<&'p str> {
        Query::new(self, &|_| None).written_length(of, name)
    }

    /// The name of a structure: its tag, or else its `typedef` name.
    pub fn name_of(self, of: StructId) -> Option<&'p str> {
        let body = self.index.body(of.first);
        body.tag.as_deref().or(body.alias.as_deref())
    }

    /// Whether it contains a pointer, also in a nested structure or array: no peer can send one.
    pub fn holds_pointer(self, of: StructId) -> bool {
        Query::new(self, &|_| None).holds_pointer(of)
    }

    /// Whether every definition of it is a union.
    pub fn is_union(self, of: StructId) -> bool {
        let all = self.definitions(of);
        !all.is_empty() && all.into_iter().all(|body| self.index.body(body).is_union)
    }

    /// In bytes.
    pub fn size_of(self, ty: &Type) -> Option<u64> {
        Query::new(self, &|_| None).measure(ty).map(|(size, _)| size)
    }

    /// The value of an integer constant expression, if it is unique.
    pub fn constant(self, text: &str, scope: Scope) -> Option<i64> {
        let query = Query::new(self, scope.locals);
        query.value(text, Context::of(scope.file))?.single()?.try_into().ok()
    }

    /// The type of a variable at file scope.
    pub fn global(self, name: &str, file: FileId) -> Option<Type> {
        Query::new(self, &|_| None).global(name, Context::of(file))
    }

    /// The return type of a function.
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

    /// The context for text of another file as seen from `view`: that of `view` if it includes the file, because a
    /// structure may be defined after the `#include`.
    fn context(self, file: FileId, at: u32, view: FileId, depth: usize) -> Context {
        let view = if self.index.sees(self.program, view, file) { view } else { file };
        Context { view, file, at, depth }
    }

    /// The possible definitions of a structure where it is seen.
    fn definitions(self, of: StructId) -> Vec<u32> {
        let first = self.index.body(of.first);
        let all = match (&first.tag, &first.alias) {
            (Some(tag), _) => self.index.tagged(self.program, tag, of.view),
            (None, Some(alias)) => self.index.aliased(self.program, alias, of.view),
            (None, None) => self.index.twins(of.first),
        };
        if all.contains(&of.first) { all } else { vec![of.first] }
    }

    /// The common claim for something that has one type or the other.
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
