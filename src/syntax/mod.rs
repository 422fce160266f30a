//! tree-sitter: one function at a time is sliced, prepared, parsed within a budget and lowered; the tree is then
//! dropped.

pub mod function;
pub mod kinds;
pub mod lower;
mod markers;
mod params;
pub mod parse;
pub mod prepare;
mod rewrite;
pub mod slice;
