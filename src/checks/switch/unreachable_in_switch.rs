//! `unreachable-in-switch`: statements of a `switch` that control never reaches: before its first label, or after a
//! jump.

use rustc_hash::FxHashMap;

use super::facts::{MAX_STMTS, called, folded, is_jump};
use crate::analysis::sections::sections;
use crate::checks::{Candidate, Context, Rule, View};
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::preprocess::token::{Tokens, closing_paren, occurrences, statement_end};
use crate::report::{Confidence, Finding};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "unreachable-in-switch",
    page: include_str!("../../../rules/unreachable-in-switch.md"),
    yields_to: &[],
    words: &["switch", "case"],
    wants: |candidate| follows_jump(candidate) || precedes_labels(candidate),
    check,
};

const JUMPS: [&str; 4] = ["break", "return", "continue", "goto"];

/// Something other than a label, a closing brace or another jump follows a jump that no `if` controls.
fn follows_jump(candidate: &Candidate) -> bool {
    let code = candidate.code;
    JUMPS.iter().any(|jump| {
        occurrences(code, jump).any(|at| {
            begins_statement(code, at)
                && statement_end(&code[at..]).is_some_and(|end| is_statement(candidate, at + end))
        })
    })
}

fn begins_statement(code: &str, at: usize) -> bool {
    code[..at].trim_ascii_end().ends_with([';', '{', '}', ':'])
}

/// What follows `end`, the end of a statement, is neither a label nor a closing brace nor a jump.
fn is_statement(candidate: &Candidate, end: usize) -> bool {
    let code = candidate.code;
    let mut tokens = Tokens::new(code, end..code.len());
    let Some(first) = tokens.next() else { return false };
    let at = |offset: u32| candidate.span.start + offset;
    match &*first.text {
        "}" | ";" | "case" | "default" => false,
        word if JUMPS.contains(&word) => false,
        // A user label, or a macro for one.
        _ if first.is_ident() && (tokens.next().is_some_and(|t| t.is(":")) || candidate.hides_label(&first)) => false,
        _ => !candidate.scan.has_directive(Span { start: at(end as u32), end: at(first.span.start) }),
    }
}

/// Something that acts precedes the first label in the braces of a `switch`.
fn precedes_labels(candidate: &Candidate) -> bool {
    let code = candidate.code;
    occurrences(code, "switch").filter(|&at| begins_statement(code, at)).any(|at| {
        let head = at + "switch".len();
        let Some(close) = closing_paren(&code[head..]) else { return false };
        let Some(inner) = code[head + close..].trim_ascii_start().strip_prefix('{') else { return false };
        let first = code.len() - inner.len();
        let acts = || {
            let mut before =
                Tokens::new(code, first..code.len()).take_while(|t| !matches!(&*t.text, "case" | "default"));
            before.any(|t| matches!(&*t.text, "=" | "(" | "++" | "--" | "}"))
        };
        is_statement(candidate, first) && acts()
    })
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let inside = inside_switches(body);
    let mut switches = Switches::default();
    for (i, stmt) in body.stmts.iter().enumerate() {
        match &stmt.kind {
            StmtKind::Switch { body: inner, .. } if !stmt.in_macro => before_labels(cx, view, *inner, out),
            StmtKind::Block(all) if inside[i] => behind_jumps(view, all, &mut switches, out),
            _ => {}
        }
    }
}

/// Per statement: whether it is inside some `switch`.
fn inside_switches(body: &Body) -> Vec<bool> {
    let mut inside = vec![false; body.stmts.len()];
    // Outer statements have higher ids than inner ones, so each is walked once.
    for i in (0..body.stmts.len()).rev() {
        if matches!(body.stmts[i].kind, StmtKind::Switch { .. }) && !inside[i] {
            body.walk_stmts(StmtId(i as u32), &mut |s| inside[s.0 as usize] = true);
        }
    }
    inside
}

/// Control may enter the statement other than from above: it is or contains a label, or is not understood.
fn may_be_entered(body: &Body, s: StmtId) -> bool {
    let mut entered = false;
    let mut seen = 0;
    body.walk_first(s, MAX_STMTS, &mut |s| {
        seen += 1;
        entered |= matches!(body.stmt(s).kind, StmtKind::Case(_) | StmtKind::Label(_) | StmtKind::Opaque);
    });
    entered || seen == MAX_STMTS
}

/// Reports the first statement in a switch's braces that no label precedes.
fn before_labels(cx: &Context, view: &View, inner: StmtId, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let StmtKind::Block(all) = &body.stmt(inner).kind else { return };
    for (i, &s) in all.iter().enumerate() {
        let stmt = body.stmt(s);
        if stmt.in_macro || may_be_entered(body, s) {
            return;
        }
        let what = match &stmt.kind {
            StmtKind::Decl(declared) => {
                if !declared.iter().any(|d| d.init.is_some() && !d.is_static) {
                    continue;
                }
                "initializer"
            }
            StmtKind::Expr(e) if !has_effect(body, *e) || may_hide_label(cx, view, *e) => return,
            StmtKind::Empty | StmtKind::FallthroughMark => continue,
            StmtKind::Block(inner) if inner.is_empty() => continue,
            _ => "statement",
        };
        let Some(&label) = all[i..].iter().find(|&&s| matches!(body.stmt(s).kind, StmtKind::Case(_))) else { return };
        if view.unit.scan.has_directive(Span { start: body.stmt(inner).span.start, end: body.stmt(label).span.start }) {
            return;
        }
        let first = (body.stmt(label).span, "control enters the switch at its labels");
        let message = format!("this {what} is before the first label of its `switch`, so it never runs");
        out.push(finding(view, stmt.span, message, first, Confidence::High));
        return;
    }
}

fn has_effect(body: &Body, e: ExprId) -> bool {
    let mut effect = false;
    body.walk(e, &mut |e| {
        effect |= matches!(
            body.expr(e).kind,
            ExprKind::Call { .. } | ExprKind::Assign { .. } | ExprKind::Update { .. } | ExprKind::Asm { .. }
        );
    });
    effect
}

/// A call of something that this repository does not define and that is named like a macro.
fn may_hide_label(cx: &Context, view: &View, e: ExprId) -> bool {
    let body = &view.function.body;
    called(body, e).is_some_and(|name| !cx.program.is_defined(name) && !name.bytes().any(|b| b.is_ascii_lowercase()))
}

/// In a list of statements, reports the first effective one after each jump and before the next label.
fn behind_jumps<'b>(view: &View<'b>, all: &[StmtId], switches: &mut Switches<'b>, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let is_opaque = |s: Option<&StmtId>| s.is_some_and(|&s| matches!(body.stmt(s).kind, StmtKind::Opaque));
    let mut jump: Option<StmtId> = None;
    for (i, &s) in all.iter().enumerate() {
        let stmt = body.stmt(s);
        let Some(before) = jump else {
            // In code that was not understood, an `if` that controls the jump may be lost.
            let lost = is_opaque(i.checked_sub(1).map(|i| &all[i]));
            jump = Some(s).filter(|&s| is_jump(body, s) && !stmt.in_macro && !lost);
            continue;
        };
        if may_be_entered(body, s) {
            jump = None;
            continue;
        }
        let idle = match &stmt.kind {
            StmtKind::Decl(declared) => declared.iter().all(|d| d.init.is_none()),
            StmtKind::Block(inner) => inner.is_empty(),
            StmtKind::Empty | StmtKind::FallthroughMark => true,
            _ => is_jump(body, s),
        };
        if idle {
            continue;
        }
        jump = None;
        let from = body.stmt(before).span.start;
        let between = Span { start: from, end: stmt.span.start.max(from) };
        if !stmt.in_macro && !is_opaque(all.get(i + 1)) && !view.unit.scan.has_directive(between) {
            out.push(behind_jump(view, before, &all[i..], switches));
        }
    }
}

/// `skipped` begins with the statement to report.
fn behind_jump<'b>(view: &View<'b>, jump: StmtId, skipped: &[StmtId], switches: &mut Switches<'b>) -> Finding {
    let body = &view.function.body;
    let (from, span) = (body.stmt(jump).span, body.stmt(skipped[0]).span);
    let word = match body.stmt(jump).kind {
        StmtKind::Break => "break",
        StmtKind::Continue => "continue",
        StmtKind::Return(_) => "return",
        _ => "goto",
    };
    let message = format!("this is after a `{word}`, so it never runs");
    let mut found = finding(view, span, message, (from, "control leaves here"), Confidence::Medium);
    let between = Span { start: from.end.min(span.start), end: span.start };
    let off = view.unit.scan.comments_in(between).iter().any(|c| {
        let comment = view.source.slice(*c);
        ["case", "default"].iter().any(|word| occurrences(comment, word).next().is_some())
    });
    if off {
        found.confidence = Confidence::Low;
        found.notes.push("a label before it seems to be commented out".into());
    } else if word == "break" && !follows_label(view, from) && switches.do_likewise(view, jump, skipped) {
        found.confidence = Confidence::High;
        found.notes.push("other sections of the switch do something similar before their `break`".into());
    }
    found.severity = found.confidence.into();
    found
}

/// `case X: break;` on one line: the author disabled the section.
fn follows_label(view: &View, jump: Span) -> bool {
    let line = view.source.line_range(view.source.line_index(jump.start));
    view.reading.code[line.start..jump.start as usize].trim_ascii_end().ends_with(':')
}

/// What a statement does, as far as it can be compared.
#[derive(PartialEq, Eq)]
enum Work<'b> {
    /// Sets this place.
    Sets(String),
    /// Calls this function, with this first argument.
    Calls(&'b str, String),
}

impl Work<'_> {
    fn of<'b>(view: &View<'b>, e: ExprId) -> Option<Work<'b>> {
        let (body, code) = (&view.function.body, &view.reading.code);
        match &body.expr(e).kind {
            ExprKind::Assign { left, .. } => Some(Work::Sets(folded(code, body.expr(*left).span))),
            ExprKind::Call { args, .. } => {
                let first = args.first().map(|&a| folded(code, body.expr(a).span)).unwrap_or_default();
                Some(Work::Calls(body.callee(e)?, first))
            }
            _ => None,
        }
    }

    /// The same place, the same function, or a related function with the same argument.
    fn is_like(&self, other: &Work) -> bool {
        const FAMILY: usize = 4;
        match (self, other) {
            (Work::Sets(a), Work::Sets(b)) => a == b,
            (Work::Calls(f, a), Work::Calls(g, b)) => {
                let common = f.bytes().zip(g.bytes()).take_while(|(x, y)| x == y).count();
                f == g || (a == b && common >= FAMILY)
            }
            _ => false,
        }
    }
}

/// The sections of a switch: the extent and the work of each.
type Sections<'b> = Vec<(Span, Vec<Work<'b>>)>;

/// The sections of the switches encountered, each collected once.
#[derive(Default)]
struct Switches<'b>(FxHashMap<StmtId, Sections<'b>>);

impl<'b> Switches<'b> {
    /// Another section of the switch that `jump` leaves does what one of the `skipped` statements would do.
    fn do_likewise(&mut self, view: &View<'b>, jump: StmtId, skipped: &[StmtId]) -> bool {
        const COMPARED: usize = 8;
        let body = &view.function.body;
        let Some(switch) = view.nesting().left_by_break(body, jump) else { return false };
        let sections = self.0.entry(switch).or_insert_with(|| collect(view, switch));
        let lost = skipped.iter().take(COMPARED).filter_map(|&s| own_expr(body, s));
        let lost: Vec<Work> = lost.filter_map(|e| Work::of(view, e)).collect();
        let at = body.stmt(jump).span.start;
        let others = sections.iter().filter(|(extent, _)| !extent.contains(at));
        others.flat_map(|(_, work)| work).any(|work| lost.iter().any(|lost| lost.is_like(work)))
    }
}

fn collect<'b>(view: &View<'b>, switch: StmtId) -> Sections<'b> {
    let body = &view.function.body;
    let mut left = MAX_STMTS;
    let mut all = Vec::new();
    for section in sections(body, switch) {
        let Some(extent) = section.stmts.iter().map(|&s| body.stmt(s).span).reduce(Span::to) else { continue };
        let mut work = Vec::new();
        for &s in &section.stmts {
            let room = left;
            body.walk_first(s, room, &mut |s| {
                left = left.saturating_sub(1);
                work.extend(own_expr(body, s).and_then(|e| Work::of(view, e)));
            });
        }
        all.push((extent, work));
    }
    all
}

fn own_expr(body: &Body, s: StmtId) -> Option<ExprId> {
    match body.stmt(s).kind {
        StmtKind::Expr(e) => Some(e),
        _ => None,
    }
}

fn finding(view: &View, span: Span, message: String, (place, says): (Span, &str), confidence: Confidence) -> Finding {
    Finding {
        label: "control never reaches this".into(),
        message,
        related: vec![view.related(place, says)],
        ..view.finding(RULE.id, confidence, span, place.to(span))
    }
}
