//! Buffers told by what stands beside them: `(buf, len)`, `(cursor, end)`, `text.s` with `text.len`.

use super::eval::{Eval, Frame};
use super::linear::Linear;
use super::place::Memory;
use super::state::{Key, Value};
use super::symbols::{Buffer, Room, What, Wire};
use super::types::Kind;
use crate::hir::ExprId;

/// A field that points to bytes, and the one beside it that says how many.
const FIELDS: &[(&str, &[&str])] = &[
    ("s", &["len"]),
    ("p", &["l", "len"]),
    ("ptr", &["slen", "len", "length", "size"]),
    ("v", &["l"]),
    ("val", &["len", "length"]),
    ("value", &["len", "length", "value_len"]),
];

impl Eval<'_> {
    /// Finds the parameters that say how long others are.
    pub(super) fn pair_parameters(&mut self) {
        let function = self.function;
        let name = |i: usize| function.body.names.text(function.params[i].name);
        let count = function.params.len();
        for len in 0..count {
            let kind = self.variables[len].kind;
            if is_length(name(len)) && matches!(kind, Kind::Int { .. } | Kind::Unknown | Kind::Pointer(_)) {
                let by_name = (0..count).find(|&p| p != len && named_for(name(p), name(len)) && self.is_bytes(p));
                let before = (0..len).rev().find(|&p| self.is_bytes(p)).filter(|p| len - p <= 2);
                if let Some(pointer) = by_name.or(before)
                    && let Some(length) = self.length(len)
                {
                    self.give_limit(pointer, |start| start.add(&length));
                }
            }
            if is_end(name(len)) && self.is_bytes(len) {
                let Some(end) = self.state.var(len as u32).map(|v| v.linear) else { continue };
                for pointer in 0..len {
                    if self.variables[pointer].kind == kind {
                        self.give_limit(pointer, |_| Some(end));
                    }
                }
            }
        }
    }

    /// The number that a length parameter gives, itself or behind a pointer.
    fn length(&mut self, param: usize) -> Option<Linear> {
        let value = self.state.var(param as u32)?;
        let linear = match value.kind.pointee() {
            None => value.linear,
            Some(ty) => {
                let kind = self.types.kind(ty);
                if !matches!(kind, Kind::Int { bits: 16.., .. }) {
                    return None;
                }
                let key = Key { base: value.linear, path: super::state::Path::ITSELF };
                self.recall(key, kind, None, self.function.params[param].span).linear
            }
        };
        // A length is not negative: that is for who passes it to see to.
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

    /// How surely a parameter leads to bytes of a message, told by its type and the names.
    fn evidence(&self, param: usize) -> Wire {
        let function = self.function;
        let name = function.body.names.text(function.params[param].name);
        let span = function.params[param].span;
        let unit = self.cx.program.unit(function.file);
        let text = unit.base.code.get(span.range()).unwrap_or("");
        let bytes = self.variables[param]
            .kind
            .pointee()
            .is_some_and(|ty| matches!(self.types.kind(ty), Kind::Int { bits: 8, signed: false }));
        let constant = text.contains("const");
        if is_message(name) || is_decoder(&function.name) || (bytes && constant) { Wire::Weak } else { Wire::Faint }
    }

    fn is_bytes(&self, param: usize) -> bool {
        match self.variables[param].kind {
            Kind::Pointer(ty) => {
                matches!(self.types.kind(ty), Kind::Int { bits: 8, .. } | Kind::Void | Kind::Unknown | Kind::Struct(_))
            }
            _ => false,
        }
    }

    /// A pointer was loaded from a structure that also says how much is there.
    pub(super) fn describe_load(&mut self, memory: &Memory, value: Value) {
        let Some(s) = value.linear.as_symbol() else { return };
        let info = self.symbols.info(s);
        let first = matches!(info.what, What::Load { .. }) && info.buffer.is_none();
        if !first || !matches!(memory.kind, Kind::Pointer(_) | Kind::Unknown) {
            return;
        }
        let Some((outer, field)) = self.paths.last(memory.key.path) else { return };
        let name = self.paths.name(field).to_owned();
        let Some((_, lengths)) = FIELDS.iter().find(|(data, _)| *data == name) else { return };
        let span = self.function.span;
        for &length in *lengths {
            let found = memory.owner.and_then(|ty| self.types.field(ty, length));
            let kind = match (memory.owner, found) {
                (Some(_), None) => continue,
                (Some(_), Some(field)) => field.kind,
                (None, _) => return,
            };
            if !matches!(kind, Kind::Int { .. }) {
                continue;
            }
            let path = self.paths.field(outer, length);
            let value = self.recall(Key { base: memory.key.base, path }, kind, None, span);
            if let Some(n) = value.linear.as_symbol() {
                let info = self.symbols.info_mut(n);
                info.lo = info.lo.max(Some(0));
            }
            let limit = Linear::symbol(s).add(&value.linear);
            let buffer = limit.map(|limit| Buffer { limit, room: Room::Given, wire: Wire::Weak });
            self.symbols.info_mut(s).buffer = buffer;
            return;
        }
    }

    /// A variable in memory got its first value.
    pub(super) fn initialised(&mut self, var: u32, _f: &Frame, _init: ExprId) {
        let address = self.local_address(var);
        if let Some(root) = address.as_symbol() {
            let event = self.event();
            self.state.change_root(root, event);
        }
    }
}

fn ends_with_any(name: &str, words: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    words.iter().any(|word| lower.ends_with(word))
}

/// A parameter that by its name counts bytes.
fn is_length(name: &str) -> bool {
    ends_with_any(name, &["len", "length", "size", "left", "remain", "remaining", "avail", "nbytes", "octets", "bytes"])
        || matches!(name, "n" | "sz" | "cnt" | "l" | "count" | "cb")
        || name.ends_with("_sz")
}

/// A parameter that by its name points behind the last byte.
fn is_end(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(&*lower, "end" | "max" | "limit" | "lim" | "last" | "stop" | "ep")
        || lower.ends_with("_end")
        || lower.ends_with("end") && lower.len() <= 8
        || lower.ends_with("endptr")
        || lower.ends_with("_max")
}

/// `data` and `datalen`, `in` and `in_len`.
fn named_for(data: &str, len: &str) -> bool {
    let (data, len) = (data.to_ascii_lowercase(), len.to_ascii_lowercase());
    data.len() >= 2 && len.len() > data.len() && len.starts_with(&data)
}

fn is_message(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["pkt", "packet", "pdu", "msg", "frame", "payload", "datagram", "octets", "wire", "raw"]
        .iter()
        .any(|word| lower.contains(word))
}

fn is_decoder(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "parse",
        "decode",
        "unpack",
        "deserial",
        "unmarshal",
        "dissect",
        "recv",
        "receive",
        "_rx",
        "rx_",
        "input",
        "handle",
    ]
    .iter()
    .any(|word| lower.contains(word))
}
