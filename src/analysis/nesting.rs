//! How the statements of a function are nested.

use std::ops::Range;

use crate::hir::{Body, ExprKind, StmtId, StmtKind};

/// For each statement, its parent.
pub struct Nesting {
    parents: Vec<Option<StmtId>>,
    /// For each statement, its preorder number and the first number after its descendants.
    numbers: Vec<Range<u32>>,
}

impl Nesting {
    pub fn new(body: &Body) -> Nesting {
        let mut parents = vec![None; body.stmts.len()];
        for i in 0..body.stmts.len() {
            let parent = StmtId(i as u32);
            body.inner(parent, &mut |inner| parents[inner.0 as usize] = Some(parent));
            // `x = ({ … })`
            body.own_exprs(parent, &mut |e| {
                body.walk(e, &mut |e| {
                    if let ExprKind::Statement(inner) = body.expr(e).kind {
                        parents[inner.0 as usize] = Some(parent);
                    }
                });
            });
        }
        let numbers = numbers(&parents);
        Nesting { parents, numbers }
    }

    pub fn parent(&self, s: StmtId) -> Option<StmtId> {
        self.parents[s.0 as usize]
    }

    /// The statements around `s`, innermost first, without `s` itself.
    pub fn around(&self, s: StmtId) -> impl Iterator<Item = StmtId> + '_ {
        std::iter::successors(self.parent(s), |&s| self.parent(s))
    }

    pub fn is_inside(&self, s: StmtId, outer: StmtId) -> bool {
        self.numbers[outer.0 as usize].contains(&self.number(s))
    }

    /// Numbers statements in preorder: those inside another one follow it without a gap.
    pub fn number(&self, s: StmtId) -> u32 {
        self.numbers[s.0 as usize].start
    }

    /// The `switch` or loop that a `break` at `s` exits.
    pub fn left_by_break(&self, body: &Body, s: StmtId) -> Option<StmtId> {
        self.around(s).find(|&a| is_loop(body, a) || matches!(body.stmt(a).kind, StmtKind::Switch { .. }))
    }

    /// The innermost loop around `s`.
    pub fn loop_around(&self, body: &Body, s: StmtId) -> Option<StmtId> {
        self.around(s).find(|&a| is_loop(body, a))
    }

    /// The statements after `s` in the block that directly contains it.
    pub fn following<'b>(&self, body: &'b Body, s: StmtId) -> &'b [StmtId] {
        match self.parent(s).map(|p| &body.stmt(p).kind) {
            Some(StmtKind::Block(all)) => all.iter().position(|&x| x == s).map_or(&[], |i| &all[i + 1..]),
            _ => &[],
        }
    }
}

fn numbers(parents: &[Option<StmtId>]) -> Vec<Range<u32>> {
    let mut inner: Vec<Vec<u32>> = vec![Vec::new(); parents.len()];
    let mut todo: Vec<(u32, bool)> = Vec::new();
    for (i, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => inner[parent.0 as usize].push(i as u32),
            None => todo.push((i as u32, true)),
        }
    }
    let mut numbers = vec![0..0; parents.len()];
    let mut next = 0;
    while let Some((s, enters)) = todo.pop() {
        if enters {
            numbers[s as usize].start = next;
            next += 1;
            todo.push((s, false));
            todo.extend(inner[s as usize].iter().map(|&s| (s, true)));
        } else {
            numbers[s as usize].end = next;
        }
    }
    numbers
}

pub fn is_loop(body: &Body, s: StmtId) -> bool {
    matches!(body.stmt(s).kind, StmtKind::While { .. } | StmtKind::For { .. } | StmtKind::DoWhile { .. })
}
