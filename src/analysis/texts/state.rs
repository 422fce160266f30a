//! What is known about positions in texts at one point of a function.

use crate::hir::{ExprId, Symbol};

/// Not known, or not to be reported.
const FREE: i8 = i8::MAX;
/// Whatever goes further past the end than this (bytes) does something else than step over it.
const LEAST: i32 = -16;
const MOST: i32 = 100;

/// How it is known where a text may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// On some path the NUL was seen there.
    Seen,
    /// The bytes before were tested, and no further one.
    Tested,
    /// Nothing was tested: the text may be empty.
    Untested,
}

/// The kinds, in the order of [`Marks`]: paths to a place are merged per kind.
pub const KINDS: [Kind; 3] = [Kind::Seen, Kind::Tested, Kind::Untested];

/// How many bytes from a position on are not the NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    ahead: i8,
    pub seen: Option<ExprId>,
    /// The step that made it negative.
    pub step: Option<ExprId>,
}

impl Mark {
    pub const FREE: Mark = Mark { ahead: FREE, seen: None, step: None };

    pub fn new(ahead: i32, seen: Option<ExprId>) -> Mark {
        match ahead {
            LEAST..=MOST => Mark { ahead: ahead as i8, seen, step: None },
            _ => Mark::FREE,
        }
    }

    pub fn ahead(&self) -> Option<i32> {
        (self.ahead != FREE).then_some(i32::from(self.ahead))
    }

    fn moved(self, by: i32, step: ExprId) -> Mark {
        let Some(ahead) = self.ahead() else { return self };
        let new = ahead - by;
        if !(LEAST..=MOST).contains(&new) {
            return Mark::FREE;
        }
        let step = if ahead >= 0 && new < 0 { Some(step) } else { self.step.filter(|_| new < 0) };
        Mark { ahead: new as i8, step, ..self }
    }

    /// The nearer of two ends.
    fn least(self, other: Mark) -> Mark {
        if other.ahead < self.ahead { other } else { self }
    }
}

pub type Marks = [Mark; 3];

pub const UNKNOWN: Marks = [Mark::FREE; 3];

pub fn moved(marks: Marks, by: i32, step: ExprId) -> Marks {
    marks.map(|mark| mark.moved(by, step))
}

/// A byte: the number of a position, and the offset from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub key: u16,
    pub offset: i32,
}

/// What is known about the byte at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Nothing,
    NonZero,
    Zero,
    /// It is accepted as one of a set, and so is the NUL.
    Passes,
    /// So many bytes from there on are those of a literal.
    Prefix(u16),
    /// The text from there on has this length.
    Whole(u16),
    /// It was tested in a way that is not understood.
    Lost,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub marks: Vec<Marks>,
    /// Variables that hold a byte of a text.
    pub bytes: Vec<(Symbol, Address)>,
}

impl State {
    pub fn of(&self, key: u16) -> Marks {
        self.marks.get(usize::from(key)).copied().unwrap_or(UNKNOWN)
    }

    pub fn set(&mut self, key: u16, marks: Marks) {
        if let Some(at) = self.marks.get_mut(usize::from(key)) {
            *at = marks;
        }
    }

    pub fn forget(&mut self, key: u16) {
        self.set(key, UNKNOWN);
    }

    pub fn byte(&self, name: Symbol) -> Option<Address> {
        self.bytes.iter().find(|(n, _)| *n == name).map(|(_, at)| *at)
    }

    pub fn set_byte(&mut self, name: Symbol, at: Option<Address>) {
        self.bytes.retain(|(n, _)| *n != name);
        if let Some(at) = at {
            self.bytes.push((name, at));
            self.bytes.sort_by_key(|(n, _)| *n);
        }
    }

    pub fn forget_bytes_of(&mut self, key: u16) {
        self.bytes.retain(|(_, at)| at.key != key);
    }

    /// Moves the position on.
    pub fn step(&mut self, key: u16, by: i32, step: ExprId) {
        self.set(key, moved(self.of(key), by, step));
        for (_, at) in self.bytes.iter_mut().filter(|(_, at)| at.key == key) {
            at.offset -= by;
        }
        self.bytes.retain(|(_, at)| at.offset.abs() <= -LEAST);
    }

    /// Merges in the state of another path to the same place; returns whether anything changed.
    pub fn join(&mut self, other: &State) -> bool {
        let mut new = false;
        for (mine, theirs) in self.marks.iter_mut().flatten().zip(other.marks.iter().flatten()) {
            let least = mine.least(*theirs);
            new |= least != *mine;
            *mine = least;
        }
        let before = self.bytes.len();
        self.bytes.retain(|held| other.bytes.contains(held));
        new || before != self.bytes.len()
    }

    pub fn learn(&mut self, at: Address, known: Known, asked: ExprId) {
        let nonzero = |state: &mut State, offset: i32| {
            let [seen, tested, untested] = state.of(at.key);
            let is_next = |mark: &Mark| mark.ahead() == Some(offset);
            let more = Mark::new(offset + 1, Some(asked));
            let tested = if is_next(&tested) { more } else { tested };
            let tested = if is_next(&untested) { tested.least(more) } else { tested };
            let untested = if is_next(&untested) { Mark::FREE } else { untested };
            let seen = if is_next(&seen) { Mark::FREE } else { seen };
            state.set(at.key, [seen, tested, untested]);
        };
        let zero = |state: &mut State, offset: i32| {
            let marks = state.of(at.key);
            let is_next = |mark: &Mark| mark.ahead() == Some(offset);
            let first = offset == 0 && marks == UNKNOWN;
            let here = first || marks.iter().any(is_next);
            let seen = match is_next(&marks[0]) {
                true => marks[0],
                false if here => Mark::new(offset, Some(asked)),
                false => Mark::FREE,
            };
            // Keeps marks that have already gone too far: they are reported.
            let left = |mark: Mark| if mark.ahead() < Some(offset) { mark } else { Mark::FREE };
            state.set(at.key, [seen.least(left(marks[0])), left(marks[1]), left(marks[2])]);
        };
        match known {
            Known::Nothing => {}
            Known::NonZero => nonzero(self, at.offset),
            Known::Zero => zero(self, at.offset),
            Known::Passes => {
                let marks = self.of(at.key);
                let may_end = marks.iter().any(|mark| mark.ahead() == Some(at.offset));
                nonzero(self, at.offset);
                if may_end {
                    let [seen, tested, untested] = self.of(at.key);
                    self.set(at.key, [seen.least(Mark::new(at.offset, Some(asked))), tested, untested]);
                }
            }
            Known::Prefix(n) => (0..i32::from(n)).for_each(|i| nonzero(self, at.offset + i)),
            Known::Whole(n) => {
                (0..i32::from(n)).for_each(|i| nonzero(self, at.offset + i));
                zero(self, at.offset + i32::from(n));
            }
            Known::Lost => self.forget(at.key),
        }
    }

    /// A separate bound guarantees that the byte is there.
    pub fn is_there(&mut self, at: Address) {
        let [_, tested, untested] = self.of(at.key);
        let more = Mark::new(at.offset + 1, None);
        let raised = |mark: Mark| if mark.ahead().is_some_and(|ahead| ahead <= at.offset) { more } else { mark };
        let both = raised(tested).least(if untested.ahead().is_some() { raised(untested) } else { Mark::FREE });
        self.set(at.key, [Mark::FREE, both, Mark::FREE]);
    }

    pub fn forget_seen(&mut self) {
        self.marks.iter_mut().for_each(|marks| marks[0] = Mark::FREE);
    }
}
