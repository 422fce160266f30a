//! The cascade family: what makes of one bad message, or of one failure, an outage.

mod again;
mod asserted;
mod control;
pub mod fd_set_overflow;
pub mod message_driven_resend;
pub mod no_progress_loop;
pub mod reachable_assert;
pub mod retry_without_backoff;
mod rounds;
pub mod spin_on_eof;
mod still;
mod stuck;
pub mod unbounded_recursion;
