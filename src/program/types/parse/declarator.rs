//! Declarators: what surrounds a declared name.

use super::words::is_qualifier;
use super::{MAX_DEPTH, Parser, text_of};
use crate::program::types::written::{Attributes, Derived};

/// Maximum number of pointers and suffixes in one declarator.
const MAX_DERIVED: usize = 32;

pub(super) struct Declarator<'k> {
    /// `None` for an abstract declarator.
    pub name: Option<&'k str>,
    pub derived: Vec<Derived>,
}

impl<'k> Parser<'k, '_> {
    /// Reads one declarator, with the attributes in and after it. `None` if it nests too deep.
    pub(super) fn declarator(&mut self, attributes: &mut Attributes) -> Option<Declarator<'k>> {
        let mut pointers = 0;
        loop {
            match self.text(0) {
                "*" | "^" => pointers += 1,
                "__attribute__" | "__attribute" | "__declspec" | "_Alignas" | "alignas" => {
                    self.attributes(attributes);
                    continue;
                }
                text if is_qualifier(text) => {}
                // `char * API name`, `(API *name)`.
                _ if self.is_plain(0) && (self.is_plain(1) || self.text(1) == "*") && !self.ends_name(1) => {}
                _ => break,
            }
            self.step(1);
        }
        let mut found = match self.text(0) {
            "(" if self.is_nested(0) && self.depth < MAX_DEPTH => {
                self.step(1);
                self.depth += 1;
                let inner = self.declarator(attributes);
                self.depth -= 1;
                let inner = inner.filter(|_| self.text(0) == ")")?;
                self.step(1);
                inner
            }
            text if self.is_plain(0) => {
                self.step(1);
                Declarator { name: Some(text), derived: Vec::new() }
            }
            _ => Declarator { name: None, derived: Vec::new() },
        };
        loop {
            match self.text(0) {
                "[" => {
                    let length = text_of(self.list());
                    found.derived.push(Derived::Array(Some(length).filter(|length| !length.is_empty())));
                }
                "(" => {
                    let parameters = text_of(self.list());
                    found.derived.push(Derived::Function(parameters));
                }
                "__attribute__" | "__attribute" | "__declspec" | "_Alignas" | "alignas" => self.attributes(attributes),
                "asm" | "__asm__" | "__asm" if self.text(1) == "(" => self.step(self.close(1) + 1),
                // `int name API`, `int name(const char *format, ...) PRINTF(1, 2)`.
                _ if self.is_plain(0) => {
                    let list = if self.text(1) == "(" { self.close(1) } else { 0 };
                    self.step(list + 1);
                }
                _ => break,
            }
        }
        found.derived.extend(std::iter::repeat_n(Derived::Pointer, pointers));
        (found.derived.len() <= MAX_DERIVED).then_some(found)
    }

    /// Whether the word before `ahead` is the name, and the one at `ahead` is only a macro after it.
    fn ends_name(&self, ahead: usize) -> bool {
        self.is_plain(ahead) && super::is_shouting(self.text(ahead)) && !super::is_shouting(self.text(ahead - 1))
    }

    /// Whether the parenthesis at `ahead` contains a declarator, not a parameter list: `(*name)`, `(API *name)`,
    /// `(name)(`.
    pub(super) fn is_nested(&self, ahead: usize) -> bool {
        let mut i = ahead + 1;
        while is_qualifier(self.text(i)) && i < ahead + MAX_DERIVED {
            i += 1;
            if self.text(i) == "(" {
                i = self.close(i) + 1;
            }
        }
        let behind = || self.text(self.close(ahead) + 1);
        match self.text(i) {
            "*" | "^" => true,
            _ if !self.is_plain(i) => false,
            _ if self.text(i + 1) == ")" => matches!(behind(), "(" | "["),
            _ => self.text(i + 1) == "*" && self.is_plain(i + 2) && behind() == "(",
        }
    }

    /// Reads one attribute list, or the word alone.
    pub(super) fn attributes(&mut self, attributes: &mut Attributes) {
        let word = self.text(0);
        self.step(1);
        if self.text(0) != "(" {
            return;
        }
        let list = self.list();
        if matches!(word, "_Alignas" | "alignas") {
            attributes.aligned = Some(text_of(list));
            return;
        }
        let mut inside = Parser { tokens: list, at: 0, depth: self.depth, place: self.place, out: self.out };
        while inside.at < list.len() {
            let word = inside.text(0).trim_matches('_');
            let has_list = inside.text(1) == "(";
            match word {
                "packed" | "gcc_struct" => attributes.packed |= word == "packed",
                "aligned" | "align" => {
                    inside.step(1);
                    attributes.aligned = Some(if has_list { text_of(inside.list()) } else { "16".into() });
                    continue;
                }
                "vector_size" | "mode" | "ms_struct" | "scalar_storage_order" => attributes.odd = true,
                _ => {}
            }
            inside.step(1);
        }
    }
}
