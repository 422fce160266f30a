//! Declarations of system headers, which are not part of the repository.

use rustc_hash::FxHashMap;

use super::Type;
use super::parse::{Parser, Place};
use super::read::expanded;
use super::written::Declarations;
use crate::preprocess::conditionals::Conditionals;
use crate::preprocess::macros::{FileMacros, MacroTable};
use crate::preprocess::scan::Scan;
use crate::preprocess::token::Tokens;
use crate::source::FileId;

/// Types whose names no repository redefines with another meaning.
const FIXED: &str = include_str!("standard/fixed.h");
/// Structures, functions and constants of C and POSIX, and common integer names: the repository's own take precedence.
const USUAL: &str = include_str!("standard/usual.h");

#[derive(Debug)]
pub struct Standard {
    usual: FileId,
    fixed: FileId,
    constants: FxHashMap<Box<str>, Box<str>>,
}

impl Standard {
    /// The headers are numbered after the `files` of the repository.
    pub fn new(files: usize) -> (Standard, [Declarations; 2]) {
        let [usual, fixed] = [FileId(files as u32), FileId(files as u32 + 1)];
        let (own, defines) = header(USUAL, usual);
        let constants = defines.defines.into_iter().map(|def| (def.name, def.text)).collect();
        (Standard { usual, fixed, constants }, [own, header(FIXED, fixed).0])
    }

    pub fn is_one(&self, file: FileId) -> bool {
        file >= self.usual
    }

    pub fn is_fixed(&self, file: FileId) -> bool {
        file == self.fixed
    }

    /// The text of a constant.
    pub fn constant(&self, name: &str) -> Option<&str> {
        self.constants.get(name).map(|text| &**text)
    }
}

fn header(text: &str, file: FileId) -> (Declarations, FileMacros) {
    let scan = Scan::new(text);
    let defines = FileMacros::new(file, text, &scan, &Conditionals::default());
    let mut found = Declarations::default();
    let macros = MacroTable::default();
    let (tokens, _) = expanded(Tokens::new(&scan.code, 0..scan.code.len()).collect(), file, None, &macros);
    let place = Place { file, at: None, pack: &|_| 0, has_include: &|_| false, in_function: false };
    Parser::new(&tokens, place, &mut found).declarations();
    (found, defines)
}

/// The type of an integer name without a visible declaration: `pj_uint16_t`, `switch_byte_t`. Headers may be missing,
/// and no project uses such a name for another width.
pub fn by_name(name: &str) -> Option<Type> {
    let lower = name.to_ascii_lowercase();
    let stem = lower.strip_suffix("_t").unwrap_or(&lower).trim_end_matches('_');
    let word = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends = |words: &[&str]| {
        words.iter().any(|w| word.strip_suffix(w).is_some_and(|before| !before.ends_with(char::is_alphanumeric)))
    };
    let joined = |words: &[&str]| words.iter().any(|w| word.ends_with(w));
    let bits = match stem[word.len()..].parse() {
        Ok(bits @ (8 | 16 | 32 | 64)) => Some(bits),
        _ => None,
    };
    if let Some(bits) = bits {
        let unsigned = joined(&["uint", "u_int", "nat"]) || ends(&["u", "be", "le"]);
        let signed = joined(&["int"]) || ends(&["s", "i", "sint"]);
        return (unsigned || signed).then_some(Type::Int { bits, signed: !unsigned });
    }
    let (bits, signed) = match () {
        () if joined(&["byte", "octet", "uchar"]) => (8, false),
        () if joined(&["ushort"]) => (16, false),
        () if joined(&["ssize"]) => (64, true),
        () if ends(&["uint"]) => (32, false),
        () if ends(&["size", "usize"]) => (64, false),
        () if ends(&["status", "bool", "err", "error"]) => (32, true),
        () => return None,
    };
    Some(Type::Int { bits, signed })
}
