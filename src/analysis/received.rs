//! Which variables of a function are tainted by a message: they hold what came in it or were computed from that,
//! judging by parameter names, calls and assignments, in any order.

use rustc_hash::FxHashSet;

use super::access::place;
use super::messages::Input;
use crate::hir::{Body, ExprId, ExprKind, Function, StmtKind, Symbol};
use crate::program::Program;
use crate::source::{FileId, Span};

/// How many chained assignments are followed.
const MAX_ROUNDS: usize = 4;

pub struct Received {
    symbols: FxHashSet<Symbol>,
    /// Parameters that point to the bytes of a message.
    pub buffers: FxHashSet<Symbol>,
    calls: FxHashSet<ExprId>,
}

impl Received {
    /// `text` is the text of the function's file.
    pub fn new(program: &Program, function: &Function, text: &str) -> Received {
        let body = &function.body;
        let mut received =
            Received { symbols: FxHashSet::default(), buffers: FxHashSet::default(), calls: FxHashSet::default() };
        received.parameters(program, function, text);
        for (call, name, args) in body.calls() {
            let Some(model) = program.model(name, function.file) else { continue };
            let gives = model.extractor().is_some() || model.source().is_some() || model.number_parser().is_some();
            if gives {
                received.calls.insert(call);
            }
            let outs = [
                model.source().and_then(|s| s.buf),
                model.source().and_then(|s| s.len_out.or(s.len_inout)),
                model.extractor().and_then(|e| e.out),
                model.number_parser().and_then(|n| n.out),
            ];
            for out in outs.into_iter().flatten().filter_map(|a| a.index()) {
                received.symbols.extend(args.get(out).and_then(|&a| base(body, a)));
            }
        }
        received.spread(body);
        received
    }

    fn parameters(&mut self, program: &Program, function: &Function, text: &str) {
        let body = &function.body;
        let is_pointer = |span: Span| text.get(span.range()).is_some_and(|t| t.contains(['*', '[']));
        let objects = program.catalog.message_objects();
        for (i, p) in function.params.iter().enumerate() {
            let declared = text.get(p.span.range()).unwrap_or_default();
            if objects.iter().any(|o| !o.text && o.types.iter().any(|t| has_words(declared, t))) {
                self.symbols.insert(p.name);
                continue;
            }
            if !is_pointer(p.span) || !points_to_bytes(declared) {
                continue;
            }
            for (j, q) in function.params.iter().enumerate().filter(|(j, q)| *j != i && !is_pointer(q.span)) {
                let (buf, len) = (body.names.text(p.name), body.names.text(q.name));
                let is_pair = program.catalog.message_pair(&function.name, buf, len).is_some()
                    || (j.abs_diff(i) == 1 && is_length_name(len));
                if is_pair {
                    self.symbols.extend([p.name, q.name]);
                    self.buffers.insert(p.name);
                }
            }
        }
    }

    fn spread(&mut self, body: &Body) {
        for _ in 0..MAX_ROUNDS {
            let before = self.symbols.len();
            for stmt in &body.stmts {
                let StmtKind::Decl(all) = &stmt.kind else { continue };
                for d in all {
                    if d.init.is_some_and(|init| self.mentions(body, init)) {
                        self.symbols.insert(d.name);
                    }
                }
            }
            for e in &body.exprs {
                if let ExprKind::Assign { left, right, .. } = e.kind
                    && self.mentions(body, right)
                    && let ExprKind::Name(name) = body.expr(left).kind
                {
                    self.symbols.insert(name);
                }
            }
            if self.symbols.len() == before {
                break;
            }
        }
    }

    /// Whether some part of `e` came in a message.
    pub fn mentions(&self, body: &Body, e: ExprId) -> bool {
        let mut found = false;
        body.walk(e, &mut |e| {
            found |= self.calls.contains(&e)
                || matches!(body.expr(e).kind, ExprKind::Name(name) if self.symbols.contains(&name));
        });
        found
    }

    /// Whether `call` reads a number from a message or receives one.
    pub fn is_read(&self, call: ExprId) -> bool {
        self.calls.contains(&call)
    }

    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty() && self.calls.is_empty()
    }
}

/// The fields that some function of their file fills with a number from a message.
#[derive(Default)]
pub struct Fields {
    of: FxHashSet<(FileId, Box<str>)>,
}

impl Fields {
    pub fn new(program: &Program, inputs: &[Input]) -> Fields {
        let mut fields = Fields::default();
        for function in inputs.iter().map(|i| i.function) {
            let body = &function.body;
            for e in &body.exprs {
                if let ExprKind::Assign { op: None, left, right } = e.kind
                    && let ExprKind::Member { field, .. } = body.expr(left).kind
                    && reads_field(program, function, right)
                {
                    fields.of.insert((function.file, body.names.text(field).into()));
                }
            }
        }
        fields
    }

    pub fn is_filled(&self, file: FileId, field: &str) -> bool {
        self.of.contains(&(file, field.into()))
    }
}

/// `ntohl(…)`, and `htonl(p->field)`, which does the same.
fn reads_field(program: &Program, function: &Function, e: ExprId) -> bool {
    let body = &function.body;
    let ExprKind::Call { args, .. } = &body.expr(e).kind else { return false };
    let Some(name) = body.callee(e) else { return false };
    let is_field = || args.first().is_some_and(|&a| matches!(body.expr(a).kind, ExprKind::Member { arrow: true, .. }));
    program.model(name, function.file).is_some_and(|m| m.extractor().is_some())
        || (matches!(name, "htonl" | "htons") && is_field())
}

fn base(body: &Body, e: ExprId) -> Option<Symbol> {
    match body.expr(e).kind {
        ExprKind::Unary { op: crate::hir::UnaryOp::AddressOf, operand } => base(body, operand),
        _ => place(body, e).map(|p| p.base),
    }
}

pub(super) fn points_to_bytes(declared: &str) -> bool {
    const BYTES: [&str; 9] = ["uint8_t", "u_int8_t", "u8", "char", "u_char", "uchar", "void", "BYTE", "byte"];
    let is_byte = |word: &str| BYTES.contains(&word) || word.ends_with("uint8_t") || word.ends_with("_u8");
    declared.split(|c: char| !c.is_alphanumeric() && c != '_').any(is_byte)
}

/// `len`, `msg_len`, `size`, `n`.
pub fn is_length_name(name: &str) -> bool {
    const ENDS: [&str; 6] = ["len", "length", "size", "bytes", "count", "left"];
    let lower = name.to_ascii_lowercase();
    matches!(&*lower, "n" | "sz" | "l") || ENDS.iter().any(|end| lower.ends_with(end))
}

/// Whether `declared` names the type `words`, which is a word or two.
fn has_words(declared: &str, words: &str) -> bool {
    declared.match_indices(words).any(|(at, _)| {
        let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !is_part(declared[..at].chars().next_back()) && !is_part(declared[at + words.len()..].chars().next())
    })
}
