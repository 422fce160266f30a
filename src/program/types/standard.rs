//! What system headers declare: they are no part of the repository.

use rustc_hash::FxHashMap;

use super::parse::{Parser, Place};
use super::read::expanded;
use super::written::Declarations;
use crate::preprocess::conditionals::Conditionals;
use crate::preprocess::macros::{FileMacros, MacroTable};
use crate::preprocess::scan::Scan;
use crate::preprocess::token::Tokens;
use crate::source::FileId;

/// Types whose names no repository gives another meaning.
const FIXED: &str = include_str!("standard/fixed.h");
/// Structures, functions and constants of C and POSIX, and customary names of integers: the repository's own go first.
const USUAL: &str = include_str!("standard/usual.h");

#[derive(Debug)]
pub struct Standard {
    usual: FileId,
    fixed: FileId,
    constants: FxHashMap<Box<str>, Box<str>>,
}

impl Standard {
    /// The headers stand behind the `files` of the repository.
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
