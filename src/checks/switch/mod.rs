//! Rules on `switch`.

mod clones;
pub mod duplicate_section;
mod evidence;
mod facts;
mod falls;
mod fixes;
pub mod implicit_fallthrough;
mod layout;
pub mod misplaced_fallthrough_mark;
pub mod misspelled_label;
mod outline;
mod ranking;
pub mod suspicious_case;
pub mod swallowed_statement;
pub mod unreachable_in_switch;
mod weights;
