//! The capacity behind a pointer in a structure, where only a neighbouring number can give it.

use super::eval::{Eval, Frame};
use super::model::Called;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::sites::Use;
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Source, What, loaded, pointer_in};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::ExprKind;
use crate::program::catalog::model::SinkKind;

/// Neighbouring numbers per pointer.
const MAX_BESIDE: usize = 4;

impl Eval<'_> {
    /// In an array of arrays, a write goes to one row.
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

    /// The address is the contents of a field of an undeclared structure: most likely an array.
    pub(super) fn is_unknown_field(&self, call: &Called, address: &Linear) -> bool {
        let unknown = call.values.iter().any(|value| value.linear == *address && value.kind == Kind::Unknown);
        unknown
            && address.as_symbol().is_some_and(|s| match self.symbols.info(s).what {
                What::Load { path, .. } => path != Path::ITSELF,
                _ => false,
            })
    }

    /// A pointer and a length from two fields of one structure, two adjacent parameters, or two accessor calls.
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

    /// The values of the lengths beside the pointer in its structure.
    pub(super) fn beside(&self, address: &Linear) -> Vec<Linear> {
        let start = pointer_in(&self.symbols, address);
        let Some((base, path)) = start.and_then(|s| loaded(&self.symbols, s)) else { return Vec::new() };
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
