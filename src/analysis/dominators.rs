//! The dominator tree of a graph (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm", 2001).

use super::cfg::{BlockId, Cfg};

pub struct Dominators {
    /// The reachable blocks in reverse postorder.
    pub order: Vec<BlockId>,
    /// By block: its position in `order`; `u32::MAX` if it is unreachable.
    position: Vec<u32>,
    /// By block: its immediate dominator; the entry's is itself.
    immediate: Vec<BlockId>,
}

impl Dominators {
    pub fn new(cfg: &Cfg) -> Dominators {
        let order = reverse_postorder(cfg);
        let mut position = vec![u32::MAX; cfg.blocks.len()];
        for (i, b) in order.iter().enumerate() {
            position[b.0 as usize] = i as u32;
        }
        let predecessors = cfg.predecessors();
        // By position in `order`.
        let mut immediate: Vec<Option<u32>> = vec![None; order.len()];
        if let Some(entry) = immediate.first_mut() {
            *entry = Some(0);
        }
        let mut changed = true;
        while changed {
            changed = false;
            for (i, b) in order.iter().enumerate().skip(1) {
                let mut new: Option<u32> = None;
                for p in &predecessors[b.0 as usize] {
                    let p = position[p.0 as usize];
                    if p == u32::MAX || immediate[p as usize].is_none() {
                        continue;
                    }
                    new = Some(new.map_or(p, |n| intersect(&immediate, n, p)));
                }
                if new.is_some() && immediate[i] != new {
                    immediate[i] = new;
                    changed = true;
                }
            }
        }
        let mut by_block = vec![Cfg::ENTRY; cfg.blocks.len()];
        for (i, b) in order.iter().enumerate() {
            by_block[b.0 as usize] = order[immediate[i].unwrap_or(0) as usize];
        }
        Dominators { order, position, immediate: by_block }
    }

    pub fn immediate(&self, block: BlockId) -> BlockId {
        self.immediate[block.0 as usize]
    }

    /// Position in reverse postorder.
    pub fn position(&self, block: BlockId) -> u32 {
        self.position[block.0 as usize]
    }

    /// Whether every path from the entry to `b` goes through `a`.
    pub fn dominates(&self, a: BlockId, mut b: BlockId) -> bool {
        while self.position(b) > self.position(a) && b != Cfg::ENTRY {
            b = self.immediate(b);
        }
        a == b
    }
}

fn intersect(immediate: &[Option<u32>], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        while a > b {
            a = immediate[a as usize].unwrap_or(0);
        }
        while b > a {
            b = immediate[b as usize].unwrap_or(0);
        }
    }
    a
}

/// The reachable blocks in reverse postorder: each before its successors, except along back edges.
pub fn reverse_postorder(cfg: &Cfg) -> Vec<BlockId> {
    let mut order = Vec::new();
    let mut seen = vec![false; cfg.blocks.len()];
    let mut stack = vec![(Cfg::ENTRY, 0usize)];
    seen[Cfg::ENTRY.0 as usize] = true;
    while let Some((block, next)) = stack.last_mut() {
        match cfg.block(*block).edges.get(*next) {
            Some(edge) => {
                *next += 1;
                if !std::mem::replace(&mut seen[edge.to.0 as usize], true) {
                    stack.push((edge.to, 0));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::cfg::tests::with_cfg;
    use crate::hir::StmtKind;

    #[test]
    fn a_test_dominates_its_branches_and_what_follows() {
        with_cfg("a(); if (x) { b(); } else { c(); } while (y) d(); e();", |body, cfg| {
            let tree = Dominators::new(cfg);
            let block = |text: &str| {
                let holds = |s: &crate::hir::StmtId| match body.stmt(*s).kind {
                    StmtKind::Expr(e) => body.callee(e) == Some(text),
                    _ => false,
                };
                (0..cfg.blocks.len()).map(|b| BlockId(b as u32)).find(|b| cfg.block(*b).stmts.iter().any(holds))
            };
            let at = |text: &str| block(text).expect("a call");
            assert!(tree.dominates(at("a"), at("e")) && tree.dominates(at("a"), at("d")));
            assert!(!tree.dominates(at("b"), at("e")) && !tree.dominates(at("d"), at("e")));
            assert_eq!(tree.order[0], Cfg::ENTRY);
        });
    }
}
