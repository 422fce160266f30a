//! A `switch` as a board of circuits: what a drawing of one needs to know.

use serde::Serialize;

/// A `switch` with its sections in order of writing, and the way of control that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circuit {
    /// What the switch decides on, as written.
    pub operand: String,
    /// Where the word `switch` stands.
    pub line: u32,
    pub sections: Vec<Line>,
    /// Sections before and behind these that are left out of a large switch.
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
    /// It runs into the next section.
    Falls,
    /// It calls what never returns, or loops forever.
    Never,
}

/// The way of control that should not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// The section it comes from, as an index into `sections`; none where no label fits.
    pub from: Option<usize>,
    /// The section it goes to; none where it leaves the switch.
    pub to: Option<usize>,
    /// It begins before the section is done.
    pub early: bool,
    /// Where it begins.
    pub line: u32,
}
