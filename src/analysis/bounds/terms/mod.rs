//! The vocabulary of the walk and the judgement: expressions, symbols, facts, states, sites and summaries.

pub mod facts;
pub mod formats;
pub mod linear;
pub mod literals;
pub mod names;
pub mod sites;
pub mod state;
pub mod summary;
pub mod symbols;
pub mod types;
