//! Rules on `switch`.

mod evidence;
mod facts;
mod falls;
mod fixes;
mod handled;
pub mod implicit_fallthrough;
pub mod misplaced_fallthrough_mark;
pub mod misra_16_1;
pub mod misra_16_2;
pub mod misra_16_3;
pub mod misra_16_4;
pub mod misra_16_5;
pub mod misra_16_6;
pub mod misra_16_7;
pub mod missing_default;
mod outline;
mod ranking;
mod shape;
pub mod unhandled_enumerator;
mod weights;
