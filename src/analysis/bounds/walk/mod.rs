//! One symbolic walk over a function: each value as a linear expression, the facts at each place, and the sites that
//! have a proof obligation.

mod arith;
pub mod arrays;
mod begin;
pub mod beliefs;
mod call;
mod capacity;
mod cond;
mod effects;
mod eval;
mod graph;
mod imported;
mod incoming;
mod inline;
mod join;
mod loops;
mod model;
mod objects;
mod pairs;
mod place;
mod sizes;
mod stores;
mod strings;
mod together;

use std::cell::OnceCell;
use std::sync::Arc;

use super::{Summaries, Walked};
use crate::analysis::cfg::Cfg;
use crate::hir::Function;
use crate::program::Program;
use crate::source::FileId;
use eval::Eval;
use inline::{Inline, Inlines};

/// Maximal number of expressions in a function that is walked.
const MAX_EXPRS: usize = 20_000;

/// Maximal product of basic blocks and variables in a function that is walked.
const MAX_JOINS: usize = 600_000;

/// What the analyses of all functions share.
pub struct Bounds<'a> {
    pub program: &'a Program,
    pub summaries: Summaries<'a>,
    inlines: Inlines,
}

impl<'a> Bounds<'a> {
    pub fn new(program: &'a Program, summaries: Summaries<'a>) -> Bounds<'a> {
        Bounds { program, summaries, inlines: Inlines::default() }
    }

    /// The inlinable body of the macro of that name at that place, or of the function.
    fn inline(&self, name: &str, file: FileId, at: u32) -> Option<Arc<Inline>> {
        if let Some(def) = self.program.macros.resolve(name, file, at) {
            // A redefinition of a library function's name elsewhere in the tree does not apply to this file.
            let own = def.file == file || self.program.macros.includes(file, def.file);
            if !own && self.program.model(name, file).is_some() {
                return None;
            }
            return self.inlines.of_macro(self.program, def).filter(|_| def.params.is_some());
        }
        match self.program.callees(name, file)[..] {
            [only] => self.inlines.of_function(self.program, only),
            _ => None,
        }
    }

    /// Walks a function, unless it is too large.
    pub fn walk(&self, function: &Function, cfg: &Cfg) -> Option<Walked> {
        let mut eval = Eval::new(self, function);
        eval.declare();
        let joins = cfg.blocks.len() * (eval.variables.len() + 8);
        if function.body.exprs.len() > MAX_EXPRS || joins > MAX_JOINS {
            return None;
        }
        eval.seed();
        let narrow = eval.narrow_lengths();
        let heads = eval.walk(cfg);
        eval.invariants(&heads);
        eval.facts.renew();
        let arrays = eval.plain_arrays();
        let Eval { symbols, facts, paths, sites, writes, returns, beliefs, texts, printed, stepped, .. } = eval;
        Some(Walked {
            symbols,
            facts,
            paths,
            sites,
            writes,
            returns,
            narrow,
            beliefs,
            texts,
            arrays,
            printed,
            stepped,
            lengths: OnceCell::new(),
        })
    }
}
