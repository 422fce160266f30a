//! Bytes taken from an object.

use super::defects::{Class, Defect};
use super::verdict::{MAX_LACKING, Verdict};
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::Site;
use crate::analysis::bounds::terms::symbols::{Room, Source, What, Wire};

impl Walked {
    /// A size that is the same for every message.
    pub(super) fn is_fixed(&self, size: &Linear) -> bool {
        size.terms().iter().all(|(s, _)| matches!(self.symbols.info(*s).what, What::Size(_)))
    }

    /// The part of a size that depends on the message.
    fn told_by_message(&self, size: &Linear) -> Linear {
        let own = size.terms().iter().filter(|(s, _)| !matches!(self.symbols.info(*s).what, What::Size(_)));
        own.map(|(s, k)| (*s, *k))
            .try_fold(Linear::ZERO, |sum, (s, k)| sum.plus(&Linear::symbol(s), k))
            .unwrap_or(*size)
    }

    /// Judges bytes taken from an object. Of an object that other code has handled since entry nothing is known: it is
    /// reported only if something tests it.
    pub(super) fn take(
        &self,
        site: &Site,
        left: &Linear,
        size: &Linear,
        lenient: bool,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(goal) = left.sub(size) else { return };
        let about: Vec<Sym> = left.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).collect();
        let judged = self.judge(site, &goal, &about);
        // As many as the message says, and no test relates to that.
        let as_told = judged == Verdict::Capped
            && !self.is_fixed(size)
            && !self.is_related(site.at, &self.told_by_message(size), &about);
        let by = self.speaks_of(site.at, &about);
        let verdict = if as_told { Verdict::Short { lacking: MAX_LACKING, by } } else { judged };
        let given = |s: &Sym| matches!(self.symbols.info(*s).what, What::Load { since: 0, .. });
        let at_entry = |s: &Sym| match &self.symbols.info(*s).source {
            Source::Looped { first, .. } => first.iter().all(|(value, _)| value.terms().iter().all(|(s, _)| given(s))),
            _ => given(s),
        };
        let told = match &verdict {
            Verdict::Short { by, .. } => by.is_some(),
            Verdict::Late { .. } => !lenient,
            Verdict::Unchecked => !lenient && about.iter().all(at_entry),
            _ => false,
        };
        if !told {
            return;
        }
        let mut defect = self.defect(site, Class::Take, verdict, &goal, text);
        defect.wire = if lenient { Wire::Faint } else { Wire::Weak };
        defect.room = Some(Room::Given);
        defect.what = self.shown(size, text);
        defect.limit = self.shown(left, text);
        defect.needs = Some(goal);
        defects.push(defect);
    }
}
