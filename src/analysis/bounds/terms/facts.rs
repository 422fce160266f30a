//! Facts that hold at a place: linear expressions that are at least zero, in a tree that follows dominance.

use std::cell::Cell;

use rustc_hash::FxHashSet;

use super::linear::{Linear, Sym};
use super::symbols::{Source, Symbols};
use crate::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FactId(pub u32);

impl FactId {
    /// No facts: what holds everywhere.
    pub const NONE: FactId = FactId(0);
}

#[derive(Default)]
struct Node {
    parent: Option<FactId>,
    own: Vec<Linear>,
    /// The symbols that may occur in `own`, as in a Bloom filter.
    speaks: u64,
    /// Expressions that are not zero.
    apart: Vec<Linear>,
    /// The nearest node, this one or an ancestor, with a non-empty `apart`.
    told_apart: Option<FactId>,
    /// The condition that establishes these facts.
    span: Option<Span>,
}

/// The facts of one function.
pub struct Facts {
    nodes: Vec<Node>,
    budget: Cell<u64>,
}

/// Proof steps allowed per function, over all queries. Beyond it nothing is proved and nothing is reported.
const BUDGET: u64 = 400_000;
/// Facts and definitions that one proof may combine.
const MAX_DEPTH: usize = 6;
/// Joined values that one proof may split.
const MAX_SPLITS: usize = 3;
/// Facts of one place that are considered, nearest first.
const MAX_FACTS: usize = 256;
/// Facts tried per step of the budget.
const TRIES: usize = 4;

impl Default for Facts {
    fn default() -> Facts {
        Facts { nodes: vec![Node::default()], budget: Cell::new(BUDGET) }
    }
}

impl Facts {
    /// The facts of `parent`, plus `own`, plus `apart` as not zero.
    pub fn child(&mut self, parent: FactId, own: Vec<Linear>, apart: Vec<Linear>, span: Span) -> FactId {
        if own.is_empty() && apart.is_empty() {
            return parent;
        }
        let id = FactId(self.nodes.len() as u32);
        let told_apart = if apart.is_empty() { self.nodes[parent.0 as usize].told_apart } else { Some(id) };
        let speaks = own.iter().fold(0, |all, fact| all | fact.mask());
        self.nodes.push(Node { parent: Some(parent), own, speaks, apart, told_apart, span: Some(span) });
        id
    }

    /// A separate node under `parent`, to which facts can be added later.
    pub fn place(&mut self, parent: FactId) -> FactId {
        let told_apart = self.nodes[parent.0 as usize].told_apart;
        self.nodes.push(Node { parent: Some(parent), told_apart, ..Node::default() });
        FactId(self.nodes.len() as u32 - 1)
    }

    pub fn add(&mut self, id: FactId, fact: Linear) {
        let node = &mut self.nodes[id.0 as usize];
        node.speaks |= fact.mask();
        node.own.push(fact);
    }

    pub fn remove(&mut self, id: FactId, fact: &Linear) {
        self.nodes[id.0 as usize].own.retain(|f| f != fact);
    }

    /// The nodes below `id` where a condition adds facts, in walk order, each with that condition.
    pub fn below(&self, id: FactId) -> Vec<(FactId, Span)> {
        let mut inside = vec![false; self.nodes.len()];
        let mut found = Vec::new();
        for (i, node) in self.nodes.iter().enumerate().skip(id.0 as usize + 1) {
            inside[i] = node.parent.is_some_and(|p| p == id || inside[p.0 as usize]);
            if let Some(span) = node.span.filter(|_| inside[i]) {
                found.push((FactId(i as u32), span));
            }
        }
        found
    }

    /// The conditions that hold at `id` and the facts of each, nearest first.
    pub fn conditions(&self, id: FactId) -> impl Iterator<Item = (Span, &[Linear], &[Linear])> {
        self.above(id).filter_map(|node| Some((node.span?, &node.own[..], &node.apart[..])))
    }

    /// The facts of every condition of the function, for both outcomes.
    pub fn said(&self) -> impl Iterator<Item = (&[Linear], &[Linear])> {
        self.nodes.iter().filter(|node| node.span.is_some()).map(|node| (&node.own[..], &node.apart[..]))
    }

    /// Each fact that a condition of the function establishes, with that condition.
    pub fn limits(&self) -> impl Iterator<Item = (Span, &Linear)> {
        self.nodes
            .iter()
            .filter_map(|node| Some((node.span?, &node.own)))
            .flat_map(|(span, own)| own.iter().map(move |fact| (span, fact)))
    }

    fn above(&self, id: FactId) -> impl Iterator<Item = &Node> {
        std::iter::successors(Some(id), |id| self.nodes[id.0 as usize].parent).map(|id| &self.nodes[id.0 as usize])
    }

    /// Every fact at `id` with the condition that establishes it, nearest first.
    pub fn told(&self, id: FactId) -> impl Iterator<Item = (&Linear, Option<Span>)> {
        self.above(id).flat_map(|node| node.own.iter().map(|fact| (fact, node.span)))
    }

    /// The facts at `id` that do not already hold at `above`.
    pub fn between(&self, id: FactId, above: FactId) -> impl Iterator<Item = &Linear> {
        let ids = std::iter::successors(Some(id), |id| self.nodes[id.0 as usize].parent);
        ids.take_while(move |id| *id != above).flat_map(|id| self.nodes[id.0 as usize].own.iter())
    }

    /// The facts of the conditions that hold at `id` but not already at `above`.
    pub fn tests_between(&self, id: FactId, above: FactId) -> impl Iterator<Item = (&[Linear], &[Linear])> {
        let ids = std::iter::successors(Some(id), |id| self.nodes[id.0 as usize].parent);
        let nodes = ids.take_while(move |id| *id != above).map(|id| &self.nodes[id.0 as usize]);
        nodes.filter(|node| node.span.is_some()).map(|node| (&node.own[..], &node.apart[..]))
    }

    /// The expressions that are not zero at `id`, nearest first.
    fn apart(&self, id: FactId) -> impl Iterator<Item = &Linear> {
        let told = |id: FactId| self.nodes[id.0 as usize].told_apart;
        let ids = std::iter::successors(told(id), move |id| told(self.nodes[id.0 as usize].parent?));
        ids.flat_map(|id| &self.nodes[id.0 as usize].apart)
    }

    /// Every fact at `id`, nearest first.
    pub fn at(&self, id: FactId) -> impl Iterator<Item = &Linear> {
        self.above(id).flat_map(|node| node.own.iter().rev()).take(MAX_FACTS)
    }

    /// Those of them that contain a term of `s`.
    fn at_of(&self, id: FactId, s: Sym) -> impl Iterator<Item = (&Linear, i32)> {
        let mut left = MAX_FACTS;
        let nodes = self.above(id).map_while(move |node| {
            let looked_at = node.own.len().min(left);
            left -= looked_at;
            (looked_at > 0 || left > 0).then_some((node, looked_at))
        });
        let speaking = nodes.filter(move |(node, _)| node.speaks & s.mask() != 0);
        let facts = speaking.flat_map(|(node, looked_at)| node.own.iter().rev().take(looked_at));
        facts.map(move |fact| (fact, fact.factor(s))).filter(|(_, own)| *own != 0)
    }

    /// The budget is used up: an unproved goal may still hold.
    pub fn is_exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    /// Resets the budget.
    pub fn renew(&mut self) {
        self.budget = Cell::new(BUDGET);
    }

    /// Proves `goal >= 0` from the facts at `id`.
    pub fn prove(&self, symbols: &Symbols, id: FactId, goal: &Linear) -> bool {
        // An axiom of one of the symbols may imply the goal directly, whichever pivot a search would start with.
        let mut always = goal.terms().iter().filter(|(_, k)| *k < 0).flat_map(|(s, _)| &symbols.info(*s).axioms);
        let covers = |axiom: &Linear| goal.sub(axiom).is_some_and(|rest| !rest.has_terms() && rest.constant >= 0);
        if always.any(covers) {
            return true;
        }
        let mut proof =
            Proof { facts: self, symbols, places: vec![id], seen: FxHashSet::default(), splits: MAX_SPLITS };
        proof.goal(goal, MAX_DEPTH)
    }

    fn step(&self) -> bool {
        match self.budget.get().checked_sub(1) {
            Some(left) => {
                self.budget.set(left);
                true
            }
            None => false,
        }
    }
}

pub fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.saturating_abs(), b.saturating_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// One proof: facts cancel terms of the goal until the remainder cannot be negative.
///
/// This is demand-driven as in ABCD (Bodík, Gupta and Sarkar, PLDI 2000), over sums of more than two terms.
struct Proof<'p> {
    facts: &'p Facts,
    symbols: &'p Symbols,
    /// Where facts are taken from: the place itself and, inside a joined value, the ends of the paths into the join.
    places: Vec<FactId>,
    seen: FxHashSet<Linear>,
    splits: usize,
}

impl<'p> Proof<'p> {
    fn goal(&mut self, goal: &Linear, depth: usize) -> bool {
        let (divisor, rest) = self.units(goal);
        let goal = &goal.loosened(divisor, rest);
        if self.symbols.least(goal).is_some_and(|least| least >= 0) {
            return true;
        }
        if depth == 0 || !self.facts.step() || !self.seen.insert(*goal) {
            return false;
        }
        if self.apart(goal, depth) {
            return true;
        }
        // The term to cancel: one without a lower bound if there is one, otherwise any.
        let unbounded = |&(s, k): &(Sym, i32)| {
            let info = self.symbols.info(s);
            if k > 0 { info.lo.is_none() } else { info.hi.is_none() }
        };
        let terms = goal.terms();
        let pivots = match terms.iter().position(unbounded) {
            Some(i) => &terms[i..=i],
            None => terms,
        };
        for &(s, k) in pivots {
            for (tried, (fact, factor)) in self.useful(s, k).into_iter().enumerate() {
                // With many facts about one symbol, trying them is the real cost.
                if tried % TRIES == TRIES - 1 && !self.facts.step() {
                    return false;
                }
                let (divisor, rest) = self.units(fact);
                if let Some(rest) = goal.plus(&fact.tightened(divisor, rest), -factor)
                    && self.goal(&rest, depth - 1)
                {
                    return true;
                }
            }
        }
        self.converted(goal, depth) || self.split(goal, depth)
    }

    /// `(divisor, rest)`: the terms of `sum` are `rest` plus a multiple of `divisor`. From `4*q`, a counter that moves
    /// by 4, or a number tested to be divisible by 4.
    fn units(&self, sum: &Linear) -> (i64, i64) {
        let (mut divisor, mut rest) = (0, 0i64);
        // If no symbol moves in steps, one term without a divisor makes the result 1.
        let moves = |&(s, _): &(Sym, i32)| self.symbols.info(s).step.is_some();
        let divides = |s: Sym| self.symbols.rests.iter().any(|(n, ..)| n.as_symbol() == Some(s));
        if !self.symbols.has_units
            || !sum.terms().iter().any(moves) && sum.terms().iter().any(|&(s, k)| k.abs() == 1 && !divides(s))
        {
            return (divisor, rest);
        }
        let mut terms = *sum;
        for &(s, k) in sum.terms() {
            if let Some((step, first)) = &self.symbols.info(s).step
                && let Some(other) = terms.substitute(s, first)
            {
                rest = rest.saturating_add(other.constant.saturating_sub(terms.constant));
                terms = other;
                divisor = gcd(divisor, i64::from(k).saturating_mul(*step));
            }
        }
        for &(s, k) in terms.terms() {
            let unit = self.symbols.rests.iter().find(|(n, _, left)| n.as_symbol() == Some(s) && self.is_zero(*left));
            divisor = gcd(divisor, i64::from(k).saturating_mul(unit.map_or(1, |(_, by, _)| *by)));
            if divisor == 1 {
                break;
            }
        }
        (divisor, rest)
    }

    /// The remainder of a division was tested to be zero.
    fn is_zero(&self, left: Sym) -> bool {
        let none = |fact: &Linear| fact.constant == 0 && matches!(fact.terms(), [(s, -1)] if *s == left);
        self.places.iter().any(|place| self.facts.at(*place).any(none))
    }

    /// `d != 0` and `d >= 0` imply `d - 1 >= 0`.
    fn apart(&mut self, goal: &Linear, depth: usize) -> bool {
        let facts = self.facts;
        let all = self.places.iter().flat_map(|id| facts.apart(*id)).take(MAX_FACTS);
        // A fact that shares no symbol with the goal cannot help.
        let all: Vec<&Linear> = all.filter(|d| d.terms().iter().any(|(s, _)| goal.factor(*s) != 0)).collect();
        for d in all {
            for d in [Some(*d), d.scaled(-1)].into_iter().flatten() {
                // `a[i]` with elements of several bytes: `d` counts as often as the goal contains it.
                let shared = d.terms().iter().find(|(s, _)| goal.factor(*s) != 0);
                let Some((s, own)) = shared.copied() else { continue };
                let k = goal.factor(s) / own;
                if k < 1 || k * own != goal.factor(s) {
                    continue;
                }
                let rest = d.plus_constant(-1).and_then(|less| goal.plus(&less, -k));
                let covers = rest.and_then(|rest| self.symbols.least(&rest)).is_some_and(|least| least >= 0);
                if covers && self.goal(&d, depth - 1) {
                    return true;
                }
            }
        }
        false
    }

    /// Replaces a converted value by the original one where that fits.
    fn converted(&mut self, goal: &Linear, depth: usize) -> bool {
        for &(s, k) in goal.terms() {
            let Source::Converted { from, lo, hi } = self.symbols.info(s).source else { continue };
            let above = |proof: &mut Self, least: i64| {
                from.plus_constant(-least).is_some_and(|goal| proof.goal(&goal, depth - 1))
            };
            let not_below = above(self, lo);
            // Truncation can only make a non-negative value smaller.
            let smaller = k < 0 && lo == 0 && not_below;
            let below = |proof: &mut Self| match hi {
                Some(hi) => {
                    from.scaled(-1).and_then(|l| l.plus_constant(hi)).is_some_and(|goal| proof.goal(&goal, depth - 1))
                }
                None => true,
            };
            if (smaller || (not_below && below(self)))
                && goal.substitute(s, &from).is_some_and(|goal| self.goal(&goal, depth - 1))
            {
                return true;
            }
        }
        false
    }

    /// Facts and axioms in which the factor of `s` divides `k` and has its sign, each with the quotient.
    fn useful(&self, s: Sym, k: i32) -> Vec<(&'p Linear, i32)> {
        let (facts, symbols) = (self.facts, self.symbols);
        let at_places = self.places.iter().flat_map(|place| facts.at_of(*place, s));
        let axioms = symbols.info(s).axioms.iter().map(|fact| (fact, fact.factor(s)));
        let fitting = axioms.chain(at_places).filter(|(_, own)| *own != 0 && k % own == 0 && k / own > 0);
        fitting.map(|(fact, own)| (fact, k / own)).collect()
    }

    /// Splits a joined value: the goal has to hold for each of the values that it joins.
    fn split(&mut self, goal: &Linear, depth: usize) -> bool {
        let symbols = self.symbols;
        let joined = goal.terms().iter().find_map(|&(s, _)| match &symbols.info(s).source {
            Source::Joined(values) => Some((s, values)),
            _ => None,
        });
        let Some((s, values)) = joined.filter(|_| self.splits > 0) else { return false };
        self.splits -= 1;
        let holds = values.iter().all(|(value, place)| {
            let Some(goal) = goal.substitute(s, value) else { return false };
            self.places.push(*place);
            let seen = std::mem::take(&mut self.seen);
            let proved = self.goal(&goal, depth - 1);
            self.seen = seen;
            self.places.pop();
            proved
        });
        self.splits += 1;
        holds
    }
}
