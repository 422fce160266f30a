//! What the engine asks about types, and C's rules of arithmetic on them.

/// A type, by its number in whatever keeps it.
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
    /// Elements, and how many where that is known.
    Array(Ty, Option<u64>),
    /// A structure or a union.
    Struct(Ty),
    Function,
}

#[derive(Clone, Copy, Debug)]
pub struct FieldType {
    pub ty: Ty,
    /// In bytes.
    pub offset: Option<u64>,
    /// The width of a bit field.
    pub bits: Option<u8>,
}

/// Where types come from.
pub trait Types {
    /// The type that a declaration, or a type's name, gives as text.
    fn declared(&self, text: &str) -> Ty;
    fn kind(&self, ty: Ty) -> Kind;
    /// In bytes.
    fn size(&self, ty: Ty) -> Option<u64>;
    fn field(&self, ty: Ty, name: &str) -> Option<FieldType>;
    fn global(&self, name: &str) -> Option<Ty>;
    fn returns(&self, function: &str) -> Option<Ty>;
    /// The value of a constant by name.
    fn constant(&self, name: &str) -> Option<i64>;

    /// A type of that kind.
    fn of_kind(&self, kind: Kind) -> Ty {
        self.declared(match kind {
            Kind::Int { bits: 8, signed: false } => "uint8_t",
            Kind::Int { bits: 8, .. } => "int8_t",
            Kind::Int { bits: 16, signed: false } => "uint16_t",
            Kind::Int { bits: 16, .. } => "int16_t",
            Kind::Int { bits: 32, signed: false } => "uint32_t",
            Kind::Int { bits: 32, .. } => "int32_t",
            Kind::Int { signed: false, .. } => "uint64_t",
            Kind::Int { .. } => "int64_t",
            Kind::Float => "double",
            Kind::Pointer(ty) | Kind::Array(ty, _) | Kind::Struct(ty) => match self.kind(ty) {
                Kind::Int { bits: 8, .. } => "char *",
                _ => "void *",
            },
            Kind::Unknown | Kind::Void | Kind::Function => "void",
        })
    }
}

impl Kind {
    pub const INT: Kind = Kind::Int { bits: 32, signed: true };
    pub const SIZE: Kind = Kind::Int { bits: 64, signed: false };
    pub const PTRDIFF: Kind = Kind::Int { bits: 64, signed: true };

    /// The least and the greatest value; those of 64 bits have no greatest that matters.
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

    /// The usual arithmetic conversions (C17 6.3.1.8). Of an unknown type and a known one, unknown.
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
