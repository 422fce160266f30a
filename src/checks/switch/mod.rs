//! Rules on `switch`.

mod evidence;
mod facts;
mod falls;
mod fixes;
pub mod implicit_fallthrough;
pub mod misplaced_fallthrough_mark;
mod outline;
mod ranking;
mod weights;
