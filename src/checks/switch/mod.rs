//! Rules on `switch`.

mod evidence;
mod facts;
mod falls;
mod fixes;
pub mod implicit_fallthrough;
pub mod misplaced_fallthrough_mark;
pub mod misra_16_1;
pub mod misra_16_2;
pub mod misra_16_3;
pub mod misra_16_4;
pub mod misra_16_5;
pub mod misra_16_6;
pub mod misra_16_7;
mod outline;
mod ranking;
mod shape;
mod weights;
