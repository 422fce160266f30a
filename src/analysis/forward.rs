//! Forward data flow: what holds at the head of each block, iterated to a fixpoint (Kildall, "A Unified Approach to
//! Global Program Optimization", POPL 1973).

use super::cfg::{BlockId, Cfg};
use super::dominators::reverse_postorder;

pub trait Forward {
    type State: Clone;

    /// Maximum number of passes over a function's blocks; one that needs more is given up.
    const MAX_ROUNDS: usize;

    /// Merges in the state of another path to the same place; returns whether anything changed.
    fn join(state: &mut Self::State, other: &Self::State) -> bool;

    /// The states along the outgoing edges of a block.
    fn block(&mut self, cfg: &Cfg, b: BlockId, state: Self::State) -> Vec<(BlockId, Self::State)>;

    /// The fixpoint is reached: findings are recorded from now on.
    fn record(&mut self);
}

/// Iterates from the entry to a fixpoint, then visits each block once more to record findings; false if given up.
pub fn follow<A: Forward>(analysis: &mut A, cfg: &Cfg, entry: A::State) -> bool {
    let order = reverse_postorder(cfg);
    let mut heads: Vec<Option<A::State>> = vec![None; cfg.blocks.len()];
    heads[Cfg::ENTRY.0 as usize] = Some(entry);
    let mut waiting = vec![true; cfg.blocks.len()];
    for _ in 0..A::MAX_ROUNDS {
        let mut moved = false;
        for &b in &order {
            if !std::mem::replace(&mut waiting[b.0 as usize], false) {
                continue;
            }
            let Some(head) = heads[b.0 as usize].clone() else { continue };
            for (to, state) in analysis.block(cfg, b, head) {
                let at = &mut heads[to.0 as usize];
                let new = match at {
                    Some(old) => A::join(old, &state),
                    None => {
                        *at = Some(state);
                        true
                    }
                };
                waiting[to.0 as usize] |= new;
                moved |= new;
            }
        }
        if !moved {
            analysis.record();
            for &b in &order {
                if let Some(head) = heads[b.0 as usize].take() {
                    analysis.block(cfg, b, head);
                }
            }
            return true;
        }
    }
    false
}
