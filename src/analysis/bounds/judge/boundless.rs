//! Writes of an outside-controlled size to a destination of unknown capacity.

use super::defects::{Class, Defect, Evidence};
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::is_bounded_copy;
use crate::analysis::bounds::terms::sites::{Bytes, Hint, Site, SiteKind, Use};
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{What, Wire};

impl Walked {
    /// Judges a write of an outside-controlled size of which no more is known.
    pub(super) fn boundless(&self, bytes: Bytes, cursor: Option<u32>, text: &str, defects: &mut Vec<Defect>) {
        let Bytes { site, does, address, size } = bytes;
        let mut chosen = self.wire_symbols(size);
        let is_field = matches!(site.kind, SiteKind::Block { hint: Hint::Field(_), .. });
        let is_between = chosen.is_empty() && is_field && self.is_between(site, size);
        if is_between {
            chosen.extend(size.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s));
        }
        // That a string ends in its own array says nothing about another array.
        let is_bounded = || match chosen.iter().all(|s| self.is_string_length(*s)) {
            true => chosen.iter().any(|s| self.facts.at(site.at).any(|fact| fact.factor(*s) < 0)),
            false => !self.upper_bounds(site.at, size).is_empty(),
        };
        if does == Use::Read || chosen.is_empty() || is_bounded() || self.is_kept_below(site.at, &chosen) {
            return;
        }
        // The size passed to such a function is the capacity, not the length of the data.
        if matches!(&site.kind, SiteKind::Block { callee, .. } if is_bounded_copy(callee) && !callee.contains("strn"))
            && self.symbols.wire(size) < Wire::Strong
        {
            return;
        }
        let Some(goal) = size.scaled(-1) else { return };
        let field = match site.kind {
            SiteKind::Block { hint: Hint::Field(is_pair), .. } => Some(is_pair),
            _ => None,
        };
        let object = || field.is_some() || self.is_own_object(address);
        let is_pair = field == Some(true) && !self.is_limited_at(site.at, &chosen);
        let evidence = match () {
            () if is_between && self.is_limited_at(site.at, &chosen) => return,
            () if is_between => Some(Evidence::Between),
            () if is_pair || object() && self.is_whole(site, size) => Some(Evidence::Whole),
            () if object() && self.is_text_of_any_length(site, size, text) => Some(Evidence::Text),
            () => match self.other_end(site, address, size, cursor) {
                Some(Verdict::Proved | Verdict::Unknown) => return,
                Some(_) => Some(Evidence::End),
                None => self.open_copy(site, address, size, text),
            },
        };
        let mut defect = self.defect(site, Class::Destination, Verdict::Unchecked, &goal, text);
        defect.wire = if self.symbols.wire(size) == Wire::Strong { Wire::Strong } else { Wire::Faint };
        defect.what = self.shown(size, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defect.evidence = evidence;
        defects.push(defect);
    }

    /// All bytes of a source are copied to where a caller or a field says, with no known capacity.
    fn open_copy(&self, site: &Site, address: &Linear, size: &Linear, text: &str) -> Option<Evidence> {
        let SiteKind::Block { hint, .. } = &site.kind else { return None };
        let is_place = |s: Sym| match self.symbols.info(s).what {
            What::Parameter(_) | What::Global(_) | What::Inside { .. } => true,
            What::Load { path, .. } => path != Path::ITSELF,
            _ => false,
        };
        if !address.terms().iter().any(|(s, k)| *k == 1 && is_place(*s)) {
            return None;
        }
        // The existing contents that a string is appended to are not from outside.
        let own = |s: Sym| matches!(self.symbols.info(s).what, What::Pure(_, of, _) if of == *address);
        if self.is_thin(site) {
            return None;
        }
        let own = size.terms().iter().find(|(s, _)| self.is_string_length(*s) && own(*s));
        let added = own.map_or(Some(*size), |(s, k)| size.plus(&Linear::symbol(*s), -k))?;
        match () {
            () if *hint == Hint::Whole => Some(Evidence::Whole),
            () if self.is_text_of_any_length(site, &added, text) => Some(Evidence::Text),
            () => None,
        }
    }

    /// The function does nothing but copy what it was given: the check is left to its callers.
    fn is_thin(&self, site: &Site) -> bool {
        let given =
            |value: &Linear| value.as_symbol().is_some_and(|s| matches!(self.symbols.info(s).what, What::Parameter(_)));
        self.sites.iter().all(|other| match &other.kind {
            SiteKind::Block { address, size, .. } => other.span == site.span && given(address) && given(size),
            SiteKind::Access { .. } | SiteKind::Need { .. } | SiteKind::Take { .. } => false,
            _ => true,
        })
    }

    /// A condition mentions one of the numbers, or something computed from it, and is not only a lower bound.
    fn is_kept_below(&self, at: FactId, chosen: &[Sym]) -> bool {
        // The operands of a product count as well.
        let mut chosen = chosen.to_vec();
        for i in 0..chosen.len() {
            if let What::Pure(_, a, b) = self.symbols.info(chosen[i]).what
                && !self.is_string_length(chosen[i])
            {
                chosen.extend(a.terms().iter().chain(b.terms()).map(|(s, _)| *s));
            }
        }
        let chosen = &chosen[..];
        self.facts.conditions(at).any(|(_, own, apart)| {
            let named = |fact: &Linear| chosen.iter().any(|s| fact.factor(*s) != 0);
            let below = |fact: &Linear| match named(fact) {
                true => chosen.iter().any(|s| fact.factor(*s) < 0),
                false => self.is_about(fact, chosen),
            };
            // Being non-zero is no bound.
            own.iter().any(below) || apart.iter().any(|fact| !named(fact) && self.is_about(fact, chosen))
        })
    }

    /// Whether a write through a cursor stays before the end that the function compares it with.
    fn other_end(&self, site: &Site, address: &Linear, size: &Linear, cursor: Option<u32>) -> Option<Verdict> {
        let cursor = cursor?;
        let mut missing = None;
        for belief in self.beliefs.iter().filter(|b| b.cursor == cursor) {
            let Some(goal) = address.add(size).and_then(|end| belief.end.sub(&end)) else { continue };
            let about: Vec<Sym> = belief.end.terms().iter().map(|(s, _)| *s).collect();
            match self.judge(site, &goal, &about) {
                verdict @ (Verdict::Proved | Verdict::Unknown) => return Some(verdict),
                verdict => missing = missing.or(Some(verdict)),
            }
        }
        missing
    }
}
