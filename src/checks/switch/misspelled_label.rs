//! `misspelled-label`: a label inside a `switch` that no `goto` uses and that reads like one of the switch's own.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::checks::{Candidate, Context, Rule, View};
use crate::hir::{Body, ExprKind, StmtKind, Symbol, UnaryOp};
use crate::preprocess::token::{ident_end, is_ident_part, is_ident_start, occurrences};
use crate::report::{Confidence, Edit, Finding, Fix};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "misspelled-label",
    page: include_str!("../../../rules/misspelled-label.md"),
    yields_to: &[],
    words: &["switch", "case"],
    wants: has_idle_label,
    check,
};

/// Some line begins with an identifier and a colon, no jump names it, and it may be a misspelled label.
fn has_idle_label(candidate: &Candidate) -> bool {
    let code = candidate.code;
    let labels = memchr::memchr_iter(b':', code.as_bytes()).filter_map(|colon| label_before(code, colon));
    let mut labels = labels.filter(|name| may_be_meant(name)).peekable();
    labels.peek().is_some() && {
        let used = used_names(code);
        labels.any(|name| !used.contains(name))
    }
}

/// The identifier before the colon, if its line begins with it.
fn label_before(code: &str, colon: usize) -> Option<&str> {
    const LONGEST: usize = 128;
    let near = &code.as_bytes()[colon.saturating_sub(LONGEST)..colon];
    let start = near.iter().rposition(|b| *b == b'\n')? + 1;
    let name = std::str::from_utf8(near[start..].trim_ascii()).ok()?;
    let is_name = name.bytes().all(is_ident_part) && name.bytes().next().is_some_and(is_ident_start);
    is_name.then_some(name)
}

/// A misspelled `default`, `case` run together with a value, or a constant: few user labels look like that.
fn may_be_meant(name: &str) -> bool {
    let written_right = name == "default";
    !written_right
        && (name.bytes().any(|b| b.is_ascii_uppercase()) || name.starts_with("case") || is_like_default(name))
}

/// The names after `goto` and `&&`: labels that are jumped to or whose address is taken.
fn used_names(text: &str) -> FxHashSet<&str> {
    let gotos = occurrences(text, "goto").map(|at| at + "goto".len());
    let behind = gotos.chain(memchr::memmem::find_iter(text.as_bytes(), "&&").map(|at| at + "&&".len()));
    behind.map(|at| text[at..].trim_ascii_start()).map(|rest| &rest[..ident_end(rest.as_bytes(), 0)]).collect()
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let targets = targets(body);
    // Jumps under another arm or in macro arguments are not in this reading.
    let used = used_names(view.source.slice(view.function.span));
    for stmt in &body.stmts {
        let StmtKind::Switch { body: inner, .. } = stmt.kind else { continue };
        let mut idle: Vec<(Span, &str)> = Vec::new();
        let mut switch = Labels::default();
        let mut understood = true;
        body.inner(inner, &mut |s| {
            let own = body.stmt(s);
            match own.kind {
                StmtKind::Label(name) if !own.in_macro && !targets.contains(&name) => {
                    idle.extend(Some((own.span, body.names.text(name))).filter(|(_, name)| may_be_meant(name)));
                }
                StmtKind::Case(value) => {
                    switch.first.get_or_insert(own.span);
                    if let Some(ExprKind::Name(name)) = value.map(|value| &body.expr(value).kind) {
                        switch.add(body.names.text(*name));
                    }
                }
                _ => understood &= !matches!(own.kind, StmtKind::Opaque),
            }
        });
        if !understood || idle.is_empty() {
            continue;
        }
        switch.enumerated = switch.values.iter().any(|value| cx.program.enums.is_enumerator(value));
        for (span, name) in idle {
            if !used.contains(name)
                && let Some(meant) = meant(cx, view, &switch, name)
            {
                out.push(finding(view, span, name, &switch, meant));
            }
        }
    }
}

/// The labels that the function jumps to or takes the address of.
fn targets(body: &Body) -> FxHashSet<Symbol> {
    let mut targets = FxHashSet::default();
    targets.extend(body.stmts.iter().filter_map(|s| match s.kind {
        StmtKind::Goto(name) => Some(name),
        _ => None,
    }));
    for e in &body.exprs {
        match &e.kind {
            ExprKind::Asm { labels, .. } => targets.extend(labels),
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                if let ExprKind::Name(name) = body.expr(*operand).kind {
                    targets.insert(name);
                }
            }
            _ => {}
        }
    }
    targets
}

/// The switch's own labels.
#[derive(Default)]
struct Labels<'v> {
    first: Option<Span>,
    /// Their values that are names.
    values: FxHashSet<&'v str>,
    /// How many of these begin with each uppercase word.
    prefixes: FxHashMap<&'v str, usize>,
    /// Some of these are enumerators.
    enumerated: bool,
}

impl<'v> Labels<'v> {
    fn add(&mut self, value: &'v str) {
        if self.values.insert(value)
            && let Some(prefix) = prefix(value)
        {
            *self.prefixes.entry(prefix).or_default() += 1;
        }
    }

    /// Two of them begin with the same uppercase word as `name`.
    fn resemble(&self, name: &str) -> bool {
        prefix(name).and_then(|prefix| self.prefixes.get(prefix)).is_some_and(|&count| count >= 2)
    }
}

/// What a label was meant to be, and how certain that is.
struct Meant {
    text: String,
    why: &'static str,
    confidence: Confidence,
}

fn meant(cx: &Context, view: &View, switch: &Labels, name: &str) -> Option<Meant> {
    let case = |value: &str, why, confidence| Some(Meant { text: format!("case {value}"), why, confidence });
    if is_like_default(name) {
        let text = "default".to_owned();
        return Some(Meant { text, why: "the two differ by one or two letters", confidence: Confidence::High });
    }
    let is_constant = |name: &str| switch.values.contains(name) || is_constant(cx, view, switch, name);
    if let Some(value) = name.strip_prefix("case").map(|rest| rest.trim_start_matches('_')).filter(|v| !v.is_empty())
        && (value.bytes().all(|b| b.is_ascii_digit()) || is_constant(value) || switch.resemble(value))
    {
        return case(value, "the space after `case` is missing", Confidence::High);
    }
    if is_constant(name) {
        return case(name, "it is the name of a constant", Confidence::High);
    }
    if switch.resemble(name) {
        return case(name, "it is named like the other labels of the switch", Confidence::Medium);
    }
    None
}

/// A macro usable here, or an enumerator if the switch has others.
fn is_constant(cx: &Context, view: &View, switch: &Labels, name: &str) -> bool {
    let file = view.unit.file;
    let macros = &cx.program.macros;
    let usable = |from| from == file || macros.includes(file, from);
    let is_macro = macros
        .resolve(name, file, view.function.span.start)
        .is_some_and(|def| def.params.is_none() && !def.text.is_empty() && usable(def.file));
    is_macro || (switch.enumerated && cx.program.enums.is_enumerator(name))
}

/// The first word of an uppercase name, with its `_`: `SIP_` of `SIP_INVITE`.
fn prefix(name: &str) -> Option<&str> {
    const LEAST: usize = 3;
    let shouts = !name.bytes().any(|b| b.is_ascii_lowercase());
    name.find('_').filter(|&i| shouts && i >= LEAST).map(|i| &name[..=i])
}

/// `defualt`, `defau1t`, `Default`.
fn is_like_default(name: &str) -> bool {
    const MEANT: &[u8] = b"default";
    let name = name.as_bytes();
    if name.len().abs_diff(MEANT.len()) > 2 || !name.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'd')) {
        return false;
    }
    distance(&name.to_ascii_lowercase(), MEANT) <= 2
}

/// Optimal string alignment distance (Damerau): insertions, deletions, substitutions and swaps of neighbours.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, _) | (_, 0) => i + j,
                _ => {
                    let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    let swap = if swapped { rows[i - 2][j - 2] + 1 } else { change };
                    change.min(swap).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1)
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

fn finding(view: &View, span: Span, name: &str, switch: &Labels, meant: Meant) -> Finding {
    let Meant { text, why, confidence } = meant;
    let found = view.finding(RULE.id, confidence, span, span);
    Finding {
        label: "a `goto` label that nothing jumps to".into(),
        message: format!("`{name}:` is a `goto` label, not a label of the `switch`; `{text}:` was probably meant"),
        related: switch.first.into_iter().map(|span| view.related(span, "a label of the switch")).collect(),
        notes: [vec![why.to_owned()], found.notes].concat(),
        fixes: vec![Fix {
            description: format!("change it to `{text}:`"),
            safe: false,
            edits: vec![Edit { file: found.file, span, replacement: text }],
        }],
        ..found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_like_default() {
        assert!(["defualt", "defau1t", "Default", "deafult", "defaul", "defaults"].iter().all(|n| is_like_default(n)));
        assert!(["done", "defer", "delete", "deflate", "fault", "d"].iter().all(|n| !is_like_default(n)));
    }

    #[test]
    fn labels_by_their_text() {
        let label = |code: &'static str| code.find(':').and_then(|colon| label_before(code, colon));
        assert_eq!(label("x;\n  Out : y"), Some("Out"));
        assert_eq!(label("x; out:"), None);
        assert_eq!(label("case A:"), None);
        assert_eq!(label("a ? b : c"), None);
        assert_eq!(label("\"x: "), None);
        assert_eq!(label("{ 1: "), None);
    }
}
