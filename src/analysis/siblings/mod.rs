//! Related decoders, named in one table or called by one `switch` with the same message, and what each does first:
//! check a length or read. Where most check first, one that does not is reported because of the others (Engler et al.,
//! "Bugs as Deviant Behavior", 2001).

mod profile;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::messages::{Input, numbers};
use super::received::{is_length_name, points_to_bytes};
use super::sections::sections;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Function, StmtId, StmtKind, Symbol};
use crate::program::{Definition, Program, guarded};
use crate::source::{FileId, Span};
use profile::{Profile, profile};

/// Maximum number of functions of one table or `switch`.
const MAX_MEMBERS: usize = 256;
/// Fewer functions say nothing about each other.
const MIN_MEMBERS: usize = 3;

/// A function that reads where its siblings check a length first.
#[derive(Clone, Debug)]
pub struct Outlier {
    pub read: Span,
    /// It checks the length, but after the read.
    pub late: Option<Span>,
    /// Where the siblings are named together.
    pub group: (FileId, Span),
    pub is_table: bool,
    pub checked: usize,
    pub of: usize,
    /// Names and first checks of siblings.
    pub examples: Vec<(String, FileId, Span)>,
}

#[derive(Default)]
pub struct Siblings {
    of: FxHashMap<(FileId, u32), Outlier>,
}

struct Group {
    members: Vec<u32>,
    /// Whether what selects between them was read from the message.
    asks: bool,
    at: (FileId, Span),
    is_table: bool,
}

impl Siblings {
    pub fn new(program: &Program, inputs: &[Input]) -> Siblings {
        let numbers = numbers(inputs);
        let mut groups: Vec<Group> = inputs
            .par_iter()
            .map(|input| guarded(|| dispatched(program, inputs, input, &numbers)).unwrap_or_default())
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
            // Its own check after the read shows that the length has to be checked.
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

/// The parameters that hold a message: its bytes, or an object that contains them.
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

/// The length parameter after a buffer.
fn length_beside(input: &Input, i: usize) -> Option<usize> {
    let next = input.function.params.get(i + 1)?;
    let declared = input.text.get(next.span.range()).unwrap_or_default();
    (!declared.contains(['*', '[']) && is_length_name(input.function.body.names.text(next.name))).then_some(i + 1)
}

/// The one function that a name refers to.
fn number(program: &Program, numbers: &FxHashMap<Definition, u32>, name: &str, file: FileId) -> Option<u32> {
    let [one] = program.callees(name, file)[..] else { return None };
    numbers.get(&one).copied().filter(|_| !program.macros.is_defined(name))
}

/// The functions that the sections of a `switch`, or the branches of an `if … else if …`, call with the same message.
fn dispatched(program: &Program, inputs: &[Input], input: &Input, numbers: &FxHashMap<Definition, u32>) -> Vec<Group> {
    let body = &input.function.body;
    let mut groups = Vec::new();
    let others = body.stmts.iter().filter_map(|s| match s.kind {
        StmtKind::If { otherwise, .. } => otherwise,
        _ => None,
    });
    let others: FxHashSet<StmtId> = others.collect();
    for (i, stmt) in body.stmts.iter().enumerate() {
        let id = StmtId(i as u32);
        let (chosen, ways) = match stmt.kind {
            StmtKind::Switch { cond, .. } => (cond, sections(body, id).into_iter().map(|s| s.stmts).collect()),
            StmtKind::If { cond, .. } if !others.contains(&id) => (cond, chain(body, id)),
            _ => continue,
        };
        let mut by_message: Vec<(String, Vec<u32>)> = Vec::new();
        for way in ways.iter().filter(|_| ways.len() >= MIN_MEMBERS) {
            for (key, n) in called(program, inputs, input, numbers, way) {
                match by_message.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, all)) if all.contains(&n) || all.len() >= MAX_MEMBERS => {}
                    Some((_, all)) => all.push(n),
                    None => by_message.push((key, vec![n])),
                }
            }
        }
        let at = (input.function.file, stmt.span);
        let large = by_message.into_iter().filter(|(_, m)| m.len() >= MIN_MEMBERS);
        groups.extend(large.map(|(key, members)| {
            let message = key.split(|c: char| !c.is_alphanumeric() && c != '_').find_map(|w| body.names.find(w));
            let asks = message.is_some_and(|m| comes_from(body, chosen, m));
            Group { members, asks, at, is_table: false }
        }));
    }
    groups
}

/// The branches of `if … else if …` that test for equality.
fn chain(body: &Body, first: StmtId) -> Vec<Vec<StmtId>> {
    let mut ways = Vec::new();
    let mut next = Some(first);
    while let Some(id) = next.take() {
        let StmtKind::If { cond, then, otherwise } = body.stmt(id).kind else { break };
        let mut equal = false;
        body.walk(cond, &mut |e| equal |= matches!(body.expr(e).kind, ExprKind::Binary { op: BinaryOp::Eq, .. }));
        if !equal {
            break;
        }
        ways.push(vec![then]);
        next = otherwise;
    }
    ways
}

/// The functions that some statements call, each with the message that it is passed.
fn called(
    program: &Program,
    inputs: &[Input],
    input: &Input,
    numbers: &FxHashMap<Definition, u32>,
    stmts: &[StmtId],
) -> Vec<(String, u32)> {
    let body = &input.function.body;
    let mut roots = Vec::new();
    let mut inner: Option<Span> = None;
    for &s in stmts {
        body.walk_first(s, 200, &mut |s| {
            let span = body.stmt(s).span;
            // The functions of a nested `switch` belong to that one.
            if inner.is_some_and(|i| i.start <= span.start && span.end <= i.end) {
                return;
            }
            if matches!(body.stmt(s).kind, StmtKind::Switch { .. }) {
                inner = Some(span);
                return;
            }
            body.own_exprs(s, &mut |e| roots.push(e));
        });
    }
    let mut found = Vec::new();
    for root in roots {
        body.walk(root, &mut |e| {
            if let ExprKind::Call { args, .. } = &body.expr(e).kind
                && let Some(n) = body.callee(e).and_then(|n| number(program, numbers, n, input.function.file))
                && let Some(key) = given(program, body, input.text, &inputs[n as usize], args)
            {
                found.push((key, n));
            }
        });
    }
    found
}

/// Whether the expression, or a value assigned to one of its variables, mentions the message.
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

/// What a call passes as the message and its length, as written.
fn given(program: &Program, body: &Body, text: &str, callee: &Input, args: &[ExprId]) -> Option<String> {
    let i = *messages(program, callee).first()?;
    let mut key = text.get(body.expr(*args.get(i)?).span.range())?.to_owned();
    if let Some(len) = length_beside(callee, i) {
        key.push(',');
        key.push_str(text.get(body.expr(*args.get(len)?).span.range())?);
    }
    Some(key)
}

/// The functions that a table of the file names, grouped by their parameter types.
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
            let form = inputs[n as usize].form();
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
