//! A decoder without a length parameter: the message contains its length, and is read before that is tested.

use super::defects::{Class, Defect};
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::sites::{Site, SiteKind, Use};
use crate::analysis::bounds::terms::symbols::{Room, What, Wire};

/// Lengths mentioned in the conditions of one function.
const MAX_LENGTHS: usize = 6;
/// Reads of one function that are compared with them.
const MAX_READS: usize = 48;
/// The longest header: reads past it have another reason.
const MAX_HEADER: i64 = 64;

impl Walked {
    /// Reads of an element's body, when only its header is known to be there, before its length is tested.
    pub(super) fn read_before_length(&self, text: &str, defects: &mut Vec<Defect>) {
        let reads: Vec<(&Site, Sym, i64)> =
            self.sites.iter().filter_map(|s| self.head_or_body(s)).take(MAX_READS).collect();
        let Some(&(first, ..)) = reads.first() else { return };
        for length in self.decoded_lengths() {
            for &(site, root, end) in &reads {
                // What the first call or expression reads is the header, which contains the length.
                let of_head = reads.iter().filter(|read| read.0.span == first.span && read.1 == root);
                let head = of_head.map(|read| read.2).max();
                let Some(head) = head.filter(|head| *head >= 2 && end > *head && end <= *head + MAX_HEADER) else {
                    continue;
                };
                let Some(goal) = Linear::symbol(length).plus_constant(head - end) else { continue };
                if let verdict @ Verdict::Late { .. } = self.judge(site, &goal, &[length]) {
                    let mut defect = self.defect(site, Class::Read, verdict, &goal, text);
                    defect.wire = Wire::Faint;
                    defect.room = Some(Room::Given);
                    defect.what = (end - 1).to_string();
                    defect.limit = format!("{} + {head}", self.shown(&Linear::symbol(length), text));
                    defects.push(defect);
                }
            }
        }
    }

    /// A byte at a fixed offset from a parameter whose length is unknown; returns its end.
    fn head_or_body<'s>(&self, site: &'s Site) -> Option<(&'s Site, Sym, i64)> {
        let SiteKind::Access { does: Use::Read, address, size, buffer: None, bytes: true, .. } = &site.kind else {
            return None;
        };
        let [(s, 1)] = address.terms() else { return None };
        let is_parameter = matches!(self.symbols.info(*s).what, What::Parameter(_));
        let end = address.add(size)?.sub(&Linear::symbol(*s))?.as_constant()?;
        is_parameter.then_some((site, *s, end))
    }

    /// The tests on these symbols at most check whether they are positive.
    pub(super) fn is_only_signed(&self, at: FactId, about: &[Sym]) -> bool {
        let mut told = self.facts.at(at).filter(|fact| about.iter().any(|s| fact.factor(*s) != 0));
        told.all(|fact| fact.terms().len() == 1 && fact.constant.abs() <= 1)
    }

    /// Numbers named as lengths that the function decoded itself, and that it tests.
    fn decoded_lengths(&self) -> Vec<Sym> {
        let mut all: Vec<Sym> = Vec::new();
        for fact in self.facts.said().flat_map(|(own, apart)| own.iter().chain(apart)) {
            let [(s, _)] = fact.terms() else { continue };
            let What::Load { base, path, since } = self.symbols.info(*s).what else { continue };
            let Some((_, field)) = self.paths.last(path) else { continue };
            // An object that was created here, or has changed since entry.
            let is_own = base.terms().iter().all(|(b, _)| match self.symbols.info(*b).what {
                What::Parameter(_) => false,
                What::Fresh | What::Local(_) => true,
                _ => since > 0,
            });
            if is_own && names::is_length(self.paths.name(field)) && !all.contains(s) && all.len() < MAX_LENGTHS {
                all.push(*s);
            }
        }
        all
    }
}
