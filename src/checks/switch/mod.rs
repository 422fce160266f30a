//! Rules on `switch`.

pub mod break_among_returns;
pub mod break_leaves_switch_not_loop;
pub mod conditional_break_falls;
pub mod continue_skips_release;
mod destroyed;
mod early;
pub mod error_goes_on;
mod evidence;
pub mod exits;
mod facts;
mod falls;
mod fixes;
mod hints;
pub mod implicit_fallthrough;
mod known;
pub mod lost_at_switch_exit;
pub mod misplaced_fallthrough_mark;
mod names;
pub mod outline;
pub mod premature_break;
mod ranking;
pub mod unset_after_switch;
mod weights;
