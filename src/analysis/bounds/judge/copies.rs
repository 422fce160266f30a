//! Byte-wise copies up to a delimiter, through a pointer that is not compared with an end.

use super::defects::{Class, Defect};
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::Bytes;
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{Source, What, Wire};

/// How deep the origin of a tested value is followed.
const MAX_DEPTH: usize = 4;

impl Walked {
    /// A byte is written through a pointer that a loop advances until the bytes read elsewhere end.
    pub(super) fn copied(&self, bytes: Bytes, text: &str, defects: &mut Vec<Defect>) {
        let Bytes { site, address, size, .. } = bytes;
        let [(s, 1)] = address.terms() else { return };
        let Source::Looped { first, .. } = &self.symbols.info(*s).source else { return };
        let [(begin, before)] = &first[..] else { return };
        let Some(start) = begin.as_symbol().filter(|s| matches!(self.symbols.info(*s).what, What::Parameter(_))) else {
            return;
        };
        let one = size.as_constant() == Some(1) && address.constant == 0;
        if !one || !self.is_counter(address) || self.is_compared(*s) || self.is_compared(start) {
            return;
        }
        let mut ends_at_delimiter = false;
        for (own, apart) in self.facts.tests_between(site.at, *before) {
            for fact in own.iter().chain(apart) {
                let content = fact.terms().iter().all(|(s, _)| self.is_content(*s, start, MAX_DEPTH));
                if !content {
                    return;
                }
            }
            ends_at_delimiter |= apart.iter().any(|fact| fact.constant != 0);
        }
        if !ends_at_delimiter {
            return;
        }
        let Some(goal) = address.scaled(-1) else { return };
        let mut defect = self.defect(site, Class::Copied, Verdict::Unchecked, &goal, text);
        defect.wire = Wire::Faint;
        defect.what = self.shown(&Linear::symbol(start), text);
        defects.push(defect);
    }

    /// A condition of the function mentions the pointer, not only what it points to.
    fn is_compared(&self, s: Sym) -> bool {
        // A null check is no bound.
        let is_bound = |fact: &Linear| fact.factor(s) != 0 && fact.terms().len() > 1;
        self.facts.said().any(|(own, apart)| own.iter().chain(apart).any(is_bound))
    }

    /// A byte read through a pointer other than `start`, or a value computed from such bytes.
    fn is_content(&self, s: Sym, start: Sym, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let info = self.symbols.info(s);
        match info.what {
            What::Load { base, path, .. } => {
                path == Path::ITSELF
                    && base.terms().iter().all(|(s, _)| {
                        *s != start
                            && match &self.symbols.info(*s).source {
                                Source::Looped { first, .. } => first.iter().all(|(v, _)| v.as_symbol() != Some(start)),
                                _ => true,
                            }
                    })
            }
            _ => !info.depends.is_empty() && info.depends.iter().all(|s| self.is_content(*s, start, depth)),
        }
    }
}
