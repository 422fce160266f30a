//! One symbolic walk over a function: each value as a linear expression, what holds at each place, and the sites at
//! which something has to hold.

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

/// Expressions of a function that is still walked.
const MAX_EXPRS: usize = 20_000;

/// Basic blocks times variables of a function that is still walked.
const MAX_JOINS: usize = 600_000;

/// What the analysis of every function draws on.
pub struct Bounds<'a> {
    pub program: &'a Program,
    pub summaries: Summaries<'a>,
    inlines: Inlines,
}

impl<'a> Bounds<'a> {
    pub fn new(program: &'a Program, summaries: Summaries<'a>) -> Bounds<'a> {
        Bounds { program, summaries, inlines: Inlines::default() }
    }

    /// The body to look into for a macro of that name at that place, or for a function.
    fn inline(&self, name: &str, file: FileId, at: u32) -> Option<Arc<Inline>> {
        if let Some(def) = self.program.macros.resolve(name, file, at) {
            // What another part of the tree makes of a library function's name is none of this file's.
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

    /// Walks a function; none that is too large for it.
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
