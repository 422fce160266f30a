//! Whether a decoder checks a length before it reads, judging by the names of lengths and of functions that check.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{length_beside, messages};
use crate::analysis::access::{Place, Step, place};
use crate::analysis::messages::Input;
use crate::analysis::received::is_length_name;
use crate::hir::{BinaryOp, Body, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::Program;
use crate::program::catalog::model::MessageObject;
use crate::source::{FileId, Span};

/// What a decoder does first.
#[derive(Clone, Copy, Default)]
pub struct Profile {
    pub read: Option<Span>,
    /// The read may be of the first bytes, which selected the decoder.
    pub is_header: bool,
    pub test: Option<Span>,
    /// The first condition on a length.
    pub late: Option<Span>,
}

impl Profile {
    pub fn is_checked(&self) -> bool {
        self.test.is_some_and(|t| self.read.is_none_or(|r| t.start < r.start))
    }
}

/// The variables that hold the message and its length in one function.
struct Names<'a> {
    body: &'a Body,
    /// With the fields that point to their bytes.
    objects: FxHashMap<Symbol, &'a MessageObject>,
    bytes: FxHashSet<Symbol>,
    lengths: FxHashSet<Symbol>,
}

pub fn profile(program: &Program, input: &Input) -> Profile {
    let body = &input.function.body;
    let mut names =
        Names { body, objects: FxHashMap::default(), bytes: FxHashSet::default(), lengths: FxHashSet::default() };
    for i in messages(program, input) {
        let declared = input.text.get(input.function.params[i].span.range()).unwrap_or_default();
        let name = input.function.params[i].name;
        match program.message_object(declared) {
            Some(object) => {
                names.objects.insert(name, object);
            }
            None => {
                names.bytes.insert(name);
            }
        }
        names.lengths.extend(length_beside(input, i).map(|l| input.function.params[l].name));
    }
    names.spread();
    let mut profile = Profile::default();
    let first = |at: &mut Option<Span>, span: Span| {
        if at.is_none_or(|old| span.start < old.start) {
            *at = Some(span);
        }
    };
    let mut written: FxHashSet<ExprId> = FxHashSet::default();
    for e in &body.exprs {
        if let ExprKind::Assign { op: None, left, .. } = e.kind {
            written.insert(left);
        }
        if let ExprKind::Unary { op: UnaryOp::AddressOf, operand } | ExprKind::Sizeof { operand: Some(operand), .. } =
            e.kind
        {
            written.insert(operand);
        }
    }
    for (i, stmt) in body.stmts.iter().enumerate() {
        if let Some(cond) = stmt.kind.condition()
            && !matches!(stmt.kind, StmtKind::Switch { .. })
            && names.asks_length(cond)
        {
            first(&mut profile.test, body.expr(cond).span);
            first(&mut profile.late, body.expr(cond).span);
        }
        body.own_exprs(StmtId(i as u32), &mut |root| {
            body.walk(root, &mut |e| {
                let span = body.expr(e).span;
                match &body.expr(e).kind {
                    ExprKind::Conditional { cond, .. } if names.asks_length(*cond) => first(&mut profile.test, span),
                    ExprKind::Call { args, .. } if names.tests(e, args) => first(&mut profile.test, span),
                    _ if !written.contains(&e) && names.reads(program, input.function.file, root, e) => {
                        first(&mut profile.read, span);
                        if profile.read == Some(span) {
                            profile.is_header = names.is_first(e);
                        }
                    }
                    _ => {}
                }
            });
        });
    }
    profile
}

impl Names<'_> {
    /// Adds variables that hold pointers into the message or lengths.
    fn spread(&mut self) {
        let body = self.body;
        for _ in 0..2 {
            for stmt in &body.stmts {
                let StmtKind::Decl(all) = &stmt.kind else { continue };
                for d in all {
                    if let Some(init) = d.init {
                        self.kept(d.name, init, d.form == DeclaratorForm::Pointer);
                    }
                }
            }
            for e in &body.exprs {
                if let ExprKind::Assign { op: None, left, right } = e.kind
                    && let ExprKind::Name(name) = body.expr(left).kind
                {
                    let is_pointer = self.points(right).is_some();
                    self.kept(name, right, is_pointer);
                }
            }
        }
    }

    fn kept(&mut self, name: Symbol, value: ExprId, is_pointer: bool) {
        if is_pointer && self.points(value).is_some() {
            self.bytes.insert(name);
        } else if !is_pointer && self.has_length(value) {
            self.lengths.insert(name);
        }
    }

    /// `buf`, `buf + 4`, `(struct h *)buf`, `&buf[2]`, `msg->data`.
    fn points(&self, e: ExprId) -> Option<()> {
        let body = self.body;
        match body.expr(e).kind {
            ExprKind::Cast { operand, .. } => self.points(operand),
            ExprKind::Binary { op: BinaryOp::Add, left, .. } => {
                matches!(body.expr(left).kind, ExprKind::Name(_)).then(|| self.points(left))?
            }
            ExprKind::Name(name) => self.bytes.contains(&name).then_some(()),
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                let p = place(body, operand)?;
                (self.bytes.contains(&p.base) && p.path.last() == Some(&Step::Index)).then_some(())
            }
            ExprKind::Member { .. } => place(body, e).filter(|p| self.is_data(p)).map(|_| ()),
            _ => None,
        }
    }

    /// `msg->data`, `msg->l3h`.
    fn is_data(&self, p: &Place) -> bool {
        let [Step::Deref, Step::Field(field)] = p.path[..] else { return false };
        let text = self.body.names.text(field);
        self.objects.get(&p.base).is_some_and(|object| object.data.iter().any(|d| d == text))
    }

    fn has_length(&self, e: ExprId) -> bool {
        const WORDS: [&str; 6] = ["len", "left", "remain", "size", "avail", "readable"];
        let body = self.body;
        let mut found = false;
        body.walk(e, &mut |e| match &body.expr(e).kind {
            ExprKind::Name(name) => found |= self.lengths.contains(name),
            ExprKind::Member { base, field, .. } => {
                let text = body.names.text(*field);
                let object = match body.expr(*base).kind {
                    ExprKind::Name(name) => self.objects.get(&name),
                    _ => None,
                };
                let ends = object.is_some_and(|o| o.end.iter().chain(&o.length).any(|f| f == text));
                found |= ends || is_length_name(text);
            }
            ExprKind::Call { args, .. } => {
                let lower = body.callee(e).unwrap_or_default().to_ascii_lowercase();
                found |= WORDS.iter().any(|w| lower.contains(w)) && args.iter().any(|&a| self.mentions(a));
            }
            _ => {}
        });
        found
    }

    fn mentions(&self, e: ExprId) -> bool {
        let body = self.body;
        let mut found = false;
        body.walk(e, &mut |e| {
            if let ExprKind::Name(name) = body.expr(e).kind {
                found |= self.objects.contains_key(&name) || self.bytes.contains(&name);
            }
        });
        found
    }

    /// Whether a condition tests a length, or how far a pointer is.
    fn asks_length(&self, cond: ExprId) -> bool {
        let body = self.body;
        let mut found = self.has_length(cond);
        body.walk(cond, &mut |e| {
            if let ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, right } =
                body.expr(e).kind
            {
                found |= [left, right].iter().any(|&side| self.points(side).is_some());
            }
        });
        found
    }

    /// Whether a call is passed a length, or checks whether enough bytes are left.
    fn tests(&self, call: ExprId, args: &[ExprId]) -> bool {
        const WORDS: [&str; 11] =
            ["check", "require", "ensure", "need", "avail", "valid", "verify", "assert", "remain", "enough", "eof"];
        let body = self.body;
        let lower = body.callee(call).unwrap_or_default().to_ascii_lowercase();
        let is_given = args.iter().any(|&a| {
            let mut found = false;
            body.walk(a, &mut |e| found |= matches!(body.expr(e).kind, ExprKind::Name(n) if self.lengths.contains(&n)));
            found
        });
        is_given || (WORDS.iter().any(|w| lower.contains(w)) && args.iter().any(|&a| self.mentions(a)))
    }

    /// Whether bytes of the message are read.
    fn reads(&self, program: &Program, file: FileId, root: ExprId, e: ExprId) -> bool {
        const WORDS: [&str; 9] = ["get", "read", "val", "ntoh", "peek", "load", "extract", "be16", "be32"];
        let body = self.body;
        let into = |p: Option<Place>| p.is_some_and(|p| self.bytes.contains(&p.base) || self.is_data_at(&p));
        match &body.expr(e).kind {
            ExprKind::Index { base, .. } => self.points(*base).is_some(),
            ExprKind::Unary { op: UnaryOp::Deref, operand } => self.points(*operand).is_some() || self.steps(*operand),
            ExprKind::Member { base, arrow: true, .. } => {
                matches!(body.expr(*base).kind, ExprKind::Name(n) if self.bytes.contains(&n))
            }
            ExprKind::Call { args, .. } if e != root => {
                let name = body.callee(e).unwrap_or_default();
                let lower = name.to_ascii_lowercase();
                let is_reader = WORDS.iter().any(|w| lower.contains(w))
                    || program.model(name, file).is_some_and(|m| m.extractor().is_some());
                is_reader && args.first().is_some_and(|&a| self.points(a).is_some() || into(place(body, a)))
            }
            ExprKind::Call { args, .. } => {
                let name = body.callee(e).unwrap_or_default();
                matches!(name, "memcpy" | "memmove" | "pj_memcpy")
                    && args.get(1).is_some_and(|&a| self.points(a).is_some())
                    && !args.get(2).is_some_and(|&size| self.has_length(size))
            }
            _ => false,
        }
    }

    /// Whether the read is at the start of the message, with nothing added to it.
    fn is_first(&self, e: ExprId) -> bool {
        let body = self.body;
        let mut first = true;
        body.walk(e, &mut |e| match body.expr(e).kind {
            ExprKind::Binary { op: BinaryOp::Add, .. } => first = false,
            ExprKind::Index { index, .. } => {
                first &= matches!(body.expr(index).kind, ExprKind::Number(n) if body.names.text(n) == "0");
            }
            _ => {}
        });
        first
    }

    fn is_data_at(&self, p: &Place) -> bool {
        let first = Place { base: p.base, path: p.path.iter().take(2).cloned().collect() };
        p.path.len() > 2 && self.is_data(&first)
    }

    /// `*p++`
    fn steps(&self, e: ExprId) -> bool {
        matches!(self.body.expr(e).kind, ExprKind::Update { operand, .. } if self.points(operand).is_some())
    }
}
