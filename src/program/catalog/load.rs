//! Reads catalog files, and reports errors in user-written ones.

use std::fmt;
use std::ops::Range;

use regex::bytes::Regex;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::model::MessageParam;
use super::tables::{File, Places};
use super::{Catalog, pattern};

/// An invalid catalog file: where, and what would be allowed.
#[derive(Debug)]
pub struct CatalogError {
    pub path: String,
    /// 1-based.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        write!(to, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl std::error::Error for CatalogError {}

/// An error in a text, and its location.
pub(super) struct Fault {
    span: Range<usize>,
    message: String,
}

impl Fault {
    pub fn new(span: Range<usize>, table: &str, what: String) -> Fault {
        Fault { span, message: format!("[[{table}]] {what}") }
    }

    fn locate(self, path: &str, text: &str) -> CatalogError {
        let start = self.span.start.min(text.len());
        let line = text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count() + 1;
        let key = key(text.lines().nth(line - 1).unwrap_or_default());
        let named = key.filter(|key| !self.message.contains(&format!("`{key}`")));
        let message = named.map_or(self.message.clone(), |key| format!("`{key}`: {}", self.message));
        CatalogError { path: path.to_owned(), line, message }
    }
}

/// The state while adding a file.
pub(super) struct Adding {
    /// The ends of the tables beforehand: earlier entries may be replaced, entries added since may not.
    pub before: Places,
    /// The patterns are known to be valid.
    trusted: bool,
}

impl Catalog {
    /// The catalog of `embedded` texts, whose validity is tested, and user-written `extra` ones: (path, text).
    /// An extra entry replaces an earlier one for the same name in the same table.
    pub fn load(embedded: &[(&str, &str)], extra: &[(String, String)]) -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog::default();
        catalog.exact.reserve(4096);
        // The embedded files count as one: no two entries of a table may have the same name.
        let mut adding = Adding { before: Places::default(), trusted: true };
        for (path, text) in embedded {
            catalog.add(path, text, &mut adding)?;
        }
        for (path, text) in extra {
            let mut adding = Adding { before: catalog.tables.ends(), trusted: false };
            catalog.add(path, text, &mut adding)?;
        }
        // Later patterns take precedence.
        catalog.patterns.reverse();
        if let Some((path, _)) = extra.last() {
            let message = |e| format!("the patterns are too much together: {e}");
            let set =
                catalog.pattern_set().map_err(|e| CatalogError { path: path.clone(), line: 1, message: message(e) });
            let _ = catalog.set.set(set?);
        }
        Ok(catalog)
    }

    /// Whether the tables below `[catalog]` in a configuration are valid; the rest of its text is ignored.
    pub fn check_inside(path: &str, text: &str) -> Result<(), CatalogError> {
        #[derive(Deserialize)]
        struct Inside {
            catalog: Option<File>,
        }
        let mut adding = Adding { before: Places::default(), trusted: false };
        let add = |inside: Inside| match inside.catalog {
            Some(file) => Catalog::default().add_file(file, &mut adding),
            None => Ok(()),
        };
        read(text).and_then(add).map_err(|fault| fault.locate(path, text))
    }

    fn add(&mut self, path: &str, text: &str, adding: &mut Adding) -> Result<(), CatalogError> {
        read(text).and_then(|file| self.add_file(file, adding)).map_err(|fault| fault.locate(path, text))
    }

    fn add_file(&mut self, mut file: File, adding: &mut Adding) -> Result<(), Fault> {
        for name in std::mem::take(&mut file.forget) {
            self.exact.remove(name.as_str());
            self.patterns.retain(|(pattern, _)| **pattern != *name);
            // A pattern must not bring back a forgotten name.
            if !name.starts_with("re:") {
                self.exact.insert(name.into(), Places::default());
            }
        }
        let params = std::mem::take(&mut file.message_param);
        for MessageParam { function, buf, len, .. } in params.iter().filter(|_| !adding.trusted) {
            for text in [function.get_ref(), buf.get_ref(), len.get_ref()] {
                compiles(text).map_err(|what| Fault::new(function.span(), "message_param", what))?;
            }
        }
        self.message_params.extend(params);
        self.message_objects.append(&mut file.message_object);
        file.optional_part.iter().for_each(|part| self.add_optional(part));
        self.add_entries(file, adding)
    }

    /// The slot that holds the places for a name or a pattern.
    pub(super) fn slot(&mut self, name: &str, adding: &Adding) -> Result<&mut Places, String> {
        let Some(text) = name.strip_prefix("re:") else {
            let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
            if name.is_empty() || !name.bytes().all(word) {
                return Err(format!("`{name}` is no name of C; a pattern begins with `re:`"));
            }
            return Ok(self.exact.entry(name.into()).or_default());
        };
        if !adding.trusted {
            compiles(text)?;
        }
        let known = self.patterns.iter().position(|(known, _)| **known == *name);
        let at = known.unwrap_or_else(|| {
            self.patterns.push((name.into(), Places::default()));
            self.patterns.len() - 1
        });
        Ok(&mut self.patterns[at].1)
    }
}

pub(super) fn compiles(text: &str) -> Result<(), String> {
    // `a)(b` is not a valid pattern, but would be one between parentheses.
    Regex::new(text).and_then(|_| Regex::new(&pattern(text))).map(drop).map_err(|e| {
        let why = e.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("`{text}` is no regular expression: {why}")
    })
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    toml::from_str(text).map_err(|e| Fault { span: e.span().unwrap_or_default(), message: e.message().to_owned() })
}

/// The key set by a line of TOML.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    (!key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')).then_some(key)
}
