//! A `switch` as a circuit board: the data needed to draw one.

use serde::Serialize;

/// A `switch` with its sections in source order, and the control flow that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circuit {
    /// The operand of the switch, as written.
    pub operand: String,
    /// The line of the `switch` keyword.
    pub line: u32,
    pub sections: Vec<Line>,
    /// The number of sections before and after these that are left out of a large switch.
    pub left_out: (usize, usize),
    pub leak: Leak,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its labels, as written: `case 1: case 2:`.
    pub label: String,
    pub line: u32,
    pub ending: Ending,
}

/// How control leaves a section at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It leaves the switch, by `break` or past the last statement.
    Break,
    Return,
    Goto,
    Continue,
    /// It falls into the next section.
    Falls,
    /// It calls a function that never returns, or loops forever.
    Never,
}

/// The control flow that should not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// The section it comes from, as an index into `sections`; `None` if no label matches.
    pub from: Option<usize>,
    /// The section it goes to; `None` if it leaves the switch.
    pub to: Option<usize>,
    /// It begins before the section is done.
    pub early: bool,
    /// The line where it begins.
    pub line: u32,
}
