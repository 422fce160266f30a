//! Whether the requirement of a site is proved, and if not, what is missing.

use rustc_hash::FxHashSet;

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::Site;
use crate::analysis::bounds::terms::symbols::{Buffer, Source, What, Wire};
use crate::source::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Proved,
    /// No check on the path mentions it.
    Unchecked,
    /// The checks leave up to `lacking` bytes too few.
    Short {
        lacking: i64,
        by: Option<Span>,
    },
    /// The check that would prove it comes later.
    Late {
        by: Span,
    },
    /// It is checked, but only in the harmless direction.
    Aside {
        by: Span,
    },
    /// It is compared with something unrelated.
    Capped,
    /// The proof was given up.
    Unknown,
}

impl Verdict {
    /// The insufficient check.
    pub fn by(&self) -> Option<Span> {
        match *self {
            Verdict::Short { by, .. } => by,
            Verdict::Late { by } | Verdict::Aside { by } => Some(by),
            _ => None,
        }
    }
}

/// Conditions after a site that are tried as a late check.
const MAX_LATE: usize = 48;
/// How far computed values are followed for their bounds.
const MAX_BOUNDS_DEPTH: usize = 3;
/// The largest shortage that is reported.
pub(super) const MAX_LACKING: i64 = 1 << 16;

impl Walked {
    pub fn prove(&self, at: FactId, goal: &Linear) -> bool {
        self.facts.prove(&self.symbols, at, goal)
    }

    /// Judges `goal >= 0` at a site. `about` are the symbols that a check would have to mention.
    pub fn judge(&self, site: &Site, goal: &Linear, about: &[Sym]) -> Verdict {
        self.judge_at(site.at, site.span, goal, about)
    }

    fn judge_at(&self, at: FactId, span: Span, goal: &Linear, about: &[Sym]) -> Verdict {
        if self.prove(at, goal) {
            return Verdict::Proved;
        }
        if self.facts.is_exhausted() {
            return Verdict::Unknown;
        }
        let later = self.facts.below(at).into_iter().filter(|(_, by)| by.start > span.start).take(MAX_LATE);
        let mut later = later.into_iter().filter(|(place, _)| !self.asks_for_none(*place, goal));
        if let Some((_, by)) = later.find(|(place, _)| self.prove(*place, goal)) {
            return Verdict::Late { by };
        }
        if let Some(lacking) = self.lacking(at, goal) {
            if self.is_asked_of_another(at, goal) {
                return Verdict::Capped;
            }
            let by = self.speaks_of(at, about);
            // Only a few bytes less than the full range: the number was not tested.
            let plain = self.symbols.least(goal).map_or(i64::MAX, |least| -least);
            if lacking < 1 << 12 || lacking < plain / 2 {
                return Verdict::Short { lacking, by };
            }
            return Verdict::Unchecked;
        }
        match self.speaks_of(at, about) {
            Some(_) => Verdict::Capped,
            None if self.facts.is_exhausted() => Verdict::Unknown,
            None => Verdict::Unchecked,
        }
    }

    /// A condition compares `sum` with zero: whether it fits exactly, not whether it fits.
    pub(super) fn asks_exactly(&self, by: Span, sum: &Linear) -> bool {
        let own = || self.facts.limits().filter(|(span, _)| *span == by).map(|(_, fact)| fact);
        let less = sum.scaled(-1);
        own().any(|fact| fact == sum) && own().any(|fact| Some(*fact) == less)
    }

    /// A call that was given both the available and the used amount was asked whether they are valid.
    fn is_asked_of_another(&self, at: FactId, goal: &Linear) -> bool {
        let terms = |sign: i32| -> Vec<Sym> {
            goal.terms().iter().filter(|(_, k)| k.signum() == sign).map(|(s, _)| *s).collect()
        };
        let (there, used) = (terms(1), terms(-1));
        let is_answer = |fact: &Linear| match fact.terms() {
            [(s, _)] => {
                let info = self.symbols.info(*s);
                info.what == What::Fresh
                    && info.buffer.is_none()
                    && !there.contains(s)
                    && !used.contains(s)
                    && used.iter().all(|index| info.depends.contains(index))
                    && self.is_about(fact, &there)
            }
            _ => false,
        };
        !there.is_empty()
            && !used.is_empty()
            && self.facts.conditions(at).any(|(_, own, apart)| own.iter().chain(apart).any(is_answer))
    }

    /// The condition tests whether there is anything: that nothing always fits is no check of how much does.
    fn asks_for_none(&self, place: FactId, goal: &Linear) -> bool {
        let none = |fact: &Linear| {
            fact.constant <= 0
                && fact.terms().iter().all(|(_, k)| *k < 0)
                && fact.terms().iter().any(|(s, _)| goal.factor(*s) < 0)
        };
        self.facts.conditions(place).next().is_some_and(|(_, own, _)| own.iter().any(none))
    }

    /// The maximal number of missing bytes, if the checks say more than the types.
    fn lacking(&self, at: FactId, goal: &Linear) -> Option<i64> {
        let plain = self.symbols.least(goal).map_or(MAX_LACKING, |least| -least).min(MAX_LACKING);
        let enough = |n: i64| goal.plus_constant(n).is_some_and(|goal| self.prove(at, &goal));
        if plain <= 1 {
            return None;
        }
        // Is there anything better than the ranges alone?
        if !enough(plain - 1) {
            return None;
        }
        let (mut too_few, mut found) = (0, plain - 1);
        while found - too_few > 1 {
            let middle = too_few + (found - too_few) / 2;
            if enough(middle) { found = middle } else { too_few = middle }
        }
        Some(found)
    }

    /// The nearest condition at `at` that mentions one of the symbols, or something computed from it.
    pub fn speaks_of(&self, at: FactId, about: &[Sym]) -> Option<Span> {
        self.facts.conditions(at).find_map(|(span, own, apart)| {
            let speaks = own.iter().chain(apart).any(|fact| self.is_about(fact, about));
            speaks.then_some(span)
        })
    }

    /// Refines `verdict` on `goal >= 0`: the checks that mention it may bound it only in the harmless direction.
    pub fn sided(&self, verdict: Verdict, at: FactId, goal: &Linear, about: &[Sym]) -> Verdict {
        if verdict != Verdict::Capped {
            return verdict;
        }
        let mut by = None;
        for (span, own, apart) in self.facts.conditions(at) {
            let helps = |fact: &Linear| {
                let direct = |s: &Sym| goal.factor(*s) != 0 && fact.factor(*s) != 0;
                let mut named = about.iter().filter(|s| direct(s)).peekable();
                match named.peek() {
                    Some(_) => named.any(|s| fact.factor(*s).signum() == goal.factor(*s).signum()),
                    None => self.is_about(fact, about),
                }
            };
            // A non-zero value helps if being at least one does.
            let at_least_one = |fact: &Linear| match fact.terms() {
                [(s, _)] if fact.constant == 0 => goal.factor(*s) > 0 || !about.contains(s),
                // That two values differ does not say which is greater.
                [_, _] if fact == goal || Some(*fact) == goal.scaled(-1) => false,
                _ => self.is_about(fact, about),
            };
            if own.iter().any(helps) || apart.iter().any(at_least_one) {
                return verdict;
            }
            if by.is_none() && own.iter().chain(apart).any(|fact| self.is_about(fact, about)) {
                by = Some(span);
            }
        }
        by.map_or(verdict, |by| Verdict::Aside { by })
    }

    pub(super) fn is_about(&self, fact: &Linear, about: &[Sym]) -> bool {
        let mut seen: FxHashSet<Sym> = FxHashSet::default();
        let mut todo: Vec<Sym> = fact.terms().iter().map(|(s, _)| *s).collect();
        while let Some(s) = todo.pop() {
            if about.contains(&s) {
                return true;
            }
            if seen.len() > 64 || !seen.insert(s) {
                continue;
            }
            let info = self.symbols.info(s);
            todo.extend(&info.depends);
            match &info.source {
                Source::Converted { from, .. } => todo.extend(from.terms().iter().map(|(s, _)| *s)),
                Source::Joined(values) => {
                    todo.extend(values.iter().flat_map(|(v, _)| v.terms().iter().map(|(s, _)| *s)));
                }
                _ => {}
            }
            for axiom in &info.axioms {
                todo.extend(axiom.terms().iter().map(|(s, _)| *s));
            }
        }
        false
    }

    /// Something other than the buffer's own limit, an end that a guard names, keeps the read inside.
    pub(super) fn is_kept_elsewhere(&self, site: &Site, goal: &Linear, buffer: &Buffer) -> bool {
        // goal = limit - end of the read
        let Some(end) = buffer.limit.sub(goal) else { return false };
        // A loop invariant is no guard: the buffer may end before the counter does.
        self.facts.conditions(site.at).flat_map(|(_, own, _)| own).any(|fact| {
            let pointer = end.terms().iter().any(|(s, k)| *k == 1 && fact.factor(*s) == -1);
            pointer
                && fact.add(&end).is_some_and(|rest| {
                    rest.constant <= 0 && rest.has_terms() && rest.terms().iter().all(|(_, k)| *k > 0)
                })
        })
    }

    /// The upper bounds of `value` at a place: the other side of each comparison, also of what it was computed from.
    pub fn upper_bounds(&self, at: FactId, value: &Linear) -> Vec<Linear> {
        self.upper_bounds_within(at, value, MAX_BOUNDS_DEPTH)
    }

    fn upper_bounds_within(&self, at: FactId, value: &Linear, depth: usize) -> Vec<Linear> {
        let mut bounds = Vec::new();
        let Some(depth) = depth.checked_sub(1) else { return bounds };
        for &(s, _) in value.terms().iter().filter(|(_, k)| *k > 0) {
            for fact in self.facts.at(at).filter(|fact| fact.factor(s) < 0) {
                bounds.extend(fact.plus(&Linear::symbol(s), -fact.factor(s)));
            }
            // What it was computed from may itself be unbounded.
            for axiom in self.symbols.info(s).axioms.iter().filter(|fact| fact.factor(s) < 0) {
                let Some(bound) = axiom.plus(&Linear::symbol(s), -axiom.factor(s)) else { continue };
                match !bound.has_terms() || self.wire_symbols(&bound).is_empty() {
                    true => bounds.push(bound),
                    false => bounds.extend(self.upper_bounds_within(at, &bound, depth)),
                }
            }
            match &self.symbols.info(s).source {
                Source::Converted { from, .. } => bounds.extend(self.upper_bounds_within(at, from, depth)),
                // `a < b ? a : b`: each has a bound.
                Source::Joined(values) => {
                    let each: Vec<Vec<Linear>> = values
                        .iter()
                        .map(|(value, place)| match self.wire_symbols(value).is_empty() {
                            true => vec![*value],
                            false => self.upper_bounds_within(*place, value, depth),
                        })
                        .collect();
                    if each.iter().all(|bounds| !bounds.is_empty()) {
                        bounds.extend(each.into_iter().flatten());
                    }
                }
                _ => {}
            }
        }
        bounds
    }

    /// The symbols of `value` that an outside party controls.
    pub fn wire_symbols(&self, value: &Linear) -> Vec<Sym> {
        let wire = |s: &Sym| self.symbols.info(*s).wire > Wire::No;
        value.terms().iter().map(|(s, _)| *s).filter(wire).collect()
    }
}
