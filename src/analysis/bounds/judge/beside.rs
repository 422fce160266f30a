//! Whether a number beside a pointer proves that there is room.

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::is_shouting;
use crate::analysis::bounds::terms::sites::{Hint, Site, SiteKind};
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{What, pointer_in};

/// Pointers on the path to a place.
const MAX_PATH: usize = 6;

impl Walked {
    /// One of the numbers beside the pointer proves that there is room.
    pub(super) fn fits_beside(&self, site: &Site, address: &Linear, size: &Linear, beside: &[Linear]) -> bool {
        let Some(start) = pointer_in(&self.symbols, address).filter(|_| !beside.is_empty()) else { return false };
        let used = address.sub(&Linear::symbol(start)).and_then(|offset| offset.add(size));
        // A field just set to this very number is the length of the contents, not the capacity.
        let is_field = matches!(site.kind, SiteKind::Block { hint: Hint::Field(_), .. });
        let tells = |goal: &Linear| !is_field || *goal != Linear::ZERO;
        let goals = |used: Linear| beside.iter().filter_map(move |room| room.sub(&used)).filter(tells);
        used.is_some_and(|used| goals(used).any(|goal| self.prove(site.at, &goal)))
    }

    /// It consists only of type sizes and of numbers named as constants.
    pub(super) fn is_constant(&self, linear: &Linear) -> bool {
        linear.terms().iter().all(|(s, _)| match self.symbols.info(*s).what {
            What::Size(_) => true,
            What::Load { base, path, .. } => match base.as_symbol().map(|s| self.symbols.info(s).what) {
                Some(What::Global(name)) => path == Path::ITSELF && is_shouting(self.paths.name(name)),
                _ => false,
            },
            _ => false,
        })
    }
}

impl Walked {
    /// Each length in `size` is one that `limit` was computed from, possibly loaded again since.
    pub(super) fn is_counted_in(&self, size: &Linear, limit: &Linear) -> bool {
        let mut lengths = size.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).peekable();
        let older = |s: Sym| {
            let same = |t: Sym| t != s && self.is_same_place(&Linear::symbol(s), &Linear::symbol(t));
            limit.terms().iter().any(|(t, k)| *k > 0 && same(*t))
        };
        lengths.peek().is_some() && lengths.all(|s| limit.factor(s) > 0 || older(s))
    }

    /// Both are the contents of one place, or the length of one string, possibly at different times.
    fn is_same_place(&self, a: &Linear, b: &Linear) -> bool {
        let (mut a, mut b) = (*a, *b);
        for _ in 0..MAX_PATH {
            if a == b {
                return true;
            }
            let (Some(s), Some(t)) = (a.as_symbol(), b.as_symbol()) else { return false };
            (a, b) = match (self.symbols.info(s).what, self.symbols.info(t).what) {
                (What::Load { base, path, .. }, What::Load { base: other, path: way, .. }) if path == way => {
                    (base, other)
                }
                (What::Pure(call, of, _), What::Pure(other, text, _)) if call == other && self.is_string_length(s) => {
                    (of, text)
                }
                _ => return false,
            };
        }
        false
    }
}
