//! Structures, unions and enumerations.

use std::sync::OnceLock;

use super::words::{is_packed_word, is_qualifier};
use super::{MAX_DEPTH, Parser, text_of};
use crate::program::types::Type;
use crate::program::types::written::{Attributes, Base, Member, Struct, Written};

impl Parser<'_, '_> {
    /// Reads `struct tag { … }` or a part of it.
    pub(super) fn structure(&mut self) -> Base {
        let start = self.at;
        let is_union = self.text(0) == "union";
        self.step(1);
        let mut attributes = Attributes::default();
        let mut tag = None;
        while self.text(0) != "{" {
            match self.text(0) {
                "__attribute__" | "__attribute" | "__declspec" | "_Alignas" | "alignas" => {
                    self.attributes(&mut attributes);
                    continue;
                }
                // `struct API PACKED tag {`: the last word is the tag; in `struct tag name` the first.
                text if self.is_plain(0) && (tag.is_none() || self.is_before_body()) => {
                    match is_packed_word(text) && (self.is_plain(1) || self.text(1) == "{") {
                        true => attributes.packed = true,
                        false => tag = Some(text),
                    }
                }
                _ => break,
            }
            self.step(1);
        }
        if self.text(0) != "{" {
            return tag.map_or_else(Base::default, |tag| Base::Tag(tag.into()));
        }
        if self.depth + 1 >= MAX_DEPTH {
            self.step(self.close(0) + 1);
            return Base::default();
        }
        self.depth += 1;
        let first = self.tokens[self.at].token.span;
        self.step(1);
        let mut found = Struct {
            file: self.place.file,
            at: 0,
            in_file: false,
            tag: tag.map(Into::into),
            alias: None,
            text: None,
            is_union,
            attributes,
            pack: (self.place.pack)(first.start),
            members: Vec::new(),
            incomplete: false,
            layout: OnceLock::new(),
        };
        while self.at < self.tokens.len() && self.text(0) != "}" {
            let before = self.at;
            self.member(&mut found);
            self.at = self.at.max(before + 1);
        }
        found.at = self.offset();
        if let Some(last) = self.tokens.get(self.at) {
            found.in_file = !last.from_macro && self.place.at.is_none();
            let body = first.to(last.token.span);
            found.incomplete |= self.place.at.is_none() && (self.place.has_include)(body);
        }
        self.step(1);
        self.depth -= 1;
        if self.place.in_function && self.depth == 0 && found.tag.is_none() {
            found.text = Some(text_of(&self.tokens[start..self.at]));
        }
        loop {
            match self.text(0) {
                "__attribute__" | "__attribute" | "__declspec" => self.attributes(&mut found.attributes),
                text if self.is_plain(0) && is_packed_word(text) => {
                    found.attributes.packed = true;
                    self.step(1);
                }
                _ => break,
            }
        }
        Base::Body(self.out.add(found))
    }

    /// Whether only words and attributes precede the next brace.
    fn is_before_body(&self) -> bool {
        let mut i = 0;
        while i < super::MAX_RUN && (self.is_plain(i) || is_qualifier(self.text(i))) {
            let has_list = is_qualifier(self.text(i)) && self.text(i + 1) == "(";
            i += if has_list { self.close(i + 1) + 1 } else { 1 };
        }
        self.text(i) == "{"
    }

    fn member(&mut self, of: &mut Struct) {
        match self.text(0) {
            ";" => return self.step(1),
            "_Static_assert" | "static_assert" => return self.skip_to(&[";"]),
            _ => {}
        }
        let Some(specifiers) = self.specifiers(true) else {
            of.incomplete = true;
            return self.skip_to(&[";"]);
        };
        of.incomplete |= specifiers.passed_over;
        if self.text(0) == ";" {
            // `struct { … };` is an anonymous member, `struct tag;` and `enum { … };` are not members, `MEMBERS;` may
            // be anything.
            match &specifiers.base {
                Base::Body(_) => {
                    let (ty, attributes) = (specifiers.with(Vec::new()), specifiers.attributes);
                    of.members.push(Member { name: None, ty, bits: None, attributes });
                }
                Base::Tag(_) | Base::Enum(_) => {}
                _ => of.incomplete = true,
            }
            return self.step(1);
        }
        loop {
            let mut attributes = specifiers.attributes.clone();
            let Some(declarator) = self.declarator(&mut attributes) else {
                of.incomplete = true;
                return self.skip_to(&[";"]);
            };
            let mut bits = None;
            if self.text(0) == ":" {
                let start = self.at + 1;
                self.step(1);
                self.skip_to(&[",", ";", "__attribute__"]);
                bits = Some(text_of(&self.tokens[start..self.at.max(start).min(self.tokens.len())]));
                if self.text(0) == "__attribute__" {
                    self.attributes(&mut attributes);
                }
            }
            let is_function = matches!(declarator.derived.first(), Some(super::Derived::Function(_)));
            of.incomplete |= is_function || (declarator.name.is_none() && bits.is_none());
            if !is_function && (declarator.name.is_some() || bits.is_some()) {
                let ty = match attributes.odd {
                    true => Written { base: Base::Known(Type::Unknown), derived: declarator.derived },
                    false => specifiers.with(declarator.derived),
                };
                of.members.push(Member { name: declarator.name.map(Into::into), ty, bits, attributes });
            }
            match self.text(0) {
                "," => self.step(1),
                ";" => return self.step(1),
                _ => {
                    of.incomplete |= self.text(0) != "}";
                    return self.skip_to(&[";"]);
                }
            }
        }
    }

    /// Reads `enum tag { … }` or a part of it. The enumerators are read elsewhere.
    pub(super) fn enumeration(&mut self) -> Base {
        self.step(1);
        let mut attributes = Attributes::default();
        let mut tag = None;
        loop {
            match self.text(0) {
                "__attribute__" | "__attribute" | "__declspec" => {
                    self.attributes(&mut attributes);
                    continue;
                }
                text if self.is_plain(0) && (tag.is_none() || self.is_before_body()) => tag = Some(text),
                _ => break,
            }
            self.step(1);
        }
        let mut base = Base::Enum(tag.map(|tag| format!("enum {tag}")).unwrap_or_default().into());
        // C23: `enum state : uint8_t { … }`; a bit-field's width is a number.
        if self.text(0) == ":" && self.tokens.get(self.at + 1).is_some_and(|t| t.token.is_ident()) {
            self.step(1);
            if let Some(specifiers) = self.specifiers(false) {
                base = specifiers.base;
            }
        }
        if self.text(0) == "{" {
            self.step(self.close(0) + 1);
            while matches!(self.text(0), "__attribute__" | "__attribute") {
                self.attributes(&mut attributes);
            }
        }
        // A packed enumeration is as small as its values allow.
        if attributes.packed { Base::default() } else { base }
    }
}
