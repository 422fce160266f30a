//! Comments that suppress findings: `crosstalk: allow(rule) -- reason`.

use super::token::Tokens;
use crate::source::Span;

/// Tokens per file that are examined to find where statements end.
const TOKENS: usize = 2_000_000;

/// One suppression comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    pub comment: Span,
    /// The rule names.
    pub rules: Vec<Span>,
    /// Empty if none is given.
    pub reason: String,
    /// A finding that begins or ends in this span is suppressed.
    pub scope: Span,
}

/// All suppression comments of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allows {
    pub comments: Vec<Allow>,
    /// Malformed or unmatched comments, and what is wrong with each.
    pub faults: Vec<(Span, String)>,
}

/// Whether a comment (with delimiters) is addressed to Crosstalk.
pub fn is_addressed(comment: &str) -> bool {
    content(comment).starts_with(ADDRESS)
}

const ADDRESS: &str = "crosstalk:";
const FORMS: &str = "expected `allow(RULE) -- REASON`, `allow-file(…)`, `allow-begin(…)` or `allow-end(…)`";

/// The text of a comment without its delimiters.
fn content(comment: &str) -> &str {
    let text = match comment.strip_prefix("/*") {
        Some(block) => block.strip_suffix("*/").unwrap_or(block).trim_start_matches(['*', '!', ' ', '\t', '\r', '\n']),
        None => comment.strip_prefix("//").unwrap_or(comment).trim_start_matches(['/', '!']),
    };
    text.trim()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Here,
    File,
    Begin,
    End,
}

/// A parsed comment.
struct Written {
    form: Form,
    rules: Vec<Span>,
    reason: String,
}

/// Reads the comments addressed to Crosstalk. `code` is the text with comments and directives blanked; `base` is the
/// same under the base reading.
pub fn allows(text: &str, comments: &[Span], code: &str, base: &str) -> Allows {
    let mut found = Allows::default();
    let mut budget = TOKENS;
    // Indices into `found.comments` of the `allow-begin`s still open.
    let mut open: Vec<usize> = Vec::new();
    for &comment in comments {
        let written = match written(text, comment) {
            Ok(written) => written,
            Err(why) => {
                found.faults.push((comment, why));
                continue;
            }
        };
        let scope = match written.form {
            Form::File => Span::new(0, text.len()),
            Form::Begin => Span::new(comment.start as usize, text.len()),
            Form::Here if follows_code(text, comment) => line(text, comment.start as usize),
            Form::Here => statement(code, base, comment.end as usize, &mut budget),
            Form::End => {
                let names = |spans: &[Span]| -> Vec<&str> { spans.iter().map(|s| &text[s.range()]).collect() };
                let ended = |begin: &usize| {
                    written.rules.is_empty() || names(&found.comments[*begin].rules) == names(&written.rules)
                };
                match open.iter().rposition(ended) {
                    Some(at) => found.comments[open.remove(at)].scope.end = comment.end,
                    None => found.faults.push((comment, "no `allow-begin` of these rules is open here".into())),
                }
                continue;
            }
        };
        if written.form == Form::Begin {
            open.push(found.comments.len());
        }
        found.comments.push(Allow { comment, rules: written.rules, reason: written.reason, scope });
    }
    for at in open {
        found.faults.push((found.comments[at].comment, "no `allow-end` follows".into()));
    }
    found
}

fn written(text: &str, comment: Span) -> Result<Written, String> {
    let said = content(&text[comment.range()]);
    let rest = said.strip_prefix(ADDRESS).unwrap_or(said).trim_start();
    let word_end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(rest.len());
    let (word, rest) = rest.split_at(word_end);
    let form = match word {
        "allow" => Form::Here,
        "allow-file" => Form::File,
        "allow-begin" => Form::Begin,
        "allow-end" => Form::End,
        _ => return Err(FORMS.into()),
    };
    let rest = rest.trim_start();
    let (list, rest) = match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')').ok_or("the list of rules has no `)`")?,
        None if form == Form::End => ("", rest),
        None => return Err(format!("`{word}` names no rule: {FORMS}")),
    };
    let mut rules = Vec::new();
    for name in list.split(',').map(str::trim) {
        match name {
            "" if form != Form::End => return Err("the list of rules has an empty place".into()),
            "" => {}
            _ => {
                // Both are slices of `text`.
                let start = name.as_ptr() as usize - text.as_ptr() as usize;
                rules.push(Span::new(start, start + name.len()));
            }
        }
    }
    let reason = match rest.trim_start() {
        "" => "",
        rest => rest.strip_prefix("--").ok_or("what follows the list is to begin with `--`")?,
    };
    let reason: Vec<&str> = reason.split_whitespace().filter(|word| *word != "*").collect();
    Ok(Written { form, rules, reason: reason.join(" ") })
}

/// Whether code precedes the comment on its line.
fn follows_code(text: &str, comment: Span) -> bool {
    let start = line(text, comment.start as usize).start as usize;
    !text[start..comment.start as usize].trim().is_empty()
}

/// The line containing `at`.
fn line(text: &str, at: usize) -> Span {
    let bytes = text.as_bytes();
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |i| i + 1);
    Span::new(start, memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |i| at + i))
}

/// The statement, declaration or function that begins after `at`, delimited by its tokens.
fn statement(code: &str, base: &str, at: usize, budget: &mut usize) -> Span {
    let first = |code: &str| Tokens::new(code, at..code.len()).next().map(|t| t.span.start as usize);
    let Some(start) = first(code) else { return Span::new(at, at) };
    // In an arm that the base reading leaves out, fall back to the text of all arms.
    let code = if first(base) == Some(start) { base } else { code };
    let mut tokens = Tokens::new(code, start..code.len()).peekable();
    let is_do = tokens.peek().is_some_and(|t| t.is("do"));
    let mut depth = 0usize;
    let mut end = start as u32;
    while let Some(token) = tokens.next() {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        let mut may_end = token.is(";") && depth == 0;
        match &*token.text {
            "(" | "[" | "{" => depth += 1,
            // The block that contains the comment ends.
            ")" | "]" | "}" if depth == 0 => break,
            ")" | "]" | "}" => {
                depth -= 1;
                may_end = depth == 0 && token.is("}");
            }
            _ => {}
        }
        end = token.span.end;
        let goes_on = |next: &str| next == "else" || (token.is("}") && (next == ";" || next == "," || is_do));
        if may_end && !tokens.peek().is_some_and(|next| goes_on(&next.text)) {
            break;
        }
    }
    Span { start: start as u32, end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::scan::Scan;

    fn read(text: &str) -> Allows {
        let scan = Scan::new(text);
        allows(text, &scan.addressed, &scan.code, &scan.code)
    }

    /// The source text of the only comment's scope.
    fn scope(text: &str) -> String {
        let found = read(text);
        assert_eq!((found.comments.len(), &found.faults), (1, &Vec::new()), "{text}");
        text[found.comments[0].scope.range()].to_owned()
    }

    #[test]
    fn a_comment_behind_code_is_about_its_line() {
        assert_eq!(scope("a();\nb(); // crosstalk: allow(x)\nc();\n"), "b(); // crosstalk: allow(x)");
        assert_eq!(scope("b(); /* crosstalk: allow(x) -- why\n not */ c();"), "b(); /* crosstalk: allow(x) -- why");
    }

    #[test]
    fn a_comment_of_its_own_line_is_about_the_next_statement() {
        let next = |code: &str| scope(&format!("a();\n/* crosstalk: allow(x) */\n{code} last(); }}"));
        for statement in [
            "b(1, ';');",
            "if (a) b(); else if (c) { d(); } else e();",
            "do { b(); } while (c);",
            "for (i = 0; i < 2; i++) { b(); }",
            "switch (a) { case 1: b(); break; }",
            "case 2: b();",
            "int f(void) { if (a) { b(); } }",
            "struct s s = { { 1 }, { 2 } };",
            "// more\n#define Z 1\n  /* and more */ b();",
        ] {
            let said = next(statement);
            let code = statement.rfind("*/ ").map_or(statement, |at| &statement[at + 3..]);
            assert_eq!(said, code);
        }
        assert_eq!(scope("{ a();\n// crosstalk: allow(x)\n} b();"), "", "nothing follows in its block");
        assert_eq!(scope("a();\n// crosstalk: allow(x)\n"), "");
    }

    #[test]
    fn files_and_ranges() {
        assert_eq!(scope("a\n// crosstalk: allow-file(x)\nb"), "a\n// crosstalk: allow-file(x)\nb");
        let range = "// crosstalk: allow-begin(x) -- y\nb();\n/* crosstalk: allow-end(x) */";
        assert_eq!(scope(&format!("a();\n{range}\nc();")), range);
        assert_eq!(scope(&format!("a();\n{} c();", range.replace("(x) */", " */"))), range.replace("(x) */", " */"));
        let nested = read("// crosstalk: allow-begin(x)\n// crosstalk: allow-begin(y)\n// crosstalk: allow-end(x)\n");
        assert_eq!(nested.faults.len(), 1, "y is open to the end");
        assert_eq!(nested.comments[0].scope.end, nested.comments[1].scope.end - 1);
    }

    #[test]
    fn rules_and_reasons() {
        let text = "/**\n * crosstalk: allow( one ,two-2 ) -- it is\n * meant -- so  \n */";
        let found = read(text);
        let names: Vec<&str> = found.comments[0].rules.iter().map(|r| &text[r.range()]).collect();
        assert_eq!(names, ["one", "two-2"]);
        assert_eq!(found.comments[0].reason, "it is meant -- so");
        assert_eq!(read("// crosstalk: allow(x)").comments[0].reason, "");
        assert_eq!(read("// see crosstalk: allow(x)\n/* crosstalk allow(x) */"), Allows::default());
    }

    #[test]
    fn what_cannot_be_heeded_is_told() {
        for (comment, why) in [
            ("// crosstalk: ignore(x)", "expected `allow(RULE)"),
            ("// crosstalk: allow x", "names no rule"),
            ("// crosstalk: allow()", "empty place"),
            ("// crosstalk: allow(x,)", "empty place"),
            ("// crosstalk: allow(x", "no `)`"),
            ("// crosstalk: allow(x) because", "begin with `--`"),
            ("// crosstalk: allow-end(x)", "no `allow-begin`"),
            ("// crosstalk: allow-begin(x)", "no `allow-end`"),
        ] {
            let found = read(comment);
            assert!(found.faults.len() == 1 && found.faults[0].1.contains(why), "{comment}: {:?}", found.faults);
        }
    }

    #[test]
    fn many_comments_cost_little() {
        let text =
            format!("{}{}", "{ // crosstalk: allow(x)\n".repeat(20_000), "\n// crosstalk: allow(x)\nf(".repeat(20_000));
        let start = std::time::Instant::now();
        assert_eq!(read(&text).comments.len(), 40_000);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }
}
