//! Decides from a function's lines alone whether a statement may belong elsewhere than its layout suggests, so that
//! most functions need not be parsed.

use std::ops::Range;

use crate::preprocess::token::{closing_paren, ident_end, occurrences, statement_end};

/// A line's indentation and the text from its first non-blank character on.
struct Line<'c> {
    indent: &'c str,
    text: &'c str,
}

/// The first line in `code` that is not blank.
fn first_line(code: &str) -> Option<Line<'_>> {
    let text = code.trim_ascii_start();
    let blank = &code[..code.len() - text.len()];
    let start = blank.bytes().rposition(|b| b == b'\n').map_or(0, |i| i + 1);
    (!text.is_empty()).then(|| Line { indent: &blank[start..], text })
}

fn first_word(text: &str) -> &str {
    &text[..ident_end(text.as_bytes(), 0)]
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.ends_with(word) && occurrences(&text[text.len().saturating_sub(word.len() + 1)..], word).next().is_some()
}

/// `inner` is indented further than `outer`, with tab stops every eight columns.
pub fn is_deeper(inner: &str, outer: &str) -> bool {
    let column = |indent: &str| indent.bytes().fold(0, |at, b| if b == b'\t' { (at | 7) + 1 } else { at + 1 });
    if inner.starts_with(outer) { inner.len() > outer.len() } else { column(inner) > column(outer) }
}

/// Some line of the function may swallow the next one, has a `;` after its condition, or has an unbraced body whose
/// indentation the next line shares. A label earlier on the line hides that. `directive` tells whether a range of
/// `code` contains a directive.
pub fn is_suspicious(code: &str, directive: &dyn Fn(Range<usize>) -> bool) -> bool {
    let mut start = 0;
    memchr::memchr_iter(b'\n', code.as_bytes()).any(|end| {
        let line = &code.as_bytes()[std::mem::replace(&mut start, end + 1)..end];
        let indent = line.iter().position(|b| !matches!(b, b' ' | b'\t'));
        // Most lines are ruled out by their first or last character.
        let Some(indent) = indent.filter(|&i| matches!(line[i], b'i' | b'f' | b'w' | b'e' | b'r' | b'}')) else {
            return false;
        };
        let first = end - line.len() + indent;
        let (indent, text, behind) = (&code[first - indent..first], code[first..end].trim_ascii_end(), &code[end..]);
        let swallows = || swallows(behind, indent).is_some_and(|blank| !directive(end..end + blank));
        match text.as_bytes().last() {
            Some(b'{' | b'}') => false,
            Some(b'n') if ends_with_word(text, "return") => swallows(),
            Some(b'e') if ends_with_word(text, "else") => swallows() || misleads(behind, indent),
            _ => guards_wrongly(&code[first..], indent),
        }
    })
}

/// The length of the blanks before the next line, if that is a statement no deeper than the line that would swallow it.
fn swallows(behind: &str, indent: &str) -> Option<usize> {
    let next = first_line(behind)?;
    let begins = begins_statement(next.text) && first_word(next.text) != "if";
    (begins && indent.starts_with(next.indent)).then_some(behind.len() - next.text.len())
}

/// The text begins neither with a brace nor with a label.
fn begins_statement(text: &str) -> bool {
    let word = first_word(text);
    !text.starts_with(['{', '}'])
        && !matches!(word, "case" | "default")
        && !text[word.len()..].trim_ascii_start().starts_with(':')
}

/// The line begins with a condition or loop head whose body is a `;`, or that misleads.
fn guards_wrongly(text: &str, indent: &str) -> bool {
    let text = text.strip_prefix('}').map_or(text, str::trim_ascii_start);
    let text = text.strip_prefix("else").map_or(text, str::trim_ascii_start);
    let Some(word) = ["if", "for", "while"].into_iter().find(|word| text.starts_with(word)) else { return false };
    let Some(close) = closing_paren(&text[word.len()..]) else { return false };
    let body = &text[word.len() + close..];
    // On the same line.
    let blanks = body.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    match body[blanks..].strip_prefix(';') {
        Some(next) => {
            let goes_on = |line: Line| line.text.starts_with('{') || is_deeper(line.indent, indent);
            word == "if" || first_line(next).is_some_and(goes_on)
        }
        None => misleads(body, indent),
    }
}

/// The body of a line indented by `guard` is on the next line, without braces, and the line after it is indented like
/// the body.
fn misleads(body: &str, guard: &str) -> bool {
    const ELSES: usize = 16;
    let Some(first) = first_line(body).filter(|first| is_deeper(first.indent, guard)) else { return false };
    if first_word(first.text) == "do" {
        return false;
    }
    let mut text = first.text;
    for _ in 0..ELSES {
        let Some(end) = statement_end(text) else { return false };
        let Some(next) = first_line(&text[end..]) else { return false };
        if first_word(next.text) == "else" {
            text = &next.text["else".len()..];
            continue;
        }
        let lines = text[end..].len() - next.text.len();
        let adjoins = text.as_bytes()[end..end + lines].iter().filter(|&&b| b == b'\n').count() == 1;
        return adjoins && next.indent == first.indent && begins_statement(next.text);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspicious(lines: &str) -> bool {
        is_suspicious(&format!("void f(void)\n{{\n{lines}\n}}\n"), &|_| false)
    }

    #[test]
    fn what_is_worth_a_look() {
        assert!(suspicious("    if (a)\n        return\n    b();"));
        assert!(suspicious("    if (a) return\n    b();"));
        assert!(suspicious("    if (a)\n        b();\n    else\n    c();"));
        assert!(suspicious("    if (a(1));\n        b();"));
        assert!(suspicious("    } else if (a);"));
        assert!(suspicious("    while (a) ;\n    {"));
        assert!(suspicious("    for (;;);\n        b();"));
        assert!(suspicious("    if (a)\n        b();\n        c();"));
        assert!(suspicious(
            "    for (;;)\n        if (a)\n            b();\n        else\n            c(d,\n              e);\n        g();"
        ));
        assert!(suspicious("    if (a)\n\tb();\n\tc();"));
        assert!(suspicious("    else\n        c();\n        d();"));
    }

    #[test]
    fn what_is_not() {
        assert!(!suspicious("    return\n        a;\n    return;"));
        assert!(!suspicious("    if (a)\n        b();\n    else\n        c();\n    d();"));
        assert!(!suspicious("    if (a)\n        b();\n    else\n    {\n        c();\n    }"));
        assert!(!suspicious("    if (a)\n        b();\n    else\n    if (c)\n        d();"));
        assert!(!suspicious("    for (i = 0; a[i]; i++);\n    b();\n    while (c);\n    d();"));
        assert!(!suspicious("    if (a) {\n        b();\n        c();\n    }"));
        assert!(!suspicious("    if (a)\n        b();\n\n        c();"));
        assert!(!suspicious("    if (a &&\n        b)\n        c();\n    d();"));
    }
}
