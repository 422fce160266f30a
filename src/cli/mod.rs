//! Arguments and progress: what the user says, and sees while a run lasts.

pub mod args;
pub mod progress;
