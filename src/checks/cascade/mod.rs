//! The cascade family: what turns one bad message, or one failure, into an outage.

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
pub mod unhandled_message_type;
