//! Functions that recurse, directly or mutually, on the rest of a message.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::access::place;
use super::messages::{Input, components, numbers};
use super::received::Received;
use crate::hir::{ExprId, ExprKind, Function, Symbol, UnaryOp};
use crate::program::{Definition, Program, guarded};
use crate::source::FileId;

/// Larger cycles are skipped: they go through callbacks and main loops.
const MAX_MEMBERS: usize = 6;

/// A call that leads back to its own function.
#[derive(Clone, Debug)]
pub struct Cycle {
    pub call: ExprId,
    /// The other functions in the cycle; none for direct recursion.
    pub through: Vec<String>,
    /// Each call in the cycle passes on an object that holds bytes and a position in them.
    pub by_cursor: bool,
}

/// By file and start of a function: the cycle that it is the first member of.
#[derive(Default)]
pub struct Cycles {
    first: FxHashMap<(FileId, u32), Cycle>,
}

/// A call that passes on a part of the message.
struct HandsOn {
    call: ExprId,
    to: u32,
    by_cursor: bool,
}

impl Cycles {
    pub fn new(program: &Program, inputs: &[Input]) -> Cycles {
        let numbers = numbers(inputs);
        let calls: Vec<Vec<(ExprId, u32)>> =
            inputs.par_iter().map(|input| calls(program, input.function, &numbers)).collect();
        let callees: Vec<Vec<u32>> = calls.iter().map(|all| all.iter().map(|(_, to)| *to).collect()).collect();
        let mut cycles = components(&callees);
        cycles.retain(|c| (2..=MAX_MEMBERS).contains(&c.len()));
        cycles.extend((0..inputs.len() as u32).filter(|&n| callees[n as usize].contains(&n)).map(|n| vec![n]));
        let found: Vec<_> = cycles
            .into_par_iter()
            .map(|members| guarded(|| cycle(program, inputs, &calls, members)).ok().flatten())
            .collect();
        Cycles { first: found.into_iter().flatten().collect() }
    }

    pub fn of(&self, function: &Function) -> Option<&Cycle> {
        self.first.get(&(function.file, function.span.start))
    }
}

/// The calls of a function that resolve to exactly one definition.
fn calls(program: &Program, function: &Function, numbers: &FxHashMap<Definition, u32>) -> Vec<(ExprId, u32)> {
    let mut all = Vec::new();
    for (call, name, _) in function.body.calls() {
        if let [one] = program.callees(name, function.file)[..]
            && !program.macros.is_defined(name)
            && let Some(&to) = numbers.get(&one)
        {
            all.push((call, to));
        }
    }
    all
}

/// The cycle, if each of its functions is passed a part of the message by one of them, and none counts its depth.
fn cycle(
    program: &Program,
    inputs: &[Input],
    calls: &[Vec<(ExprId, u32)>],
    mut members: Vec<u32>,
) -> Option<((FileId, u32), Cycle)> {
    members.sort_unstable();
    if members.iter().any(|&n| counts_depth(inputs[n as usize].function)) {
        return None;
    }
    let mut handed: FxHashSet<u32> = FxHashSet::default();
    let mut by_cursor = true;
    let mut first = None;
    for &n in &members {
        let inner = calls[n as usize].iter().filter(|(_, to)| members.contains(to));
        let hands_on = hands_on(program, &inputs[n as usize], inner);
        for one in hands_on {
            handed.insert(one.to);
            by_cursor &= one.by_cursor;
            if n == members[0] {
                first = first.or(Some(one.call));
            }
        }
    }
    if handed.len() < members.len() {
        return None;
    }
    let function = inputs[members[0] as usize].function;
    let through = members[1..].iter().map(|&n| inputs[n as usize].function.name.clone()).collect();
    Some(((function.file, function.span.start), Cycle { call: first?, through, by_cursor }))
}

fn hands_on<'c>(program: &Program, input: &Input, calls: impl Iterator<Item = &'c (ExprId, u32)>) -> Vec<HandsOn> {
    let body = &input.function.body;
    let received = Received::new(program, input.function, input.text);
    let cursors = cursors(program, input.function);
    let of = |&(call, to): &(ExprId, u32)| {
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return None };
        let by_cursor =
            args.iter().any(|&a| place(body, a).is_some_and(|p| p.is_variable() && cursors.contains(&p.base)));
        let given = by_cursor || args.iter().any(|&a| gives_bytes(input.function, &received, a));
        given.then_some(HandsOn { call, to, by_cursor: by_cursor || !cursors.is_empty() })
    };
    calls.filter_map(of).collect()
}

/// Whether some name suggests a depth.
fn counts_depth(function: &Function) -> bool {
    const WORDS: [&str; 8] = ["depth", "level", "nest", "recurs", "hops", "max", "limit", "budget"];
    let body = &function.body;
    let speaks = |text: &str| {
        let lower = text.to_ascii_lowercase();
        WORDS.iter().any(|word| lower.contains(word))
    };
    body.names.iter().any(speaks) || speaks(&function.name)
}

/// The parameters that hold bytes and a position in them, judging by the functions called with them.
fn cursors(program: &Program, function: &Function) -> FxHashSet<Symbol> {
    let body = &function.body;
    let mut all = FxHashSet::default();
    for (_, name, args) in body.calls() {
        let Some(model) = program.catalog.model(name) else { continue };
        let object = model.cursor().map(|c| c.object).or(model.extractor().and_then(|e| e.object));
        let object = object.and_then(|o| o.index()).and_then(|o| args.get(o)).and_then(|&a| place(body, a));
        all.extend(object.map(|p| p.base).filter(|base| function.params.iter().any(|p| p.name == *base)));
    }
    all
}

/// Whether the argument is a buffer of the message, from some position on.
fn gives_bytes(function: &Function, received: &Received, arg: ExprId) -> bool {
    let body = &function.body;
    let mut found = false;
    body.walk(arg, &mut |e| {
        found |= matches!(body.expr(e).kind, ExprKind::Name(n) if received.buffers.contains(&n));
        found |= matches!(body.expr(e).kind, ExprKind::Unary { op: UnaryOp::AddressOf, .. })
            && received.mentions(body, e)
            && !received.buffers.is_empty();
    });
    found
}
