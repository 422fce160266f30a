//! Elements of arrays of unknown length.

use super::defects::{Class, Defect, Evidence};
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::is_shouting;
use crate::analysis::bounds::terms::sites::Site;
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{Source, What, Wire};

/// How far an index counts back from a number, such as to the last of `n`.
const MAX_BACK: i64 = 2;

impl Walked {
    /// An array of unknown length is appended to, and nothing in the function limits the counter.
    pub(super) fn element(&self, site: &Site, index: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let [(s, 1)] = index.terms() else { return };
        if index.constant != 0 || !self.symbols.is_looped(*s) || !self.is_counter(index) || self.is_limited(*s) {
            return;
        }
        let Some(goal) = index.scaled(-1) else { return };
        let mut defect = self.defect(site, Class::Append, Verdict::Unchecked, &goal, text);
        defect.wire = Wire::Faint;
        defect.what = self.shown(index, text);
        defects.push(defect);
    }

    /// `a[n - 1]` where `n` is tested, but not for being large enough.
    pub(super) fn back(&self, site: &Site, index: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let mut added = index.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s);
        let Some(s) = added.next() else { return };
        // A parameter is up to the callers, a loop counter to its initial value.
        let is_chosen = |s: Sym| !matches!(self.symbols.info(s).what, What::Parameter(_)) && !self.symbols.is_looped(s);
        if !is_chosen(s) || !added.all(is_chosen) {
            // ... but a later test in the same condition shows doubt.
            let verdict = self.judge(site, index, &[s]);
            if let Some(evidence) = self.in_same_condition(site, &verdict, text) {
                let mut defect = self.defect(site, Class::Back, verdict, index, text);
                (defect.wire, defect.what, defect.evidence) = (Wire::Faint, self.shown(index, text), Some(evidence));
                defects.push(defect);
            }
            return;
        }
        let alone = index.terms().len() == 1 && index.constant >= -MAX_BACK;
        // A value that equals another is as large as that.
        let own = || self.facts.conditions(site.at).map(|(_, own, _)| own);
        let equals = |fact: &Linear| own().any(|own| own.iter().any(|other| fact.scaled(-1) == Some(*other)));
        let above = || own().flatten().any(|fact| fact.factor(s) < 0 && fact.terms().len() > 1 && !equals(fact));
        // Tested only from above, or for less than is subtracted.
        let verdict = self.judge(site, index, &[s]);
        let is_tested = match verdict {
            Verdict::Short { by, lacking } => by.is_some() && lacking <= MAX_BACK,
            Verdict::Capped | Verdict::Unchecked => alone && above() && self.symbols.info(s).lo.is_none_or(|lo| lo < 0),
            Verdict::Late { .. } => alone && self.in_same_condition(site, &verdict, text).is_some(),
            _ => false,
        };
        // An outside number that is not checked.
        let is_unasked = || verdict == Verdict::Unchecked && alone && self.symbols.info(s).wire > Wire::No;
        if !is_tested && !is_unasked() {
            return;
        }
        let string = self.counted_text(s).filter(|_| !is_tested && index.constant == -1);
        if string.is_some_and(|string| self.is_known_to_hold(site.at, &string)) {
            return;
        }
        let mut defect = self.defect(site, Class::Back, verdict, index, text);
        defect.wire = if is_tested { Wire::Faint } else { Wire::No };
        // The last character of a possibly empty string; reported once.
        let known = |d: &Defect| d.evidence == Some(Evidence::Last) && d.goal == defect.goal;
        if defects.iter().any(known) {
            return;
        }
        defect.evidence = self.in_same_condition(site, &defect.verdict, text).or(string.map(|_| Evidence::Last));
        defect.what = self.shown(index, text);
        defects.push(defect);
    }

    /// The string whose length is `s`, in whatever type it is stored.
    fn counted_text(&self, s: Sym) -> Option<Linear> {
        let length = match self.symbols.info(s).source {
            Source::Converted { from, .. } if !self.is_string_length(s) => from.as_symbol()?,
            _ => s,
        };
        match self.symbols.info(length).what {
            What::Pure(_, text, _) if self.is_string_length(length) => Some(text),
            _ => None,
        }
    }

    /// On this path, something was found in the string, or a call was asked about it.
    fn is_known_to_hold(&self, at: FactId, string: &Linear) -> bool {
        let is_of = |s: Sym| string.factor(s) != 0;
        let is_held = |s: Sym| match self.symbols.info(s).what {
            What::Load { base, .. } => base == *string,
            _ => false,
        };
        let was_given = |s: Sym| self.symbols.info(s).depends.iter().any(|s| is_of(*s));
        let asked = |fact: &Linear| fact.terms().iter().any(|(s, _)| was_given(*s));
        let not_zero = |fact: &Linear| matches!(fact.terms(), [(s, _)] if fact.constant == 0 && is_held(*s));
        let at_least_one = |fact: &Linear| matches!(fact.terms(), [(s, 1..)] if fact.constant < 0 && is_held(*s));
        self.facts.conditions(at).any(|(_, own, apart)| {
            own.iter().any(|fact| at_least_one(fact) || asked(fact))
                || apart.iter().any(|fact| not_zero(fact) || asked(fact))
        })
    }

    /// The last index that a test admits equals the number of elements, by its name: `i <= MAX_VIEWS`.
    pub(super) fn up_to(&self, site: &Site, index: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let Some(s) = index.as_symbol() else { return };
        let count = |fact: &Linear| match *fact.terms() {
            [(a, 1), (b, -1)] | [(b, -1), (a, 1)] if b == s && fact.constant == 0 && self.is_number_of(a) => Some(a),
            _ => None,
        };
        let bounds = |fact: &&Linear| fact.factor(s) < 0;
        let tests = self.facts.conditions(site.at).flat_map(|(by, own, _)| own.iter().map(move |fact| (by, fact)));
        let mut tests = tests.filter(|(_, fact)| bounds(fact));
        let (Some((by, fact)), None) = (tests.next(), tests.next()) else { return };
        let Some(n) = count(fact) else { return };
        let Some(goal) = fact.plus_constant(-1) else { return };
        let verdict = Verdict::Short { lacking: 1, by: Some(by) };
        let mut defect = self.defect(site, Class::Index, verdict, &goal, text);
        (defect.what, defect.limit) = (self.shown(index, text), self.shown(&Linear::symbol(n), text));
        (defect.wire, defect.evidence, defect.in_elements) = (Wire::Faint, Some(Evidence::OffByOne), true);
        defects.push(defect);
    }

    /// A name in upper case, without a visible definition, that denotes a number of elements.
    fn is_number_of(&self, s: Sym) -> bool {
        let What::Load { base, path, .. } = self.symbols.info(s).what else { return false };
        let Some(What::Global(name)) = base.as_symbol().map(|s| self.symbols.info(s).what) else { return false };
        let name = self.paths.name(name);
        let mut words = name.split('_');
        path == Path::ITSELF
            && is_shouting(name)
            && words.clone().any(|word| matches!(word, "MAX" | "NUM" | "COUNT" | "SIZE" | "N" | "NR"))
            && !words.any(|word| matches!(word, "INDEX" | "IDX" | "LAST" | "ID" | "VALUE" | "VAL" | "LEN"))
    }

    /// Some condition of the function compares the symbol with a possible limit: anything but zero.
    fn is_limited(&self, s: Sym) -> bool {
        self.facts.said().any(|(own, apart)| {
            let of_zero = |fact: &&Linear| fact.terms().len() == 1 && fact.constant.abs() <= 1;
            own.iter()
                .filter(|fact| fact.factor(s) < 0)
                .chain(apart.iter().filter(|fact| fact.factor(s) != 0))
                .any(|fact| !of_zero(&fact))
        })
    }
}
