//! Reads enumerations from a file's tokens: no tree is needed, and all arms of its conditionals are present.

use rustc_hash::FxHashMap;

use super::{Enum, Enumerator, Value};
use crate::preprocess::macros::MacroTable;
use crate::preprocess::token::{Token, Tokens, integer, is_ident_part, is_statement_word, is_type_word};
use crate::program::Unit;
use crate::source::{FileId, Span, merged};

/// The head of an enumeration and what follows its list are read up to this limit.
const MAX_TOKENS: usize = 32;
/// The text of an unevaluated value is kept only if it has fewer tokens than this.
const MAX_VALUE: usize = 16;

/// The enumerations that the file of `unit` defines.
pub fn enums_of(unit: &Unit, macros: &MacroTable) -> Vec<Enum> {
    let code = unit.all_arms();
    let bytes = code.as_bytes();
    let is_part = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(|&b| is_ident_part(b));
    let mut found = Vec::new();
    let mut done = 0;
    for at in memchr::memmem::find_iter(bytes, "enum") {
        if at < done || is_part(at.checked_sub(1)) || is_part(Some(at + "enum".len())) {
            continue;
        }
        let mut tokens = Tokens::new(code, at..code.len());
        let Some((head, tag)) = head(&mut tokens) else { continue };
        let mut list = List::new(code, unit.file, macros);
        match list.read(&mut tokens) {
            Ok(end) => done = end as usize,
            Err(broken) => {
                done = broken as usize;
                continue;
            }
        }
        let body = Span { start: head.end, end: done as u32 };
        let declared = declared(&mut tokens);
        let is_typedef = bytes[..at].trim_ascii_end().ends_with(b"typedef");
        let name = match (tag, declared) {
            (Some(tag), _) => format!("enum {}", &code[tag.range()]),
            (None, Some(name)) if is_typedef => code[name.range()].to_owned(),
            _ => String::new(),
        };
        let optional = optional_in(unit, body);
        let is_optional = |at: u32| {
            let next = optional.partition_point(|span| span.start <= at);
            next.checked_sub(1).is_some_and(|i| optional[i].contains(at))
        };
        let enumerators = list.items.iter().map(|&(name, value)| Enumerator {
            name: code[name.range()].into(),
            value,
            optional: is_optional(name.start),
        });
        found.push(Enum {
            file: unit.file,
            head,
            name: name.into(),
            enumerators: enumerators.collect(),
            expressions: list.texts,
            open: list.open || unit.scan.has_include(body),
            typed: tag.is_some() || declared.is_some(),
        });
    }
    found
}

/// The parts of `body` that an `#if` inside it may leave out: from the first to the last directive of each group.
fn optional_in(unit: &Unit, body: Span) -> Vec<Span> {
    let groups = &unit.conditionals.groups;
    let begin_before = |offset| groups.partition_point(|g| g.arms[0].directive.start < offset);
    let inside = &groups[begin_before(body.start)..begin_before(body.end)];
    merged(inside.iter().map(|g| g.arms.iter().fold(g.arms[0].directive, |all, arm| all.to(arm.body))).collect())
}

/// Reads from `enum` to the opening brace of a definition; returns the span of `enum` with its tag, and the tag.
fn head(tokens: &mut Tokens) -> Option<(Span, Option<Span>)> {
    let word = tokens.next()?.span;
    let mut tag = None;
    let mut depth = 0usize;
    // C23: `enum state : uint8_t {`.
    let mut in_type = false;
    let mut in_attribute = false;
    for token in tokens.take(MAX_TOKENS) {
        match &*token.text {
            "(" if in_attribute || depth > 0 => depth += 1,
            ")" => depth = depth.checked_sub(1)?,
            _ if depth > 0 => {}
            "{" => return Some((tag.map_or(word, |tag| word.to(tag)), tag)),
            ":" => in_type = true,
            text if token.is_ident() => {
                if !in_type && !is_attribute(text) {
                    // `enum PACKED state`: the last word is the tag.
                    tag = Some(token.span);
                }
            }
            _ => return None,
        }
        in_attribute = is_attribute(&token.text);
    }
    None
}

/// The name declared after the list: of a type, a variable or a member.
fn declared(tokens: &mut Tokens) -> Option<Span> {
    let mut name = None;
    let mut depth = 0usize;
    for token in tokens.take(MAX_TOKENS) {
        match &*token.text {
            "(" => depth += 1,
            ")" => depth = depth.checked_sub(1)?,
            _ if depth > 0 => {}
            "*" => {}
            text if token.is_ident() => {
                // `} PACKED state_t;`: again, the last word.
                if !is_attribute(text) {
                    name = Some(token.span);
                }
            }
            _ => break,
        }
    }
    name
}

fn is_attribute(word: &str) -> bool {
    matches!(word, "__attribute__" | "__attribute" | "__declspec")
}

/// The list between the braces.
struct List<'c> {
    code: &'c str,
    file: FileId,
    macros: &'c MacroTable,
    items: Vec<(Span, Value)>,
    open: bool,
    values: FxHashMap<&'c str, Value>,
    /// Expressions that are not evaluated, by text.
    expressions: FxHashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl<'c> List<'c> {
    fn new(code: &'c str, file: FileId, macros: &'c MacroTable) -> List<'c> {
        let (values, expressions) = (FxHashMap::default(), FxHashMap::default());
        List { code, file, macros, items: Vec::new(), open: false, values, expressions, texts: Vec::new() }
    }

    /// Reads through the closing brace and returns its end. The error is the offset of a token that no enumeration
    /// contains.
    fn read(&mut self, tokens: &mut Tokens<'c>) -> Result<u32, u32> {
        let mut next = Value { base: 0, offset: 0 };
        loop {
            let Some(name) = tokens.next() else { return Err(self.code.len() as u32) };
            match &*name.text {
                "}" => return Ok(name.span.end),
                "," => continue,
                text if !name.is_ident() || is_type_word(text) || is_statement_word(text) => {
                    return Err(name.span.start);
                }
                _ => {}
            }
            let mut rest: Vec<Token> = Vec::new();
            let mut depth = 0usize;
            let closing = loop {
                let Some(token) = tokens.next() else { return Err(self.code.len() as u32) };
                match &*token.text {
                    "," if depth == 0 => break None,
                    "}" if depth == 0 => break Some(token.span.end),
                    ";" | "{" | "}" => return Err(token.span.start),
                    "(" | "[" => depth += 1,
                    ")" | "]" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if rest.len() <= MAX_VALUE {
                    rest.push(token);
                }
            };
            let assigned = rest.iter().position(|t| t.is("="));
            let plain = match rest.first() {
                None => true,
                Some(first) => first.is("=") || is_attribute(&first.text),
            };
            if !plain || self.is_list(&name) {
                // A macro that generates enumerators; the values of later ones continue from an unknown value.
                self.open = true;
                next = self.expression(std::slice::from_ref(&name), name.span.start);
            } else {
                let value = assigned.map_or(next, |i| self.fold(&rest[i + 1..]));
                let text = &self.code[name.span.range()];
                self.values.insert(text, value);
                self.items.push((name.span, value));
                next = Value { offset: value.offset.wrapping_add(1), ..value };
            }
            if let Some(end) = closing {
                return Ok(end);
            }
        }
    }

    /// Whether `name` is a macro for several enumerators.
    fn is_list(&self, name: &Token) -> bool {
        let def = self.macros.resolve(&name.text, self.file, name.span.start);
        def.is_some_and(|def| def.params.is_none() && def.text.contains(','))
    }

    fn fold(&mut self, mut value: &[Token]) -> Value {
        while let [open, inner @ .., close] = value
            && open.is("(")
            && close.is(")")
        {
            value = inner;
        }
        let known = |name: &Token| self.values.get(&*name.text).copied();
        let folded = match value {
            [n] if n.is_ident() => known(n),
            [n] => number(n).map(plain),
            [minus, n] if minus.is("-") => number(n).and_then(i64::checked_neg).map(plain),
            [a, op, b] => match (&*op.text, number(b)) {
                ("<<", Some(by @ 0..63)) => number(a).map(|a| plain(a.wrapping_shl(by as u32))),
                ("+", Some(b)) => known(a).map(|v| Value { offset: v.offset.wrapping_add(b), ..v }),
                ("-", Some(b)) => known(a).map(|v| Value { offset: v.offset.wrapping_sub(b), ..v }),
                _ => None,
            },
            _ => None,
        };
        let at = value.first().map_or(0, |first| first.span.start);
        folded.unwrap_or_else(|| self.expression(value, at))
    }

    /// An unevaluated value, identified by its text, or by its position if the text is too long.
    fn expression(&mut self, tokens: &[Token], at: u32) -> Value {
        let text: Box<str> = match tokens.len() {
            0..MAX_VALUE => tokens.iter().flat_map(|t| [&*t.text, " "]).collect(),
            _ => at.to_string().into(),
        };
        let next = self.texts.len() as u32 + 1;
        let base = *self.expressions.entry(text.clone()).or_insert(next);
        if base == next {
            self.texts.push(if tokens.len() < MAX_VALUE { text } else { "".into() });
        }
        Value { base, offset: 0 }
    }
}

fn plain(offset: i64) -> Value {
    Value { base: 0, offset }
}

fn number(token: &Token) -> Option<i64> {
    match token.text.as_bytes() {
        &[b'\'', byte, b'\''] => Some(byte.into()),
        _ => integer(&token.text),
    }
}
