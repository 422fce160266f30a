//! tree-sitter: one function at a time, sliced, prepared, parsed within a budget, lowered, and the tree dropped.

pub mod function;
pub mod kinds;
pub mod lower;
mod markers;
mod params;
pub mod parse;
pub mod prepare;
mod rewrite;
pub mod slice;
