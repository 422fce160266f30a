//! What holds at a place: linear expressions that are at least zero, in a tree that follows dominance.

use std::cell::Cell;

use rustc_hash::FxHashSet;

use super::linear::{Linear, Sym};
use super::symbols::{Source, Symbols};
use crate::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FactId(pub u32);

impl FactId {
    /// What holds everywhere: nothing.
    pub const NONE: FactId = FactId(0);
}

#[derive(Default)]
struct Node {
    parent: Option<FactId>,
    own: Vec<Linear>,
    /// Of which symbols `own` may speak, as in a Bloom filter.
    speaks: u64,
    /// Each is not zero.
    apart: Vec<Linear>,
    /// The nearest place, this one or above, at which something is not zero.
    told_apart: Option<FactId>,
    /// The condition that says so.
    span: Option<Span>,
}

/// The facts of one function.
pub struct Facts {
    nodes: Vec<Node>,
    budget: Cell<u64>,
}

/// Steps of proof that one function may take, all questions together. Past it nothing is proved, and nothing said.
const BUDGET: u64 = 400_000;
/// Facts and definitions that one proof may combine.
const MAX_DEPTH: usize = 6;
/// Joined values that one proof may take apart.
const MAX_SPLITS: usize = 3;
/// Facts of one place that are looked at, nearest first.
const MAX_FACTS: usize = 256;
/// Facts that are tried for the price of one step of the budget.
const TRIES: usize = 4;

impl Default for Facts {
    fn default() -> Facts {
        Facts { nodes: vec![Node::default()], budget: Cell::new(BUDGET) }
    }
}

impl Facts {
    /// What holds at `parent`, `own` and, not being zero, `apart`.
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

    /// A place of its own under `parent`, to add to what holds there later.
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

    /// The places below `id` at which a condition says more, in the order of the walk, and that condition.
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

    /// The conditions that hold at `id` and what each says, the nearest first.
    pub fn conditions(&self, id: FactId) -> impl Iterator<Item = (Span, &[Linear], &[Linear])> {
        self.above(id).filter_map(|node| Some((node.span?, &node.own[..], &node.apart[..])))
    }

    /// What every condition of the function says, whichever way it is decided.
    pub fn said(&self) -> impl Iterator<Item = (&[Linear], &[Linear])> {
        self.nodes.iter().filter(|node| node.span.is_some()).map(|node| (&node.own[..], &node.apart[..]))
    }

    /// What each condition of the function says, and that condition.
    pub fn limits(&self) -> impl Iterator<Item = (Span, &Linear)> {
        self.nodes
            .iter()
            .filter_map(|node| Some((node.span?, &node.own)))
            .flat_map(|(span, own)| own.iter().map(move |fact| (span, fact)))
    }

    fn above(&self, id: FactId) -> impl Iterator<Item = &Node> {
        std::iter::successors(Some(id), |id| self.nodes[id.0 as usize].parent).map(|id| &self.nodes[id.0 as usize])
    }

    /// Every fact at `id` and the condition that says so, the nearest first.
    pub fn told(&self, id: FactId) -> impl Iterator<Item = (&Linear, Option<Span>)> {
        self.above(id).flat_map(|node| node.own.iter().map(|fact| (fact, node.span)))
    }

    /// The facts at `id` that do not hold at `above` already.
    pub fn between(&self, id: FactId, above: FactId) -> impl Iterator<Item = &Linear> {
        let ids = std::iter::successors(Some(id), |id| self.nodes[id.0 as usize].parent);
        ids.take_while(move |id| *id != above).flat_map(|id| self.nodes[id.0 as usize].own.iter())
    }

    /// What the conditions say that hold at `id` and do not at `above` already.
    pub fn tests_between(&self, id: FactId, above: FactId) -> impl Iterator<Item = (&[Linear], &[Linear])> {
        let ids = std::iter::successors(Some(id), |id| self.nodes[id.0 as usize].parent);
        let nodes = ids.take_while(move |id| *id != above).map(|id| &self.nodes[id.0 as usize]);
        nodes.filter(|node| node.span.is_some()).map(|node| (&node.own[..], &node.apart[..]))
    }

    /// What is not zero at `id`, the nearest first.
    fn apart(&self, id: FactId) -> impl Iterator<Item = &Linear> {
        let told = |id: FactId| self.nodes[id.0 as usize].told_apart;
        let ids = std::iter::successors(told(id), move |id| told(self.nodes[id.0 as usize].parent?));
        ids.flat_map(|id| &self.nodes[id.0 as usize].apart)
    }

    /// Every fact at `id`, the nearest first.
    pub fn at(&self, id: FactId) -> impl Iterator<Item = &Linear> {
        self.above(id).flat_map(|node| node.own.iter().rev()).take(MAX_FACTS)
    }

    /// Those of them that have a term of `s`.
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

    /// The budget is used up: what was not proved may hold all the same.
    pub fn is_exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    /// Makes the budget whole again.
    pub fn renew(&mut self) {
        self.budget = Cell::new(BUDGET);
    }

    /// `goal >= 0` follows from what holds at `id`.
    pub fn prove(&self, symbols: &Symbols, id: FactId, goal: &Linear) -> bool {
        // What holds of one of its numbers anyway says just that, whichever of them a search would begin with.
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

/// One proof: goals are reduced by facts that cancel a term, until what is left cannot be negative.
///
/// This is demand-driven as in ABCD (Bodík, Gupta and Sarkar, PLDI 2000), over sums of more than two terms.
struct Proof<'p> {
    facts: &'p Facts,
    symbols: &'p Symbols,
    /// Where facts are taken from: the place itself and, inside a joined value, the ends of the ways into the join.
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
        // The term to cancel: one that can be arbitrarily low, or else any.
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
                // Where very many facts speak of one number, to go through them is the work.
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

    /// What the terms of a sum are known to be a multiple of, but for a rest: `4*q`, a counter that moves by 4, a number
    /// of which it was tested that it divides by 4.
    fn units(&self, sum: &Linear) -> (i64, i64) {
        let (mut divisor, mut rest) = (0, 0i64);
        // Where nothing moves by steps, a term that is a multiple of nothing makes all of it one.
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

    /// What is left of a division was tested to be nothing.
    fn is_zero(&self, left: Sym) -> bool {
        let none = |fact: &Linear| fact.constant == 0 && matches!(fact.terms(), [(s, -1)] if *s == left);
        self.places.iter().any(|place| self.facts.at(*place).any(none))
    }

    /// `d != 0` and `d >= 0` make `d - 1 >= 0`.
    fn apart(&mut self, goal: &Linear, depth: usize) -> bool {
        let facts = self.facts;
        let all = self.places.iter().flat_map(|id| facts.apart(*id)).take(MAX_FACTS);
        // What has no term of the goal cannot make it any greater.
        let all: Vec<&Linear> = all.filter(|d| d.terms().iter().any(|(s, _)| goal.factor(*s) != 0)).collect();
        for d in all {
            for d in [Some(*d), d.scaled(-1)].into_iter().flatten() {
                // `a[i]` of elements of several bytes: as often as the goal has it.
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

    /// Replaces a converted value by the one it was, where that fits.
    fn converted(&mut self, goal: &Linear, depth: usize) -> bool {
        for &(s, k) in goal.terms() {
            let Source::Converted { from, lo, hi } = self.symbols.info(s).source else { continue };
            let above = |proof: &mut Self, least: i64| {
                from.plus_constant(-least).is_some_and(|goal| proof.goal(&goal, depth - 1))
            };
            let not_below = above(self, lo);
            // Cut to fewer bits, a value that is not negative can only become smaller.
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

    /// Facts and axioms in which `s` has a factor that divides `k`, with its sign, and how often it does.
    fn useful(&self, s: Sym, k: i32) -> Vec<(&'p Linear, i32)> {
        let (facts, symbols) = (self.facts, self.symbols);
        let at_places = self.places.iter().flat_map(|place| facts.at_of(*place, s));
        let axioms = symbols.info(s).axioms.iter().map(|fact| (fact, fact.factor(s)));
        let fitting = axioms.chain(at_places).filter(|(_, own)| *own != 0 && k % own == 0 && k / own > 0);
        fitting.map(|(fact, own)| (fact, k / own)).collect()
    }

    /// Takes a joined value apart: the goal has to hold for each of the values that it joins.
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
