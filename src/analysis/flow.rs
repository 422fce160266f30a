//! Follows the value of one variable at a time along the paths of the graph: where it gets, and what it meets there.
//!
//! A value that a rule asks about is followed forward over the basic blocks, from where it arises to where it is
//! overwritten. That answers what reaching definitions answer, for the few variables that matter, without a bit vector
//! for every definition in the function.

use std::cell::Cell;

use super::access::{Access, Accesses};
use super::cfg::{BlockId, Cfg, Edge};
use crate::hir::{StmtId, Symbol};

/// Maximum number of block visits for one function, over all queries. Beyond it, every answer is "unknown".
const BUDGET: u64 = 4_000_000;
/// This many unvisited blocks, or accesses that are only looked at, cost as much as one visit.
const IDLE: u64 = 64;

/// What happens to a value at an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    On,
    /// The value ends here.
    Stop,
}

/// Where to start.
#[derive(Clone, Copy, Debug)]
pub enum From {
    /// At the head of a block.
    Head(BlockId),
    /// After the accesses of a statement.
    Behind(StmtId),
    /// At the end of a block.
    End(BlockId),
}

pub struct Flow<'f> {
    pub cfg: &'f Cfg,
    pub accesses: Accesses,
    budget: Cell<u64>,
}

/// The blocks that a value reaches: their heads, and their ends.
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

    /// Whether the budget ran out, so that some answer was "unknown".
    pub fn is_exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    /// Follows a value of `base` forward. `meet` is called at each access to the variable or what is selected from it,
    /// `pass` at each edge. Code that was not understood is not followed.
    ///
    /// Returns `None` if the budget is exhausted.
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

    /// Charges the budget for looking at this many accesses; false if it is exhausted.
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
