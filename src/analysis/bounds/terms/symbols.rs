//! The symbols of one function: what is known of each by itself.

use rustc_hash::FxHashMap;

use super::facts::FactId;
use super::linear::{Linear, Sym};
use super::state::Path;
use crate::source::Span;

/// How surely a value, or what a pointer leads to, is somebody else's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Wire {
    #[default]
    No,
    /// A pointer and a length that belong together, whosever they are.
    Faint,
    /// By name or by place only: `const uint8_t *pkt, size_t len`.
    Weak,
    /// Received, or read in network byte order.
    Strong,
}

/// What a symbol stands for; the same thing met twice is the same symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A parameter's value at the entry, by position.
    Parameter(u32),
    /// The address of a local variable.
    Local(u32),
    /// The address of a global variable or function, by interned name.
    Global(u32),
    /// What a place holds since the last event that may have changed it.
    Load { base: Linear, path: Path, since: u32 },
    /// The address of a place inside an object, where its offset says nothing: an array in a structure.
    Inside { base: Linear, path: Path },
    /// A pure function of values.
    Pure(u32, Linear, Linear),
    /// `sizeof` of a type that is not known, by interned text.
    Size(u32),
    /// What an expression or a join gave, once.
    Fresh,
}

/// What a pointer leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A buffer that somebody handed over with its length.
    Given,
    /// Bytes received here.
    Received,
    /// An array, by its declaration.
    Array,
    Allocated,
    /// A string literal or a string's own length.
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The address behind the last byte.
    pub limit: Linear,
    pub room: Room,
    /// Whose bytes they are.
    pub wire: Wire,
}

impl Buffer {
    /// The bytes that are left behind `size` bytes at `address`.
    pub fn left(&self, address: &Linear, size: &Linear) -> Option<Linear> {
        self.limit.sub(&address.add(size)?)
    }
}

/// The lesser of two greatest values, of which either may be unknown.
pub fn lesser(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Where a symbol's value comes from, where that is a choice.
#[derive(Clone, Debug, Default)]
pub enum Source {
    #[default]
    Itself,
    /// One of these, with what holds on the way.
    Joined(Vec<(Linear, FactId)>),
    /// What a loop brings round; the values of its first round and of the others, with what holds there.
    Looped { first: Vec<(Linear, FactId)>, again: Vec<(Linear, FactId)> },
    /// `from` brought to a type: the same if it fits between `lo` and `hi`.
    Converted { from: Linear, lo: i64, hi: Option<i64> },
}

/// Where a number comes from that needs a care of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The result of receiving: a length, or -1.
    Received,
    /// What printing would have written into that many bytes.
    WouldBe(Linear),
    /// Read out of text.
    Text,
    /// Counts what has been appended: `n` in `a[n++]`.
    Counter,
}

pub struct Info {
    pub what: What,
    pub lo: Option<i64>,
    pub hi: Option<i64>,
    pub wire: Wire,
    /// Always hold: each is at least zero.
    pub axioms: Vec<Linear>,
    pub source: Source,
    pub buffer: Option<Buffer>,
    /// Behind the last byte that was received into the buffer.
    pub filled: Option<Linear>,
    pub tag: Option<Tag>,
    /// A call's result: what the call was given.
    pub depends: Vec<Sym>,
    /// The variable that holds it, interned.
    pub name: Option<u32>,
    /// The expression that it was first the value of.
    pub span: Option<Span>,
    /// A loop moves it by multiples of that, from there.
    pub step: Option<(i64, Linear)>,
}

#[derive(Default)]
pub struct Symbols {
    all: Vec<Info>,
    by_what: FxHashMap<What, Sym>,
    /// Some of them are known to be multiples of something.
    pub has_units: bool,
    /// `n % by` and what it is.
    pub rests: Vec<(Linear, i64, Sym)>,
}

impl Symbols {
    fn push(&mut self, what: What, lo: Option<i64>, hi: Option<i64>) -> Sym {
        self.all.push(Info {
            what,
            lo,
            hi,
            wire: Wire::No,
            axioms: Vec::new(),
            source: Source::Itself,
            buffer: None,
            filled: None,
            tag: None,
            depends: Vec::new(),
            name: None,
            span: None,
            step: None,
        });
        Sym(self.all.len() as u32 - 1)
    }

    pub fn fresh(&mut self, lo: Option<i64>, hi: Option<i64>) -> Sym {
        self.push(What::Fresh, lo, hi)
    }

    /// The symbol of `what`, and whether it is new.
    pub fn get(&mut self, what: What, lo: Option<i64>, hi: Option<i64>) -> (Sym, bool) {
        if let Some(&s) = self.by_what.get(&what) {
            return (s, false);
        }
        let s = self.push(what, lo, hi);
        self.by_what.insert(what, s);
        (s, true)
    }

    pub fn find(&self, what: &What) -> Option<Sym> {
        self.by_what.get(what).copied()
    }

    pub fn info(&self, s: Sym) -> &Info {
        &self.all[s.0 as usize]
    }

    pub fn info_mut(&mut self, s: Sym) -> &mut Info {
        &mut self.all[s.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (Sym, &Info)> {
        self.all.iter().enumerate().map(|(i, info)| (Sym(i as u32), info))
    }

    pub fn wire(&self, linear: &Linear) -> Wire {
        linear.terms().iter().map(|(s, _)| self.info(*s).wire).max().unwrap_or_default()
    }

    /// The buffer that an address points into, and the symbol that says so.
    pub fn buffer(&self, address: &Linear) -> Option<(Sym, Buffer)> {
        address.terms().iter().filter(|(_, k)| *k == 1).find_map(|(s, _)| Some((*s, self.info(*s).buffer?)))
    }

    /// Where in its buffer an address lies; of no buffer, the address.
    pub fn offset(&self, address: &Linear) -> Linear {
        let start = self.buffer(address).map(|(s, _)| Linear::symbol(s));
        start.and_then(|start| address.sub(&start)).unwrap_or(*address)
    }

    /// A loop brings it round.
    pub fn is_looped(&self, s: Sym) -> bool {
        matches!(self.info(s).source, Source::Looped { .. })
    }

    /// Where it leads, something was at the entry.
    pub fn is_older(&self, base: &Linear) -> bool {
        let mut base = *base;
        // As many pointers as a path through objects may have.
        for _ in 0..8 {
            let Some(s) = base.as_symbol() else { return false };
            match self.info(s).what {
                What::Parameter(_) | What::Global(_) => return true,
                What::Load { base: outer, since: 0, .. } => base = outer,
                _ => return false,
            }
        }
        false
    }

    /// The least value that the symbols' own ranges allow.
    pub fn least(&self, linear: &Linear) -> Option<i64> {
        linear.terms().iter().try_fold(linear.constant, |sum, &(s, k)| {
            let info = self.info(s);
            let end = if k > 0 { info.lo? } else { info.hi? };
            sum.checked_add(end.checked_mul(i64::from(k))?)
        })
    }

    pub fn greatest(&self, linear: &Linear) -> Option<i64> {
        self.least(&linear.scaled(-1)?)?.checked_neg()
    }
}

/// Joins that a pointer is followed through.
const MAX_JOINS: usize = 3;

/// The part of an address that was loaded from a structure, and is not called a length there.
pub fn pointer_in(symbols: &Symbols, address: &Linear) -> Option<Sym> {
    let mut starts = address.terms().iter().filter(|(s, k)| {
        let info = symbols.info(*s);
        *k == 1 && info.lo.is_none() && info.hi.is_none() && loaded(symbols, *s).is_some()
    });
    // Of two, none is known to be the pointer, but the one that was made anew.
    let joined = |s: &Sym| matches!(symbols.info(*s).source, Source::Joined(_));
    let first = starts.next().map(|(s, _)| *s)?;
    match starts.next().map(|(s, _)| *s) {
        None => Some(first),
        Some(other) => [first, other].into_iter().find(joined),
    }
}

/// Where a pointer was loaded from; one that may have been allocated anew, otherwise.
pub fn loaded(symbols: &Symbols, s: Sym) -> Option<(Linear, Path)> {
    loaded_within(symbols, s, MAX_JOINS)
}

fn loaded_within(symbols: &Symbols, s: Sym, depth: usize) -> Option<(Linear, Path)> {
    let depth = depth.checked_sub(1)?;
    let info = symbols.info(s);
    match (&info.source, info.what) {
        (Source::Joined(values), _) => {
            values.iter().find_map(|(value, _)| loaded_within(symbols, value.as_symbol()?, depth))
        }
        (_, What::Load { base, path, .. }) => Some((base, path)),
        _ => None,
    }
}
