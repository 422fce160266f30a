//! What callers learn about a function, in terms of its inputs.

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{SiteKind, Use};
use crate::analysis::bounds::terms::summary::{Returned, Template, Term};
use crate::analysis::bounds::terms::symbols::{Room, What, Wire};

/// How deep the base of a loaded value is followed.
const MAX_DEPTH: usize = 4;

impl Walked {
    /// By parameter: the bytes it points to that are read whatever the function tests.
    pub(super) fn reads(&self) -> Vec<(u32, i64)> {
        let mut all: Vec<(u32, i64)> = Vec::new();
        for site in &self.sites {
            let SiteKind::Access { does: Use::Read, address, size, buffer: None, .. } = &site.kind else { continue };
            let end = address.add(size);
            if let ([(s, 1)], Some(bytes)) = (address.terms(), end.map(|end| end.constant))
                && let What::Parameter(i) = self.symbols.info(*s).what
                && bytes > 0
                && self
                    .facts
                    .conditions(site.at)
                    .all(|(_, own, apart)| own.iter().chain(apart).all(|c| asks_only_of(c, *s)))
            {
                match all.iter_mut().find(|(p, _)| *p == i) {
                    Some((_, most)) => *most = bytes.max(*most),
                    None => all.push((i, bytes)),
                }
            }
        }
        all
    }

    /// `linear` in terms of the function's inputs; `None` if it contains anything else.
    pub(super) fn exported(&self, linear: &Linear) -> Option<Template> {
        self.exported_within(linear, MAX_DEPTH)
    }

    fn exported_within(&self, linear: &Linear, depth: usize) -> Option<Template> {
        let depth = depth.checked_sub(1)?;
        let terms = linear.terms().iter().map(|&(s, k)| Some((self.exported_symbol(s, depth)?, k)));
        Some(Template { constant: linear.constant, terms: terms.collect::<Option<_>>()? })
    }

    fn exported_symbol(&self, s: Sym, depth: usize) -> Option<Term> {
        let info = self.symbols.info(s);
        match info.what {
            What::Parameter(i) => Some(Term::Parameter(i)),
            What::Load { base, path, since: 0 } => {
                let fields = self.paths.fields(path);
                let bits = match (info.lo, info.hi) {
                    (Some(0), Some(hi)) => Some(((64 - hi.leading_zeros()) as u8, false)),
                    _ => None,
                };
                Some(Term::Load {
                    base: Box::new(self.exported_within(&base, depth)?),
                    path: fields.into_iter().map(|f| self.paths.name(f).into()).collect(),
                    bits,
                })
            }
            What::Size(text) => Some(Term::Size(self.paths.name(text).into())),
            _ => None,
        }
    }
}

impl Walked {
    /// The parameters passed with a length, that length, and how they are accessed.
    pub(super) fn given(&self) -> Vec<(u32, Template, Use)> {
        let mut all = Vec::new();
        for (s, info) in self.symbols.iter() {
            let (What::Parameter(i), Some(buffer)) = (info.what, info.buffer) else { continue };
            let does = |wanted: Use| {
                self.sites.iter().any(|site| match &site.kind {
                    SiteKind::Access { does, address, .. } | SiteKind::Block { does, address, .. } => {
                        *does == wanted && address.factor(s) != 0
                    }
                    _ => false,
                })
            };
            // For elements, it is unknown whether they are counted from one object.
            if buffer.room == Room::Given
                && let Some(size) = buffer.limit.sub(&Linear::symbol(s))
                && size.terms().iter().all(|(_, k)| *k == 1)
                && let Some(size) = self.exported(&size)
                && size.has_terms()
            {
                let kind = [Use::Write, Use::Read].into_iter().find(|kind| does(*kind));
                all.extend(kind.map(|kind| (i, size, kind)));
            }
        }
        all
    }
}

/// Only a null check of the pointer: a null pointer is not read.
fn asks_only_of(condition: &Linear, pointer: Sym) -> bool {
    matches!(condition.terms(), [(s, _)] if *s == pointer)
}

/// Length parameters that are compared with the return value.
const MAX_LENGTHS: usize = 4;

impl Walked {
    pub(super) fn returned(&self) -> Option<Returned> {
        let values = || self.returns.iter().map(|(value, _)| value);
        let least = values().map(|v| self.symbols.least(v));
        let greatest: Option<Vec<i64>> = values().map(|v| self.symbols.greatest(v)).collect();
        let value = match &self.returns[..] {
            [] => return None,
            [(only, _)] => self.exported(only),
            _ => None,
        };
        Some(Returned {
            at_most: if value.is_none() { self.at_most() } else { Vec::new() },
            value,
            lo: least.min().flatten(),
            hi: greatest.and_then(|all| all.into_iter().max()),
            wire: values().map(|v| self.symbols.wire(v)).max().unwrap_or_default(),
        })
    }

    /// The length parameters that the result never exceeds: how much of them was used. A result of zero or less, on
    /// failure, is not a number of bytes.
    fn at_most(&self) -> Vec<u32> {
        let used: Vec<&(Linear, FactId)> =
            self.returns.iter().filter(|(value, _)| value.as_constant().is_none_or(|n| n > 0)).collect();
        if used.is_empty() {
            return Vec::new();
        }
        let lengths = self.symbols.iter().filter_map(|(s, info)| match info.what {
            What::Parameter(i) if info.wire > Wire::No => Some((i, s)),
            _ => None,
        });
        let is_most = |s: Sym| {
            used.iter().all(|(value, at)| {
                Linear::symbol(s).sub(value).is_some_and(|left| self.prove(*at, &left)) && !self.facts.is_exhausted()
            })
        };
        lengths.take(MAX_LENGTHS).filter(|(_, s)| is_most(*s)).map(|(i, _)| i).collect()
    }
}
