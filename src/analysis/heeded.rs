//! How often the result of each function is used: what callers do is the best documentation there is.

use rustc_hash::FxHashMap;

use super::messages::Input;
use crate::hir::{ExprId, StmtKind};

/// What the callers of a function do with its result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub heeded: u32,
    pub ignored: u32,
}

impl Counts {
    pub fn all(self) -> u32 {
        self.heeded + self.ignored
    }

    /// The percentage of callers that use it.
    pub fn share(self) -> u32 {
        self.heeded * 100 / self.all().max(1)
    }
}

#[derive(Default)]
pub struct Heeded {
    of: FxHashMap<Box<str>, Counts>,
}

impl Heeded {
    pub fn new(inputs: &[Input]) -> Heeded {
        let mut of: FxHashMap<Box<str>, Counts> = FxHashMap::default();
        for input in inputs.iter().filter(|input| input.definition.is_some()) {
            let body = &input.function.body;
            let mut alone = vec![false; body.exprs.len()];
            for stmt in &body.stmts {
                if let StmtKind::Expr(e) = stmt.kind {
                    alone[body.bare(e).0 as usize] = true;
                }
            }
            for (ExprId(call), name, _) in body.calls() {
                let counts = match of.get_mut(name) {
                    Some(counts) => counts,
                    None => of.entry(name.into()).or_default(),
                };
                match alone[call as usize] {
                    true => counts.ignored += 1,
                    false => counts.heeded += 1,
                }
            }
        }
        Heeded { of }
    }

    pub fn of(&self, name: &str) -> Counts {
        self.of.get(name).copied().unwrap_or_default()
    }
}
