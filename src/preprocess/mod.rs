//! The preprocessor's view: directives, conditional arms, macros. Works on tokens; knows no syntax tree.
//!
//! Masking never moves a byte: comments, directives and arms not chosen become blanks. Macros that a parser must
//! see through (jumps, labels, loop heads, qualifiers) are expanded per function, with a map back to the source.

pub mod allow;
pub mod comments;
mod condition;
pub mod conditionals;
pub mod expand;
pub mod macros;
pub mod scan;
pub mod token;
