//! Control flow and the analyses built on it. Knows neither rules nor output.

pub mod access;
pub mod bounds;
pub mod cfg;
mod constant;
pub mod dominators;
pub mod flow;
mod forward;
pub mod heeded;
pub mod limits;
pub mod messages;
pub mod nesting;
pub mod noreturn;
pub mod nullness;
pub mod outcome;
pub mod outputs;
pub mod received;
pub mod recursion;
pub mod returns;
pub mod sections;
pub mod siblings;
pub mod texts;

pub use constant::constant;
