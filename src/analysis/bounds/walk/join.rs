//! Where paths meet: what they agree on is kept, a difference becomes a symbol that is one of their values.

use super::cond::Way;
use super::eval::Eval;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::state::{Key, Value};
use crate::analysis::bounds::terms::symbols::{Source, What, lesser};
use crate::analysis::bounds::terms::types::Kind;
use crate::source::Span;

/// Paths distinguished at a join. With more, values that differ are unknown.
const MAX_WAYS: usize = 24;

/// Paths, and facts per path, that are compared for common facts.
const MAX_COMMON: usize = 6;

/// Values that differ between paths and are compared with each other.
const MAX_RELATED: usize = 6;

impl Eval<'_> {
    /// Continues after the join of `ways`; `at` holds on all of them.
    pub fn join(&mut self, ways: Vec<Way>, at: FactId) {
        let mut ways = ways;
        self.at = at;
        let Some(first) = ways.first() else { return };
        if let [only] = &ways[..] {
            self.enter(only.clone());
            return;
        }
        self.at = self.common(&ways, at);
        if ways.iter().all(|way| way.state.same(&first.state)) {
            self.state = first.state.clone();
            return;
        }
        let crowded = ways.len() > MAX_WAYS;
        let mut moved: Vec<(Sym, Vec<Linear>)> = Vec::new();
        let mut joined = first.state.clone();
        for var in 0..joined.vars().len() as u32 {
            let values: Vec<Option<Value>> = ways.iter().map(|way| way.state.var(var)).collect();
            if values.iter().all(|v| *v == values[0]) {
                continue;
            }
            let known: Option<Vec<Value>> = values.into_iter().collect();
            let value = known.map(|values| self.one_of(&values, &ways, crowded, &mut moved));
            if let Some(s) = value.and_then(|v| v.linear.as_symbol()) {
                let name = self.paths.text(self.function.body.names.text(self.variables[var as usize].name));
                self.symbols.info_mut(s).name.get_or_insert(name);
            }
            joined.set_var(var, value);
        }
        if !ways.iter().all(|way| way.state.same_memory(&first.state)) {
            let keys = self.keys(&ways);
            let mut event = self.event;
            for way in &ways[1..] {
                joined.merge_events(&way.state, &mut event);
            }
            self.event = event;
            let kinds: Vec<(Key, Vec<Value>)> = keys
                .into_iter()
                .map(|(key, kind)| {
                    let values = ways
                        .iter_mut()
                        .map(|way| {
                            std::mem::swap(&mut self.state, &mut way.state);
                            let value = self.recall(key, kind, None, self.function.span);
                            std::mem::swap(&mut self.state, &mut way.state);
                            value
                        })
                        .collect();
                    (key, values)
                })
                .collect();
            for (key, values) in kinds {
                let value = match values.iter().all(|v| *v == values[0]) {
                    true => values[0],
                    false => {
                        let value = self.one_of(&values, &ways, crowded, &mut moved);
                        self.name_of_place(&key, &value);
                        value
                    }
                };
                let mut event = self.event;
                joined.set(key, value, &mut event);
                self.event = event;
            }
        }
        self.state = joined;
        self.relate(&moved, &ways);
    }

    /// Names the value of a place after its field, if it is one of several values.
    pub(super) fn name_of_place(&mut self, key: &Key, value: &Value) {
        if let Some(s) = value.linear.as_symbol()
            && let Some((_, field)) = self.paths.last(key.path)
            && matches!(self.symbols.info(s).what, What::Fresh)
        {
            self.symbols.info_mut(s).name.get_or_insert(field);
        }
    }

    /// `p += n; len -= n` on some paths only: `p + len` is the same on all.
    fn relate(&mut self, moved: &[(Sym, Vec<Linear>)], ways: &[Way]) {
        let mut facts: Vec<Linear> = Vec::new();
        for (i, (s, values)) in moved.iter().enumerate() {
            for (t, others) in &moved[..i] {
                for factor in [1, -1] {
                    let sums: Option<Vec<Linear>> = values.iter().zip(others).map(|(a, b)| a.plus(b, factor)).collect();
                    let Some(sums) = sums else { continue };
                    // The one with the fewest joins describes what has not changed.
                    let Some(&sum) = sums.iter().min_by_key(|sum| self.joins_in(sum)) else { continue };
                    if sums.iter().zip(ways).all(|(other, way)| *other == sum || self.is_same(way.at, other, &sum)) {
                        let same = Linear::symbol(*s).plus(&Linear::symbol(*t), factor).and_then(|now| now.sub(&sum));
                        facts.extend(same.into_iter().chain(same.and_then(|same| same.scaled(-1))));
                    }
                }
            }
        }
        if !facts.is_empty() {
            self.at = self.facts.place(self.at);
            facts.into_iter().for_each(|fact| self.facts.add(self.at, fact));
        }
    }

    /// Facts that hold on all paths although each path tests them separately.
    fn common(&mut self, ways: &[Way], at: FactId) -> FactId {
        if ways.len() > MAX_COMMON || ways.iter().any(|way| way.at == at) {
            return at;
        }
        let mut kept: Vec<Linear> = Vec::new();
        for (i, way) in ways.iter().enumerate() {
            let own: Vec<Linear> = self.facts.between(way.at, at).take(MAX_COMMON).copied().collect();
            for fact in own {
                let mut others = ways.iter().enumerate().filter(|(j, _)| *j != i);
                // A fact that every path implies anyway is not new.
                let speaks = |o: &Way| self.facts.between(o.at, at).any(|own| own.mask() & fact.mask() != 0);
                if !kept.contains(&fact)
                    && others.clone().all(|(_, o)| speaks(o))
                    && others.all(|(_, o)| self.facts.prove(&self.symbols, o.at, &fact))
                {
                    kept.push(fact);
                }
            }
        }
        match kept.is_empty() {
            true => at,
            false => {
                let place = self.facts.place(at);
                kept.into_iter().for_each(|fact| self.facts.add(place, fact));
                place
            }
        }
    }

    fn joins_in(&self, linear: &Linear) -> usize {
        let joined = |s: Sym| matches!(self.symbols.info(s).source, Source::Joined(_));
        linear.terms().iter().filter(|(s, _)| joined(*s)).count()
    }

    /// Equality that follows from an earlier join.
    fn is_same(&self, at: FactId, a: &Linear, b: &Linear) -> bool {
        let proved = |goal: Option<Linear>| goal.is_some_and(|goal| self.facts.prove(&self.symbols, at, &goal));
        self.joins_in(a) > 0 && proved(a.sub(b)) && proved(b.sub(a))
    }

    fn one_of(&mut self, values: &[Value], ways: &[Way], crowded: bool, moved: &mut Vec<(Sym, Vec<Linear>)>) -> Value {
        let kind = values.iter().map(|v| v.kind).find(|k| *k != Kind::Unknown).unwrap_or_default();
        if crowded {
            let wire = values.iter().map(|v| self.symbols.wire(&v.linear)).max().unwrap_or_default();
            return self.unknown(kind, wire, self.function.span);
        }
        let from: Vec<(Linear, FactId)> = values.iter().zip(ways).map(|(v, way)| (v.linear, way.at)).collect();
        let value = self.joined(from, kind, None);
        if let Some(s) = value.linear.as_symbol().filter(|_| moved.len() < MAX_RELATED) {
            moved.push((s, values.iter().map(|v| v.linear).collect()));
        }
        value
    }

    /// The places known on any path, except those untouched since the paths diverged.
    fn keys(&self, ways: &[Way]) -> Vec<(Key, Kind)> {
        let mut keys: Vec<(Key, Kind)> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        let same = |i: usize| ways.windows(2).all(|w| w[0].state.memory().get(i) == w[1].state.memory().get(i));
        let least = ways.iter().map(|way| way.state.memory().len()).min().unwrap_or(0);
        let untouched = (0..least).take_while(|i| same(*i)).count();
        for way in ways {
            for (key, value) in &way.state.memory()[untouched..] {
                if seen.insert(*key) {
                    keys.push((*key, value.kind));
                }
            }
        }
        keys
    }

    /// One of `values`.
    pub fn joined(&mut self, values: Vec<(Linear, FactId)>, kind: Kind, span: Option<Span>) -> Value {
        if values.windows(2).all(|w| w[0].0 == w[1].0)
            && let Some((first, _)) = values.first()
        {
            return Value { linear: *first, kind };
        }
        let s = self.symbols.fresh(None, None);
        self.describe_join(s, &values, kind);
        let info = self.symbols.info_mut(s);
        info.source = Source::Joined(values);
        info.span = span;
        Value { linear: Linear::symbol(s), kind }
    }

    /// Sets the range, origin and buffer of a symbol that is one of `values`.
    pub fn describe_join(&mut self, s: Sym, values: &[(Linear, FactId)], kind: Kind) {
        let symbols = &self.symbols;
        let lo = values.iter().map(|(v, _)| symbols.least(v)).min().flatten();
        let hi = values.iter().map(|(v, _)| symbols.greatest(v)).collect::<Option<Vec<_>>>();
        let hi = hi.and_then(|all| all.into_iter().max());
        let wire = values.iter().map(|(v, _)| symbols.wire(v)).max().unwrap_or_default();
        let mut buffers = values.iter().filter(|(v, _)| v.as_constant() != Some(0)).map(|(v, _)| symbols.buffer(v));
        let first = buffers.next().flatten().map(|(_, b)| b);
        let buffer = first.filter(|b| buffers.all(|other| other.is_some_and(|(_, o)| o.limit == b.limit)));
        let (least, greatest) = kind.range();
        let info = self.symbols.info_mut(s);
        info.lo = lo.max(least);
        info.hi = lesser(hi, greatest);
        info.wire = wire;
        info.buffer = buffer;
    }
}
