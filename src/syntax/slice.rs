//! Cuts masked text into top-level items by balanced braces, so that each function is parsed on its own.

use crate::preprocess::token::{ident_end, is_ident_part, is_ident_start, literal_end};
use crate::source::Span;

/// A function definition, found by its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionItem {
    /// From its first token to the end of its closing brace.
    pub span: Span,
    /// Offset of the opening brace.
    pub body: u32,
    /// The identifier before the parameter list.
    pub name: Span,
    /// The braces did not balance; the end was guessed from the layout.
    pub damaged: bool,
}

/// The top level of a file.
#[derive(Debug, Default)]
pub struct Items {
    pub functions: Vec<FunctionItem>,
    /// Declarations (`… ;`) at the top level: prototypes, variables, types.
    pub declarations: Vec<Span>,
}

pub fn slice(code: &str) -> Items {
    let bytes = code.as_bytes();
    let mut items = Items::default();
    let mut at = 0;
    let mut start = None;
    // Start of an identifier list and what follows it, where a K&R definition may have begun.
    let mut old_style: Option<usize> = None;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            _ if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'"' | b'\'' => {
                start.get_or_insert(at);
                at = literal_end(bytes, at).max(at + 1);
            }
            b';' => {
                if let Some(from) = start.take() {
                    items.declarations.push(Span::new(from, at + 1));
                    match old_style {
                        None if is_old_style_head(&bytes[from..at]) => old_style = Some(from),
                        Some(_) if bytes[from..at].contains(&b'(') => old_style = None,
                        _ => {}
                    }
                }
                at += 1;
            }
            b'{' => {
                let from = start.or(old_style).unwrap_or(at);
                let head = start.map_or(&bytes[0..0], |s| &bytes[s..at]);
                if start.is_some() && is_linkage(head) {
                    // `extern "C" {`: its contents are top level.
                    start = None;
                    at += 1;
                    continue;
                }
                let function = match start {
                    Some(s) => function_name(bytes, s, at),
                    None => old_style.and_then(|s| function_name(bytes, s, at)),
                };
                let (end, damaged) = body_end(bytes, at, function.is_some());
                match function {
                    Some(name) => {
                        items.functions.push(FunctionItem {
                            span: Span::new(from, end),
                            body: at as u32,
                            name,
                            damaged,
                        });
                        start = None;
                    }
                    // An initialiser or a type, which continues up to its `;`.
                    None => start = Some(from),
                }
                old_style = None;
                at = end;
            }
            b'}' => {
                // The end of `extern "C" {`, or a stray brace: a new item begins.
                start = None;
                old_style = None;
                at += 1;
            }
            _ => {
                start.get_or_insert(at);
                at += 1;
                if is_ident_start(byte) {
                    at = ident_end(bytes, at);
                }
            }
        }
    }
    items
}

/// Where the braces that open at `open` end, and whether that had to be guessed.
///
/// By layout, a brace in column 0 ends a function: if another function begins inside a body (`{` in column 0 after a
/// `)`), the body ended at the last `}` in column 0 before it.
fn body_end(bytes: &[u8], open: usize, is_function: bool) -> (usize, bool) {
    let mut depth = 0usize;
    let mut last_column_0 = None;
    let mut at = open;
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => {
                at = literal_end(bytes, at).max(at + 1);
                continue;
            }
            b'{' => {
                if is_function
                    && depth > 0
                    && in_column_0(bytes, at)
                    && previous(bytes, at) == Some(b')')
                    && let Some(end) = last_column_0
                {
                    return (end, true);
                }
                depth += 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return (at + 1, false);
                }
                if in_column_0(bytes, at) {
                    last_column_0 = Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (last_column_0.filter(|_| is_function).unwrap_or(bytes.len()), true)
}

fn in_column_0(bytes: &[u8], at: usize) -> bool {
    at == 0 || bytes[at - 1] == b'\n'
}

fn previous(bytes: &[u8], at: usize) -> Option<u8> {
    bytes[..at].iter().rev().copied().find(|b| !b.is_ascii_whitespace())
}

/// `extern "C"`.
fn is_linkage(head: &[u8]) -> bool {
    head.starts_with(b"extern") && head.trim_ascii_end().ends_with(b"\"")
}

/// `int f(a, b) int a`: a parameter list of names, then a declaration without its `;`.
fn is_old_style_head(item: &[u8]) -> bool {
    let Some(open) = item.iter().position(|&b| b == b'(') else { return false };
    let Some(close) = item[open..].iter().position(|&b| b == b')').map(|i| i + open) else { return false };
    let params = &item[open + 1..close];
    let names = !params.is_empty() && params.iter().all(|&b| is_ident_part(b) || b == b',' || b.is_ascii_whitespace());
    let rest = item[close + 1..].trim_ascii_start();
    names
        && rest.first().is_some_and(|&b| is_ident_start(b))
        && !rest.starts_with(b"__attribute")
        && !rest.starts_with(b"asm")
        && !rest.starts_with(b"__asm")
}

/// The function's name, if `bytes[start..brace]` is the head of a function definition.
fn function_name(bytes: &[u8], start: usize, brace: usize) -> Option<Span> {
    let head = &bytes[start..brace];
    let last = head.iter().rev().copied().find(|b| !b.is_ascii_whitespace())?;
    if matches!(last, b'=' | b',' | b'(' | b'[') {
        return None;
    }
    // Names before a top-level parenthesis; `PJ_DEF(int) f(void)` and `int f(void) THROWS(x)` have two.
    let mut names: Vec<Span> = Vec::new();
    let mut depth = 0usize;
    let mut at = start;
    let mut ident: Option<Span> = None;
    while at < brace {
        match bytes[at] {
            b if is_ident_start(b) => {
                let end = ident_end(bytes, at);
                if depth == 0 {
                    ident = Some(Span::new(at, end));
                }
                at = end;
                continue;
            }
            b'"' | b'\'' => {
                at = literal_end(bytes, at).max(at + 1);
                continue;
            }
            b'(' => {
                if depth == 0 {
                    match ident.take() {
                        Some(word) if is_decoration(&bytes[word.range()]) => {}
                        // `int (*f(int x))(char)` has its name further inside.
                        Some(word) if is_type_word(&bytes[word.range()]) => names.extend(first_ident(bytes, at, brace)),
                        Some(word) => names.push(word),
                        None if names.is_empty() => names.extend(first_ident(bytes, at, brace)),
                        None => {}
                    }
                }
                depth += 1;
            }
            b')' => depth = depth.saturating_sub(1),
            b'=' if depth == 0 => return None,
            b if !b.is_ascii_whitespace() && depth == 0 && b != b'*' => ident = None,
            _ => {}
        }
        at += 1;
    }
    let shouts = |span: &Span| !bytes[span.range()].iter().any(u8::is_ascii_lowercase);
    let name = names.iter().find(|n| !shouts(n)).or(names.first()).copied()?;
    let words = &bytes[name.range()];
    // `struct __attribute__((packed)) s {` and `enum x {` are types; so is `typedef …`.
    let first = first_word(head);
    let is_type = matches!(first, b"struct" | b"union" | b"enum" | b"typedef") && last != b')';
    (!is_type && first != b"typedef" && !is_control(words)).then_some(name)
}

fn first_word(head: &[u8]) -> &[u8] {
    &head[..ident_end(head, 0)]
}

fn first_ident(bytes: &[u8], from: usize, to: usize) -> Option<Span> {
    let at = (from..to).find(|&i| is_ident_start(bytes[i]))?;
    Some(Span::new(at, ident_end(bytes, at)))
}

fn is_decoration(word: &[u8]) -> bool {
    matches!(word, b"__attribute__" | b"__attribute" | b"__declspec" | b"_Alignas" | b"alignas" | b"__asm__" | b"asm")
}

fn is_type_word(word: &[u8]) -> bool {
    matches!(
        word,
        b"int"
            | b"char"
            | b"void"
            | b"long"
            | b"short"
            | b"unsigned"
            | b"signed"
            | b"float"
            | b"double"
            | b"const"
            | b"static"
    )
}

fn is_control(word: &[u8]) -> bool {
    matches!(word, b"if" | b"while" | b"for" | b"switch" | b"return" | b"do" | b"else" | b"sizeof")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str) -> Vec<String> {
        slice(code).functions.iter().map(|f| code[f.name.range()].to_owned()).collect()
    }

    #[test]
    fn functions_and_only_functions() {
        assert_eq!(
            names("int a = 1; static int f(int x) { return x; } struct s { int (*cb)(int); } v; int g(void) { }"),
            ["f", "g"]
        );
        assert_eq!(names("struct s x[] = { { f(1) }, { 2 } }; enum e { A = F(1), B }; void h() {}"), ["h"]);
        assert_eq!(names("struct s *f(struct s *p) { } struct __attribute__((packed)) t { int a; };"), ["f"]);
        assert_eq!(
            names(
                "__attribute__((noreturn)) void die(void) { } int w(int a) __attribute__((x)) ; void z(int a) THROW { }"
            ),
            ["die", "z"]
        );
        assert_eq!(names("extern \"C\" { int f(void) { } } int g() { \"}\"; '}'; }"), ["f", "g"]);
        assert_eq!(names("void (*signal(int s, void (*f)(int)))(int) { } int (f)(int a) { }"), ["signal", "f"]);
    }

    #[test]
    fn old_style_definitions() {
        assert_eq!(names("int f(a, b) int a; char *b; { return a; } int g() { }"), ["f", "g"]);
        assert_eq!(names("main(argc, argv)\nchar **argv;\n{ }"), ["main"]);
        assert_eq!(names("foo(a) int a; {}"), ["foo"]);
        let code = "int f(a) int a; {}";
        assert_eq!(slice(code).functions[0].span, Span::new(0, code.len()));
    }

    #[test]
    fn damage_stays_in_its_function() {
        let code = "int f(void)\n{\n  if (x) {\n}\nint g(void)\n{\n}\nint h(void)\n{\n}\n";
        let items = slice(code);
        assert_eq!(names(code), ["f", "g", "h"]);
        assert!(items.functions[0].damaged && !items.functions[1].damaged);
        assert_eq!(names("int f(void)\n{\n}}}\nint g(void)\n{\n}\n"), ["f", "g"]);
    }

    #[test]
    fn prototypes_are_declarations() {
        let code = "void die(int) __attribute__((noreturn)); int x;";
        let found: Vec<&str> = slice(code).declarations.iter().map(|d| &code[d.range()]).collect();
        assert_eq!(found, ["void die(int) __attribute__((noreturn));", "int x;"]);
    }
}
