//! The symbols of one function, and what is known of each on its own.

use rustc_hash::FxHashMap;

use super::facts::FactId;
use super::linear::{Linear, Sym};
use super::state::Path;
use crate::source::Span;

/// How certain it is that an outside party controls a value, or the data that a pointer points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Wire {
    #[default]
    No,
    /// A pointer and a length that belong together, of unknown origin.
    Faint,
    /// By name or position only: `const uint8_t *pkt, size_t len`.
    Weak,
    /// Received, or read in network byte order.
    Strong,
}

/// What a symbol stands for; equal keys give the same symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A parameter's value on entry, by position.
    Parameter(u32),
    /// The address of a local variable.
    Local(u32),
    /// The address of a global variable or function, by interned name.
    Global(u32),
    /// The contents of a place since the last event that may have changed it.
    Load { base: Linear, path: Path, since: u32 },
    /// The address of a place inside an object that its offset does not identify: an array in a structure.
    Inside { base: Linear, path: Path },
    /// A pure function of values.
    Pure(u32, Linear, Linear),
    /// `sizeof` an unknown type, by interned text.
    Size(u32),
    /// The result of one evaluation of an expression or of one join.
    Fresh,
}

/// The kind of buffer that a pointer points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A buffer passed in with its length.
    Given,
    /// Bytes received here.
    Received,
    /// A declared array.
    Array,
    Allocated,
    /// A string literal or a string's own length.
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The address past the last byte.
    pub limit: Linear,
    pub room: Room,
    /// Who controls its bytes.
    pub wire: Wire,
}

impl Buffer {
    /// The bytes left after `size` bytes at `address`.
    pub fn left(&self, address: &Linear, size: &Linear) -> Option<Linear> {
        self.limit.sub(&address.add(size)?)
    }
}

/// The smaller of two upper bounds, either of which may be unknown.
pub fn lesser(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The origin of a symbol's value, if it is one of several.
#[derive(Clone, Debug, Default)]
pub enum Source {
    #[default]
    Itself,
    /// One of these values, each with the facts on its path.
    Joined(Vec<(Linear, FactId)>),
    /// A loop-carried value: its values in the first iteration and in later ones, with the facts there.
    Looped { first: Vec<(Linear, FactId)>, again: Vec<(Linear, FactId)> },
    /// `from` converted to a type: unchanged if it lies between `lo` and `hi`.
    Converted { from: Linear, lo: i64, hi: Option<i64> },
}

/// An origin of a number that needs special care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The result of a receive call: a length, or -1.
    Received,
    /// The would-be length of printing into that many bytes.
    WouldBe(Linear),
    /// Parsed from text.
    Text,
    /// Counts what has been appended: `n` in `a[n++]`.
    Counter,
}

pub struct Info {
    pub what: What,
    pub lo: Option<i64>,
    pub hi: Option<i64>,
    pub wire: Wire,
    /// Facts that always hold: each is at least zero.
    pub axioms: Vec<Linear>,
    pub source: Source,
    pub buffer: Option<Buffer>,
    /// The address past the last byte received into the buffer.
    pub filled: Option<Linear>,
    pub tag: Option<Tag>,
    /// For a call's result: the symbols of its arguments.
    pub depends: Vec<Sym>,
    /// The variable that holds it, interned.
    pub name: Option<u32>,
    /// The expression whose value it first was.
    pub span: Option<Span>,
    /// A loop changes it in multiples of the number, starting at the expression.
    pub step: Option<(i64, Linear)>,
}

#[derive(Default)]
pub struct Symbols {
    all: Vec<Info>,
    by_what: FxHashMap<What, Sym>,
    /// Whether any symbol is known to be a multiple of something.
    pub has_units: bool,
    /// `n`, `by`, and the symbol of `n % by`.
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

    /// The symbol for `what`, and whether it is new.
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

    /// The buffer that an address points into, and the symbol of its start.
    pub fn buffer(&self, address: &Linear) -> Option<(Sym, Buffer)> {
        address.terms().iter().filter(|(_, k)| *k == 1).find_map(|(s, _)| Some((*s, self.info(*s).buffer?)))
    }

    /// The offset of an address in its buffer; without a buffer, the address itself.
    pub fn offset(&self, address: &Linear) -> Linear {
        let start = self.buffer(address).map(|(s, _)| Linear::symbol(s));
        start.and_then(|start| address.sub(&start)).unwrap_or(*address)
    }

    /// Whether it is loop-carried.
    pub fn is_looped(&self, s: Sym) -> bool {
        matches!(self.info(s).source, Source::Looped { .. })
    }

    /// Whether the memory it points to existed on entry.
    pub fn is_older(&self, base: &Linear) -> bool {
        let mut base = *base;
        // The longest chain of pointers that is followed.
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

    /// The minimum according to the symbols' own ranges.
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

/// Nested joins through which a pointer is followed.
const MAX_JOINS: usize = 3;

/// The term of an address that is a loaded pointer: it has no range of its own, as integers do.
pub fn pointer_in(symbols: &Symbols, address: &Linear) -> Option<Sym> {
    let mut starts = address.terms().iter().filter(|(s, k)| {
        let info = symbols.info(*s);
        *k == 1 && info.lo.is_none() && info.hi.is_none() && loaded(symbols, *s).is_some()
    });
    // Of two candidates, only a joined one, which may be newly allocated, is taken for the pointer.
    let joined = |s: &Sym| matches!(symbols.info(*s).source, Source::Joined(_));
    let first = starts.next().map(|(s, _)| *s)?;
    match starts.next().map(|(s, _)| *s) {
        None => Some(first),
        Some(other) => [first, other].into_iter().find(joined),
    }
}

/// Where a pointer was loaded from; for a joined one, the first of its values that was loaded.
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
