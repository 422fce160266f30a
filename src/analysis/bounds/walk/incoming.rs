//! Where bytes and numbers of a message enter.

use super::eval::{Eval, Frame};
use super::model::Called;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::sites::Use;
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Tag, What, Wire};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::ExprId;
use crate::program::catalog::model::{Arg, Bounds, Extractor, Received, Source, SourceKind};

/// Records that the kernel delivers whole: no peer controls their bytes.
const KERNEL_RECORDS: &[&str] = &["nlmsghdr", "inotify_event", "signalfd_siginfo", "input_event"];

impl Eval<'_> {
    fn reads_kernel_records(&self) -> bool {
        let code = &self.cx.program.units[self.file.0 as usize].base.code;
        let body = code.get(self.function.span.range()).unwrap_or_default();
        KERNEL_RECORDS.iter().any(|record| body.contains(record))
    }

    pub(super) fn received(&mut self, f: &Frame, call: &Called, source: &Source) -> Value {
        let kind = match self.result_kind(call.name) {
            Kind::Unknown => Kind::PTRDIFF,
            known => known,
        };
        let wire = match source.kind {
            _ if self.reads_kernel_records() => Wire::Faint,
            SourceKind::File => Wire::Weak,
            // The destination and its capacity are in the structure.
            _ if source.iov.is_some() => Wire::Weak,
            _ => Wire::Strong,
        };
        let result = self.unknown(kind, wire, call.span);
        let count = match (source.ret, source.len_out.or(source.len_inout)) {
            (Received::Length, _) => {
                if let Some(s) = result.linear.as_symbol() {
                    let info = self.symbols.info_mut(s);
                    info.lo = Some(-1);
                    info.hi = Some(i64::from(i32::MAX));
                    info.tag = Some(Tag::Received);
                }
                Some(result.linear)
            }
            (_, Some(out)) => call.linear(Some(out)).map(|out| {
                let count = self.unknown(Kind::SIZE, wire, call.span);
                self.set_behind(&out, count);
                count.linear
            }),
            _ => None,
        };
        let capacity = match (source.cap, source.cap_product) {
            (Some(cap), _) => call.linear(Some(cap)),
            (None, Some([a, b])) => self.product(call.linear(Some(a)), call.linear(Some(b))),
            _ => None,
        };
        if let (Some(count), Some(capacity)) = (count, capacity)
            && let Some(s) = count.as_symbol()
        {
            let axiom = capacity.sub(&count);
            self.symbols.info_mut(s).axioms.extend(axiom);
        }
        if let Some(buf) = call.linear(source.buf) {
            if let Some(capacity) = capacity {
                self.block_site(f, call, Use::Write, buf, capacity);
            }
            self.changed_behind(&buf, wire);
            if let Some(root) = self.root(&buf) {
                let filled = count.filter(|_| source.ret == Received::Length).and_then(|n| buf.add(&n));
                // Received after existing contents: how long those are depends on the path.
                let filled = filled.filter(|_| buf == Linear::symbol(root) && !self.zeroed.contains(&root));
                let info = self.symbols.info_mut(root);
                let limit = info.buffer.filter(|b| b.room != Room::Received).map(|b| b.limit).or(filled);
                info.filled = filled;
                info.buffer =
                    limit.map(|limit| Buffer { limit, room: info.buffer.map_or(Room::Received, |b| b.room), wire });
            }
        }
        if let Some(out) = call.linear(source.buf_out) {
            // The NUL comes after them.
            let count = count.and_then(|count| count.plus_constant(i64::from(source.terminates)));
            self.given_bytes(call, &out, count, wire);
        }
        result
    }

    /// A call sets a pointer to received bytes.
    fn given_bytes(&mut self, call: &Called, out: &Linear, count: Option<Linear>, wire: Wire) {
        let local = out.as_symbol().and_then(|s| match self.symbols.info(s).what {
            What::Local(var) => Some(self.variables[var as usize].kind),
            _ => None,
        });
        let Some(kind @ Kind::Pointer(to)) = local else { return };
        if !matches!(self.types.kind(to), Kind::Int { bits: 8, .. } | Kind::Void) {
            return;
        }
        let bytes = self.unknown(kind, Wire::No, call.span);
        if let Some(s) = bytes.linear.as_symbol() {
            let limit = count.and_then(|count| bytes.linear.add(&count));
            self.symbols.info_mut(s).buffer = limit.map(|limit| Buffer { limit, room: Room::Received, wire });
        }
        self.set_behind(out, bytes);
    }

    pub(super) fn extracted(&mut self, f: &Frame, call: &Called, extractor: &Extractor) -> Value {
        let bits = if extractor.width == 0 { 64 } else { extractor.width };
        let kind = Kind::Int { bits, signed: extractor.signed };
        let bytes = i64::from(extractor.width / 8);
        let id = self.paths.text(call.name);
        let (lo, hi) = kind.range();
        let pure = |eval: &mut Self, of: Linear, since: i64| {
            let (s, new) = eval.symbols.get(What::Pure(id, of, Linear::constant(since)), lo, hi);
            if new {
                let info = eval.symbols.info_mut(s);
                info.wire = Wire::Strong;
                info.span = Some(call.span);
            }
            Value { linear: Linear::symbol(s), kind: kind.promoted() }
        };
        let value = if let Some(value) = call.linear(extractor.value) {
            pure(self, value, 0)
        } else if let Some(pointer) = call.linear(extractor.ptr) {
            let offset = call.linear(extractor.offset).unwrap_or(Linear::ZERO);
            match pointer.add(&offset) {
                Some(address) => {
                    if extractor.bounds == Bounds::Unchecked && bytes > 0 {
                        let cursor = extractor.ptr.and_then(|arg| self.cursor(f, *call.args.get(arg.index()?)?));
                        self.access(f, call.e, Use::Read, address, Linear::constant(bytes), cursor);
                    }
                    let event = i64::from(self.state.since(&Key { base: address, path: Path::ITSELF }, &self.paths));
                    pure(self, address, event)
                }
                None => self.unknown(kind, Wire::Strong, call.span),
            }
        } else {
            if let Some(object) = call.linear(extractor.object) {
                match bytes {
                    0 => self.changed_behind(&object, Wire::Strong),
                    _ => {
                        let size = Linear::constant(bytes);
                        let element = extractor.element.and_then(|arg| call.args.get(arg.index()?)).copied();
                        let moves = !extractor.peeks && element.is_none();
                        self.taken(f, call.e, (object, element), size, extractor.bounds, moves);
                    }
                }
            }
            self.unknown(kind, Wire::Strong, call.span)
        };
        if let Some(n) = extractor.advances
            && let Some(arg) = extractor.ptr.and_then(|arg| call.args.get(arg.index()?))
        {
            self.step(f, *arg, i64::from(n));
        }
        if let Some(out) = extractor.out.and_then(Arg::index) {
            match (call.values.get(out), call.args.get(out)) {
                (Some(pointer), _) if pointer.kind.is_pointer() => {
                    let pointer = pointer.linear;
                    self.set_behind(&pointer, value);
                }
                (_, Some(&arg)) => {
                    let place = self.place(f, arg);
                    self.store(f, call.e, place, value);
                }
                _ => {}
            }
        }
        value
    }

    /// `arg += n`, by a macro that advances the cursor passed to it.
    pub(super) fn step(&mut self, f: &Frame, arg: ExprId, n: i64) {
        let place = self.place(f, arg);
        let old = self.load(f, arg, place.clone());
        if let Some(linear) = old.linear.plus_constant(n) {
            self.store(f, arg, place, Value { linear, kind: old.kind });
        }
    }
}
