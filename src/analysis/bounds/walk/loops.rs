//! Loop invariants: candidates are guessed from the loop's first and later iterations and from its conditions, and
//! those that are not inductive are discarded (Flanagan and Leino, "Houdini", FME 2001).

use super::eval::Eval;
use crate::analysis::bounds::terms::facts::{FactId, gcd};
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::state::{Key, Value};
use crate::analysis::bounds::terms::symbols::{Source, Symbols};
use crate::analysis::cfg::BlockId;

/// Paths through one iteration that are distinguished to see how two values change together.
const MAX_TOGETHER: usize = 16;

/// A path back to the head: the facts at its end, and the value of each symbol of the head there.
pub(super) struct Round {
    pub at: FactId,
    pub values: Vec<(Sym, Option<Linear>)>,
}

pub(super) struct Head {
    pub block: BlockId,
    /// The facts at the head in every iteration.
    pub at: FactId,
    /// The facts where the loop is entered.
    pub before: FactId,
    /// A variable, its symbol at the head, and its initial value.
    pub variables: Vec<(u32, Sym, Linear)>,
    pub places: Vec<(Key, Sym, Value)>,
    pub rounds: Vec<Round>,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            block: BlockId(0),
            at: FactId::NONE,
            before: FactId::NONE,
            variables: Vec::new(),
            places: Vec::new(),
            rounds: Vec::new(),
        }
    }
}

/// Candidates per loop.
const MAX_CANDIDATES: usize = 40;
/// Symbols per head that are paired with each other.
const MAX_PAIRED: usize = 12;
/// Passes over the candidates of all loops. Without a fixed point by then, all of them are discarded.
const MAX_ROUNDS: usize = 6;

impl Eval<'_> {
    /// Finds the invariants of each loop and adds them at its head.
    pub(super) fn invariants(&mut self, heads: &[Head]) {
        heads.iter().for_each(|head| self.note_steps(head));
        let mut all: Vec<Vec<Linear>> = heads.iter().map(|head| self.candidates(head)).collect();
        for (head, candidates) in heads.iter().zip(&all) {
            candidates.iter().for_each(|c| self.facts.add(head.at, *c));
        }
        for _ in 0..MAX_ROUNDS {
            let mut changed = false;
            for (head, candidates) in heads.iter().zip(&mut all) {
                candidates.retain(|c| {
                    let kept = self.is_kept(head, c);
                    if !kept {
                        changed = true;
                        self.facts.remove(head.at, c);
                    }
                    kept
                });
            }
            if !changed {
                return;
            }
        }
        // No fixed point: discard everything.
        for (head, candidates) in heads.iter().zip(&all) {
            candidates.iter().for_each(|c| self.facts.remove(head.at, c));
        }
    }

    /// Records values that a loop changes by a constant step or multiples of it.
    fn note_steps(&mut self, head: &Head) {
        let symbols: Vec<(Sym, Linear)> = head.symbols().collect();
        for (s, first) in symbols {
            let by = |round: &Round| {
                let (_, value) = round.values.iter().find(|(t, _)| *t == s)?;
                value.as_ref()?.sub(&Linear::symbol(s))?.as_constant()
            };
            let steps: Option<Vec<i64>> = head.rounds.iter().map(by).collect();
            let step = steps.and_then(|all| all.into_iter().reduce(gcd)).unwrap_or(0).abs();
            if step > 1 {
                self.symbols.has_units = true;
                self.symbols.info_mut(s).step = Some((step, first));
            }
        }
    }

    fn is_kept(&self, head: &Head, candidate: &Linear) -> bool {
        let first = |s: Sym| Some(head.first(s));
        let begins =
            substituted(candidate, &first).is_some_and(|goal| self.facts.prove(&self.symbols, head.before, &goal));
        begins
            && head.rounds.iter().all(|round| {
                let next = |s: Sym| match round.values.iter().find(|(t, _)| *t == s) {
                    Some((_, value)) => *value,
                    None => Some(Linear::symbol(s)),
                };
                substituted(candidate, &next).is_some_and(|goal| self.facts.prove(&self.symbols, round.at, &goal))
            })
    }

    fn candidates(&self, head: &Head) -> Vec<Linear> {
        let mut found: Vec<Linear> = Vec::new();
        let mut add = |candidate: Option<Linear>| {
            if let Some(candidate) = candidate.filter(|c| !c.terms().is_empty())
                && found.len() < MAX_CANDIDATES
                && !found.contains(&candidate)
            {
                found.push(candidate);
            }
        };
        let symbols: Vec<(Sym, Linear)> = head.symbols().collect();
        for &(s, first) in &symbols {
            let up = Linear::symbol(s).sub(&first);
            add(up);
            add(up.and_then(|l| l.scaled(-1)));
            if self.symbols.info(s).lo.is_none_or(|lo| lo < 0) {
                add(Some(Linear::symbol(s)));
            }
        }
        // One value grows as another grows or shrinks: by the same step, or by a multiple.
        for (i, &(s, first)) in symbols.iter().enumerate().take(MAX_PAIRED) {
            for &(t, second) in symbols.iter().take(i).chain(symbols.iter().skip(i + 1)).take(MAX_PAIRED) {
                let Some(ratio) = head.ratio(&self.symbols, s, t) else { continue };
                // t - ratio*s is invariant.
                let now = Linear::symbol(t).plus(&Linear::symbol(s), -ratio);
                let then = second.plus(&first, -ratio);
                if let (Some(now), Some(then)) = (now, then) {
                    add(now.sub(&then));
                    add(then.sub(&now));
                }
            }
        }
        // The loop's conditions, also slightly weakened.
        for round in &head.rounds {
            for fact in self.facts.at(round.at) {
                let local = fact.terms().iter().any(|(s, _)| symbols.iter().any(|(t, _)| s == t));
                if local {
                    add(fact.plus_constant(1));
                    add(fact.plus_constant(-fact.constant));
                    add(Some(*fact));
                }
            }
        }
        // A cursor stays inside its buffer.
        for &(s, _) in &symbols {
            if let Some(buffer) = self.symbols.info(s).buffer {
                add(buffer.limit.sub(&Linear::symbol(s)));
            }
        }
        found
    }
}

impl Head {
    /// The symbols of the head, each with its initial value.
    pub fn symbols(&self) -> impl Iterator<Item = (Sym, Linear)> {
        let variables = self.variables.iter().map(|(_, s, first)| (*s, *first));
        variables.chain(self.places.iter().map(|(_, s, first)| (*s, first.linear)))
    }

    fn first(&self, s: Sym) -> Linear {
        self.symbols().find(|(t, _)| *t == s).map_or_else(|| Linear::symbol(s), |(_, first)| first)
    }

    /// The integer factor by which `t` changes faster than `s` in every iteration, if there is one.
    fn ratio(&self, symbols: &Symbols, s: Sym, t: Sym) -> Option<i32> {
        let mut ratio = None;
        let mut ways: Vec<(Linear, Linear)> = Vec::new();
        for round in &self.rounds {
            let value = |s: Sym| round.values.iter().find(|(t, _)| *t == s)?.1;
            each_way(symbols, value(s)?, value(t)?, &mut ways)?;
        }
        for (a, b) in ways {
            let (a, b) = (a.sub(&Linear::symbol(s))?, b.sub(&Linear::symbol(t))?);
            if a == Linear::ZERO && b == Linear::ZERO {
                continue;
            }
            let (ka, kb) = match (a.terms(), b.terms()) {
                ([], []) => (a.constant, b.constant),
                ([(x, ka), ..], [(y, kb), ..]) if x == y => (i64::from(*ka), i64::from(*kb)),
                _ => return None,
            };
            let this = (ka != 0 && kb % ka == 0).then(|| kb / ka)?;
            let this = i32::try_from(this).ok()?;
            if b.plus(&a, -this) != Some(Linear::ZERO) || ratio.is_some_and(|r| r != this) {
                return None;
            }
            ratio = Some(this);
        }
        ratio.filter(|r| *r != 0)
    }
}

/// The pairs of two values on each of the joined paths.
fn each_way(symbols: &Symbols, a: Linear, b: Linear, found: &mut Vec<(Linear, Linear)>) -> Option<()> {
    let mut todo = vec![(a, b)];
    while let Some((a, b)) = todo.pop() {
        let joined = |value: &Linear| match &symbols.info(value.as_symbol()?).source {
            Source::Joined(values) => Some(values),
            _ => None,
        };
        match (joined(&a), joined(&b)) {
            (Some(x), Some(y)) if x.iter().map(|v| v.1).eq(y.iter().map(|v| v.1)) => {
                todo.extend(x.iter().zip(y).map(|((a, _), (b, _))| (*a, *b)));
            }
            _ => found.push((a, b)),
        }
        if found.len() + todo.len() > MAX_TOGETHER {
            return None;
        }
    }
    Some(())
}

/// `linear` with every symbol replaced according to `by`.
pub(super) fn substituted(linear: &Linear, by: &dyn Fn(Sym) -> Option<Linear>) -> Option<Linear> {
    linear.terms().iter().try_fold(Linear::constant(linear.constant), |sum, (s, k)| sum.plus(&by(*s)?, *k))
}
