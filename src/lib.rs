//! Crosstalk reads C that it cannot build and reports defects in switches, message parsing and failure handling.
//!
//! Data flows one way: `source → preprocess → syntax → hir → program → analysis → checks → report → cli`.
//! A lower layer never imports a higher one; `tests/architecture.rs` enforces this.

pub mod analysis;
pub mod checks;
pub mod cli;
pub mod hir;
pub mod preprocess;
pub mod program;
pub mod report;
pub mod source;
pub mod syntax;
