//! Whether the code between a null check and a use is related to the outcome of the check.

use crate::analysis::access::{Place, place};
use crate::analysis::cfg::BlockId;
use crate::analysis::dominators::Dominators;
use crate::analysis::nesting::is_loop;
use crate::analysis::nullness::Origin;
use crate::analysis::nullness::miss::Miss;
use crate::checks::View;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, UnaryOp};

/// Pointers with more checks than this are skipped.
const MAX_TESTS: usize = 6;
/// Limits on the search for places that depend on a check: propagation steps, and places found.
const MAX_STEPS: usize = 4;
const MAX_KNOWN: usize = 60;
/// Limit on the statements examined under one check.
const MAX_STMTS: usize = 400;

/// The pointer was checked, and no condition on the path to its use mentions it or anything set under that check:
/// nothing suggests that the use is unreachable when it is null.
pub fn is_apart(view: &View, miss: &Miss) -> bool {
    let body = &view.function.body;
    let to = body.expr(miss.used.expr).span;
    let mut tests: Vec<ExprId> = miss.asked.clone();
    if let Origin::Asked(e) = miss.used.origin {
        tests.push(e);
    }
    tests.retain(|&t| body.expr(t).span.end <= to.start);
    if tests.is_empty() || tests.len() > MAX_TESTS {
        return false;
    }
    let mut known: Vec<Place> = tests.iter().chain([&miss.used.expr]).filter_map(|&e| place(body, e)).collect();
    for &test in &tests {
        let Some(at) = statement_of(body, test) else { return false };
        if is_loop(body, at) || view.nesting().is_inside(miss.used.stmt, at) || body.stmt(at).in_macro {
            return false;
        }
        // `if (p) --p;` in translated Fortran guards the arithmetic and nothing else.
        if is_moved_in(body, at, test) {
            return false;
        }
        set_under(body, at, test, &mut known);
    }
    depends(body, to.start, &mut known);
    let first = tests.iter().map(|&t| body.expr(t).span.end).min().unwrap_or(0);
    guards(view, miss, first).into_iter().all(|guard| !asks_about(body, guard, &known))
}

/// A statement under the check does arithmetic on the pointer it tests.
fn is_moved_in(body: &Body, at: StmtId, test: ExprId) -> bool {
    let Some(pointer) = place(body, test) else { return false };
    let mut moved = false;
    body.walk_first(at, MAX_STMTS, &mut |s| {
        body.own_exprs(s, &mut |own| {
            body.walk(own, &mut |e| {
                if let ExprKind::Update { operand: to, .. } | ExprKind::Assign { op: Some(_), left: to, .. } =
                    body.expr(e).kind
                {
                    moved |= place(body, to).is_some_and(|p| p == pointer);
                }
            });
        });
    });
    moved
}

/// One branch sets the pointer to null at `null`, others give it another value, and no condition on the path to its use
/// mentions anything that selects those branches or is set in them.
pub fn is_left_out(view: &View, miss: &Miss, null: ExprId) -> bool {
    let body = &view.function.body;
    let nesting = view.nesting();
    let to = body.expr(miss.used.expr).span;
    let from = body.expr(null).span;
    let Some(pointer) = place(body, miss.used.expr).filter(Place::is_variable) else { return false };
    let Some(nulls) = statement_of(body, null).filter(|_| from.end <= to.start) else { return false };
    let is_branch = |s: &StmtId| matches!(body.stmt(*s).kind, StmtKind::If { .. });
    if !nesting.around(nulls).take_while(|&s| !nesting.is_inside(miss.used.stmt, s)).any(|s| is_branch(&s)) {
        return false;
    }
    let mut known: Vec<Place> = vec![pointer.clone()];
    let mut setters = 0;
    for (i, stmt) in body.stmts.iter().enumerate() {
        let at = StmtId(i as u32);
        let mut sets = false;
        body.own_exprs(at, &mut |own| {
            body.walk(own, &mut |e| {
                let target = match body.expr(e).kind {
                    ExprKind::Assign { left, .. } => left,
                    ExprKind::Update { operand, .. } | ExprKind::Unary { op: UnaryOp::AddressOf, operand } => operand,
                    _ => return,
                };
                let span = body.expr(e).span;
                sets |= place(body, target).is_some_and(|p| p == pointer)
                    && !(span.start <= from.start && from.end <= span.end);
            });
        });
        if !sets {
            continue;
        }
        if stmt.span.start > to.start {
            // A later iteration of a loop may see what an earlier one set.
            match nesting.around(at).any(|s| is_loop(body, s) && nesting.is_inside(miss.used.stmt, s)) {
                true => return false,
                false => continue,
            }
        }
        setters += 1;
        if stmt.in_macro || setters > MAX_TESTS {
            return false;
        }
        let apart: Vec<StmtId> = nesting.around(at).take_while(|&s| !nesting.is_inside(miss.used.stmt, s)).collect();
        let Some(&outermost) = apart.last() else { return false };
        for &around in &apart {
            if let Some(cond) = body.stmt(around).kind.condition() {
                names_in(body, cond, &mut known);
            }
        }
        set_within(body, outermost, &mut known);
    }
    if setters == 0 {
        return false;
    }
    depends(body, to.start, &mut known);
    guards(view, miss, from.end).into_iter().all(|guard| !asks_about(body, guard, &known))
}

/// The variables and members that a condition mentions: for `p->a` that member, not `p`.
fn names_in(body: &Body, cond: ExprId, all: &mut Vec<Place>) {
    let mut todo = vec![cond];
    while let Some(e) = todo.pop() {
        let is_place = matches!(
            body.expr(e).kind,
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. }
        );
        match place(body, e).filter(|_| is_place) {
            Some(p) => all.push(p),
            None => body.operands(e, &mut |o| todo.push(o)),
        }
    }
}

/// The places that are set within a statement.
fn set_within(body: &Body, at: StmtId, all: &mut Vec<Place>) {
    body.walk_first(at, MAX_STMTS, &mut |s| {
        if let StmtKind::Decl(declared) = &body.stmt(s).kind {
            all.extend(declared.iter().map(|d| Place { base: d.name, path: Vec::new() }));
        }
        body.own_exprs(s, &mut |root| {
            body.walk(root, &mut |e| match body.expr(e).kind {
                ExprKind::Assign { left: to, .. }
                | ExprKind::Update { operand: to, .. }
                | ExprKind::Unary { op: UnaryOp::AddressOf, operand: to } => all.extend(place(body, to)),
                _ => {}
            });
        });
    });
}

/// The statement that evaluates `e` itself.
fn statement_of(body: &Body, e: ExprId) -> Option<StmtId> {
    let span = body.expr(e).span;
    let evaluates = |s: StmtId| {
        let mut found = false;
        body.own_exprs(s, &mut |own| {
            let around = body.expr(own).span;
            if around.start <= span.start && span.end <= around.end {
                body.walk(own, &mut |x| found |= x == e);
            }
        });
        found
    };
    (0..body.stmts.len() as u32).map(StmtId).find(|&s| evaluates(s))
}

/// Places that are set on a branch of the check, or whose value depends on it.
fn set_under(body: &Body, at: StmtId, test: ExprId, all: &mut Vec<Place>) {
    let mut roots: Vec<ExprId> = Vec::new();
    body.walk_first(at, MAX_STMTS, &mut |s| {
        body.own_exprs(s, &mut |e| roots.push(e));
        if let StmtKind::Decl(declared) = &body.stmt(s).kind {
            let new = declared
                .iter()
                .filter(|d| s != at || d.init.is_some_and(|e| body.expr(e).span.end >= body.expr(test).span.end));
            all.extend(new.map(|d| Place { base: d.name, path: Vec::new() }));
        }
    });
    for root in roots {
        body.walk(root, &mut |e| match body.expr(e).kind {
            ExprKind::Assign { left: to, .. }
            | ExprKind::Update { operand: to, .. }
            | ExprKind::Unary { op: UnaryOp::AddressOf, operand: to } => all.extend(place(body, to)),
            _ => {}
        });
    }
}

/// Adds what is computed before `end` from places already known.
fn depends(body: &Body, end: u32, known: &mut Vec<Place>) {
    let mut sets: Vec<(Place, ExprId)> = Vec::new();
    for e in body.exprs.iter().filter(|e| e.span.end <= end) {
        if let ExprKind::Assign { left, right, .. } = e.kind {
            sets.extend(place(body, left).map(|p| (p, right)));
        }
    }
    for stmt in body.stmts.iter().filter(|s| s.span.start < end) {
        if let StmtKind::Decl(all) = &stmt.kind {
            sets.extend(all.iter().filter_map(|d| Some((Place { base: d.name, path: Vec::new() }, d.init?))));
        }
    }
    for _ in 0..MAX_STEPS {
        let before = known.len();
        for (to, from) in &sets {
            if !known.contains(to) && known.len() < MAX_KNOWN && asks_about(body, *from, known) {
                known.push(to.clone());
            }
        }
        if known.len() == before {
            break;
        }
    }
}

/// The conditions after `first` that decide whether the use is reached.
fn guards(view: &View, miss: &Miss, first: u32) -> Vec<ExprId> {
    let body = &view.function.body;
    let to = body.expr(miss.used.expr).span;
    let mut all: Vec<ExprId> = Vec::new();
    for around in view.nesting().around(miss.used.stmt) {
        if body.stmt(around).span.start < first {
            break;
        }
        all.extend(body.stmt(around).kind.condition());
    }
    body.own_exprs(miss.used.stmt, &mut |own| {
        body.walk(own, &mut |e| {
            let (before, behind) = match body.expr(e).kind {
                ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => (left, body.expr(right).span),
                ExprKind::Conditional { cond, .. } => (cond, body.expr(e).span),
                _ => return,
            };
            if behind.start <= to.start && to.end <= behind.end && body.expr(before).span.end <= to.start {
                all.push(before);
            }
        });
    });
    let block_of =
        |s: StmtId| (0..view.cfg.blocks.len() as u32).map(BlockId).find(|&b| view.cfg.block(b).stmts.contains(&s));
    let at = block_of(miss.used.stmt);
    let mut dominators: Option<Dominators> = None;
    for (i, stmt) in body.stmts.iter().enumerate() {
        let is_between = first <= stmt.span.start && stmt.span.end <= to.start;
        let Some(cond) = stmt.kind.condition().filter(|_| is_between) else { continue };
        // If a path bypasses the condition, it excludes nothing at the use.
        if let (Some(at), Some(own)) = (at, block_of(StmtId(i as u32)))
            && !dominators.get_or_insert_with(|| Dominators::new(view.cfg)).dominates(own, at)
        {
            continue;
        }
        let mut leaves = false;
        body.walk_first(StmtId(i as u32), MAX_STMTS, &mut |s| {
            let kind = &body.stmt(s).kind;
            leaves |= matches!(kind, StmtKind::Return(_) | StmtKind::Goto(_) | StmtKind::Break | StmtKind::Continue);
        });
        if leaves {
            all.push(cond);
        }
    }
    all
}

fn asks_about(body: &Body, guard: ExprId, known: &[Place]) -> bool {
    let mut found = false;
    body.walk(guard, &mut |e| {
        if matches!(
            body.expr(e).kind,
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. }
        ) && let Some(p) = place(body, e)
        {
            found |= known.iter().any(|k| k.covers(&p));
        }
    });
    found
}
