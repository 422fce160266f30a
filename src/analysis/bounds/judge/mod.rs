//! From sites to defects: what is not proved, and the evidence that it is a defect.

mod accesses;
mod believed;
mod beside;
mod boundless;
mod copies;
pub mod counted;
pub mod defects;
mod differences;
mod digits;
mod elements;
mod evidence;
mod exported;
mod foreign;
pub mod granted;
mod late;
mod numbers;
mod show;
pub mod siblings;
mod taken;
pub mod trace;
mod units;
mod verdict;

pub use verdict::Verdict;
