//! The sections of a `switch`: the statements between its labels, in source order.

use crate::hir::{Body, StmtId, StmtKind};

/// Labels and the statements after them, up to the next label.
#[derive(Debug, Default)]
pub struct Section {
    /// `case` and `default`.
    pub labels: Vec<StmtId>,
    /// At the top level of the `switch` body, without empty statements.
    pub stmts: Vec<StmtId>,
}

impl Section {
    pub fn is_default(&self, body: &Body) -> bool {
        self.labels.iter().any(|&l| matches!(body.stmt(l).kind, StmtKind::Case(None)))
    }

    pub fn is_only_default(&self, body: &Body) -> bool {
        self.labels.len() == 1 && self.is_default(body)
    }
}

/// The sections of the switch `stmt`. Nested labels (Duff's device) start no section.
pub fn sections(body: &Body, stmt: StmtId) -> Vec<Section> {
    let StmtKind::Switch { body: inner, .. } = body.stmt(stmt).kind else { return Vec::new() };
    let mut all: Vec<Section> = Vec::new();
    let mut open = false;
    for id in flat(body, inner) {
        match &body.stmt(id).kind {
            StmtKind::Case(_) if open => {
                if let Some(section) = all.last_mut() {
                    section.labels.push(id);
                }
            }
            StmtKind::Case(_) => {
                all.push(Section { labels: vec![id], stmts: Vec::new() });
                open = true;
            }
            StmtKind::Empty | StmtKind::Label(_) => {}
            StmtKind::Block(inner) if inner.is_empty() => {}
            kind => {
                open &= matches!(kind, StmtKind::FallthroughMark);
                if let Some(section) = all.last_mut() {
                    section.stmts.push(id);
                }
            }
        }
    }
    all
}

/// The statements at the top level of a `switch` body. A block that holds a label of this `switch` is flattened, since
/// macros and old code write `{ case 1: … }`.
fn flat(body: &Body, root: StmtId) -> Vec<StmtId> {
    let mut all = Vec::new();
    let mut todo = vec![root];
    while let Some(id) = todo.pop() {
        match &body.stmt(id).kind {
            StmtKind::Block(inner)
                if id == root || inner.iter().any(|&s| matches!(body.stmt(s).kind, StmtKind::Case(_))) =>
            {
                todo.extend(inner.iter().rev());
            }
            _ => all.push(id),
        }
    }
    all
}
