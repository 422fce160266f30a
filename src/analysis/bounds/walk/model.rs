//! Calls that the catalog models: sources of bytes, calls that take a length, allocators, number parsers.

use super::eval::{Eval, Frame};
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::sites::{Hint, SiteKind, Use};
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Tag, What, Wire};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{ExprId, ExprKind, UnaryOp};
use crate::program::catalog::model::{Accessor, Arg, AssertMode, Detects, NumberParser, Part, Sink, SinkKind, Written};
use crate::source::Span;

/// Compare at most a given number of characters, up to the first difference.
pub(super) const COMPARISONS: &[&str] = &["strncmp", "strncasecmp", "strnicmp"];

/// A call being modelled, with the values of its arguments in order.
pub(super) struct Called<'c> {
    pub e: ExprId,
    pub span: Span,
    pub name: &'c str,
    pub args: &'c [ExprId],
    pub values: Vec<Value>,
}

impl Called<'_> {
    pub(super) fn value(&self, arg: Option<Arg>) -> Option<Value> {
        self.values.get(arg?.index()?).copied()
    }

    pub(super) fn linear(&self, arg: Option<Arg>) -> Option<Linear> {
        self.value(arg).map(|v| v.linear)
    }
}

impl Eval<'_> {
    /// The value of a call that the catalog models, after its effects.
    pub(super) fn modelled(&mut self, f: &Frame, e: ExprId, name: &str, args: &[ExprId]) -> Option<Value> {
        let model = self.cx.program.model(name, self.file)?;
        let span = self.span(f, e);
        if let Some(assert) = model.assert() {
            let cond = args.get(assert.cond.index()?)?;
            let (yes, no) = self.branch(f, *cond);
            match assert.mode {
                AssertMode::AlwaysAbort | AssertMode::AlwaysReturn | AssertMode::DebugAbortReleaseReturn => {
                    self.enter(yes);
                }
                // A check that release builds omit proves nothing.
                _ => {
                    let at = self.at;
                    self.join(vec![yes, no], at);
                }
            }
            return Some(self.int(0));
        }
        if let Some(guard) = model.guard()
            && let Some(&cond) = guard.cond.and_then(|arg| args.get(arg.index()?))
        {
            let (yes, _) = self.branch(f, cond);
            self.enter(yes);
            return Some(self.int(0));
        }
        let values = args.iter().map(|&arg| self.eval(f, arg)).collect();
        let call = Called { e, span, name, args, values };
        if let Some(needs) = model.needs_nul() {
            for &arg in &needs.args {
                self.needs_nul(f, &call, arg);
            }
        }
        if let Some(source) = model.source() {
            return Some(self.received(f, &call, source));
        }
        if let Some(extractor) = model.extractor() {
            return Some(self.extracted(f, &call, extractor));
        }
        if let Some(cursor) = model.cursor()
            && self.moved_in(f, &call, cursor)
            && model.sink().is_none()
        {
            return Some(self.unknown(self.result_kind(name), Wire::No, span));
        }
        if let Some(sink) = model.sink() {
            let value = self.sunk(f, &call, sink);
            return Some(value);
        }
        if let Some(allocator) = model.allocator() {
            let size = match (allocator.size, allocator.size_product) {
                (Some(size), _) if allocator.of.is_none() => call.linear(Some(size)),
                (None, Some([a, b])) => self.product(call.linear(Some(a)), call.linear(Some(b))),
                _ => None,
            };
            let copy = self.allocated(f, &call, size);
            if names::is_duplicated(name) {
                self.depends(&copy, &call);
            }
            return Some(copy);
        }
        if let Some(accessor) = model.accessor()
            && let Some(value) = self.accessed(f, &call, accessor)
        {
            return Some(value);
        }
        if let Some(clamp) = model.clamp() {
            return Some(self.clamped(&call, &clamp.upper, &clamp.lower));
        }
        if let Some(parser) = model.number_parser() {
            return Some(self.parsed_number(&call, parser));
        }
        if name == "strlen" || name == "strnlen" {
            return Some(self.string_length(&call));
        }
        if let Some(free) = model.free() {
            if let Some(pointer) = call.linear(Some(free.arg)) {
                self.changed_behind(&pointer, Wire::No);
            }
            return Some(self.unknown(Kind::Void, Wire::No, span));
        }
        let harmless = model.log().is_some()
            || model.needs_nul().is_some()
            || model.delay().is_some()
            || model.lock().is_some()
            || model.random().is_some();
        if harmless {
            let kind = self.result_kind(name);
            let result = self.unknown(kind, Wire::No, span);
            self.depends(&result, &call);
            return Some(result);
        }
        let kind = self.result_kind(name);
        Some(self.any_call(&call, kind))
    }
    fn sunk(&mut self, f: &Frame, call: &Called, sink: &Sink) -> Value {
        let size = match (call.linear(sink.size), call.linear(sink.size_at)) {
            (Some(size), _) => Some(size),
            (None, Some(at)) => Some(self.behind(&at, Kind::SIZE, call.span).linear),
            (None, None) => None,
        };
        let size = match sink.unit {
            0 => None,
            1 => size,
            unit => size.and_then(|s| s.scaled(i64::from(unit))),
        };
        let (dst, src) = (call.linear(sink.dst), call.linear(sink.src));
        let end_size = |of: Option<Linear>| call.linear(sink.end).zip(of).and_then(|(end, start)| end.sub(&start));
        if let (Some(cursor), Some(end)) = (sink.dst.and_then(|dst| call.args.get(dst.index()?)), call.value(sink.end))
        {
            self.note_end(f, *cursor, end);
        }
        use SinkKind::*;
        let mut copied = None;
        match sink.kind {
            Copy | Fill | StringCopyUnterminated => {
                let size = size.or_else(|| end_size(dst));
                if let (Some(dst), Some(size)) = (dst, size) {
                    let whole = sink.kind == Copy && src.is_some_and(|src| self.is_pair(&src, &size));
                    let hint = if whole { Hint::Whole } else { Hint::Nothing };
                    self.hinted_block(f, call, Use::Write, dst, size, hint);
                    if sink.kind == Fill && size.as_constant().is_some() {
                        let root = dst.as_symbol();
                        self.zeroed.extend(root);
                    }
                }
                if sink.kind == StringCopyUnterminated
                    && let (Some(dst), Some(src), Some(size)) = (dst, src, size)
                {
                    self.filled(f, call, sink, (dst, src, size));
                }
                if sink.kind == Copy
                    && let (Some(src), Some(size)) = (src, size)
                {
                    self.block_site(f, call, Use::Read, src, size);
                }
            }
            // A string object, whose memory is elsewhere.
            StringCopyBounded if sink.dst.is_some_and(|dst| is_object(f, call, dst)) => {}
            StringCopyBounded | FormatBounded | Decode => {
                if let (Some(dst), Some(size)) = (dst, size.or_else(|| end_size(dst))) {
                    self.block_site(f, call, Use::Write, dst, size);
                }
            }
            // Nothing is written; a comparison reads both sides.
            Read => {
                if let Some(size) = size {
                    for address in [src, dst].into_iter().flatten() {
                        self.block_site(f, call, Use::Read, address, size);
                    }
                }
                let result = self.unknown(self.result_kind(call.name), Wire::No, call.span);
                self.depends(&result, call);
                if let (Some(s), Some(src), Some(size)) = (result.linear.as_symbol(), src, size)
                    && self.cx.program.model(call.name, self.file).is_some_and(|model| model.may_null().is_some())
                {
                    // What was found lies inside what was searched.
                    let last = src.add(&size).and_then(|end| end.plus_constant(-1));
                    let found = [result.linear.sub(&src), last.and_then(|last| last.sub(&result.linear))];
                    self.symbols.info_mut(s).axioms.extend(found.into_iter().flatten());
                }
                return result;
            }
            Send => {
                if let (Some(src), Some(size)) = (src, size) {
                    self.block_site(f, call, Use::Read, src, size);
                }
            }
            StringCopy => {
                if let (Some(dst), Some(src)) = (dst, src) {
                    copied = self.string_copy(f, call, dst, src, call.linear(sink.src_size));
                }
            }
            Format => {
                if let Some(dst) = dst {
                    self.printed(f, call, sink, dst);
                }
            }
            Scan => self.scanned(f, call, sink),
            DecodeUnbounded => {}
        }
        let wire = src.and_then(|src| self.symbols.buffer(&src)).map_or(Wire::No, |(_, b)| b.wire);
        if let Some(dst) = dst {
            self.changed_behind(&dst, wire);
            if let Some(length) = copied {
                self.has_length(&dst, length);
            }
            if sink.kind == Copy
                && let Some(root) = self.root(&dst)
                && let Some(buffer) = &mut self.symbols.info_mut(root).buffer
            {
                buffer.wire = buffer.wire.max(wire);
            }
        }
        let kind = self.result_kind(call.name);
        match sink.ret {
            Some(Written::NewCursor) => {
                let moved = dst.zip(size).and_then(|(dst, size)| dst.add(&size));
                self.valued(moved, kind, Wire::No, call.span)
            }
            Some(Written::WouldBeLength) => {
                let result = self.unknown(kind, Wire::No, call.span);
                let most =
                    self.printed_size(f, call, sink).and_then(|most| most.plus_constant(-1)?.sub(&result.linear));
                if let (Some(s), Some(size)) = (result.linear.as_symbol(), size) {
                    let info = self.symbols.info_mut(s);
                    info.tag = Some(Tag::WouldBe(size));
                    info.axioms.extend(most);
                }
                result
            }
            _ => match dst {
                // `memcpy` returns its destination.
                Some(dst) if matches!(kind, Kind::Pointer(_)) => Value { linear: dst, kind },
                _ => {
                    let result = self.unknown(kind, Wire::No, call.span);
                    self.depends(&result, call);
                    result
                }
            },
        }
    }
    /// Compares a constant number of bytes with the start of a buffer whose length is stored beside it. Any kind of
    /// test counts as a check, as the comparison ends at the first difference.
    pub(super) fn compared(&mut self, f: &Frame, call: &Called) {
        let [first, second, size] = &call.values[..] else { return };
        let (addresses, size) = ([first.linear, second.linear], size.linear);
        for address in addresses.into_iter().filter(|_| size.as_constant().is_some()) {
            let Some((root, buffer)) = self.buffer_for(&address, Use::Read) else { continue };
            if buffer.room == Room::Given && address == Linear::symbol(root) && self.is_loaded(root) {
                self.hinted_block(f, call, Use::Read, address, size, Hint::Compared);
            }
        }
    }
    pub(super) fn block_site(&mut self, f: &Frame, call: &Called, does: Use, address: Linear, size: Linear) {
        self.hinted_block(f, call, does, address, size, Hint::Nothing);
    }
    pub(super) fn hinted_block(
        &mut self,
        f: &Frame,
        call: &Called,
        does: Use,
        address: Linear,
        size: Linear,
        hint: Hint,
    ) {
        if does == Use::Read
            && let Some(cursor) = call.args.iter().find_map(|&arg| self.cursor_to(f, arg, &address))
        {
            self.pair_up(Some(cursor), &address);
        }
        // A string has its NUL, whatever other length is known.
        if does == Use::Read && self.is_string(&address, &size) {
            return;
        }
        let (root, buffer) = self.buffer_for(&address, does).unzip();
        let buffer = buffer.map(|buffer| self.row(f, call, does, &address, buffer));
        // A length beside a pointer is the size of the contents, not the capacity.
        let loaded = root.is_some_and(|s| self.is_loaded(s));
        let buffer = buffer.filter(|b| does == Use::Read || b.room != Room::Given || !loaded);
        if buffer.is_none() && self.root(&address).is_some_and(|root| self.fitted.contains(&root)) {
            return;
        }
        // The distance between two places in a string.
        let is_distance = || {
            does == Use::Write
                && size.terms().len() == 2
                && size.terms().iter().any(|(_, k)| *k == -1)
                && self.is_unknown_field(call, &address)
        };
        if buffer.is_some() || self.symbols.wire(&size) > Wire::No || is_distance() {
            let unknown = buffer.is_none() && does == Use::Write;
            let beside = if buffer.is_none() { self.beside(&address) } else { Vec::new() };
            let cursor = call.args.iter().filter(|_| unknown).find_map(|&arg| self.pointer_to(f, arg, &address));
            let callee = call.name.into();
            let hint =
                if unknown && self.is_unknown_field(call, &address) { Hint::Field(hint == Hint::Whole) } else { hint };
            let kind = SiteKind::Block { does, address, size, buffer, beside, callee, inner: false, cursor, hint };
            self.site(f, call.e, kind);
        }
    }
    /// A call that reads a string up to its NUL.
    fn needs_nul(&mut self, f: &Frame, call: &Called, arg: Arg) {
        let Some(address) = call.linear(Some(arg)) else { return };
        let Some((root, buffer)) = self.buffer_for(&address, Use::Read) else { return };
        if matches!(buffer.room, Room::Given | Room::Received | Room::Array)
            && buffer.wire > Wire::No
            && (buffer.room != Room::Array || self.symbols.info(root).filled.is_some())
            && !self.terminated.contains(&root)
        {
            self.site(f, call.e, SiteKind::Unterminated { address, buffer, callee: call.name.into() });
        }
    }
    fn allocated(&mut self, f: &Frame, call: &Called, size: Option<Linear>) -> Value {
        let kind = match self.result_kind(call.name) {
            kind @ Kind::Pointer(_) => kind,
            _ => self.types.declared("void *"),
        };
        let pointer = self.unknown(kind, Wire::No, call.span);
        if let Some(size) = size {
            self.site(f, call.e, SiteKind::Allocation { size });
            if let Some(s) = pointer.linear.as_symbol() {
                let limit = pointer.linear.add(&size);
                let info = self.symbols.info_mut(s);
                info.lo = Some(0);
                info.buffer = limit.map(|limit| Buffer { limit, room: Room::Allocated, wire: Wire::No });
            }
        }
        pointer
    }
    /// The data pointer or the length of a message object.
    fn accessed(&mut self, f: &Frame, call: &Called, accessor: &Accessor) -> Option<Value> {
        let object = call.linear(Some(accessor.object))?;
        let element = match call.args {
            [_, element] => Some(*element),
            _ => None,
        };
        let key = self.left_key(f, object, element);
        let length = self.left_at(key, call.span);
        match accessor.gives {
            Part::Length => Some(length),
            Part::Data => {
                let path = self.element_path(f, element);
                let path = self.paths.field(path, call.name);
                let kind = match self.result_kind(call.name) {
                    Kind::Unknown => self.types.pointer_to(Kind::Int { bits: 8, signed: false }),
                    known => known,
                };
                let data = self.recall(Key { base: object, path }, kind, None, call.span);
                if let Some(s) = data.linear.as_symbol() {
                    let limit = data.linear.add(&length.linear);
                    let info = self.symbols.info_mut(s);
                    info.buffer = limit.map(|limit| Buffer { limit, room: Room::Given, wire: Wire::Weak });
                }
                Some(data)
            }
            _ => None,
        }
    }
    pub(super) fn product(&mut self, a: Option<Linear>, b: Option<Linear>) -> Option<Linear> {
        let (a, b) = (a?, b?);
        match (a.as_constant(), b.as_constant()) {
            (Some(c), _) => b.scaled(c),
            (_, Some(c)) => a.scaled(c),
            _ => Some(self.product_symbol(a, b)),
        }
    }
    fn clamped(&mut self, call: &Called, upper: &[Arg], lower: &[Arg]) -> Value {
        let kind = call.values.iter().map(|v| v.kind).reduce(Kind::usual).unwrap_or_default();
        let wire = call.values.iter().map(|v| self.symbols.wire(&v.linear)).max().unwrap_or_default();
        let result = self.unknown(kind, wire, call.span);
        if let Some(s) = result.linear.as_symbol() {
            let below = upper.iter().filter_map(|&arg| call.linear(Some(arg))?.sub(&result.linear));
            let above = lower.iter().filter_map(|&arg| result.linear.sub(&call.linear(Some(arg))?));
            let axioms: Vec<Linear> = below.chain(above).collect();
            let least: Option<Vec<i64>> = call.values.iter().map(|v| self.symbols.least(&v.linear)).collect();
            let info = self.symbols.info_mut(s);
            info.axioms.extend(axioms);
            info.lo = info.lo.max(least.and_then(|all| all.into_iter().min()));
        }
        result
    }
    fn parsed_number(&mut self, call: &Called, parser: &NumberParser) -> Value {
        let kind = match self.result_kind(call.name) {
            kind @ Kind::Int { .. } => kind,
            _ => Kind::Int { bits: 32, signed: parser.signed },
        };
        let wire = match parser.detects {
            Detects::Nothing | Detects::End | Detects::EndAndErrno | Detects::Status => Wire::Weak,
        };
        let value = self.unknown(kind, wire, call.span);
        if let Some(s) = value.linear.as_symbol() {
            self.symbols.info_mut(s).tag = Some(Tag::Text);
        }
        match call.linear(parser.out) {
            Some(out) => {
                self.set_behind(&out, value);
                self.any_call(call, Kind::INT)
            }
            None => value,
        }
    }
    pub(super) fn string_length(&mut self, call: &Called) -> Value {
        match call.values.first().map(|v| v.linear) {
            Some(text) => Value { linear: self.length_of_string(text, call.span), kind: Kind::SIZE },
            None => self.unknown(Kind::SIZE, Wire::No, call.span),
        }
    }
    /// A call that may modify what its arguments point to.
    pub(super) fn any_call(&mut self, call: &Called, kind: Kind) -> Value {
        for value in &call.values {
            if value.kind.is_pointer() || value.kind == Kind::Unknown {
                self.changed_behind(&value.linear, Wire::No);
            }
        }
        let number = matches!(kind, Kind::Int { .. } | Kind::Unknown);
        let wire = if number && names::is_length(call.name) { Wire::Faint } else { Wire::No };
        let result = self.unknown(kind, wire, call.span);
        self.depends(&result, call);
        result
    }
    /// Records that a result depends on the arguments.
    pub(super) fn depends(&mut self, result: &Value, call: &Called) {
        let Some(s) = result.linear.as_symbol() else { return };
        let on = call.values.iter().flat_map(|v| v.linear.terms().iter().map(|(s, _)| *s)).collect();
        self.symbols.info_mut(s).depends = on;
    }
    /// Stores to what a pointer points to.
    pub(super) fn set_behind(&mut self, pointer: &Linear, value: Value) {
        if let Some(s) = pointer.as_symbol()
            && let What::Local(var) = self.symbols.info(s).what
            && !self.variables[var as usize].in_memory
        {
            let kind = self.variables[var as usize].kind;
            self.state.set_var(var, Some(Value { linear: value.linear, kind }));
            return;
        }
        let mut event = self.event;
        self.state.set(Key { base: *pointer, path: Path::ITSELF }, value, &mut event);
        self.event = event;
    }
    pub(super) fn behind(&mut self, pointer: &Linear, kind: Kind, span: Span) -> Value {
        if let Some(s) = pointer.as_symbol()
            && let What::Local(var) = self.symbols.info(s).what
            && !self.variables[var as usize].in_memory
            && let Some(value) = self.state.var(var)
        {
            return value;
        }
        self.recall(Key { base: *pointer, path: Path::ITSELF }, kind, None, span)
    }
    pub(super) fn result_kind(&self, name: &str) -> Kind {
        self.types.returns(name).unwrap_or_default()
    }
}

/// The argument is the address of a variable or field, not of an element.
fn is_object(f: &Frame, call: &Called, arg: Arg) -> bool {
    let Some(&arg) = arg.index().and_then(|i| call.args.get(i)) else { return false };
    match f.body.expr(arg).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
            !matches!(f.body.expr(operand).kind, ExprKind::Index { .. })
        }
        _ => false,
    }
}
