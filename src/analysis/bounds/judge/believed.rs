//! Accesses through a cursor that the function compares with an end elsewhere.

use super::defects::{Class, Defect};
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{Bytes, SiteKind, Use};
use crate::analysis::bounds::terms::symbols::{What, Wire};
use crate::analysis::bounds::walk::beliefs::Belief;

impl Walked {
    /// Judges an access against the ends with which the function compares its cursor.
    pub(super) fn believed(&self, bytes: Bytes, cursor: Option<u32>, text: &str, defects: &mut Vec<Defect>) {
        let Bytes { site, does, address, size } = bytes;
        let Some(cursor) = cursor else { return };
        let mut missing = None;
        // The buffer's own end has been judged already.
        let is_other = |b: &&Belief| !b.is_own || !matches!(site.kind, SiteKind::Access { buffer: Some(_), .. });
        let own = self.beliefs.iter().filter(|b| b.cursor == cursor && !self.is_rounded(&b.end, address));
        for belief in own.filter(is_other) {
            let Some(goal) = address.add(size).and_then(|end| belief.end.sub(&end)) else { continue };
            // Unrelated to the end that the cursor is compared with.
            if goal.terms().len() > 4 || !goal.has_terms() {
                continue;
            }
            let about: Vec<Sym> = belief.end.terms().iter().map(|(s, _)| *s).collect();
            match self.judge(site, &goal, &about) {
                Verdict::Proved | Verdict::Unknown => return,
                verdict => missing = missing.or(Some((verdict, goal, belief))),
            }
        }
        let Some((verdict, goal, &Belief { end, is_text, .. })) = missing else {
            if does == Use::Write {
                self.copied(bytes, text, defects);
            }
            return;
        };
        let class = if does == Use::Read { Class::Read } else { Class::Append };
        let mut defect = self.defect(site, class, verdict, &goal, text);
        defect.wire = Wire::Faint;
        defect.is_text = is_text;
        defect.what = self.shown(address, text);
        defect.limit = self.shown(&end, text);
        defects.push(defect);
    }

    /// The end is that of whole units in the buffer, not of the buffer: `data + len / 3 * 3`.
    fn is_rounded(&self, end: &Linear, address: &Linear) -> bool {
        let Some((_, buffer)) = self.symbols.buffer(address) else { return false };
        let of_buffer = |s: Sym| match self.symbols.info(s).what {
            What::Pure(id, of, _) => {
                self.paths.name(id) == "/" && of.terms().iter().any(|(s, _)| buffer.limit.factor(*s) != 0)
            }
            _ => false,
        };
        end.sub(&buffer.limit).is_some_and(|rest| {
            let terms = || rest.terms().iter().map(|(s, _)| *s);
            terms().any(of_buffer) && terms().all(|s| of_buffer(s) || buffer.limit.factor(s) != 0)
        })
    }
}
