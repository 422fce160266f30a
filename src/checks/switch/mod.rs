//! Rules on `switch`.

mod falls;
pub mod implicit_fallthrough;
pub mod misplaced_fallthrough_mark;
mod outline;
mod ranking;
