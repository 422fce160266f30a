//! Comments that accept findings: which finding is accepted by which, and the rules about such comments themselves.

mod accept;
pub mod invalid_allow;
pub mod unused_allow;

pub use accept::{Accepting, accept};
