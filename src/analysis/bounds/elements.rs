//! Elements of arrays of which nothing tells how long they are.

use super::Walked;
use super::defects::{Class, Defect, Evidence};
use super::judge::Verdict;
use super::linear::{Linear, Sym};
use super::sites::Site;
use super::symbols::{What, Wire};

/// How far an index counts back from a number, such as the last of `n`.
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
        // Of a parameter its callers see to it, of a loop's counter its first value.
        let is_chosen = |s: Sym| !matches!(self.symbols.info(s).what, What::Parameter(_)) && !self.symbols.is_looped(s);
        if !is_chosen(s) || !added.all(is_chosen) {
            // ... but what the same condition asks behind it was in doubt.
            let verdict = self.judge(site, index, &[s]);
            if let Some(evidence) = self.in_same_condition(site, &verdict, text) {
                let mut defect = self.defect(site, Class::Back, verdict, index, text);
                (defect.wire, defect.what, defect.evidence) = (Wire::Faint, self.shown(index, text), Some(evidence));
                defects.push(defect);
            }
            return;
        }
        let alone = index.terms().len() == 1 && index.constant >= -MAX_BACK;
        // One that equals another is as large as that.
        let own = || self.facts.conditions(site.at).map(|(_, own, _)| own);
        let equals = |fact: &Linear| own().any(|own| own.iter().any(|other| fact.scaled(-1) == Some(*other)));
        let above = || own().flatten().any(|fact| fact.factor(s) < 0 && fact.terms().len() > 1 && !equals(fact));
        // Tested from above alone, or for less than is taken away.
        let verdict = self.judge(site, index, &[s]);
        let is_tested = match verdict {
            Verdict::Short { by, lacking } => by.is_some() && lacking <= MAX_BACK,
            Verdict::Capped | Verdict::Unchecked => alone && above() && self.symbols.info(s).lo.is_none_or(|lo| lo < 0),
            Verdict::Late { .. } => alone && self.in_same_condition(site, &verdict, text).is_some(),
            _ => false,
        };
        // Somebody else's number, of which nothing is asked.
        let is_unasked = || verdict == Verdict::Unchecked && alone && self.symbols.info(s).wire > Wire::No;
        if !is_tested && !is_unasked() {
            return;
        }
        let mut defect = self.defect(site, Class::Back, verdict, index, text);
        defect.wire = if is_tested { Wire::Faint } else { Wire::No };
        // The last character of a text, which may have none; told once.
        let is_last = || !is_tested && index.constant == -1 && self.is_string_length(s);
        let known = |d: &Defect| d.evidence == Some(Evidence::Last) && d.goal == defect.goal;
        if defects.iter().any(known) {
            return;
        }
        defect.evidence =
            self.in_same_condition(site, &defect.verdict, text).or_else(|| is_last().then_some(Evidence::Last));
        defect.what = self.shown(index, text);
        defects.push(defect);
    }

    /// Some condition of the function compares the symbol with what may be a limit: with anything but zero.
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
