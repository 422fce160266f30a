//! Numbers: differences that may be negative, lossy conversions, sums that wrap, allocation sizes.

use super::defects::{Class, Defect, Evidence};
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::sites::{Site, SiteKind};
use crate::analysis::bounds::terms::symbols::{Source, Tag, What, Wire};
use crate::analysis::bounds::terms::types::Kind;

impl Walked {
    pub(super) fn wrapping(&self, site: &Site, sum: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let Some(goal) = sum.scaled(-1).and_then(|l| l.plus_constant(i64::from(u32::MAX))) else { return };
        let chosen = self.wire_symbols(sum);
        if self.prove(site.at, &goal) || !self.upper_bounds(site.at, sum).is_empty() {
            return;
        }
        let mut defect = self.defect(site, Class::Wrapping, Verdict::Unchecked, &goal, text);
        defect.wire = self.symbols.wire(sum);
        defect.what = self.shown(sum, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defects.push(defect);
    }

    pub(super) fn difference(
        &self,
        site: &Site,
        a: &Linear,
        b: &Linear,
        unsigned: bool,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(goal) = a.sub(b) else { return };
        let (wire, length) = (self.symbols.wire(a), self.is_length(a));
        if unsigned && self.is_below_at_first(site, a, &goal, text) {
            let mut defect = self.defect(site, Class::Underflow, Verdict::Unchecked, &goal, text);
            (defect.what, defect.limit) = (self.shown(a, text), self.shown(b, text));
            (defect.wire, defect.evidence) = (Wire::Faint, Some(Evidence::First));
            defects.push(defect);
            return;
        }
        if wire == Wire::No && !length && !self.would_be(b) {
            return;
        }
        let about: Vec<Sym> = a.terms().iter().map(|(s, _)| *s).collect();
        let verdict = self.judge_difference(site, &goal, &about);
        let is_consumed = verdict == Verdict::Capped && self.is_consumed(site, b, &about);
        // That there is something does not mean that there is as much as is subtracted.
        let is_only_there = || {
            let most = b.as_constant().is_some_and(|n| n >= 2);
            most && self.speaks_of(site.at, &about).is_some() && self.asks_only_for_any(site.at, &about)
        };
        let verdict = match verdict {
            Verdict::Capped if is_consumed || is_only_there() => Verdict::Unchecked,
            verdict => verdict,
        };
        if Self::is_settled(&verdict) {
            return;
        }
        if self.would_be(b) {
            let mut defect = self.defect(site, Class::WouldBe, verdict, &goal, text);
            (defect.what, defect.limit) = (self.shown(b, text), self.shown(a, text));
            defects.push(defect);
            return;
        }
        // A test for a negative result follows.
        if !unsigned && matches!(verdict, Verdict::Late { .. }) || self.is_meant(site, a, b, &goal, &verdict) {
            return;
        }
        if verdict == Verdict::Unchecked && self.is_told_as_index(site, &goal, text) {
            return;
        }
        let mut defect = self.defect(site, Class::Underflow, verdict, &goal, text);
        defect.wire = wire.max(if length { Wire::Weak } else { Wire::Faint });
        defect.what = self.shown(a, text);
        // A difference of clocks or of sequence numbers may wrap.
        let sizes = length || b.as_constant().is_some() || about.iter().any(|s| self.decides_bytes(*s));
        if !sizes && !has_length_in_it(&defect.what) {
            defect.wire = Wire::Faint;
        }
        defect.limit = self.shown(b, text);
        defect.origin = self.wire_symbols(a).first().and_then(|s| self.symbols.info(*s).span);
        defect.needs = Some(goal);
        if is_consumed {
            defect.evidence = Some(Evidence::Consumed);
        } else if unsigned && self.is_round(a, &goal) && matches!(defect.verdict, Verdict::Short { .. }) {
            defect.evidence = Some(Evidence::Round);
        } else if unsigned && self.is_off_given(&defect.verdict, a, b) {
            defect.evidence = Some(Evidence::Given);
        } else if defect.verdict == Verdict::Unchecked && b.as_constant().is_some_and(|n| n >= 2) {
            defect.evidence = Some(Evidence::Fixed).filter(|_| defect.wire > Wire::Faint);
        }
        defects.push(defect);
    }

    /// A constant or an outside number is subtracted from the length of a message that the function was given, and
    /// nothing checks that length.
    fn is_off_given(&self, verdict: &Verdict, a: &Linear, b: &Linear) -> bool {
        let Some(s) = a.as_symbol().filter(|_| *verdict == Verdict::Unchecked) else { return false };
        let given = |s: Sym| matches!(self.symbols.info(s).what, What::Parameter(_));
        let is_given = given(s)
            || matches!(self.symbols.info(s).what, What::Load { base, .. } if base.as_symbol().is_some_and(given));
        let chosen = b.as_constant().is_some_and(|n| n >= 1) || self.has_chosen_part(b);
        let of_message = || {
            self.symbols.info(s).wire > Wire::Faint
                || self.symbols.iter().any(|(start, info)| {
                    info.buffer.is_some_and(|own| own.wire > Wire::Faint && own.limit.factor(s) > 0) && given(start)
                })
        };
        is_given && chosen && of_message()
    }

    /// Part of it is an outside number, on some path.
    fn has_chosen_part(&self, value: &Linear) -> bool {
        !self.wire_symbols(value).is_empty()
            || value.terms().iter().any(|(s, _)| match &self.symbols.info(*s).source {
                Source::Joined(values) => values.iter().any(|(value, _)| !self.wire_symbols(value).is_empty()),
                _ => false,
            })
    }

    /// A compared difference that is certainly negative in the first iteration of a loop, for any input.
    fn is_below_at_first(&self, site: &Site, a: &Linear, goal: &Linear, text: &str) -> bool {
        let [(s, 1)] = a.terms() else { return false };
        let Source::Looped { first, .. } = &self.symbols.info(*s).source else { return false };
        let [(begin, _)] = &first[..] else { return false };
        let below = goal.substitute(*s, begin).and_then(|n| n.as_constant()).is_some_and(|n| n < 0);
        let (before, behind) = (text.get(..site.span.start as usize), text.get(site.span.end as usize..));
        let before = before.and_then(|text| text.trim_end().chars().next_back());
        let behind = behind.and_then(|text| text.trim_start().chars().next());
        let compared = || matches!(before, Some('<' | '>')) || matches!(behind, Some('<' | '>'));
        below && compared() && self.speaks_of(site.at, &[*s]).is_none()
    }

    /// The difference is the value with which the loop it is computed in continues.
    fn is_round(&self, a: &Linear, goal: &Linear) -> bool {
        let symbols = &self.symbols;
        let is_goal = |value: &Linear| {
            let from = |s: Sym| matches!(symbols.info(s).source, Source::Converted { from, .. } if from == *goal);
            value == goal || value.as_symbol().is_some_and(from)
        };
        a.terms().iter().any(|(s, _)| match &symbols.info(*s).source {
            Source::Looped { again, .. } => again.iter().any(|(value, _)| is_goal(value)),
            _ => false,
        })
    }

    /// How much a call used of a buffer that it was given without its length, and nothing bounds that.
    fn is_consumed(&self, site: &Site, taken: &Linear, about: &[Sym]) -> bool {
        let Some(s) = taken.as_symbol() else { return false };
        let given = &self.symbols.info(s).depends;
        let is_of = |s: &Sym| {
            let buffer = self.symbols.info(*s).buffer;
            buffer.is_some_and(|buffer| about.iter().any(|length| buffer.limit.factor(*length) != 0))
        };
        given.iter().any(is_of)
            && !given.iter().any(|s| about.contains(s))
            && self.upper_bounds(site.at, taken).is_empty()
    }

    /// Judges `goal >= 0` for a difference: a test has to mention the subtrahend as well as the minuend.
    fn judge_difference(&self, site: &Site, goal: &Linear, about: &[Sym]) -> Verdict {
        let mut taken: Vec<Sym> = goal.terms().iter().filter(|(_, k)| *k < 0).map(|(s, _)| *s).collect();
        for i in 0..taken.len() {
            if let What::Pure(_, of, by) = self.symbols.info(taken[i]).what {
                taken.extend(of.terms().iter().chain(by.terms()).map(|(s, _)| *s));
            }
        }
        match self.judge(site, goal, about) {
            Verdict::Capped if !taken.is_empty() && self.speaks_of(site.at, &taken).is_none() => Verdict::Unchecked,
            // Whether nothing is left is not whether the result is negative.
            Verdict::Late { by } if self.asks_exactly(by, goal) => Verdict::Unchecked,
            verdict => self.sided(verdict, site.at, goal, about),
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn conversion(
        &self,
        site: &Site,
        value: &Linear,
        to: Kind,
        from: Kind,
        stored: bool,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let (Kind::Int { bits, signed }, Kind::Int { bits: had, .. }) = (to, from) else { return };
        let (_, hi) = to.range();
        let wire = self.symbols.wire(value);
        let length = self.is_length(value);
        if wire == Wire::No && !length {
            return;
        }
        let difference = self.is_difference(value);
        if !signed && self.symbols.least(value).is_none_or(|least| least < 0) {
            let about: Vec<Sym> = value.terms().iter().map(|(s, _)| *s).collect();
            let verdict = self.judge_difference(site, value, &about);
            // As a byte it is no length, and two places in one string are in order.
            let places = from == Kind::PTRDIFF && value.terms().len() == 2;
            let is_other =
                self.is_rest_of_text(value) || (places || bits == 8 && !stored) && !self.is_used_as_length(site, value);
            if difference && !is_other && !Self::is_settled(&verdict) {
                let mut defect = self.defect(site, Class::Underflow, verdict, value, text);
                defect.wire = wire.max(if length { Wire::Weak } else { Wire::Faint });
                if self.is_round(value, value) && matches!(defect.verdict, Verdict::Short { .. }) {
                    defect.evidence = Some(Evidence::Round);
                }
                defect.what = self.shown(value, text);
                if !length && !stored && !self.is_used_as_length(site, value) && !has_length_in_it(&defect.what) {
                    defect.wire = Wire::Faint;
                }
                defect.limit = "0".into();
                defect.needs = Some(*value);
                defects.push(defect);
                return;
            }
        }
        let Some(hi) = hi.filter(|_| bits < had || (signed && bits == had)) else { return };
        let Some(goal) = value.scaled(-1).and_then(|l| l.plus_constant(hi)) else { return };
        let about: Vec<Sym> = value.terms().iter().map(|(s, _)| *s).collect();
        let verdict = self.judge(site, &goal, &about);
        if Self::is_settled(&verdict) {
            return;
        }
        let class = if signed && bits == had { Class::Signed } else { Class::Truncation };
        if !stored && !self.is_used_as_length(site, value) {
            return;
        }
        // A length stored in a signed type is still a length: only numbers that were read as such, and differences, may
        // be negative.
        if class == Class::Signed && verdict == Verdict::Unchecked && !difference && !self.is_read_as_number(value) {
            return;
        }
        let mut defect = self.defect(site, class, verdict, &goal, text);
        // Nobody passes a string of 4 GiB.
        let narrow = class == Class::Signed || bits < 32;
        if !narrow && wire < Wire::Strong {
            return;
        }
        defect.wire = wire.max(if length && narrow { Wire::Weak } else { Wire::No });
        defect.what = self.shown(value, text);
        defect.limit = format!("{bits} bits");
        defects.push(defect);
    }

    /// A length is stored that printing may not have written.
    pub(super) fn printed_length(
        &self,
        site: &Site,
        length: &Linear,
        room: &Linear,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(goal) = room.sub(length).and_then(|goal| goal.plus_constant(-1)) else { return };
        let about: Vec<Sym> = length.terms().iter().map(|(s, _)| *s).collect();
        // Any test of it in the function counts; a test of a sum that contains it does not.
        let is_limit = |fact: &Linear| match fact.terms() {
            // A test for failure is no limit.
            [(s, k)] => *k < 0 && fact.constant > 0 && about.contains(s),
            [_, _] => about.iter().any(|s| fact.factor(*s) < 0),
            _ => fact.sub(&goal).is_some_and(|rest| !rest.has_terms()),
        };
        let tested = self.facts.said().any(|(own, _)| own.iter().any(is_limit));
        if tested || self.judge(site, &goal, &about) == Verdict::Proved {
            return;
        }
        let mut defect = self.defect(site, Class::WouldBe, Verdict::Unchecked, &goal, text);
        (defect.what, defect.limit) = (self.shown(length, text), self.shown(room, text));
        // The check is missing where it was printed.
        defect.span = about.first().and_then(|s| self.symbols.info(*s).span).unwrap_or(site.span);
        defect.origin = Some(site.span);
        defects.push(defect);
    }

    pub(super) fn allocation(&self, site: &Site, size: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let chosen = self.wire_symbols(size);
        if chosen.is_empty() {
            return;
        }
        // An existing string takes as much memory already.
        if chosen.iter().all(|s| self.is_string_length(*s)) {
            return;
        }
        // Fields and parameters named as lengths are made by the program itself.
        let is_given = |s: &Sym| matches!(self.symbols.info(*s).what, What::Load { .. } | What::Parameter(_));
        if !self.is_read_as_number(size) && chosen.iter().all(is_given) {
            return;
        }
        if size.as_symbol().is_some_and(|s| self.is_doubled(s)) {
            return;
        }
        // A 16-bit field cannot request too much memory.
        if self.symbols.greatest(size).is_some_and(|hi| hi <= 1 << 20) {
            return;
        }
        let Some(goal) = size.scaled(-1).and_then(|l| l.plus_constant(1 << 24)) else { return };
        let verdict = self.judge_size(site, &goal, size, &chosen);
        if Self::is_settled(&verdict) {
            return;
        }
        let mut defect = self.defect(site, Class::Allocation, verdict, &goal, text);
        defect.wire = self.symbols.wire(size);
        defect.what = self.shown(size, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defects.push(defect);
    }

    /// Something is subtracted.
    pub(super) fn is_difference(&self, value: &Linear) -> bool {
        (value.constant < 0 || value.terms().iter().any(|(_, k)| *k < 0)) && !self.is_rest_of_text(value)
    }

    /// Part of it was received, or parsed from text.
    pub(super) fn is_read_as_number(&self, value: &Linear) -> bool {
        value.terms().iter().any(|(s, _)| {
            let info = self.symbols.info(*s);
            let from = match info.source {
                Source::Converted { from, .. } => from.as_symbol().map(|s| self.symbols.info(s)),
                _ => None,
            };
            [Some(info), from]
                .into_iter()
                .flatten()
                .any(|info| info.wire == Wire::Strong || info.tag == Some(Tag::Text))
        })
    }

    /// A loop multiplies it until it suffices: a capacity, whatever its initial value.
    fn is_doubled(&self, s: Sym) -> bool {
        match &self.symbols.info(s).source {
            Source::Looped { again, .. } => again.iter().any(|(value, _)| value.factor(s) > 1),
            _ => false,
        }
    }

    /// The converted symbol of `value` determines byte accesses somewhere in the function.
    pub(super) fn is_used_as_length(&self, site: &Site, value: &Linear) -> bool {
        let made = self.symbols.iter().find(|(_, info)| {
            info.span == Some(site.span) && matches!(info.source, Source::Converted { from, .. } if from == *value)
        });
        let Some((s, _)) = made else { return false };
        self.decides_bytes(s)
            || self.sites.iter().any(|other| matches!(&other.kind, SiteKind::Difference { a, .. } if a.factor(s) != 0))
    }

    /// The symbol determines somewhere in the function how many bytes are used, or which.
    fn decides_bytes(&self, s: Sym) -> bool {
        self.sites.iter().any(|other| match &other.kind {
            SiteKind::Block { size, .. } | SiteKind::Allocation { size, .. } => size.factor(s) != 0,
            SiteKind::Access { address, buffer, .. } => {
                address.factor(s) != 0 || buffer.is_some_and(|b| b.limit.factor(s) != 0)
            }
            SiteKind::Need { goal, .. } => goal.factor(s) != 0,
            _ => false,
        })
    }

    /// One of its symbols is the length of some buffer.
    pub(super) fn is_length(&self, value: &Linear) -> bool {
        value.terms().iter().any(|(s, k)| *k > 0 && self.lengths().any.contains(s))
    }
}

/// A name in the displayed text is that of a length.
fn has_length_in_it(shown: &str) -> bool {
    shown.split(|c: char| !c.is_alphanumeric() && c != '_').any(names::is_length)
}
