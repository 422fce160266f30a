//! What callers do with what a function returns, and what its name says of that.

use rustc_hash::FxHashMap;

use super::why::Why;
use crate::source::FileId;

/// Fewer callers than this believe nothing.
const MIN_SITES: u32 = 8;
/// In a hundred: so many of them have to ask.
const MIN_ASKED: u32 = 90;

/// More than these do not go against a belief by mistake.
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

    /// How far the share of those that ask lies above what would be believed by chance, in standard deviations
    /// (Kremenek and Engler, "Z-Ranking", SAS 2003).
    pub fn rank(self) -> f64 {
        let expected = f64::from(MIN_ASKED) / 100.0;
        let all = f64::from(self.all().max(1));
        (f64::from(self.asked) / all - expected) / (expected * (1.0 - expected) / all).sqrt()
    }

    /// Few are known, and all but one or two ask.
    pub fn mostly_ask(self) -> bool {
        self.asked >= 2 && self.unasked <= MAX_ODD && self.asked >= 2 * self.unasked
    }

    /// Most do not ask: the function does not fail as it is used.
    pub fn are_contrary(self) -> bool {
        self.all() >= 2 && self.asked * 2 < self.all()
    }

    /// Nearly all ask, and there are enough of them.
    pub fn believe(self) -> bool {
        self.all() >= MIN_SITES && self.asked * 100 >= self.all() * MIN_ASKED
    }
}

/// A call whose result is tested or used without.
pub struct Call<'a> {
    pub name: &'a str,
    pub asked: bool,
    pub unasked: bool,
}

/// What all callers of each function do, and those of one file.
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

    /// Callers of which nearly all ask: those of the file where they do, else all.
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

/// What the name of a function that is not known says of its result.
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
