//! The words of declarations.

use crate::program::types::Type;

pub fn is_storage(word: &str) -> bool {
    matches!(
        word,
        "typedef" | "static" | "extern" | "register" | "auto" | "_Thread_local" | "thread_local" | "__thread"
    )
}

/// Qualifiers, function specifiers, and words that say equally little about a type.
pub fn is_qualifier(word: &str) -> bool {
    matches!(
        word,
        "const"
            | "volatile"
            | "restrict"
            | "inline"
            | "__inline"
            | "__inline__"
            | "__forceinline"
            | "__const"
            | "__const__"
            | "__volatile"
            | "__volatile__"
            | "__restrict"
            | "__restrict__"
            | "__extension__"
            | "_Noreturn"
            | "noreturn"
            | "_Atomic"
            | "constexpr"
            | "__cdecl"
            | "__stdcall"
            | "__attribute__"
            | "__attribute"
            | "__declspec"
            | "_Alignas"
            | "alignas"
    )
}

/// Keywords that occur only in types.
pub fn is_type_keyword(word: &str) -> bool {
    matches!(word, "struct" | "union" | "enum" | "typeof" | "__typeof__" | "__typeof")
        || BasicWords::default().take(word)
}

/// Whether the word is spelled like a macro.
pub fn is_shouting(word: &str) -> bool {
    !word.bytes().any(|b| b.is_ascii_lowercase()) || word.starts_with("__")
}

/// `PACKED`, `__packed`: an undefined macro with a self-explanatory name.
pub fn is_packed_word(word: &str) -> bool {
    let upper = word.trim_matches('_').to_ascii_uppercase();
    is_shouting(word) && (upper == "PACKED" || upper.ends_with("_PACKED") || upper.starts_with("PACKED_"))
}

/// The words that together name an arithmetic type or `void`.
#[derive(Default)]
pub struct BasicWords {
    unsigned: bool,
    signed: bool,
    long: u8,
    main: Option<Main>,
}

#[derive(Clone, Copy)]
enum Main {
    Void,
    Bool,
    Char,
    Short,
    Int,
    Int128,
    Float,
    Double,
    Other,
}

impl BasicWords {
    /// Takes `word` if it is one of them.
    pub fn take(&mut self, word: &str) -> bool {
        let main = match word {
            "unsigned" | "__unsigned" => {
                self.unsigned = true;
                return true;
            }
            "signed" | "__signed__" | "__signed" => {
                self.signed = true;
                return true;
            }
            "long" => {
                self.long += 1;
                return true;
            }
            "_Complex" | "__complex__" | "_Imaginary" | "__builtin_va_list" | "__float128" | "_Float128" => Main::Other,
            "void" => Main::Void,
            "_Bool" => Main::Bool,
            "char" => Main::Char,
            "short" => Main::Short,
            "int" => Main::Int,
            "__int8" => Main::Char,
            "__int16" => Main::Short,
            "__int64" => {
                self.long += 1;
                return true;
            }
            "__int128" | "__int128_t" => Main::Int128,
            "float" => Main::Float,
            "double" => Main::Double,
            _ => return false,
        };
        // `short int` is `short`.
        if !matches!((main, self.main), (Main::Int, Some(_))) {
            self.main = Some(main);
        }
        true
    }

    pub fn any(&self) -> bool {
        self.main.is_some() || self.unsigned || self.signed || self.long > 0
    }

    pub fn known(&self) -> Option<Type> {
        let int = |bits| Type::Int { bits, signed: !self.unsigned };
        match self.main {
            _ if !self.any() => None,
            Some(Main::Void) => Some(Type::Void),
            Some(Main::Bool) => Some(Type::Bool),
            Some(Main::Char) => Some(int(8)),
            Some(Main::Short) => Some(int(16)),
            Some(Main::Float) => Some(Type::Float { bits: 32 }),
            Some(Main::Double) if self.long > 0 => Some(Type::Float { bits: 128 }),
            Some(Main::Double) => Some(Type::Float { bits: 64 }),
            Some(Main::Int128) => Some(int(128)),
            Some(Main::Other) => Some(Type::Unknown),
            Some(Main::Int) | None => Some(int(if self.long > 0 { 64 } else { 32 })),
        }
    }
}
