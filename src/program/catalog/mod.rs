//! What library functions and macros do: where external bytes come in, what takes a size, what may return
//! null, what never returns. The data is in `rules/catalog/*.toml`; users may add files.
//!
//! A query takes only a name. [`Program::model`](super::Program::model) is responsible for giving precedence to
//! definitions in the repository.

mod load;
mod message;
pub mod model;
mod tables;
#[cfg(test)]
mod tests;
mod words;

use std::sync::{Arc, LazyLock, OnceLock, RwLock};

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};
use rustc_hash::FxHashMap;

pub use load::CatalogError;
use model::{Confidence, MessageObject, MessageParam, OptionalPart};
pub use tables::File;
use tables::{Places, Tables};

macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../../rules/catalog/", $name))),)*]
    };
}

/// The files of `rules/catalog`, by name.
const FILES: &[(&str, &str)] = files! {
    "asterisk.toml",
    "formats.toml",
    "freeswitch.toml",
    "generic.toml",
    "glib.toml",
    "kamailio.toml",
    "libc.toml",
    "open5gs.toml",
    "openssl.toml",
    "osmocom.toml",
    "pjsip.toml",
    "posix-net.toml",
    "re.toml",
    "sofia.toml",
    "stacks.toml",
    "tcpdump.toml",
};

static EMBEDDED: LazyLock<Arc<Catalog>> =
    LazyLock::new(|| Arc::new(Catalog::load(FILES, &[]).expect("a test loads the embedded catalog")));

#[derive(Debug, Default)]
pub struct Catalog {
    tables: Tables,
    exact: FxHashMap<Box<str>, Places>,
    /// Patterns as written, with `re:`, in order of precedence.
    patterns: Vec<(Box<str>, Places)>,
    message_params: Vec<MessageParam>,
    message_objects: Vec<MessageObject>,
    /// By member: its owners (empty for members of any type), and whether a call that receives the object may set it.
    optional: FxHashMap<Box<str>, (Vec<Box<str>>, bool)>,
    set: OnceLock<RegexSet>,
    /// Cached pattern matches for the names seen so far.
    matched: RwLock<FxHashMap<Box<str>, Option<Places>>>,
    object_words: OnceLock<FxHashMap<Box<str>, usize>>,
    param_patterns: OnceLock<Vec<[Regex; 3]>>,
}

/// The catalog's entries for one name.
#[derive(Clone, Copy, Debug)]
pub struct Model<'c> {
    catalog: &'c Catalog,
    places: Places,
}

impl<'c> Model<'c> {
    /// The entries that hold even if the repository defines the name.
    pub fn forced(self) -> Option<Model<'c>> {
        Some(Model { places: self.places.forced(&self.catalog.tables)?, ..self })
    }
}

impl Catalog {
    /// The built-in catalog.
    pub fn embedded() -> Arc<Catalog> {
        EMBEDDED.clone()
    }

    /// The built-in catalog extended by user files: (path, text).
    pub fn with(extra: &[(String, String)]) -> Result<Arc<Catalog>, CatalogError> {
        if extra.is_empty() {
            return Ok(Catalog::embedded());
        }
        Catalog::load(FILES, extra).map(Arc::new)
    }

    /// Everything known about a name.
    pub fn model(&self, name: &str) -> Option<Model<'_>> {
        Some(Model { catalog: self, places: self.places(name)? })
    }

    /// The names in the table of functions that never return.
    pub fn noreturn_names(&self) -> impl Iterator<Item = &str> {
        self.exact.keys().map(|name| &**name).filter(|name| self.noreturn(name).is_some())
    }

    /// Types whose objects hold message bytes.
    pub fn message_objects(&self) -> &[MessageObject] {
        &self.message_objects
    }

    /// The message object whose type is named by a word of a declaration.
    pub fn message_object(&self, declaration: &str) -> Option<&MessageObject> {
        let by_word = self.object_words.get_or_init(|| {
            let all = self.message_objects.iter().enumerate();
            let words = all.flat_map(|(i, object)| object.types.iter().map(move |name| (name, i)));
            words.filter_map(|(name, i)| Some((name.split(' ').next_back()?.into(), i))).collect()
        });
        let mut words = declaration.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.find_map(|word| by_word.get(word)).map(|&i| &self.message_objects[i])
    }

    fn add_optional(&mut self, part: &OptionalPart) {
        let types = part.types.iter().filter_map(|t| t.split(' ').next_back()).map(Box::from);
        let owners: Vec<Box<str>> = types.chain(part.held_by.iter().map(|h| format!(".{h}").into())).collect();
        for member in &part.members {
            let (known, filled) = self.optional.entry(member.as_str().into()).or_default();
            known.extend(owners.iter().cloned());
            *filled |= part.filled_by_call;
        }
    }

    /// Whether a member is null if a message has no such part. `owner` is the last word of the type it belongs to, or
    /// the member that holds the object, with a dot.
    pub fn is_optional(&self, owner: &str, member: &str) -> bool {
        self.optional.get(member).is_some_and(|(of, _)| of.is_empty() || of.iter().any(|o| **o == *owner))
    }

    /// Whether a call that receives the object may set this member.
    pub fn is_filled_by_call(&self, member: &str) -> bool {
        self.optional.get(member).is_some_and(|(_, filled)| *filled)
    }

    /// Whether a member holds the characters of a counted string: it may be null if the string is empty.
    pub fn is_text_of_object(&self, member: &str) -> bool {
        self.message_objects.iter().any(|o| o.text && o.data.iter().any(|d| d == member))
    }

    /// The confidence that two parameters of `function` are a message and its length, based on their names.
    pub fn message_pair(&self, function: &str, buf: &str, len: &str) -> Option<Confidence> {
        let compiled = self.param_patterns.get_or_init(|| {
            let compile = |p: &MessageParam| {
                let texts = [&p.function, &p.buf, &p.len];
                texts.map(|text| Regex::new(&pattern(text.get_ref())).expect("checked when it was loaded"))
            };
            self.message_params.iter().map(compile).collect()
        });
        let fits = |patterns: &[Regex; 3]| {
            patterns.iter().zip([function, buf, len]).all(|(pattern, name)| pattern.is_match(name.as_bytes()))
        };
        let pairs = self.message_params.iter().zip(compiled).filter(|(_, patterns)| fits(patterns));
        pairs.map(|(param, _)| param.confidence).max()
    }

    fn places(&self, name: &str) -> Option<Places> {
        if let Some(places) = self.exact.get(name) {
            return Some(*places);
        }
        if self.patterns.is_empty() {
            return None;
        }
        if let Ok(matched) = self.matched.read()
            && let Some(places) = matched.get(name)
        {
            return *places;
        }
        let set = self.set.get_or_init(|| self.pattern_set().expect("a test compiles the embedded patterns"));
        let mut places: Option<Places> = None;
        for at in set.matches(name.as_bytes()) {
            places.get_or_insert_default().fill(self.patterns[at].1);
        }
        if let Ok(mut matched) = self.matched.write() {
            matched.insert(name.into(), places);
        }
        places
    }

    fn pattern_set(&self) -> Result<RegexSet, regex::Error> {
        let texts = self.patterns.iter().map(|(text, _)| pattern(text.trim_start_matches("re:")));
        RegexSetBuilder::new(texts).unicode(false).build()
    }
}

/// The whole name must match.
fn pattern(text: &str) -> String {
    format!("^(?-u:{text})$")
}
