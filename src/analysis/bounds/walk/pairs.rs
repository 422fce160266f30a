//! Buffers described by their neighbours: `(buf, len)`, `(cursor, end)`, `text.s` with `text.len`.

use super::eval::{Eval, Variable};
use super::place::Memory;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::{
    self, is_decoder, is_end, is_handle, is_length_of_parameter, is_message, named_for,
};
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, What, Wire};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{BinaryOp, ExprId, ExprKind, UnaryOp};

/// Size in bytes of the largest structure laid over a message: fixed protocol headers are shorter.
const MAX_HEADER: u64 = 64;

/// Size in bytes of the largest structure laid over an untyped message: larger ones are the program's own objects.
const MAX_MESSAGE: u64 = 256;

/// Maximal distance in the parameter list between a pointer and the parameter that gives its end.
const MAX_APART: usize = 2;

impl Eval<'_> {
    /// Finds the parameters that hold the lengths of others.
    pub(super) fn pair_parameters(&mut self) {
        let function = self.function;
        let name = |i: usize| function.body.names.text(function.params[i].name);
        let count = function.params.len();
        // Of a truncated packet, only the captured length is there.
        let captured = |len: &usize| name(*len).ends_with("caplen");
        for len in (0..count).filter(captured).chain((0..count).filter(|len| !captured(len))) {
            let kind = self.variables[len].kind;
            // The length of an address is determined by its family.
            if is_length_of_parameter(name(len))
                && matches!(kind, Kind::Int { .. } | Kind::Unknown | Kind::Pointer(_))
                && !self.variables[len].declared.contains("socklen_t")
            {
                let by_name = (0..count).find(|&p| p != len && named_for(name(p), name(len)) && self.is_bytes(p));
                let before = (0..len).rev().find(|&p| self.is_bytes(p)).filter(|p| len - p <= MAX_APART);
                // It may count frames or objects.
                let counts = names::is_count(name(len));
                let bytes = |p: &usize| !counts || self.is_array(*p);
                if let Some(pointer) = by_name.or(before).filter(bytes)
                    && let Some(length) = self.length(len)
                    && let Some(length) = self.in_bytes(pointer, length)
                {
                    let known = self.state.var(pointer as u32).and_then(|v| self.symbols.buffer(&v.linear));
                    self.give_limit(pointer, |start| start.add(&length));
                    // The packet's length on the wire is the sender's choice.
                    if let Some((_, known)) = known
                        && known.limit.sub(&length).is_some_and(|rest| rest.terms().len() > 1)
                        && let Some(s) = length.as_symbol()
                    {
                        self.symbols.info_mut(s).wire = known.wire;
                    }
                }
            }
            if names::is_count(name(len)) && matches!(kind, Kind::Int { .. }) {
                let before = (0..len).rev().find(|&p| self.variables[p].kind.is_pointer()).filter(|p| len - p <= 1);
                // `void` has no elements.
                let is_void =
                    |p: &usize| self.variables[*p].kind.pointee().is_some_and(|ty| self.types.kind(ty) == Kind::Void);
                if let Some(pointer) = before.filter(|p| self.is_array(*p) && !is_void(p))
                    && let Some(length) = self.length(len)
                    && let Some(size) = self.element_size(self.variables[pointer].kind).as_constant()
                    && let Some(bytes) = length.scaled(size)
                {
                    self.give_limit(pointer, |start| start.add(&bytes));
                }
            }
            if is_end(name(len)) && self.is_bytes(len) {
                let Some(end) = self.state.var(len as u32).map(|v| v.linear) else { continue };
                for pointer in len.saturating_sub(MAX_APART)..len {
                    if self.variables[pointer].kind == kind {
                        self.give_limit(pointer, |_| Some(end));
                    }
                }
            }
        }
    }

    /// For an indexed array of structures, the length counts structures.
    fn in_bytes(&mut self, pointer: usize, length: Linear) -> Option<Linear> {
        let Variable { kind, name, .. } = self.variables[pointer];
        let is_struct = kind.pointee().is_some_and(|ty| matches!(self.types.kind(ty), Kind::Struct(_)));
        let body = &self.function.body;
        let is_indexed = || {
            body.exprs.iter().any(|e| match e.kind {
                ExprKind::Index { base, index } => {
                    matches!(body.expr(base).kind, ExprKind::Name(n) if n == name)
                        && matches!(body.expr(body.bare(index)).kind, ExprKind::Name(_))
                }
                _ => false,
            })
        };
        if !is_struct || !is_indexed() {
            return Some(length);
        }
        self.element_size(kind).as_constant().and_then(|size| length.scaled(size))
    }

    /// Elements, by their type or by the operations: an object is only accessed through `->`.
    fn is_array(&self, param: usize) -> bool {
        let Variable { name, kind, .. } = self.variables[param];
        let object = kind.pointee().is_some_and(|ty| matches!(self.types.kind(ty), Kind::Struct(_) | Kind::Unknown));
        let body = &self.function.body;
        let named = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Name(n) if n == name);
        !object
            || body.exprs.iter().any(|e| match e.kind {
                ExprKind::Index { base, .. } => named(base),
                ExprKind::Update { operand, .. } => named(operand),
                ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, left, right } => named(left) || named(right),
                _ => false,
            })
    }

    /// The pointer leads to an object of the program, as the structure contains pointers or is very large: a number
    /// beside it counts something else.
    pub(super) fn is_object(&mut self, address: &Linear, kind: Kind) {
        if let Some(s) = address.as_symbol()
            && self.symbols.info(s).buffer.is_some_and(|b| b.room == Room::Given)
            && let Kind::Struct(ty) = kind
            && (self.types.holds_pointer(ty) || self.is_void(s) && self.types.size(ty).is_some_and(|n| n > MAX_MESSAGE))
        {
            self.symbols.info_mut(s).buffer = None;
        }
    }

    /// A parameter declared as `void *`.
    fn is_void(&self, s: Sym) -> bool {
        let What::Parameter(i) = self.symbols.info(s).what else { return false };
        self.variables[i as usize].kind.pointee().is_some_and(|ty| self.types.kind(ty) == Kind::Void)
    }

    /// The first use of what a parameter points to is an assignment.
    fn is_output(&self, param: usize) -> bool {
        let (body, name) = (&self.function.body, self.variables[param].name);
        let named = |e: ExprId| matches!(body.expr(body.bare(e)).kind, ExprKind::Name(n) if n == name);
        let behind = |e: ExprId| match body.expr(body.bare(e)).kind {
            ExprKind::Unary { op: UnaryOp::Deref, operand } => named(operand),
            ExprKind::Index { base, .. } => named(base),
            _ => false,
        };
        let first = body.exprs.iter().enumerate().filter_map(|(i, e)| match &e.kind {
            ExprKind::Assign { op: None, left, .. } if behind(*left) => Some((body.expr(*left).span.start, true)),
            ExprKind::Call { args, .. } if args.iter().any(|arg| named(*arg)) => Some((e.span.start, false)),
            _ if behind(ExprId(i as u32)) => Some((e.span.start, false)),
            _ => None,
        });
        // At the same position, the assignment comes first.
        first.min_by_key(|(at, sets)| (*at, !sets)).is_some_and(|(_, sets)| sets)
    }

    /// The value of a length parameter, direct or behind a pointer.
    fn length(&mut self, param: usize) -> Option<Linear> {
        let value = self.state.var(param as u32)?;
        if value.kind.is_pointer() && self.is_output(param) {
            return None;
        }
        let linear = match value.kind.pointee() {
            None => value.linear,
            Some(ty) => {
                let kind = self.types.kind(ty);
                if !matches!(kind, Kind::Int { bits: 16.., .. }) {
                    return None;
                }
                let key = Key { base: value.linear, path: Path::ITSELF };
                self.recall(key, kind, None, self.function.params[param].span).linear
            }
        };
        // A length is not negative: that is up to the caller.
        if let Some(s) = linear.as_symbol() {
            let info = self.symbols.info_mut(s);
            info.lo = info.lo.max(Some(0));
        }
        Some(linear)
    }

    fn give_limit(&mut self, param: usize, limit: impl Fn(&Linear) -> Option<Linear>) {
        let Some(start) = self.state.var(param as u32).map(|v| v.linear) else { return };
        let Some(s) = start.as_symbol() else { return };
        if self.symbols.info(s).buffer.is_some() {
            return;
        }
        let wire = self.evidence(param);
        self.symbols.info_mut(s).buffer = limit(&start).map(|limit| Buffer { limit, room: Room::Given, wire });
    }

    /// How certain it is that a parameter points to message bytes, by its type and names.
    fn evidence(&self, param: usize) -> Wire {
        let Variable { name, kind, declared, .. } = self.variables[param];
        let name = self.function.body.names.text(name);
        let bytes =
            kind.pointee().is_some_and(|ty| matches!(self.types.kind(ty), Kind::Int { bits: 8, signed: false }));
        let constant = declared.contains("const");
        if is_message(name) || is_decoder(&self.function.name) || (bytes && constant) {
            Wire::Weak
        } else {
            Wire::Faint
        }
    }

    fn is_bytes(&self, param: usize) -> bool {
        let Variable { kind: Kind::Pointer(ty), name, declared, .. } = self.variables[param] else { return false };
        // The length of an address is determined by its family.
        if declared.to_ascii_lowercase().contains("sockaddr") {
            return false;
        }
        match self.types.kind(ty) {
            Kind::Struct(ty) if self.types.holds_pointer(ty) => false,
            Kind::Int { bits: 8, .. } => true,
            Kind::Void => !is_handle(self.function.body.names.text(name)),
            // A header, by its name; larger structures are the program's own objects.
            kind @ (Kind::Struct(_) | Kind::Unknown) => {
                let name = self.function.body.names.text(name);
                let declared = declared.to_ascii_lowercase();
                let is_header = ["hdr", "header", "pkt", "packet", "pdu"].iter().any(|w| declared.contains(w));
                match kind {
                    Kind::Unknown => is_header || is_message(name),
                    _ => {
                        (is_header || is_message(name) || declared.contains("msg"))
                            && self.types.size(ty).is_some_and(|size| size <= MAX_HEADER)
                    }
                }
            }
            _ => false,
        }
    }

    /// A pointer was loaded from a structure that also holds the length of its data.
    pub(super) fn describe_load(&mut self, memory: &Memory, value: Value) {
        let Some(s) = value.linear.as_symbol() else { return };
        let info = self.symbols.info(s);
        let first = matches!(info.what, What::Load { .. }) && info.buffer.is_none();
        if !first || !matches!(memory.kind, Kind::Pointer(_) | Kind::Unknown) {
            return;
        }
        // The length counts elements, not bytes.
        if let Kind::Pointer(to) = memory.kind
            && !matches!(self.types.kind(to), Kind::Int { bits: 8, .. } | Kind::Void | Kind::Unknown)
        {
            return;
        }
        let Some((outer, field)) = self.paths.last(memory.key.path) else { return };
        let name = self.paths.name(field).to_owned();
        if let Some(object) = memory.cursor.and_then(|var| self.variables[var as usize].object) {
            // `data.ptr` of an object, or of one nested in a larger one.
            let place = object.data.iter().enumerate().find_map(|(i, data)| {
                let mut fields = data.rsplit('.');
                let last = |path: Path, field: &str| {
                    self.paths.last(path).filter(|(_, own)| self.paths.name(*own) == field).map(|(before, _)| before)
                };
                Some((i, fields.try_fold(memory.key.path, last)?))
            });
            if let Some((i, outer)) = place
                && let Some(length) = object.length.get(i).or(object.length.first())
            {
                let path = length.split('.').fold(outer, |path, field| self.paths.field(path, field));
                let wire = if object.text { Wire::Faint } else { Wire::Weak };
                self.limit_load(s, Key { base: memory.key.base, path }, Kind::Unknown, wire);
                return;
            }
        }
        for length in names::lengths_of(&name) {
            let kind = match memory.owner {
                Some(ty) => match self.types.field(ty, &length) {
                    Some(field) => field.kind,
                    None => continue,
                },
                // The structure is not declared in sight: its length field has to be used here.
                None if (names::is_data(&name)
                    || (memory.cursor.is_some() && names::is_own_length(&name, &length)))
                    && self.has_field_beside(memory.cursor, &length) =>
                {
                    Kind::Unknown
                }
                None => continue,
            };
            if !matches!(kind, Kind::Int { bits: 16.., .. } | Kind::Unknown) {
                continue;
            }
            let path = self.paths.field(outer, &length);
            let wire = if memory.owner.is_some() { Wire::Weak } else { Wire::Faint };
            self.limit_load(s, Key { base: memory.key.base, path }, kind, wire);
            return;
        }
    }

    /// The function uses a field of that name, of the given variable if there is one.
    fn has_field_beside(&self, variable: Option<u32>, name: &str) -> bool {
        let body = &self.function.body;
        let Some(name) = body.names.find(name) else { return false };
        let Some(variable) = variable.map(|var| self.variables[var as usize].name) else { return true };
        body.exprs.iter().any(|e| match e.kind {
            ExprKind::Member { base, field, .. } if field == name => match body.expr(base).kind {
                ExprKind::Name(of) => of == variable,
                ExprKind::Member { .. } => false,
                _ => true,
            },
            _ => false,
        })
    }

    /// The value at `length` is the number of bytes that `pointer` points to.
    fn limit_load(&mut self, pointer: Sym, length: Key, kind: Kind, wire: Wire) {
        let value = self.recall(length, kind, None, self.function.span);
        if let Some(n) = value.linear.as_symbol() {
            let info = self.symbols.info_mut(n);
            info.lo = info.lo.max(Some(0));
        }
        let limit = Linear::symbol(pointer).add(&value.linear);
        self.symbols.info_mut(pointer).buffer = limit.map(|limit| Buffer { limit, room: Room::Given, wire });
    }

    /// `end = p + n` gives the end of what `p` points to.
    pub(super) fn note_limit(&mut self, var: u32, name: &str, value: &Value) {
        if !names::is_end(name) || !self.variables[var as usize].kind.is_pointer() {
            return;
        }
        let start = value.linear.terms().iter().find(|(s, k)| {
            let info = self.symbols.info(*s);
            let pointer = matches!(info.what, What::Parameter(_) | What::Load { .. } | What::Fresh);
            *k == 1 && pointer && info.buffer.is_none() && info.hi.is_none() && info.wire == Wire::No
        });
        let Some(&(start, _)) = start.filter(|_| value.linear.terms().len() > 1) else { return };
        let buffer = Buffer { limit: value.linear, room: Room::Given, wire: Wire::Faint };
        self.symbols.info_mut(start).buffer = Some(buffer);
    }

    /// How likely it is that a value read for the first time is controlled by an outside party.
    pub(super) fn looks_received(&self, key: &Key, kind: Kind) -> Wire {
        let number = matches!(kind, Kind::Int { .. } | Kind::Unknown);
        let bytes = matches!(kind, Kind::Int { bits: 8, .. });
        let given = |base: &Linear| {
            base.terms()
                .iter()
                .any(|(s, _)| matches!(self.symbols.info(*s).what, What::Parameter(_) | What::Load { .. }))
        };
        match self.paths.last(key.path) {
            Some((_, field)) if number && names::is_length(self.paths.name(field)) => Wire::Faint,
            None if bytes && given(&key.base) => Wire::Faint,
            None if number
                && key.base.as_symbol().is_some_and(|s| match self.symbols.info(s).what {
                    // Nobody controls a constant.
                    What::Global(name) => {
                        let name = self.paths.name(name);
                        names::is_length(name) && name.bytes().any(|b| b.is_ascii_lowercase())
                    }
                    _ => false,
                }) =>
            {
                Wire::Faint
            }
            _ => Wire::No,
        }
    }
}
