//! Loop invariants: candidates are guessed from the loop's first and further rounds and from what it tests, and
//! those that are not inductive are thrown away (Flanagan and Leino, "Houdini", FME 2001).

use super::eval::Eval;
use crate::analysis::bounds::terms::facts::{FactId, gcd};
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::state::{Key, Value};
use crate::analysis::bounds::terms::symbols::{Source, Symbols};
use crate::analysis::cfg::BlockId;

/// Ways through one round that are told apart for how two values move together.
const MAX_TOGETHER: usize = 16;

/// A way round: what holds at its end, and what each symbol of the head becomes there.
pub(super) struct Round {
    pub at: FactId,
    pub values: Vec<(Sym, Option<Linear>)>,
}

pub(super) struct Head {
    pub block: BlockId,
    /// What holds at the head in every round.
    pub at: FactId,
    /// What holds where the loop is entered.
    pub before: FactId,
    /// A variable, its symbol at the head, and what the loop begins with.
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

/// Candidates of one loop.
const MAX_CANDIDATES: usize = 40;
/// Symbols of one head that are paired with each other.
const MAX_PAIRED: usize = 12;
/// Times that the candidates of all loops are looked through. What then still fails is thrown away.
const MAX_ROUNDS: usize = 6;

impl Eval<'_> {
    /// Finds what each loop keeps, and notes it at its head.
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
        // No fixed point: nothing is known.
        for (head, candidates) in heads.iter().zip(&all) {
            candidates.iter().for_each(|c| self.facts.remove(head.at, c));
        }
    }

    /// What a loop moves by the same number each round, or by multiples of it.
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
        // One grows as the other does, or as it shrinks: by the same step, or by a multiple.
        for (i, &(s, first)) in symbols.iter().enumerate().take(MAX_PAIRED) {
            for &(t, second) in symbols.iter().take(i).chain(symbols.iter().skip(i + 1)).take(MAX_PAIRED) {
                let Some(ratio) = head.ratio(&self.symbols, s, t) else { continue };
                // t - ratio*s stays what it was.
                let now = Linear::symbol(t).plus(&Linear::symbol(s), -ratio);
                let then = second.plus(&first, -ratio);
                if let (Some(now), Some(then)) = (now, then) {
                    add(now.sub(&then));
                    add(then.sub(&now));
                }
            }
        }
        // What the loop tests before it goes on, and a little less.
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
    /// The symbols of the head and what each begins with.
    pub fn symbols(&self) -> impl Iterator<Item = (Sym, Linear)> {
        let variables = self.variables.iter().map(|(_, s, first)| (*s, *first));
        variables.chain(self.places.iter().map(|(_, s, first)| (*s, first.linear)))
    }

    fn first(&self, s: Sym) -> Linear {
        self.symbols().find(|(t, _)| *t == s).map_or_else(|| Linear::symbol(s), |(_, first)| first)
    }

    /// The whole number of times by which `t` moves more than `s` in each round, where there is one.
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

/// What two values are together on each of the ways that were joined.
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

/// `linear` with every symbol replaced by what `by` gives.
pub(super) fn substituted(linear: &Linear, by: &dyn Fn(Sym) -> Option<Linear>) -> Option<Linear> {
    linear.terms().iter().try_fold(Linear::constant(linear.constant), |sum, (s, k)| sum.plus(&by(*s)?, *k))
}
