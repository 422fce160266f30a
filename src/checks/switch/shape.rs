//! How a `switch` is written: shared by the rules on its form.

use crate::analysis::sections::{Section, sections};
use crate::checks::{Candidate, Context, View};
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::preprocess::token::has_word;
use crate::report::{Confidence, Finding, Related, Severity};
use crate::source::Span;

/// A `switch` that is fully understood and written here, not in a macro.
pub struct Switch {
    pub stmt: StmtId,
    /// The `switch` keyword itself.
    pub keyword: Span,
    pub cond: ExprId,
    pub body: StmtId,
    /// Its labels at any depth, in source order.
    pub labels: Vec<StmtId>,
    pub sections: Vec<Section>,
}

pub fn has_switch(candidate: &Candidate) -> bool {
    has_word(candidate.code, KEYWORD)
}

const KEYWORD: &str = "switch";

/// The switches of a function, except those that contain code that was not understood or text of another file.
pub fn switches(view: &View) -> Vec<Switch> {
    let body = &view.function.body;
    if body.over_budget {
        return Vec::new();
    }
    let unknown = unknown(body);
    let includes = |span: Span| view.unit.scan.has_include(span);
    let some_include = includes(view.function.span);
    let is_known = |span: Span| {
        let next = unknown.partition_point(|&at| at < span.start);
        unknown.get(next).is_none_or(|&at| at > span.end) && !(some_include && includes(span))
    };
    let mut all = Vec::new();
    for (i, stmt) in body.stmts.iter().enumerate() {
        let StmtKind::Switch { cond, body: inner } = stmt.kind else { continue };
        if stmt.in_macro || !is_known(stmt.span) {
            continue;
        }
        let start = stmt.span.start;
        let keyword = Span { start, end: start + KEYWORD.len() as u32 };
        let stmt = StmtId(i as u32);
        let labels = labels(body, inner);
        all.push(Switch { stmt, keyword, cond, body: inner, labels, sections: sections(body, stmt) });
    }
    all
}

/// The offsets of code that was not understood, in order.
fn unknown(body: &Body) -> Vec<u32> {
    let stmts = body.stmts.iter().filter(|s| matches!(s.kind, StmtKind::Opaque)).map(|s| s.span.start);
    let exprs =
        body.exprs.iter().filter(|e| body.islands > 0 && matches!(e.kind, ExprKind::Opaque(_))).map(|e| e.span.start);
    let mut all: Vec<u32> = stmts.chain(exprs).collect();
    all.sort_unstable();
    all
}

/// The labels in the body of a switch that belong to it and not to a nested one.
fn labels(body: &Body, root: StmtId) -> Vec<StmtId> {
    let mut labels = Vec::new();
    let mut todo = vec![root];
    while let Some(id) = todo.pop() {
        match body.stmt(id).kind {
            StmtKind::Case(_) => labels.push(id),
            StmtKind::Switch { .. } => {}
            _ => {
                let first = todo.len();
                body.inner(id, &mut |inner| todo.push(inner));
                todo[first..].reverse();
            }
        }
    }
    labels
}

/// A call of a macro that the repository does not define: it may hide any statement.
pub fn is_unknown_macro(cx: &Context, body: &Body, stmt: StmtId) -> bool {
    let StmtKind::Expr(e) = body.stmt(stmt).kind else { return false };
    let name = match body.expr(e).kind {
        ExprKind::Name(name) => Some(body.names.text(name)),
        _ => body.callee(e),
    };
    name.is_some_and(|name| {
        let shouts = !name.bytes().any(|b| b.is_ascii_lowercase());
        shouts && !cx.program.is_defined(name) && !cx.program.macros.is_defined(name)
    })
}

impl Switch {
    /// Its body has braces.
    pub fn has_block(&self, view: &View) -> bool {
        let body = view.function.body.stmt(self.body);
        // If there are none, the parser was given some at the end of the head.
        matches!(body.kind, StmtKind::Block(_)) && !view.reading.code[body.span.range()].starts_with(')')
    }

    pub fn default(&self, body: &Body) -> Option<StmtId> {
        self.labels.iter().copied().find(|&label| matches!(body.stmt(label).kind, StmtKind::Case(None)))
    }

    /// A finding at `span`. `message` is a sentence, `label` briefly says what is there.
    pub fn finding(&self, view: &View, rule: &'static str, span: Span, label: &str, message: String) -> Finding {
        Finding {
            rule,
            severity: Severity::Warning,
            confidence: Confidence::Medium,
            file: view.unit.file,
            span,
            label: label.into(),
            function: Some(view.function.name.clone()),
            message,
            related: Vec::new(),
            flow: Vec::new(),
            circuit: None,
            suppression: None,
            notes: view.assumed_in(view.function.body.stmt(self.stmt).span),
            fixes: Vec::new(),
        }
    }
}

/// Lowers a finding to a note if there is a reason to think that the code is intended.
pub fn doubt(finding: &mut Finding, why: Option<&str>) {
    if let Some(why) = why {
        finding.confidence = Confidence::Low;
        finding.severity = Severity::Note;
        finding.notes.push(why.into());
    }
}

/// A location in this file as evidence.
pub fn related(view: &View, stmt: StmtId, message: &str) -> Related {
    Related { file: view.unit.file, span: view.function.body.stmt(stmt).span, message: message.into() }
}
