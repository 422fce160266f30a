//! Differences that are correct for a reason of their own, though no check on the path rules out a negative result.

use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::is_shouting;
use crate::analysis::bounds::terms::sites::{Site, SiteKind};
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{Source, What, Wire};
use crate::analysis::bounds::terms::types::Kind;

impl Walked {
    /// Whether `a - b` at a site needs no check, given its verdict.
    pub(super) fn is_meant(&self, site: &Site, a: &Linear, b: &Linear, goal: &Linear, verdict: &Verdict) -> bool {
        let late = matches!(verdict, Verdict::Late { .. });
        if self.is_kept_signed(site, goal, late) {
            return true;
        }
        *verdict == Verdict::Unchecked
            && self.symbols.wire(goal) < Wire::Strong
            && (self.is_of_one_object(a, b)
                || self.is_named(a)
                || self.is_rest_of_text(goal)
                || goal.constant >= 0 && goal.terms().iter().all(|(_, k)| *k > 0)
                || self.is_room_behind_text(site))
    }

    /// It is stored in a signed type, and tested for being negative.
    fn is_kept_signed(&self, site: &Site, goal: &Linear, tested: bool) -> bool {
        let keeps = |other: &Site| {
            other.span.start <= site.span.start
                && site.span.end <= other.span.end
                && matches!(&other.kind, SiteKind::Conversion { value, to: Kind::Int { signed: true, .. }, .. } if value == goal)
        };
        if !self.sites.iter().any(keeps) {
            return false;
        }
        let made = |s: Sym| matches!(self.symbols.info(s).source, Source::Converted { from, .. } if from == *goal);
        let is_near = |rest: Option<Linear>| rest.and_then(|n| n.as_constant()).is_some_and(|n| n.abs() <= 1);
        let asks = |fact: &Linear| {
            matches!(fact.terms(), [(s, _)] if fact.constant.abs() <= 1 && made(*s))
                || is_near(fact.sub(goal))
                || is_near(fact.add(goal))
        };
        tested || self.facts.said().any(|(own, _)| own.iter().any(asks))
    }

    /// Two numbers of one object, such as its size and its used part: whoever maintains the object keeps their order.
    fn is_of_one_object(&self, a: &Linear, b: &Linear) -> bool {
        let mut all = a.terms().iter().chain(b.terms()).map(|(s, _)| self.owner(*s));
        let Some(Some(first)) = all.next() else { return false };
        // A structure laid over message bytes was written by the sender.
        let is_message = self.symbols.info(first).buffer.is_some_and(|b| b.wire > Wire::Faint);
        a.has_terms() && b.has_terms() && !is_message && all.all(|owner| owner == Some(first))
    }

    /// The object that it is a field of, or that a call computes it from.
    fn owner(&self, s: Sym) -> Option<Sym> {
        let info = self.symbols.info(s);
        match (&info.source, info.what) {
            (Source::Converted { from, .. }, _) => self.field_of(from.as_symbol()?),
            _ => self.field_of(s),
        }
    }

    fn field_of(&self, s: Sym) -> Option<Sym> {
        let info = self.symbols.info(s);
        match (info.what, &info.depends[..]) {
            (What::Load { base, path, .. }, _) if path != Path::ITSELF => base.terms().first().map(|(s, _)| *s),
            (What::Fresh, [of]) => Some(*of),
            _ => None,
        }
    }

    /// `s.len - (p - s.s)`: the rest of a string after a place found in it.
    pub(super) fn is_rest_of_text(&self, goal: &Linear) -> bool {
        let mut terms = goal.terms().to_vec();
        terms.sort_by_key(|(_, k)| *k);
        let [(place, -1), (one, 1), (other, 1)] = terms[..] else { return false };
        let found = self.symbols.info(place);
        let is_found = matches!(found.what, What::Fresh | What::Load { .. }) && matches!(found.source, Source::Itself);
        let same = self.owner(one).is_some() && self.owner(one) == self.owner(other);
        same && is_found && goal.constant >= -2 && self.symbols.wire(goal) < Wire::Strong
    }

    /// A loop runs up to a number of elements stored in an object of the program, of which only the type is known:
    /// whoever fills the object ensures it.
    pub(super) fn goes_up_to_kept(&self, site: &Site, verdict: &Verdict, offset: &Linear) -> bool {
        let (Verdict::Short { lacking, .. }, [(s, step)]) = (verdict, offset.terms()) else { return false };
        let is_kept = |c: Sym| {
            let info = self.symbols.info(c);
            matches!(info.what, What::Load { path, .. } if path != Path::ITSELF) && info.wire < Wire::Strong
        };
        let is_count = |fact: &Linear| match fact.terms() {
            [(a, -1), (c, 1)] | [(c, 1), (a, -1)] if a == s => is_kept(*c),
            _ => false,
        };
        self.symbols.is_looped(*s)
            && *lacking > i64::from(*step)
            && self.facts.conditions(site.at).any(|(_, own, _)| own.iter().any(is_count))
    }

    /// A constant without a visible definition.
    fn is_named(&self, a: &Linear) -> bool {
        let is_name = |s: Sym| match self.symbols.info(s).what {
            What::Size(_) => true,
            What::Load { base, path: Path::ITSELF, .. } => match base.as_symbol().map(|s| self.symbols.info(s).what) {
                Some(What::Global(name)) => is_shouting(self.paths.name(name)),
                _ => false,
            },
            _ => false,
        };
        a.has_terms() && a.terms().iter().all(|(s, k)| *k > 0 && is_name(*s))
    }

    /// `strncat(a, b, size - strlen(a) - 1)`: the string ends in its array, or it is too late anyway.
    fn is_room_behind_text(&self, site: &Site) -> bool {
        self.sites.iter().any(|other| match &other.kind {
            SiteKind::Block { callee, .. } => {
                callee.contains("ncat") && other.span.start <= site.span.start && site.span.end <= other.span.end
            }
            _ => false,
        })
    }

    /// The index computed from it is reported.
    pub(super) fn is_told_as_index(&self, site: &Site, goal: &Linear, text: &str) -> bool {
        self.sites.iter().any(|other| match &other.kind {
            SiteKind::Back { index } if index == goal => {
                let mut told = Vec::new();
                if other.span.start <= site.span.start && site.span.end <= other.span.end {
                    self.back(other, index, text, &mut told);
                }
                !told.is_empty()
            }
            _ => false,
        })
    }

    /// It may be negative by its type, not just because its range is unknown.
    pub(super) fn has_sign(&self, value: &Linear) -> bool {
        value.terms().iter().any(|(s, k)| *k > 0 && self.symbols.info(*s).lo.is_some_and(|lo| lo < 0))
    }

    /// A test bounds the value from below.
    pub(super) fn is_bounded_below(&self, at: FactId, value: &Linear) -> bool {
        let below = |s: Sym| self.facts.at(at).any(|fact| fact.factor(s) > 0);
        value.terms().iter().filter(|(_, k)| *k > 0).any(|(s, _)| match &self.symbols.info(*s).source {
            Source::Joined(values) => {
                let fact_of = |place: FactId, value: &Linear| {
                    value.terms().iter().any(|(s, _)| self.facts.at(place).any(|fact| fact.factor(*s) > 0))
                };
                below(*s) || values.iter().any(|(value, place)| fact_of(*place, value))
            }
            Source::Converted { from, .. } => below(*s) || from.terms().iter().any(|(s, _)| below(*s)),
            _ => below(*s),
        })
    }
}
