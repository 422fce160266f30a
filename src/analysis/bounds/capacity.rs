//! How much room there is behind a pointer of a structure, where only a number beside it can tell.

use super::Walked;
use super::call::is_shouting;
use super::eval::{Eval, Frame};
use super::linear::{Linear, Sym};
use super::model::Called;
use super::names;
use super::sites::{Hint, Site, SiteKind, Use};
use super::state::Path;
use super::symbols::{Buffer, Room, Source, Symbols, What};
use super::types::Kind;
use crate::hir::ExprKind;
use crate::program::catalog::model::SinkKind;

/// Numbers beside one pointer.
const MAX_BESIDE: usize = 4;
/// Joins that a pointer is followed through.
const MAX_JOINS: usize = 3;
/// Pointers that the way to a place may go through.
const MAX_PATH: usize = 6;

impl Eval<'_> {
    /// Of an array of arrays, one of them is written to.
    pub(super) fn row(&mut self, f: &Frame, call: &Called, does: Use, address: &Linear, whole: Buffer) -> Buffer {
        let fills =
            self.cx.program.model(call.name, self.file).and_then(|m| m.sink()).is_none_or(|s| s.kind == SinkKind::Fill);
        if does == Use::Read || fills || whole.room != Room::Array {
            return whole;
        }
        let row =
            call.args.iter().zip(&call.values).find(|(_, value)| value.linear == *address).and_then(|(&arg, _)| {
                let indexed = matches!(f.body.expr(arg).kind, ExprKind::Index { .. });
                let size = indexed.then(|| self.kind_of(f, arg, 0)).filter(|kind| matches!(kind, Kind::Array(..)));
                i64::try_from(self.size_of_kind(size?)?).ok()
            });
        match row.and_then(|n| address.plus_constant(n)) {
            Some(limit) => Buffer { limit, ..whole },
            None => whole,
        }
    }

    /// The address is what a field of a structure holds that is declared nowhere in sight: an array, most likely.
    pub(super) fn is_unknown_field(&self, call: &Called, address: &Linear) -> bool {
        let unknown = call.values.iter().any(|value| value.linear == *address && value.kind == Kind::Unknown);
        unknown
            && address.as_symbol().is_some_and(|s| match self.symbols.info(s).what {
                What::Load { path, .. } => path != Path::ITSELF,
                _ => false,
            })
    }

    /// A pointer and a length that are two fields of one structure, or two parameters beside each other.
    pub(super) fn is_pair(&self, address: &Linear, size: &Linear) -> bool {
        let plain = |linear: &Linear| {
            let s = linear.as_symbol()?;
            match self.symbols.info(s).source {
                Source::Converted { from, .. } => from.as_symbol(),
                _ => Some(s),
            }
        };
        let Some((data, length)) = plain(address).zip(plain(size)) else { return false };
        match (self.symbols.info(data).what, self.symbols.info(length).what) {
            (What::Parameter(data), What::Parameter(length)) => length == data + 1,
            (What::Load { base, path, .. }, What::Load { base: other, path: beside, .. }) => {
                let outer = |path| self.paths.last(path).map(|(outer, _)| outer);
                base == other && path != beside && outer(path).is_some() && outer(path) == outer(beside)
            }
            (What::Fresh, What::Fresh) => {
                let code = &self.cx.program.units[self.file.0 as usize].base.code;
                let call = |s: Sym| self.symbols.info(s).span.and_then(|span| code.get(span.range()));
                call(data).zip(call(length)).is_some_and(|(data, length)| names::is_accessor_pair(data, length))
            }
            _ => false,
        }
    }

    /// What the lengths that stand beside the pointer hold.
    pub(super) fn beside(&self, address: &Linear) -> Vec<Linear> {
        let start = pointer_in(&self.symbols, address);
        let Some((base, path)) = start.and_then(|s| loaded(&self.symbols, s, MAX_JOINS)) else { return Vec::new() };
        let Some((outer, _)) = self.paths.last(path) else { return Vec::new() };
        let of_same = self.state.memory().iter().filter(|(key, _)| key.base == base);
        let lengths = of_same.filter(|(key, _)| {
            self.paths.last(key.path).is_some_and(|(before, field)| {
                let name = self.paths.name(field);
                before == outer && (names::is_length(name) || names::is_end(name))
            })
        });
        lengths.map(|(_, value)| value.linear).take(MAX_BESIDE).collect()
    }
}

impl Walked {
    /// One of the numbers beside the pointer proves that there is room.
    pub(super) fn fits_beside(&self, site: &Site, address: &Linear, size: &Linear, beside: &[Linear]) -> bool {
        let Some(start) = pointer_in(&self.symbols, address).filter(|_| !beside.is_empty()) else { return false };
        let used = address.sub(&Linear::symbol(start)).and_then(|offset| offset.add(size));
        // What was just set to this very number says how much is there, not how much there is room for.
        let is_field = matches!(site.kind, SiteKind::Block { hint: Hint::Field(_), .. });
        let tells = |goal: &Linear| !is_field || *goal != Linear::ZERO;
        let goals = |used: Linear| beside.iter().filter_map(move |room| room.sub(&used)).filter(tells);
        used.is_some_and(|used| goals(used).any(|goal| self.prove(site.at, &goal)))
    }

    /// Sizes of types and numbers that are called as constants, and nothing else, are in it.
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

/// The part of an address that was loaded from a structure, and is not called a length there.
fn pointer_in(symbols: &Symbols, address: &Linear) -> Option<Sym> {
    let mut starts = address.terms().iter().filter(|(s, k)| {
        let info = symbols.info(*s);
        *k == 1 && info.lo.is_none() && info.hi.is_none() && loaded(symbols, *s, MAX_JOINS).is_some()
    });
    // Of two, none is known to be the pointer, but the one that was made anew.
    let joined = |s: &Sym| matches!(symbols.info(*s).source, Source::Joined(_));
    let first = starts.next().map(|(s, _)| *s)?;
    match starts.next().map(|(s, _)| *s) {
        None => Some(first),
        Some(other) => [first, other].into_iter().find(joined),
    }
}

/// Where a pointer was loaded from; one that may have been allocated anew, otherwise.
fn loaded(symbols: &Symbols, s: Sym, depth: usize) -> Option<(Linear, Path)> {
    let depth = depth.checked_sub(1)?;
    let info = symbols.info(s);
    match (&info.source, info.what) {
        (Source::Joined(values), _) => values.iter().find_map(|(value, _)| loaded(symbols, value.as_symbol()?, depth)),
        (_, What::Load { base, path, .. }) => Some((base, path)),
        _ => None,
    }
}

impl Walked {
    /// Each length in `size` is one of those that `limit` was computed from, as it was then.
    pub(super) fn is_counted_in(&self, size: &Linear, limit: &Linear) -> bool {
        let mut lengths = size.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).peekable();
        let older = |s: Sym| {
            let same = |t: Sym| t != s && self.is_same_place(&Linear::symbol(s), &Linear::symbol(t));
            limit.terms().iter().any(|(t, k)| *k > 0 && same(*t))
        };
        lengths.peek().is_some() && lengths.all(|s| limit.factor(s) > 0 || older(s))
    }

    /// Both are the content of one place, or the length of one text, perhaps at different times.
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
