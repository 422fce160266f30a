//! The enumerations of the repository, and how much of one a `switch` handles.

mod read;

use rustc_hash::{FxHashMap, FxHashSet};

pub use read::enums_of;

use crate::source::{FileId, Span};

/// An enumeration as one file writes it.
#[derive(Debug)]
pub struct Enum {
    pub file: FileId,
    /// `enum` and its tag.
    pub head: Span,
    /// As a person calls it: `enum state`, or `state_t` of a `typedef`. Empty for one without either.
    pub name: Box<str>,
    /// In order of writing.
    pub enumerators: Vec<Enumerator>,
    /// Macros or an `#include` may add enumerators that are not listed.
    pub open: bool,
    /// Something has this type. One without tag and variable is a list of constants.
    typed: bool,
}

#[derive(Debug)]
pub struct Enumerator {
    pub name: Box<str>,
    value: Value,
    /// It stands under an `#if` inside the enumeration.
    optional: bool,
}

/// What an enumerator is worth: a number, or so much more than an expression that is not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Value {
    /// The expression, by its number in the enumeration; 0 for none.
    base: u32,
    offset: i64,
}

/// All enumerations, found by their enumerators.
#[derive(Debug, Default)]
pub struct Enums {
    all: Vec<Enum>,
    /// In order.
    by_enumerator: FxHashMap<Box<str>, Vec<u32>>,
}

/// What the labels of a `switch` leave out of an enumeration.
#[derive(Debug)]
pub struct Cover<'e> {
    pub of: &'e Enum,
    /// In order of writing. Where the labels fit several enumerations, what is missing in all of them.
    pub missing: Vec<&'e Enumerator>,
}

impl Cover<'_> {
    /// Every value that the enumeration names has its label.
    pub fn is_exhaustive(&self) -> bool {
        self.missing.is_empty() && !self.of.open
    }
}

/// Enumerations that have a label in common: more are not compared.
const MAX_CANDIDATES: usize = 64;

impl Enums {
    /// Joins those of all files, in the files' order.
    pub fn new(files: Vec<Vec<Enum>>) -> Enums {
        let mut enums = Enums { all: files.into_iter().flatten().collect(), by_enumerator: FxHashMap::default() };
        for (i, one) in enums.all.iter().enumerate() {
            for enumerator in &one.enumerators {
                match enums.by_enumerator.get_mut(&enumerator.name) {
                    Some(all) => all.push(i as u32),
                    None => {
                        enums.by_enumerator.insert(enumerator.name.clone(), vec![i as u32]);
                    }
                }
            }
        }
        enums
    }

    /// `name` is an enumerator somewhere.
    pub fn is_enumerator(&self, name: &str) -> bool {
        self.by_enumerator.contains_key(name)
    }

    /// What `labels`, the names that a `switch` in `file` handles, leave out; nothing where they belong to no one
    /// enumeration. `included` tells the files that `file` sees.
    pub fn cover(&self, labels: &[&str], file: FileId, included: &dyn Fn(FileId) -> bool) -> Option<Cover<'_>> {
        let with = |label: &str| self.by_enumerator.get(label).map_or(&[][..], Vec::as_slice);
        let mut fitting: Vec<u32> = with(labels.first()?).to_vec();
        fitting.retain(|&i| self.all[i as usize].typed);
        fitting.dedup();
        fitting.truncate(MAX_CANDIDATES);
        for label in labels {
            fitting.retain(|i| with(label).binary_search(i).is_ok());
        }
        let fitting: Vec<&Enum> = fitting.into_iter().map(|i| &self.all[i as usize]).collect();
        // The one to name: the nearest.
        let of = fitting.iter().copied().min_by_key(|e| (e.file != file, !included(e.file)))?;
        let mut missing = of.missing(labels);
        for other in fitting.iter().filter(|e| !std::ptr::eq(**e, of)) {
            let there: FxHashSet<&str> = other.missing(labels).iter().map(|e| &*e.name).collect();
            missing.retain(|e| there.contains(&*e.name));
        }
        Some(Cover { of, missing })
    }
}

impl Enum {
    fn missing(&self, labels: &[&str]) -> Vec<&Enumerator> {
        let labels: FxHashSet<&str> = labels.iter().copied().collect();
        let is_named = |e: &&Enumerator| labels.contains(&*e.name);
        let mut handled: FxHashSet<Value> = self.enumerators.iter().filter(is_named).map(|e| e.value).collect();
        let last = self.enumerators.len().saturating_sub(1);
        let mut missing = Vec::new();
        for (i, enumerator) in self.enumerators.iter().enumerate() {
            let counts = !enumerator.optional && !is_sentinel(&enumerator.name, i == last);
            // A second name of the same value misses nothing more.
            if counts && handled.insert(enumerator.value) {
                missing.push(enumerator);
            }
        }
        missing
    }
}

/// `STATE_MAX`, `NUM_STATES`, `__STATE_LAST`: counts or bounds the others, and is no value of its own.
fn is_sentinel(name: &str, is_last: bool) -> bool {
    let counts = |part: &str| {
        const WORDS: [&str; 15] = [
            "MAX", "COUNT", "NUM", "LAST", "END", "SIZE", "TOTAL", "MIN", "FIRST", "N", "NB", "NR", "LEN", "SENTINEL",
            "MAXIMUM",
        ];
        WORDS.iter().any(|word| part.eq_ignore_ascii_case(word))
    };
    let mut parts = name.split('_').filter(|part| !part.is_empty());
    match (parts.next(), parts.next_back()) {
        (Some(first), last) => counts(first) || last.is_some_and(counts) || (is_last && parts.any(counts)),
        _ => false,
    }
}
