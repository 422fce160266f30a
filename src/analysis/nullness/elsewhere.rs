//! Pointers that are tested on another path than the one that leads to where they are dereferenced.

use rustc_hash::{FxHashMap, FxHashSet};

use super::miss::{Doubt, Miss};
use super::state::is_unasked;
use super::{Facts, Origin, Use, bits};
use crate::analysis::access::{Place, Step, place};
use crate::analysis::cfg::Cfg;
use crate::analysis::messages::Input;
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind, UnaryOp};

/// A pointer tested more often than this is not analysed.
const MAX_TESTS: usize = 6;

/// Adds pointers that are dereferenced and tested, but not on every path to the dereference.
pub fn elsewhere(input: &Input, facts: &Facts, known: &[Miss], all: &mut Vec<Miss>) {
    let body = &input.function.body;
    if facts.asked.is_empty() && facts.members_asked.is_empty() {
        return;
    }
    let mut told: FxHashSet<Origin> = known.iter().chain(all.iter()).map(|m| m.used.origin).collect();
    let member = |e: ExprId| place(body, e).filter(|p| !p.is_variable() && !p.path.contains(&Step::Index));
    let members: Vec<(Place, ExprId)> = facts.members_asked.iter().filter_map(|&e| Some((member(e)?, e))).collect();
    let mut set: Option<FxHashMap<Place, u32>> = None;
    let mut seen: FxHashSet<Place> = FxHashSet::default();
    for used in &facts.uses {
        if !used.kind.is_direct()
            || !is_unasked(used.known)
            || used.known & bits::NOT_NULL != 0
            || used.one_of
            || body.stmt(used.stmt).in_macro
            || told.contains(&used.origin)
        {
            continue;
        }
        let tests: Vec<ExprId> = match used.origin {
            origin @ Origin::Parameter(_) => {
                let all = facts.asked.get(&origin).into_iter().flatten();
                all.copied().filter(|&test| !ends_a_walk(body, test, used.expr)).collect()
            }
            Origin::Loaded(e) => {
                let Some(own) = member(e) else { continue };
                let tests: Vec<ExprId> = members.iter().filter(|(p, _)| *p == own).map(|(_, test)| *test).collect();
                let before = body.expr(used.expr).span.start;
                let is_set = |all: &FxHashMap<Place, u32>| all.get(&own).is_some_and(|&at| at < before);
                if tests.is_empty() || seen.contains(&own) || is_set(set.get_or_insert_with(|| assigned(body))) {
                    continue;
                }
                tests
            }
            _ => continue,
        };
        if let Some(&test) = tests.first()
            && tests.len() <= MAX_TESTS
            && leads_past(input, &tests, used)
            && !tests.iter().all(|&t| guards_release(body, t))
        {
            told.insert(used.origin);
            if let Origin::Loaded(e) = used.origin {
                // Once per member.
                seen.extend(member(e));
            }
            all.push(Miss::doubted(used.clone(), Doubt::Elsewhere { test }));
        }
    }
}

/// `if (p) free(p);`: what is released is tested by habit.
pub fn guards_release(body: &Body, test: ExprId) -> bool {
    const WORDS: [&str; 7] = ["free", "unref", "deref", "destroy", "release", "close", "delete"];
    let span = body.expr(test).span;
    let around = body.stmts.iter().find_map(|s| match s.kind {
        StmtKind::If { cond, then, .. } => {
            let own = body.expr(cond).span;
            (own.start <= span.start && span.end <= own.end).then_some(body.stmt(then).span)
        }
        _ => None,
    });
    let Some(then) = around else { return false };
    body.calls().any(|(call, name, _)| {
        let at = body.expr(call).span;
        let lower = name.to_ascii_lowercase();
        then.start <= at.start && at.end <= then.end && WORDS.iter().any(|w| lower.contains(w))
    })
}

/// Where the function first assigns each member, or takes its address.
fn assigned(body: &Body) -> FxHashMap<Place, u32> {
    let mut all: FxHashMap<Place, u32> = FxHashMap::default();
    for e in &body.exprs {
        if let ExprKind::Assign { left: to, .. } | ExprKind::Unary { op: UnaryOp::AddressOf, operand: to } = e.kind
            && let Some(place) = place(body, to)
        {
            let at = all.entry(place).or_insert(e.span.start);
            *at = e.span.start.min(*at);
        }
    }
    all
}

/// `for (at = list; at; at = at->next)`: the end of a traversal, tested on another variable than the one used.
pub fn ends_a_walk(body: &Body, test: ExprId, used: ExprId) -> bool {
    let at = body.expr(test).span.start;
    place(body, test) != place(body, used)
        && body.stmts.iter().any(|s| match s.kind {
            StmtKind::For { cond: Some(cond), .. } | StmtKind::While { cond, .. } => body.expr(cond).span.contains(at),
            _ => false,
        })
}

/// Whether a path from the entry to the use avoids all the tests.
fn leads_past(input: &Input, tests: &[ExprId], used: &Use) -> bool {
    let (body, cfg) = (&input.function.body, input.cfg);
    let around = |e: ExprId| {
        let span = body.expr(e).span;
        let inside = |s: &StmtId| {
            let own = body.stmt(*s).span;
            own.start <= span.start && span.end <= own.end
        };
        // The innermost of the statements that are part of a block.
        let all = cfg.blocks.iter().enumerate().flat_map(|(b, block)| block.stmts.iter().map(move |s| (b, s)));
        all.filter(|(_, s)| inside(s))
            .min_by_key(|(_, s)| body.stmt(**s).span.end - body.stmt(**s).span.start)
            .map(|(b, _)| b)
    };
    let blocked: Vec<usize> = tests.iter().filter_map(|&t| around(t)).collect();
    let Some(to) = cfg.blocks.iter().position(|b| b.stmts.contains(&used.stmt)) else { return false };
    let mut seen = vec![false; cfg.blocks.len()];
    let mut todo = vec![Cfg::ENTRY.0 as usize];
    while let Some(b) = todo.pop() {
        if blocked.contains(&b) || std::mem::replace(&mut seen[b], true) {
            continue;
        }
        if b == to {
            return true;
        }
        todo.extend(cfg.blocks[b].edges.iter().map(|e| e.to.0 as usize));
    }
    false
}
