//! Paths through the graph, followed for one variable at a time: what reaches a place, and what it meets on its way.
//!
//! A value that a rule asks about is followed from where it arises to where it is set anew, forward over the basic
//! blocks. That answers what reaching definitions answer, for the few variables that matter, without a bit vector for
//! every definition of the function.

use std::cell::Cell;

use super::access::{Access, Accesses};
use super::cfg::{BlockId, Cfg, Edge};
use crate::hir::{StmtId, Symbol};

/// Blocks that may be visited for one function, all questions together. Past it every answer is "unknown".
const BUDGET: u64 = 4_000_000;
/// So many blocks that are not visited, or accesses that are only looked at, cost as much as a visit.
const IDLE: u64 = 64;

/// What becomes of a value at an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    On,
    /// The value ends here.
    Stop,
}

/// Where to begin.
#[derive(Clone, Copy, Debug)]
pub enum From {
    /// At the head of a block.
    Head(BlockId),
    /// Behind the accesses of a statement.
    Behind(StmtId),
    /// At the end of a block.
    End(BlockId),
}

pub struct Flow<'f> {
    pub cfg: &'f Cfg,
    pub accesses: Accesses,
    budget: Cell<u64>,
}

/// The blocks that a value reaches: at their heads, and through to their ends.
pub struct Reached {
    heads: Vec<bool>,
    ends: Vec<bool>,
}

impl Reached {
    pub fn head(&self, block: BlockId) -> bool {
        self.heads[block.0 as usize]
    }

    pub fn end(&self, block: BlockId) -> bool {
        self.ends[block.0 as usize]
    }
}

impl<'f> Flow<'f> {
    pub fn new(cfg: &'f Cfg, accesses: Accesses) -> Flow<'f> {
        Flow { cfg, accesses, budget: Cell::new(BUDGET) }
    }

    /// The budget ran out: some answer was "unknown".
    pub fn is_exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    /// Follows a value of `base` forward. `meet` is asked at each access to the variable or what is selected from
    /// it, `pass` at each edge. Nothing is followed through code that was not understood.
    ///
    /// `None` where the budget is used up.
    pub fn forward(
        &self,
        starts: &[From],
        base: Symbol,
        meet: &mut dyn FnMut(BlockId, &Access) -> Go,
        pass: &mut dyn FnMut(BlockId, &Edge) -> bool,
    ) -> Option<Reached> {
        let count = self.cfg.blocks.len();
        self.spend(1 + count as u64 / IDLE)?;
        let mut reached = Reached { heads: vec![false; count], ends: vec![false; count] };
        let uses = self.accesses.uses(base);
        let mut todo: Vec<BlockId> = Vec::new();
        for start in starts {
            match *start {
                From::Head(block) => todo.push(block),
                From::Behind(stmt) => {
                    let Some(block) = self.accesses.block_of(stmt) else { continue };
                    let mut own = uses.behind(stmt);
                    if !self.accesses.is_havoc(block) && own.all(|a| meet(block, a) == Go::On) {
                        self.leave(block, &mut reached, &mut todo, pass);
                    }
                }
                From::End(block) => self.leave(block, &mut reached, &mut todo, pass),
            }
        }
        while let Some(block) = todo.pop() {
            if std::mem::replace(&mut reached.heads[block.0 as usize], true) {
                continue;
            }
            self.spend(1)?;
            if self.accesses.is_havoc(block) {
                continue;
            }
            if uses.in_block(block).all(|a| meet(block, a) == Go::On) {
                self.leave(block, &mut reached, &mut todo, pass);
            }
        }
        Some(reached)
    }

    /// Takes the cost of looking at so many accesses off the budget, if it is there.
    pub fn affords(&self, accesses: usize) -> bool {
        self.spend(accesses as u64 / IDLE).is_some()
    }

    fn spend(&self, cost: u64) -> Option<()> {
        let rest = self.budget.get().checked_sub(cost);
        self.budget.set(rest.unwrap_or(0));
        rest.map(drop)
    }

    fn leave(
        &self,
        block: BlockId,
        reached: &mut Reached,
        todo: &mut Vec<BlockId>,
        pass: &mut dyn FnMut(BlockId, &Edge) -> bool,
    ) {
        if !std::mem::replace(&mut reached.ends[block.0 as usize], true) {
            todo.extend(self.cfg.block(block).edges.iter().filter(|e| pass(block, e)).map(|e| e.to));
        }
    }
}
