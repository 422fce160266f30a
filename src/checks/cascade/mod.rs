//! The cascade family: what makes of one bad message, or of one failure, an outage.

pub mod no_progress_loop;
pub mod reachable_assert;
pub mod unbounded_recursion;
