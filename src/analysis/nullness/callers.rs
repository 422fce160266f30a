//! What callers do with the result of a function, and what its name suggests about it.

use rustc_hash::FxHashMap;

use super::why::Why;
use crate::source::FileId;

/// With fewer call sites than this, no belief is formed.
const MIN_SITES: u32 = 8;
/// Percentage of them that have to check.
const MIN_ASKED: u32 = 90;

/// More callers than these do not deviate from a belief by mistake.
const MAX_ODD: u32 = 2;

/// What the callers of a function do with its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    pub asked: u32,
    pub unasked: u32,
}

impl Callers {
    pub fn all(self) -> u32 {
        self.asked + self.unasked
    }

    /// How far the share of callers that check lies above the expected one, in standard deviations (Kremenek and
    /// Engler, "Z-Ranking", SAS 2003).
    pub fn rank(self) -> f64 {
        let expected = f64::from(MIN_ASKED) / 100.0;
        let all = f64::from(self.all().max(1));
        (f64::from(self.asked) / all - expected) / (expected * (1.0 - expected) / all).sqrt()
    }

    /// At least two check, and at most two, no more than half as many, do not.
    pub fn mostly_ask(self) -> bool {
        self.asked >= 2 && self.unasked <= MAX_ODD && self.asked >= 2 * self.unasked
    }

    /// Most do not check: the function does not fail as it is used.
    pub fn are_contrary(self) -> bool {
        self.all() >= 2 && self.asked * 2 < self.all()
    }

    /// Nearly all check, and there are enough of them.
    pub fn believe(self) -> bool {
        self.all() >= MIN_SITES && self.asked * 100 >= self.all() * MIN_ASKED
    }
}

/// A call whose result is tested, or used untested.
pub struct Call<'a> {
    pub name: &'a str,
    pub asked: bool,
    pub unasked: bool,
}

/// What the callers of each function do, overall and per file.
#[derive(Default)]
pub struct Beliefs<'a> {
    all: FxHashMap<&'a str, Callers>,
    by_file: FxHashMap<(FileId, &'a str), Callers>,
}

impl<'a> Beliefs<'a> {
    pub fn add(&mut self, file: FileId, call: &Call<'a>) {
        for callers in [self.all.entry(call.name).or_default(), self.by_file.entry((file, call.name)).or_default()] {
            callers.asked += u32::from(call.asked);
            callers.unasked += u32::from(call.unasked);
        }
    }

    pub fn of(&self, name: &str) -> Callers {
        self.all.get(name).copied().unwrap_or_default()
    }

    /// Callers that mostly check: those of the file if they do, else all.
    pub fn few(&self, file: FileId, name: &'a str) -> Option<Callers> {
        let here = self.by_file.get(&(file, name)).copied();
        here.into_iter().chain([self.of(name)]).find(|callers| callers.mostly_ask())
    }
}

/// `find_user`, `lookupTable`, `sccp_to_xua`, `call_by_id`.
const SEARCHES: [&str; 12] =
    ["find", "lookup", "search", "locate", "pull", "parse", "decode", "to", "match", "by", "retrieve", "resolve"];
/// `get_user`, `queue_pop`, `session_new`.
const GETTERS: [&str; 17] = [
    "get", "peek", "pop", "dequeue", "first", "last", "next", "head", "tail", "fetch", "alloc", "new", "create", "dup",
    "clone", "copy", "acquire",
];

/// What the name of an unknown function suggests about its result.
pub fn by_name(name: &str) -> Option<Why> {
    let (mut word, mut before, mut why) = (String::new(), '_', None);
    for c in name.chars().chain(['_']) {
        if (c == '_' || (c.is_uppercase() && before.is_lowercase())) && !word.is_empty() {
            if SEARCHES.contains(&word.as_str()) {
                return Some(Why::Name);
            }
            if GETTERS.contains(&word.as_str()) {
                why = Some(Why::Getter);
            }
            word.clear();
        }
        if c != '_' {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    why
}
