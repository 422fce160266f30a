//! Finds the declarations of a file, under all readings of its `#if`s, and parses them.

use super::parse::{Parser, Place};
use super::written::Declarations;
use crate::preprocess::expand::{Expanded, expand_where};
use crate::preprocess::macros::{MacroDef, MacroTable};
use crate::preprocess::scan::Pack;
use crate::preprocess::token::{Token, TokenKind, Tokens, is_ident_part, is_type_word, literal_end};
use crate::program::{Reading, Unit};
use crate::source::{FileId, Span, merged};

/// One declaration may grow to this many tokens; beyond that, macros stay as written.
const MAX_TOKENS: usize = 20_000;
/// Maximum depth of the `#pragma pack(push)` stack.
const MAX_PACKS: usize = 64;

/// The declarations in the file of `unit`.
pub fn read(unit: &Unit, macros: &MacroTable) -> Declarations {
    let mut out = Declarations::default();
    let others = unit.other_declarations(macros);
    for (i, reading) in std::iter::once(&unit.base).chain(&others).enumerate() {
        let packs = packs(unit, reading);
        let pack = |at: u32| packs[..packs.partition_point(|&(from, _)| from <= at)].last().map_or(0, |&(_, n)| n);
        let has_include = |within: Span| unit.scan.has_include(within);
        let place = Place { file: unit.file, at: None, pack: &pack, has_include: &has_include, in_function: false };
        let mut read = |tokens: Vec<Token>, place: Place| {
            let (tokens, _) = expanded(tokens, unit.file, None, macros);
            Parser::new(&tokens, place, &mut out).declarations();
        };
        // What another reading does not change has already been read.
        let is_new = |span: Span| i == 0 || unit.base.code[span.range()] != reading.code[span.range()];
        for &span in reading.declarations.iter().filter(|span| is_new(**span)) {
            read(declaration(&reading.code, span, macros, unit.file), place);
        }
        for function in reading.functions.iter().filter(|f| is_new(f.span)) {
            let head = function.span.start as usize..function.body as usize;
            let head: Vec<Token> = Tokens::new(&reading.code, head).collect();
            // After a macro without `;`, a structure looks like a function.
            if head.iter().rev().take(2).any(|word| matches!(&*word.text, "struct" | "union")) {
                read(declaration(&reading.code, function.span, macros, unit.file), place);
                continue;
            }
            read(head, place);
            let body = Span { start: function.body, end: function.span.end };
            for local in local_structs(&reading.code, body) {
                read(Tokens::new(&reading.code, local.range()).collect(), Place { in_function: true, ..place });
            }
        }
    }
    out
}

/// Expands the macros that form declarations. A constant stays: its definitions may differ.
pub fn expanded<'t>(
    tokens: Vec<Token<'t>>,
    file: FileId,
    at: Option<u32>,
    macros: &'t MacroTable,
) -> (Vec<Expanded<'t>>, bool) {
    expand_where(tokens, file, at, macros, &|def| makes_declarations(def, macros), MAX_TOKENS)
}

fn makes_declarations(def: &MacroDef, macros: &MacroTable) -> bool {
    let loud = !def.name.bytes().any(|b| b.is_ascii_lowercase());
    match &def.params {
        // A function may be hidden by a macro of its name; a lowercase macro mostly expands to a call.
        Some(_) => loud || macros.traits(def).must_expand(),
        None if loud => !is_value(def),
        None => macros.traits(def).decoration && !is_type_word(&def.name),
    }
}

/// Whether the macro stands for a value.
fn is_value(def: &MacroDef) -> bool {
    let mut tokens = def.tokens();
    let Some(first) = tokens.next() else { return false };
    match first.kind {
        TokenKind::Number | TokenKind::Literal => true,
        TokenKind::Punct => matches!(&*first.text, "(" | "-" | "~" | "!" | "+"),
        TokenKind::Ident => first.is("sizeof"),
    }
}

/// The tokens of a declaration, without its initialisers and the contents of an enumeration's braces. The initialiser
/// of an array without a length is replaced by its number of elements.
fn declaration<'c>(code: &'c str, span: Span, macros: &MacroTable, file: FileId) -> Vec<Token<'c>> {
    let mut found: Vec<Token<'c>> = Vec::new();
    let mut depth = 0usize;
    let mut in_enum = false;
    let mut at = span.start as usize;
    let end = span.end as usize;
    while let Some(token) = Tokens::new(code, at..end).next() {
        at = token.span.end as usize;
        match &*token.text {
            "enum" => in_enum = true,
            ";" | ")" | "," | "=" | "*" if in_enum => in_enum = false,
            _ => {}
        }
        match &*token.text {
            "{" if in_enum => {
                found.push(token);
                // The closing brace is read as the next token.
                at = closing_brace(code.as_bytes(), at, end);
                in_enum = false;
                depth += 1;
                continue;
            }
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "=" if depth == 0 => {
                let is_open = matches!(&found[..], [.., a, b] if a.is("[") && b.is("]"));
                found.push(token);
                let (next, elements) = initialiser(code, at, end, is_open, macros, file);
                found.extend(elements);
                at = next;
                continue;
            }
            _ => {}
        }
        found.push(token);
    }
    found
}

/// For the text after `=`: where the value ends, and its number of elements if requested and known.
fn initialiser<'c>(
    code: &'c str,
    at: usize,
    end: usize,
    is_open: bool,
    macros: &MacroTable,
    file: FileId,
) -> (usize, Option<Token<'c>>) {
    let next = value_end(code.as_bytes(), at, end);
    let elements = is_open.then(|| elements(Tokens::new(code, at..next), macros, file)).flatten();
    let token =
        |n: u64| Token { kind: TokenKind::Number, text: n.to_string().into(), span: Span::new(at, at), spaced: true };
    (next, elements.map(token))
}

/// The number of elements in an array's initialiser: `{ a, b }` or a string.
fn elements(mut tokens: Tokens, macros: &MacroTable, file: FileId) -> Option<u64> {
    let first = tokens.next()?;
    if first.text.ends_with('"') {
        return tokens.next().is_none().then(|| string_length(&first.text));
    }
    if !first.is("{") {
        return None;
    }
    let (mut depth, mut count, mut pending) = (1usize, 0, false);
    for token in tokens {
        match &*token.text {
            // `[5] = x`
            "[" if depth == 1 && !pending => return None,
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 1 => return Some(count + u64::from(pending)),
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 1 => {
                (count, pending) = (count + 1, false);
                continue;
            }
            _ if depth == 1 && token.is_ident() => {
                // A macro may stand for several elements.
                let def = macros.resolve(&token.text, file, token.span.start);
                if def.is_some_and(|def| def.text.contains("##") || has_open_comma(def)) {
                    return None;
                }
            }
            _ => {}
        }
        pending = true;
    }
    None
}

fn has_open_comma(def: &MacroDef) -> bool {
    let mut depth = 0usize;
    def.tokens().any(|token| {
        match &*token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.is(",")
    })
}

/// The length of a string literal in characters, including its closing NUL.
pub fn string_length(text: &str) -> u64 {
    let inside = text.split_once('"').map_or("", |(_, rest)| rest.trim_end_matches('"'));
    let mut bytes = inside.bytes().peekable();
    let mut length = 1;
    while let Some(byte) = bytes.next() {
        length += 1;
        if byte != b'\\' {
            continue;
        }
        match bytes.next() {
            Some(b'x') => while bytes.next_if(u8::is_ascii_hexdigit).is_some() {},
            Some(b'0'..=b'7') => {
                for _ in 0..2 {
                    bytes.next_if(|b| (b'0'..=b'7').contains(b));
                }
            }
            _ => {}
        }
    }
    length
}

/// The next `,` or `;` outside brackets.
fn value_end(bytes: &[u8], mut at: usize, end: usize) -> usize {
    let mut depth = 0usize;
    while at < end {
        match bytes[at] {
            b'"' | b'\'' => {
                at = literal_end(bytes, at).max(at + 1);
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' | b';' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    end
}

/// The brace that closes the one before `at`.
fn closing_brace(bytes: &[u8], mut at: usize, end: usize) -> usize {
    let mut depth = 1usize;
    while at < end {
        match bytes[at] {
            b'"' | b'\'' => {
                at = literal_end(bytes, at).max(at + 1);
                continue;
            }
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
        at += 1;
    }
    end
}

/// The structures defined in a function's body, each from its keyword to the end of its attributes. Nested ones are
/// part of the outer one.
fn local_structs(code: &str, body: Span) -> Vec<Span> {
    let bytes = code.as_bytes();
    let mut words: Vec<usize> = Vec::new();
    for word in ["struct", "union"] {
        let is_part = |i: usize| bytes.get(i).is_some_and(|&b| is_ident_part(b));
        let found = memchr::memmem::find_iter(&bytes[body.range()], word).map(|at| at + body.start as usize);
        words.extend(found.filter(|&at| !is_part(at - 1) && !is_part(at + word.len())));
    }
    words.sort_unstable();
    let mut found: Vec<Span> = Vec::new();
    for at in words {
        if found.last().is_none_or(|last| last.end as usize <= at) {
            found.extend(struct_at(code, at, body.end as usize));
        }
    }
    found
}

/// The specifier that begins at `at`, if it has a body.
fn struct_at(code: &str, at: usize, end: usize) -> Option<Span> {
    let mut tokens = Tokens::new(code, at..end);
    let mut depth = 0usize;
    // `struct __attribute__((packed)) tag {`
    let open = tokens.by_ref().take(12).find_map(|token| {
        match &*token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "{" if depth == 0 => return Some(Some(token.span.end as usize)),
            _ if depth > 0 || token.is_ident() => {}
            _ => return Some(None),
        }
        None
    })??;
    let mut close = (closing_brace(code.as_bytes(), open, end) + 1).min(end);
    let mut behind = Tokens::new(code, close..end);
    if behind.next().is_some_and(|t| t.text.starts_with("__attribute")) {
        let mut depth = 0usize;
        for token in behind {
            match &*token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                close = token.span.end as usize;
                break;
            }
        }
    }
    Some(Span::new(at, close))
}

/// The limits set by `#pragma pack`, each with the offset at which it begins, in order.
fn packs(unit: &Unit, reading: &Reading) -> Vec<(u32, u8)> {
    if unit.scan.packs.is_empty() {
        return Vec::new();
    }
    let dead = merged(unit.conditionals.dead(&reading.choice));
    let is_dead = |at: u32| dead.get(dead.partition_point(|d| d.end <= at)).is_some_and(|d| d.contains(at));
    let mut kept: Vec<u8> = Vec::new();
    let mut now = 0;
    let mut found = Vec::new();
    for &(at, pack) in unit.scan.packs.iter().filter(|(at, _)| !is_dead(*at)) {
        match pack {
            Pack::Set(limit) => now = limit,
            Pack::Push(limit) => {
                if kept.len() < MAX_PACKS {
                    kept.push(now);
                }
                now = limit.unwrap_or(now);
            }
            Pack::Pop => now = kept.pop().unwrap_or(0),
        }
        found.push((at, now));
    }
    found
}
