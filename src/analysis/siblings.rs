//! Decoders that belong together, named in one table or called by one `switch` with the same message, and what each does
//! first: look at a length or read. Where most look first, one that does not is told by the others (Engler et al., "Bugs
//! as Deviant Behavior", 2001).

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::access::{Place, Step, place};
use super::messages::{Input, numbers};
use super::received::{is_length_name, points_to_bytes};
use super::sections::sections;
use crate::hir::{BinaryOp, Body, DeclaratorForm, ExprId, ExprKind, Function, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::catalog::model::MessageObject;
use crate::program::{Definition, Program, guarded};
use crate::source::{FileId, Span};

/// So many functions of one table or `switch` at most.
const MAX_MEMBERS: usize = 256;
/// Fewer say nothing of each other.
const MIN_MEMBERS: usize = 3;

/// One that reads where its siblings look at a length first.
#[derive(Clone, Debug)]
pub struct Outlier {
    pub read: Span,
    /// It looks at the length, but behind the read.
    pub late: Option<Span>,
    /// Where the siblings are named together.
    pub group: (FileId, Span),
    pub is_table: bool,
    pub checked: usize,
    pub of: usize,
    /// Names and first tests of siblings.
    pub examples: Vec<(String, FileId, Span)>,
}

#[derive(Default)]
pub struct Siblings {
    of: FxHashMap<(FileId, u32), Outlier>,
}

struct Group {
    members: Vec<u32>,
    /// What chooses between them was read from the message.
    asks: bool,
    at: (FileId, Span),
    is_table: bool,
}

/// What a decoder does first.
#[derive(Clone, Copy, Default)]
struct Profile {
    read: Option<Span>,
    /// What is read may be what stands first, which chose between the decoders.
    is_header: bool,
    test: Option<Span>,
    /// The first condition on a length.
    late: Option<Span>,
}

impl Profile {
    fn is_checked(&self) -> bool {
        self.test.is_some_and(|t| self.read.is_none_or(|r| t.start < r.start))
    }
}

impl Siblings {
    pub fn new(program: &Program, inputs: &[Input]) -> Siblings {
        let numbers = numbers(inputs);
        let mut groups: Vec<Group> = inputs
            .par_iter()
            .map(|input| guarded(|| switches(program, inputs, input, &numbers)).unwrap_or_default())
            .flatten()
            .collect();
        let files: FxHashSet<FileId> = inputs.iter().map(|i| i.function.file).collect();
        let mut files: Vec<FileId> = files.into_iter().collect();
        files.sort_unstable();
        let tables: Vec<Group> =
            files.par_iter().map(|&file| tables(program, inputs, file, &numbers)).flatten().collect();
        groups.extend(tables);
        let wanted: FxHashSet<u32> = groups.iter().flat_map(|g| g.members.iter().copied()).collect();
        let mut wanted: Vec<u32> = wanted.into_iter().collect();
        wanted.sort_unstable();
        let profiles: FxHashMap<u32, Profile> = wanted
            .par_iter()
            .map(|&n| (n, guarded(|| profile(program, &inputs[n as usize])).unwrap_or_default()))
            .collect();
        let mut siblings = Siblings::default();
        for group in &groups {
            siblings.judge(inputs, &profiles, group);
        }
        siblings
    }

    pub fn of(&self, function: &Function) -> Option<&Outlier> {
        self.of.get(&(function.file, function.span.start))
    }

    fn judge(&mut self, inputs: &[Input], profiles: &FxHashMap<u32, Profile>, group: &Group) {
        let of = |n: &u32| profiles.get(n).copied().unwrap_or_default();
        let checked: Vec<u32> = group.members.iter().copied().filter(|n| of(n).is_checked()).collect();
        let others: Vec<u32> =
            group.members.iter().copied().filter(|n| of(n).read.is_some() && !of(n).is_checked()).collect();
        let total = checked.len() + others.len();
        if total < MIN_MEMBERS || checked.len() < 2 {
            return;
        }
        for n in others {
            let function = inputs[n as usize].function;
            let Some(read) = of(&n).read else { continue };
            // Its own test behind the read says that the length is to be looked at.
            let enough = match of(&n).late {
                Some(_) => checked.len() * 2 >= total,
                None => checked.len() * 3 >= total * 2,
            };
            if !enough || (of(&n).is_header && group.asks) {
                continue;
            }
            let examples = checked.iter().filter_map(|c| {
                let f = inputs[*c as usize].function;
                Some((f.name.clone(), f.file, of(c).test?))
            });
            let outlier = Outlier {
                read,
                late: of(&n).late,
                group: group.at,
                is_table: group.is_table,
                checked: checked.len(),
                of: total,
                examples: examples.take(2).collect(),
            };
            self.of.entry((function.file, function.span.start)).or_insert(outlier);
        }
    }
}

/// The parameters that are a message: its bytes, or an object that holds them.
fn messages(program: &Program, input: &Input) -> Vec<usize> {
    let declared = |i: usize| input.text.get(input.function.params[i].span.range()).unwrap_or_default();
    let all = 0..input.function.params.len();
    all.filter(|&i| {
        let text = declared(i);
        let object = program.message_object(text);
        if object.is_some_and(|o| o.text) {
            return false;
        }
        let is_object = object.is_some();
        let is_text = text.contains("char") && !text.contains("unsigned");
        let bytes = text.contains(['*', '[']) && !text.contains("**") && points_to_bytes(text) && !is_text;
        is_object || (bytes && (!text.contains("void") || length_beside(input, i).is_some()))
    })
    .collect()
}

/// The length behind a buffer.
fn length_beside(input: &Input, i: usize) -> Option<usize> {
    let next = input.function.params.get(i + 1)?;
    let declared = input.text.get(next.span.range()).unwrap_or_default();
    (!declared.contains(['*', '[']) && is_length_name(input.function.body.names.text(next.name))).then_some(i + 1)
}

/// The one function that a name means.
fn number(program: &Program, numbers: &FxHashMap<Definition, u32>, name: &str, file: FileId) -> Option<u32> {
    let [one] = program.callees(name, file)[..] else { return None };
    numbers.get(&one).copied().filter(|_| !program.macros.is_defined(name))
}

/// The functions that the sections of a `switch` call with the same message.
fn switches(program: &Program, inputs: &[Input], input: &Input, numbers: &FxHashMap<Definition, u32>) -> Vec<Group> {
    let body = &input.function.body;
    let mut groups = Vec::new();
    for (i, stmt) in body.stmts.iter().enumerate() {
        if !matches!(stmt.kind, StmtKind::Switch { .. }) {
            continue;
        }
        let mut by_message: Vec<(String, Vec<u32>)> = Vec::new();
        for section in sections(body, StmtId(i as u32)) {
            let mut calls = Vec::new();
            for &s in &section.stmts {
                body.walk_first(s, 200, &mut |s| body.own_exprs(s, &mut |e| calls.push(e)));
            }
            let mut found = Vec::new();
            for root in calls {
                body.walk(root, &mut |e| {
                    if let ExprKind::Call { args, .. } = &body.expr(e).kind
                        && let Some(n) = body.callee(e).and_then(|n| number(program, numbers, n, input.function.file))
                        && let Some(key) = given(program, body, input.text, &inputs[n as usize], args)
                    {
                        found.push((key, n));
                    }
                });
            }
            for (key, n) in found {
                match by_message.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, all)) if all.contains(&n) || all.len() >= MAX_MEMBERS => {}
                    Some((_, all)) => all.push(n),
                    None => by_message.push((key, vec![n])),
                }
            }
        }
        let at = (input.function.file, stmt.span);
        let Some(chosen) = stmt.kind.condition() else { continue };
        let large = by_message.into_iter().filter(|(_, m)| m.len() >= MIN_MEMBERS);
        groups.extend(large.map(|(key, members)| {
            let message = key.split(|c: char| !c.is_alphanumeric() && c != '_').find_map(|w| body.names.find(w));
            let asks = message.is_some_and(|m| comes_from(body, chosen, m));
            Group { members, asks, at, is_table: false }
        }));
    }
    groups
}

/// The expression, or what its variables are given, names the message.
fn comes_from(body: &Body, e: ExprId, message: Symbol) -> bool {
    let given = |name: Symbol| {
        let sets = body.exprs.iter().filter_map(move |e| match e.kind {
            ExprKind::Assign { left, right, .. } => body.mentions(left, name).then_some(right),
            _ => None,
        });
        let declares = body.stmts.iter().flat_map(move |s| match &s.kind {
            StmtKind::Decl(all) => all.iter().filter(|d| d.name == name).filter_map(|d| d.init).collect(),
            _ => Vec::new(),
        });
        sets.chain(declares).any(|value| body.mentions(value, message))
    };
    let mut found = false;
    body.walk(e, &mut |e| {
        if let ExprKind::Name(name) = body.expr(e).kind {
            found |= name == message || given(name);
        }
    });
    found
}

/// What a call gives as the message and its length, as written.
fn given(program: &Program, body: &Body, text: &str, callee: &Input, args: &[ExprId]) -> Option<String> {
    let i = *messages(program, callee).first()?;
    let mut key = text.get(body.expr(*args.get(i)?).span.range())?.to_owned();
    if let Some(len) = length_beside(callee, i) {
        key.push(',');
        key.push_str(text.get(body.expr(*args.get(len)?).span.range())?);
    }
    Some(key)
}

/// The functions that a table of the file names, those of the same parameters together.
fn tables(program: &Program, inputs: &[Input], file: FileId, numbers: &FxHashMap<Definition, u32>) -> Vec<Group> {
    let unit = program.unit(file);
    let mut groups = Vec::new();
    for span in &unit.base.declarations {
        let Some(code) = unit.base.code.get(span.range()) else { continue };
        let Some(from) = code.find('=').filter(|at| code[*at..].contains('{')) else { continue };
        let mut by_form: Vec<(String, Vec<u32>)> = Vec::new();
        for word in code[from..].split(|c: char| !c.is_alphanumeric() && c != '_') {
            if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let Some(n) = number(program, numbers, word, file) else { continue };
            let form = form(&inputs[n as usize]);
            match by_form.iter_mut().find(|(f, _)| *f == form) {
                Some((_, all)) if all.contains(&n) || all.len() >= MAX_MEMBERS => {}
                Some((_, all)) => all.push(n),
                None => by_form.push((form, vec![n])),
            }
        }
        let large = by_form.into_iter().map(|(_, members)| members).filter(|m| m.len() >= MIN_MEMBERS);
        let first = Span { start: span.start, end: span.start + from as u32 };
        groups.extend(large.map(|members| Group { members, at: (file, first), asks: false, is_table: true }));
    }
    groups
}

/// The types of the parameters.
fn form(input: &Input) -> String {
    let body = &input.function.body;
    let one = |p: &crate::hir::Parameter| {
        let declared = input.text.get(p.span.range()).unwrap_or_default();
        let name = body.names.text(p.name);
        let at = declared.rfind(name).unwrap_or(declared.len());
        declared[..at].split_whitespace().collect::<Vec<_>>().join(" ").replace(" *", "*")
    };
    input.function.params.iter().map(one).collect::<Vec<_>>().join(",")
}

/// What is the message and its length, in one function.
struct Names<'a> {
    body: &'a Body,
    /// With the fields that point to their bytes.
    objects: FxHashMap<Symbol, &'a MessageObject>,
    bytes: FxHashSet<Symbol>,
    lengths: FxHashSet<Symbol>,
}

fn profile(program: &Program, input: &Input) -> Profile {
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
                    kind if !written.contains(&e) && names.reads(program, input.function.file, root, e) => {
                        first(&mut profile.read, span);
                        if profile.read == Some(span) {
                            profile.is_header = match kind {
                                ExprKind::Index { index, .. } => {
                                    matches!(body.expr(*index).kind, ExprKind::Number(n) if body.names.text(n) == "0")
                                }
                                _ => true,
                            };
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
    /// Pointers into the message and lengths that are kept in variables.
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

    /// A condition on a length, or on how far a pointer is.
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

    /// A call that is given a length, or that looks whether there is enough.
    fn tests(&self, call: ExprId, args: &[ExprId]) -> bool {
        const WORDS: [&str; 10] =
            ["check", "require", "ensure", "need", "avail", "valid", "verify", "assert", "remain", "enough"];
        let body = self.body;
        let lower = body.callee(call).unwrap_or_default().to_ascii_lowercase();
        let is_given = args.iter().any(|&a| {
            let mut found = false;
            body.walk(a, &mut |e| found |= matches!(body.expr(e).kind, ExprKind::Name(n) if self.lengths.contains(&n)));
            found
        });
        is_given || (WORDS.iter().any(|w| lower.contains(w)) && args.iter().any(|&a| self.mentions(a)))
    }

    /// Bytes of the message are read.
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

    fn is_data_at(&self, p: &Place) -> bool {
        let first = Place { base: p.base, path: p.path.iter().take(2).cloned().collect() };
        p.path.len() > 2 && self.is_data(&first)
    }

    /// `*p++`
    fn steps(&self, e: ExprId) -> bool {
        matches!(self.body.expr(e).kind, ExprKind::Update { operand, .. } if self.points(operand).is_some())
    }
}
