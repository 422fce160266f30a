//! The type queries of the engine, and C's arithmetic conversions.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::program::types::{Scope, Type, Types};
use crate::source::FileId;

/// A type, by its index in a [`TypeTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ty(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    #[default]
    Unknown,
    Void,
    Int {
        bits: u8,
        signed: bool,
    },
    Float,
    Pointer(Ty),
    /// The element type, and the number of elements if known.
    Array(Ty, Option<u64>),
    /// A structure or a union.
    Struct(Ty),
    Function,
}

#[derive(Clone, Copy, Debug)]
pub struct FieldType {
    pub kind: Kind,
    /// In bytes.
    pub offset: Option<u64>,
    /// The width of a bit field.
    pub bits: Option<u8>,
}

/// Fields looked up so far, by struct and name.
type Fields = FxHashMap<(Ty, Box<str>), Option<FieldType>>;

/// The types of one function, as its file sees them, by index.
pub struct TypeTable<'p> {
    types: Types<'p>,
    file: FileId,
    all: RefCell<Vec<Type>>,
    numbers: RefCell<FxHashMap<Type, Ty>>,
    declared: RefCell<FxHashMap<Box<str>, Kind>>,
    constants: RefCell<FxHashMap<Box<str>, Option<i64>>>,
    fields: RefCell<Fields>,
    pointers: RefCell<FxHashMap<Ty, bool>>,
}

impl<'p> TypeTable<'p> {
    pub fn new(types: Types<'p>, file: FileId) -> TypeTable<'p> {
        TypeTable {
            types,
            file,
            all: RefCell::default(),
            numbers: RefCell::default(),
            declared: RefCell::default(),
            constants: RefCell::default(),
            fields: RefCell::default(),
            pointers: RefCell::default(),
        }
    }

    fn number(&self, ty: &Type) -> Ty {
        if let Some(&known) = self.numbers.borrow().get(ty) {
            return known;
        }
        let mut all = self.all.borrow_mut();
        all.push(ty.clone());
        let new = Ty(all.len() as u32 - 1);
        self.numbers.borrow_mut().insert(ty.clone(), new);
        new
    }

    fn of(&self, ty: &Type) -> Kind {
        match ty {
            Type::Unknown => Kind::Unknown,
            Type::Void => Kind::Void,
            Type::Bool => Kind::Int { bits: 8, signed: false },
            Type::Int { bits, signed } => Kind::Int { bits: *bits, signed: *signed },
            Type::Float { .. } => Kind::Float,
            Type::Pointer(to) => Kind::Pointer(self.number(to)),
            Type::Array(of, n) => Kind::Array(self.number(of), *n),
            Type::Struct(_) => Kind::Struct(self.number(ty)),
            Type::Function(_) => Kind::Function,
        }
    }

    pub fn kind(&self, ty: Ty) -> Kind {
        let ty = self.all.borrow()[ty.0 as usize].clone();
        self.of(&ty)
    }

    /// The type that a declaration or a type name denotes.
    pub fn declared(&self, text: &str) -> Kind {
        if let Some(&known) = self.declared.borrow().get(text) {
            return known;
        }
        let kind = self.of(&self.types.of_declaration(text, Scope::of(self.file)));
        self.declared.borrow_mut().insert(text.into(), kind);
        kind
    }

    /// In bytes.
    pub fn size(&self, ty: Ty) -> Option<u64> {
        let ty = self.all.borrow()[ty.0 as usize].clone();
        self.types.size_of(&ty)
    }

    /// A structure with a pointer somewhere in it, which no peer can send.
    pub fn holds_pointer(&self, ty: Ty) -> bool {
        if let Some(&known) = self.pointers.borrow().get(&ty) {
            return known;
        }
        let of = self.all.borrow()[ty.0 as usize].clone();
        let holds = matches!(of, Type::Struct(id) if self.types.holds_pointer(id));
        self.pointers.borrow_mut().insert(ty, holds);
        holds
    }

    pub fn field(&self, ty: Ty, name: &str) -> Option<FieldType> {
        let key = (ty, Box::from(name));
        if let Some(&known) = self.fields.borrow().get(&key) {
            return known;
        }
        let ty = self.all.borrow()[ty.0 as usize].clone();
        let found = match ty {
            Type::Struct(id) => self.types.field(id, name),
            _ => None,
        };
        let found = found.map(|field| FieldType { kind: self.of(&field.ty), offset: field.offset, bits: field.bits });
        self.fields.borrow_mut().insert(key, found);
        found
    }

    pub fn is_union(&self, ty: Ty) -> bool {
        match self.all.borrow()[ty.0 as usize] {
            Type::Struct(id) => self.types.is_union(id),
            _ => false,
        }
    }

    /// The length of an array field as written in the source.
    pub fn written_length(&self, ty: Ty, name: &str) -> Option<&'p str> {
        match self.all.borrow()[ty.0 as usize] {
            Type::Struct(id) => self.types.written_length(id, name),
            _ => None,
        }
    }

    pub fn global(&self, name: &str) -> Option<Kind> {
        self.types.global(name, self.file).map(|ty| self.of(&ty))
    }

    pub fn returns(&self, function: &str) -> Option<Kind> {
        self.types.returns(function, self.file).map(|ty| self.of(&ty))
    }

    /// The value of a named constant.
    pub fn constant(&self, name: &str) -> Option<i64> {
        if let Some(&known) = self.constants.borrow().get(name) {
            return known;
        }
        let value = self.types.constant(name, Scope::of(self.file));
        self.constants.borrow_mut().insert(name.into(), value);
        value
    }

    /// An array of bytes, of unknown length.
    pub fn bytes(&self) -> Kind {
        Kind::Array(self.number(&Type::Int { bits: 8, signed: false }), None)
    }

    /// A pointer to a type of that kind.
    pub fn pointer_to(&self, kind: Kind) -> Kind {
        let ty = match kind {
            Kind::Struct(ty) => return Kind::Pointer(ty),
            Kind::Int { bits, signed } => Type::Int { bits, signed },
            Kind::Pointer(to) => Type::Pointer(Arc::new(self.all.borrow()[to.0 as usize].clone())),
            Kind::Array(of, n) => Type::Array(Arc::new(self.all.borrow()[of.0 as usize].clone()), n),
            Kind::Float => Type::Float { bits: 64 },
            Kind::Unknown | Kind::Void | Kind::Function => Type::Unknown,
        };
        Kind::Pointer(self.number(&ty))
    }
}

impl Kind {
    pub const INT: Kind = Kind::Int { bits: 32, signed: true };
    pub const SIZE: Kind = Kind::Int { bits: 64, signed: false };
    pub const PTRDIFF: Kind = Kind::Int { bits: 64, signed: true };

    /// The minimum and maximum; 64-bit types have no relevant maximum.
    pub fn range(self) -> (Option<i64>, Option<i64>) {
        match self {
            Kind::Int { bits, signed: false } if bits < 63 => (Some(0), Some((1i64 << bits) - 1)),
            Kind::Int { signed: false, .. } => (Some(0), None),
            Kind::Int { bits, signed: true } if bits < 63 => {
                (Some(-(1i64 << (bits - 1))), Some((1i64 << (bits - 1)) - 1))
            }
            _ => (None, None),
        }
    }

    pub fn is_unsigned(self) -> bool {
        matches!(self, Kind::Int { signed: false, .. } | Kind::Pointer(_))
    }

    pub fn is_pointer(self) -> bool {
        matches!(self, Kind::Pointer(_) | Kind::Array(..))
    }

    pub fn pointee(self) -> Option<Ty> {
        match self {
            Kind::Pointer(ty) | Kind::Array(ty, _) => Some(ty),
            _ => None,
        }
    }

    /// Integer promotion (C17 6.3.1.1).
    pub fn promoted(self) -> Kind {
        match self {
            Kind::Int { bits, .. } if bits < 32 => Kind::INT,
            other => other,
        }
    }

    /// The usual arithmetic conversions (C17 6.3.1.8). Unknown if either type is.
    pub fn usual(self, other: Kind) -> Kind {
        match (self.promoted(), other.promoted()) {
            (Kind::Int { bits: a, signed: s }, Kind::Int { bits: b, signed: t }) => match a.cmp(&b) {
                std::cmp::Ordering::Equal => Kind::Int { bits: a, signed: s && t },
                std::cmp::Ordering::Greater => Kind::Int { bits: a, signed: s },
                std::cmp::Ordering::Less => Kind::Int { bits: b, signed: t },
            },
            (Kind::Float, _) | (_, Kind::Float) => Kind::Float,
            _ => Kind::Unknown,
        }
    }
}
