//! A token-based parser for declarations: specifiers, declarators, members of structures. It looks up no names, and
//! skips what it does not understand.

mod body;
mod declarator;
mod words;

use words::{BasicWords, is_packed_word, is_qualifier, is_shouting, is_storage, is_type_keyword};

use super::Type;
use super::written::{Attributes, Base, Decl, DeclKind, Declarations, Derived, Written};
use crate::preprocess::expand::Expanded;
use crate::source::{FileId, Span};

/// Structures and declarator parentheses nested deeper than this are unknown.
const MAX_DEPTH: usize = 24;
/// Maximum number of consecutive words in a declaration.
const MAX_RUN: usize = 32;

/// The location of the tokens.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub file: FileId,
    /// The offset of the tokens; `None` for the file's own tokens.
    pub at: Option<u32>,
    /// The `#pragma pack` limit at an offset; 0 for none.
    pub pack: &'a dyn Fn(u32) -> u8,
    /// Whether a span contains an `#include`.
    pub has_include: &'a dyn Fn(Span) -> bool,
    /// Untagged structures are identified by their text.
    pub in_function: bool,
}

pub struct Parser<'k, 't> {
    tokens: &'k [Expanded<'t>],
    at: usize,
    depth: usize,
    place: Place<'k>,
    out: &'k mut Declarations,
}

/// What precedes the declarators.
#[derive(Debug, Default)]
struct Specifiers {
    base: Base,
    /// Derivations that a macro like `API(char *)` adds to the base.
    derived: Vec<Derived>,
    is_typedef: bool,
    is_static: bool,
    attributes: Attributes,
    /// Words of unknown meaning were skipped.
    passed_over: bool,
}

impl Specifiers {
    fn with(&self, mut derived: Vec<Derived>) -> Written {
        derived.extend(self.derived.iter().cloned());
        Written { base: self.base.clone(), derived }
    }
}

/// The role of a word that is not a keyword.
enum Word {
    Type,
    /// `API(char *)`: the type is inside the parentheses.
    Call,
    /// `LIST_ENTRY(item)`: an undefined type.
    Opaque,
    /// This many tokens have no known meaning.
    Skip(usize),
    /// The declared name.
    Name,
}

impl<'k, 't> Parser<'k, 't> {
    pub fn new(tokens: &'k [Expanded<'t>], place: Place<'k>, out: &'k mut Declarations) -> Parser<'k, 't> {
        Parser { tokens, at: 0, depth: 0, place, out }
    }

    /// Reads all declarations.
    pub fn declarations(&mut self) {
        while self.at < self.tokens.len() {
            let before = self.at;
            self.declaration();
            self.at = self.at.max(before + 1);
        }
    }

    /// Reads one type with a declarator, which may be abstract: `const char *`, `struct s (*f)(int)`.
    pub fn type_name(&mut self) -> Option<Written> {
        let specifiers = self.specifiers(false)?;
        let declarator = self.declarator(&mut Attributes::default())?;
        Some(specifiers.with(declarator.derived))
    }

    /// Index of the next token.
    pub fn position(&self) -> usize {
        self.at
    }

    fn text(&self, ahead: usize) -> &'k str {
        self.tokens.get(self.at + ahead).map_or("", |t| &t.token.text)
    }

    /// Whether the word is not a keyword of declarations.
    fn is_plain(&self, ahead: usize) -> bool {
        let text = self.text(ahead);
        self.tokens.get(self.at + ahead).is_some_and(|t| t.token.is_ident())
            && !is_type_keyword(text)
            && !is_storage(text)
            && !is_qualifier(text)
    }

    fn offset(&self) -> u32 {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        self.place.at.or(token.map(|t| t.token.span.start)).unwrap_or(0)
    }

    /// How far ahead the bracket is that closes the one at `ahead`; past the last token if there is none.
    fn close(&self, ahead: usize) -> usize {
        let mut depth = 0usize;
        let mut i = ahead;
        while self.at + i < self.tokens.len() {
            match self.text(i) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return i;
                    }
                }
                _ => {}
            }
            i += 1;
        }
        i
    }

    fn step(&mut self, tokens: usize) {
        self.at = (self.at + tokens).min(self.tokens.len());
    }

    /// The contents of the brackets that open here.
    fn list(&mut self) -> &'k [Expanded<'t>] {
        let close = self.close(0);
        let first = (self.at + 1).min(self.tokens.len());
        let inside = &self.tokens[first..(self.at + close).max(first)];
        self.step(close + 1);
        inside
    }

    /// Advances to the next of `ends` outside brackets, or to a closing bracket.
    fn skip_to(&mut self, ends: &[&str]) {
        while self.at < self.tokens.len() {
            match self.text(0) {
                "(" | "[" | "{" => self.step(self.close(0) + 1),
                ")" | "]" | "}" => return,
                text if ends.contains(&text) => return,
                _ => self.at += 1,
            }
        }
    }

    fn declaration(&mut self) {
        match self.text(0) {
            "{" => return self.step(self.close(0) + 1),
            "_Static_assert" | "static_assert" => return self.skip_to(&[";"]),
            // `extern "C" {`: what follows is top level, as is what follows its end.
            "extern" if self.text(1).starts_with('"') => return self.step(if self.text(2) == "{" { 3 } else { 2 }),
            _ => {}
        }
        let Some(mut specifiers) = self.specifiers(false) else { return self.skip_to(&[";"]) };
        while !matches!(self.text(0), "" | ";" | "{") {
            let Some(mut declarator) = self.declarator(&mut Attributes::default()) else { return self.skip_to(&[";"]) };
            if self.text(0) == "=" {
                self.step(1);
                // The caller replaced the value by the number of elements.
                if let [Derived::Array(length @ None), ..] = &mut declarator.derived[..]
                    && self.text(0).bytes().next().is_some_and(|b| b.is_ascii_digit())
                {
                    *length = Some(self.text(0).into());
                }
                self.skip_to(&[",", ";"]);
            }
            if let Some(name) = declarator.name {
                self.declare(&mut specifiers, name, declarator.derived);
            }
            match self.text(0) {
                "," => self.step(1),
                "{" => self.step(self.close(0) + 1),
                ";" => break,
                _ => return self.skip_to(&[";"]),
            }
        }
        self.step(usize::from(self.text(0) == ";"));
    }

    fn declare(&mut self, specifiers: &mut Specifiers, name: &str, derived: Vec<Derived>) {
        let kind = match derived.first() {
            _ if specifiers.is_typedef => DeclKind::Typedef,
            Some(Derived::Function(_)) => DeclKind::Function,
            _ => DeclKind::Object,
        };
        if kind == DeclKind::Typedef && derived.is_empty() {
            match &mut specifiers.base {
                Base::Body(body) => {
                    let body = &mut self.out.structs[*body as usize];
                    if body.tag.is_none() {
                        body.alias.get_or_insert_with(|| name.into());
                    }
                }
                Base::Enum(tag) if tag.is_empty() => *tag = name.into(),
                _ => {}
            }
        }
        let ty = match specifiers.attributes.odd {
            true => Written { base: Base::Known(Type::Unknown), derived },
            false => specifiers.with(derived),
        };
        let (file, at, is_static) = (self.place.file, self.offset(), specifiers.is_static);
        self.out.decls.push(Decl { file, at, name: name.into(), kind, is_static, ty });
    }

    /// Reads the declaration specifiers. `None` if there are none.
    fn specifiers(&mut self, in_struct: bool) -> Option<Specifiers> {
        let mut found = Specifiers::default();
        let mut basic = BasicWords::default();
        let mut base: Option<Base> = None;
        let start = self.at;
        loop {
            let text = self.text(0);
            match text {
                "typedef" => found.is_typedef = true,
                "static" => found.is_static = true,
                "struct" | "union" if base.is_none() => {
                    base = Some(self.structure());
                    continue;
                }
                "enum" if base.is_none() => {
                    base = Some(self.enumeration());
                    continue;
                }
                "typeof" | "__typeof__" | "__typeof" | "_BitInt" if self.text(1) == "(" => {
                    base = Some(Base::default());
                    self.step(self.close(1));
                }
                "_Atomic" if self.text(1) == "(" && base.is_none() => {
                    self.step(1);
                    let inside = self.inside()?;
                    (base, found.derived) = (Some(inside.base), inside.derived);
                    continue;
                }
                "__attribute__" | "__attribute" | "__declspec" | "_Alignas" | "alignas" => {
                    self.attributes(&mut found.attributes);
                    continue;
                }
                _ if is_storage(text) || is_qualifier(text) => {}
                _ if base.is_none() && basic.take(text) => {}
                _ if !self.is_plain(0) => break,
                _ => match self.word(base.is_some() || basic.any(), in_struct) {
                    Word::Type => base = Some(Base::Named(text.into())),
                    Word::Call => {
                        self.step(1);
                        let inside = self.inside()?;
                        (base, found.derived) = (Some(inside.base), inside.derived);
                        continue;
                    }
                    Word::Opaque => {
                        base = Some(Base::default());
                        self.step(self.close(1));
                    }
                    Word::Skip(tokens) => {
                        found.passed_over = true;
                        found.attributes.packed |= (0..tokens).any(|i| is_packed_word(self.text(i)));
                        self.step(tokens);
                        continue;
                    }
                    Word::Name => break,
                },
            }
            self.step(1);
        }
        if self.at == start && !self.is_plain(0) {
            return None;
        }
        found.base = base.or_else(|| basic.known().map(Base::Known)).unwrap_or_default();
        Some(found)
    }

    /// Reads the type inside the parentheses here.
    fn inside(&mut self) -> Option<Written> {
        let depth = Some(self.depth + 1).filter(|&depth| depth < MAX_DEPTH)?;
        let tokens = self.list();
        Parser { tokens, at: 0, depth, place: self.place, out: self.out }.type_name()
    }

    /// Classifies the plain word here by its neighbours: no list of types and macros is complete.
    fn word(&self, has_type: bool, in_struct: bool) -> Word {
        if self.text(1) == "(" {
            return self.word_with_list(has_type, in_struct);
        }
        let run = (0..MAX_RUN).take_while(|&i| self.is_plain(i)).count();
        let quiet = |range: std::ops::Range<usize>| range.rev().find(|&i| !is_shouting(self.text(i)));
        let behind = self.text(run);
        let type_at = |i: usize| if i == 0 { Word::Type } else { Word::Skip(i) };
        if has_type {
            return match (run, quiet(0..run).unwrap_or(run - 1)) {
                (1, _) if behind == "*" || is_type_keyword(behind) => Word::Skip(1),
                (_, 0) => Word::Name,
                (_, name) => Word::Skip(name),
            };
        }
        // Words before a keyword: `API static`, `API const struct s`, but `name_t const *p`.
        if is_type_keyword(behind) || is_storage(behind) {
            return Word::Skip(run);
        }
        if is_qualifier(behind) {
            let next = (run..run + MAX_RUN).find(|&i| !is_qualifier(self.text(i))).unwrap_or(run);
            let more = (next..next + MAX_RUN).take_while(|&i| self.is_plain(i)).count();
            if is_type_keyword(self.text(next)) || more > 1 || (more == 1 && self.text(next + more) == "*") {
                return Word::Skip(run);
            }
            return type_at(quiet(0..run).unwrap_or(run - 1));
        }
        if run == 1 || behind == "*" || (behind == "(" && self.is_nested(run)) {
            return type_at(quiet(0..run).unwrap_or(run - 1));
        }
        let name = quiet(1..run).unwrap_or(run - 1);
        type_at(quiet(0..name).unwrap_or(name - 1))
    }

    /// The same for a word before a parenthesis.
    fn word_with_list(&self, has_type: bool, in_struct: bool) -> Word {
        let behind = self.close(1) + 1;
        let text = self.text(behind);
        let is_keyword = is_type_keyword(text) || is_storage(text) || is_qualifier(text);
        let loud = is_shouting(self.text(0));
        if !has_type && self.is_nested(1) {
            return Word::Type;
        }
        if has_type || is_keyword {
            // `int API(x) name(int)`, but `int name(int) API(x)`.
            let skips = loud && (is_keyword || text == "*" || (self.is_plain(behind) && !is_shouting(text)));
            return if skips { Word::Skip(behind) } else { Word::Name };
        }
        if text == "*" {
            return Word::Opaque;
        }
        if !self.is_plain(behind) {
            return Word::Name;
        }
        match self.text(behind + 1) {
            "(" | "[" | ";" | "," | "=" | ":" | ")" | "" if in_struct => Word::Opaque,
            "(" | "[" | ";" | "," | "=" | ":" | ")" | "" => Word::Call,
            _ => Word::Skip(behind),
        }
    }
}

/// Whether the word can only begin a type or a declaration.
pub fn begins_type(word: &str) -> bool {
    is_type_keyword(word) || is_storage(word) || is_qualifier(word)
}

/// The tokens separated by blanks.
pub fn text_of(tokens: &[Expanded]) -> Box<str> {
    let mut text = String::new();
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 {
            text.push(' ');
        }
        text.push_str(&token.token.text);
    }
    text.into()
}
