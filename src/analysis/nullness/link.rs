//! Puts together what the functions tell: which of them may return null, which need a parameter that is not, and what
//! callers do with their results.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::doubts::{Doubt, doubts};
use super::{Facts, Origin, Use, UseKind, bits, facts};
use crate::analysis::messages::Input;
use crate::hir::{Body, ExprId, ExprKind, StmtKind, UnaryOp};
use crate::program::catalog::model::NullReason;
use crate::program::{Definition, Program, guarded};
use crate::source::{FileId, Span};

/// Calls are followed this deep for what they return and need.
const MAX_ROUNDS: usize = 6;
/// Fewer callers than this believe nothing.
const MIN_SITES: u32 = 8;
/// In a hundred: so many of them have to ask.
const MIN_ASKED: u32 = 90;

/// Why a call may return null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Known(NullReason),
    /// A definition in the repository does so.
    Returns,
    /// Nearly all others ask.
    Belief,
    /// It is not known here, but called like a search.
    Name,
}

/// What the callers of a function do with its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    pub asked: u32,
    pub unasked: u32,
}

impl Callers {
    pub fn all(self) -> u32 {
        self.asked + self.unasked
    }

    /// How far the share of those that ask lies above what would be believed by chance, in standard deviations
    /// (Kremenek and Engler, "Z-Ranking", SAS 2003).
    pub fn rank(self) -> f64 {
        let expected = f64::from(MIN_ASKED) / 100.0;
        let all = f64::from(self.all().max(1));
        (f64::from(self.asked) / all - expected) / (expected * (1.0 - expected) / all).sqrt()
    }

    /// Nearly all ask, and there are enough of them.
    pub fn believe(self) -> bool {
        self.all() >= MIN_SITES && self.asked * 100 >= self.all() * MIN_ASKED
    }
}

/// A pointer is used that may be null.
#[derive(Clone, Debug)]
pub struct Miss {
    pub used: Use,
    /// The call whose result it is.
    pub callee: Option<Box<str>>,
    pub why: Option<Why>,
    pub callers: Callers,
    /// Where a function it is given to reads through it.
    pub inside: Option<(FileId, Span)>,
    /// Other places of a function about which most of its callers ask; told once for all.
    pub others: Vec<(FileId, Span)>,
    /// Nothing on the way to the use says that it may be null; this does.
    pub doubt: Option<Doubt>,
}

impl Miss {
    pub fn doubted(used: Use, doubt: Doubt) -> Miss {
        let (callee, why, inside) = (None, None, None);
        Miss { used, callee, why, callers: Callers::default(), inside, others: Vec::new(), doubt: Some(doubt) }
    }

    /// It is read through, and no path to there asks.
    fn is_plain(&self) -> bool {
        is_direct(&self.used.kind) && is_unasked(self.used.known) && self.used.known & bits::NOT_NULL == 0
    }

    /// It is told by what the others do, once for the function called.
    pub fn is_deviant(&self) -> bool {
        let by_others = matches!(self.why, Some(Why::Belief | Why::Known(NullReason::Alloc)));
        by_others && self.used.known & bits::ANY_NULL == 0 && !matches!(self.used.kind, UseKind::Asserted)
    }
}

/// A call that may be asked about by its name.
struct Call<'a> {
    name: &'a str,
    asked: bool,
    unasked: bool,
}

struct Linker<'a> {
    program: &'a Program,
    inputs: &'a [Input<'a>],
    all: Vec<Facts>,
    callers: FxHashMap<&'a str, Callers>,
    numbers: FxHashMap<Definition, u32>,
    nulls: FxHashSet<Definition>,
    /// Parameters through which a function reads without asking: where, and whether it does so in any case.
    needs: FxHashMap<(Definition, u8), (Span, bool)>,
}

/// By input: the pointers used that may be null.
pub fn misses(program: &Program, inputs: &[Input]) -> Vec<Vec<Miss>> {
    let all: Vec<Facts> = inputs
        .par_iter()
        .with_max_len(16)
        .map(|input| match input.definition {
            Some(_) => guarded(|| facts(program, input)).unwrap_or_default(),
            None => Facts::default(),
        })
        .collect();
    let mut linker = Linker {
        program,
        inputs,
        all,
        callers: FxHashMap::default(),
        numbers: inputs.iter().enumerate().filter_map(|(i, input)| Some((input.definition?, i as u32))).collect(),
        nulls: FxHashSet::default(),
        needs: FxHashMap::default(),
    };
    linker.count_callers();
    linker.close();
    let mut all: Vec<Vec<Miss>> = (0..inputs.len()).into_par_iter().map(|n| linker.judged(n)).collect();
    let doubts = doubts(program, inputs, &linker.all, &all);
    gather(inputs, &mut all);
    for (own, doubted) in all.iter_mut().zip(doubts) {
        own.extend(doubted);
    }
    all
}

/// Of the places that go against what nearly all callers of a function do, the first is kept and names the others.
fn gather(inputs: &[Input], all: &mut [Vec<Miss>]) {
    let mut places: FxHashMap<Box<str>, Vec<(FileId, Span)>> = FxHashMap::default();
    for (n, misses) in all.iter().enumerate() {
        let function = inputs[n].function;
        for miss in misses.iter().filter(|m| m.is_deviant() && m.is_plain() && m.callers.believe()) {
            let Some(callee) = &miss.callee else { continue };
            places.entry(callee.clone()).or_default().push((function.file, function.body.expr(miss.used.expr).span));
        }
    }
    for misses in all.iter_mut() {
        misses.retain_mut(|miss| {
            if !miss.is_deviant() {
                return true;
            }
            let tells = miss.is_plain() && miss.callers.believe();
            let found = miss.callee.as_ref().filter(|_| tells).and_then(|name| places.remove(name));
            miss.others = found.iter().flatten().skip(1).copied().collect();
            found.is_some()
        });
    }
}

/// `find_user`, `lookupTable`, `sccp_to_xua`.
fn is_search_name(name: &str) -> bool {
    const WORDS: [&str; 9] = ["find", "lookup", "search", "locate", "pull", "parse", "decode", "to", "match"];
    let mut word = String::new();
    let mut before = '_';
    for c in name.chars().chain(['_']) {
        if (c == '_' || (c.is_uppercase() && before.is_lowercase())) && !word.is_empty() {
            if WORDS.contains(&word.as_str()) {
                return true;
            }
            word.clear();
        }
        if c != '_' {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    false
}

/// Used with nobody having asked on any path.
pub(super) fn is_unasked(known: u8) -> bool {
    known & bits::ANY_UNTESTED != 0 && known & (bits::TESTED | bits::ANY_NULL) == 0
}

pub(super) fn is_direct(kind: &UseKind) -> bool {
    matches!(kind, UseKind::Dereference | UseKind::Library)
}

impl<'a> Linker<'a> {
    fn calls(&self, n: usize) -> Vec<Call<'a>> {
        let body = &self.inputs[n].function.body;
        let facts = &self.all[n];
        let used: FxHashSet<ExprId> = facts
            .uses
            .iter()
            .filter(|u| is_direct(&u.kind) && is_unasked(u.known))
            .filter_map(|u| match u.origin {
                Origin::Call(call) => Some(call),
                _ => None,
            })
            .collect();
        let calls = body.calls().filter_map(|(e, name, _)| {
            let (unasked, asked) = (used.contains(&e), facts.tested.contains(&e));
            // What `va_arg` gives is of a caller's choosing.
            ((asked || unasked) && name != "va_arg").then_some(Call { name, asked: asked && !unasked, unasked })
        });
        calls.collect()
    }

    fn count_callers(&mut self) {
        let all: Vec<Vec<Call>> = (0..self.inputs.len()).into_par_iter().map(|n| self.calls(n)).collect();
        for call in all.into_iter().flatten() {
            let callers = self.callers.entry(call.name).or_default();
            callers.asked += u32::from(call.asked);
            callers.unasked += u32::from(call.unasked);
        }
    }

    /// Which functions may return null and which need what they are given, each told by those that it calls.
    fn close(&mut self) {
        for (n, facts) in self.all.iter().enumerate() {
            let Some(definition) = self.inputs[n].definition else { continue };
            if facts.returns_null {
                self.nulls.insert(definition);
            }
            for u in &facts.uses {
                if let Origin::Parameter(i) = u.origin
                    && is_direct(&u.kind)
                    && is_unasked(u.known)
                {
                    let span = self.inputs[n].function.body.expr(u.expr).span;
                    let surely = u.known & bits::FRESH != 0 && !u.one_of;
                    let need = self.needs.entry((definition, i)).or_insert((span, surely));
                    need.1 |= surely;
                }
            }
        }
        for _ in 0..MAX_ROUNDS {
            let mut nulls: Vec<Definition> = Vec::new();
            let mut needs: Vec<((Definition, u8), (Span, bool))> = Vec::new();
            for (n, facts) in self.all.iter().enumerate() {
                let function = self.inputs[n].function;
                let Some(definition) = self.inputs[n].definition else { continue };
                let gives_null = |call: &ExprId| {
                    let name = function.body.callee(*call);
                    name.is_some_and(|name| self.returns_null(name, function.file).is_some())
                };
                if !self.nulls.contains(&definition) && facts.returns.iter().any(gives_null) {
                    nulls.push(definition);
                }
                for u in &facts.uses {
                    if let (Origin::Parameter(i), UseKind::Given { callee, arg }) = (u.origin, &u.kind)
                        && is_unasked(u.known)
                        && !self.needs.contains_key(&(definition, i))
                        && let Some((_, _, surely)) = self.needed(callee, function.file, *arg)
                    {
                        let span = function.body.expr(u.expr).span;
                        needs.push(((definition, i), (span, surely && u.known & bits::FRESH != 0 && !u.one_of)));
                    }
                }
            }
            if nulls.is_empty() && needs.is_empty() {
                break;
            }
            self.nulls.extend(nulls);
            for (key, need) in needs {
                self.needs.entry(key).or_insert(need);
            }
        }
    }

    fn returns_null(&self, name: &str, file: FileId) -> Option<Why> {
        if let Some(entry) = self.program.model(name, file).and_then(|m| m.may_null()) {
            return Some(Why::Known(entry.reason));
        }
        let meant = self.program.callees(name, file);
        if meant.iter().any(|d| self.nulls.contains(d)) {
            return Some(Why::Returns);
        }
        let is_elsewhere = || !self.program.is_defined(name) && !self.program.macros.is_defined(name);
        (is_search_name(name) && is_elsewhere()).then_some(Why::Name)
    }

    /// Every function that `name` may mean reads through this argument.
    fn needed(&self, name: &str, file: FileId, arg: u8) -> Option<(FileId, Span, bool)> {
        let meant = self.program.callees(name, file);
        let mut first = None;
        for d in &meant {
            self.numbers.get(d)?;
            let (span, surely) = *self.needs.get(&(*d, arg))?;
            let all = first.map_or(surely, |(_, _, s): (FileId, Span, bool)| s && surely);
            first = Some(first.map_or((d.file, span, all), |(f, s, _)| (f, s, all)));
        }
        first
    }

    /// What is around the call says that it finds something.
    fn is_answered(&self, body: &Body, call: ExprId, why: Why) -> bool {
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
        if why == Why::Known(NullReason::NoToken)
            && let Some(&first) = args.first()
            && let ExprKind::Unary { op: UnaryOp::AddressOf, .. } = body.expr(first).kind
        {
            // `strsep(&rest, …)` gives a token the first time, and again where `rest` was set anew.
            let at = body.expr(call).span.start;
            let before = body.calls().filter(|(e, name, other)| {
                body.expr(*e).span.start < at
                    && Some(*name) == body.callee(call)
                    && other.first().is_some_and(|&o| alike(body, o, first))
            });
            let Some(last) = before.map(|(e, ..)| body.expr(e).span.start).max() else { return true };
            let ExprKind::Unary { operand: rest, .. } = body.expr(first).kind else { return false };
            return body.exprs.iter().any(|e| {
                (last..at).contains(&e.span.start)
                    && matches!(e.kind, ExprKind::Assign { op: None, left, .. } if alike(body, left, rest))
            });
        }
        false
    }

    fn judged(&self, n: usize) -> Vec<Miss> {
        let function = self.inputs[n].function;
        let body = &function.body;
        let mut all: Vec<Miss> = Vec::new();
        let mut seen: FxHashSet<Origin> = FxHashSet::default();
        let mut asked: Option<Vec<ExprId>> = None;
        let mut uses: Vec<&Use> = self.all[n].uses.iter().collect();
        uses.sort_by_key(|u| (body.expr(u.expr).span.start, u.kind == UseKind::Address));
        for used in uses {
            if (body.stmt(used.stmt).in_macro && used.kind != UseKind::Asserted) || seen.contains(&used.origin) {
                continue;
            }
            let (mut callee, mut why, mut callers) = (None, None, Callers::default());
            match used.origin {
                Origin::Parameter(_) => continue,
                Origin::Call(call) => {
                    let Some(name) = body.callee(call) else { continue };
                    callers = self.callers.get(name).copied().unwrap_or_default();
                    callee = Some(name.into());
                    why = self.returns_null(name, function.file);
                    if why.is_some_and(|why| self.is_answered(body, call, why)) {
                        continue;
                    }
                    if matches!(why, None | Some(Why::Name)) && callers.believe() {
                        why = Some(Why::Belief);
                    }
                    // Only what is looked for in text is often computed with before it is used.
                    let searched = matches!(why, Some(Why::Known(NullReason::NotFound | NullReason::NoToken)));
                    if used.kind == UseKind::Arithmetic && !searched {
                        continue;
                    }
                    if why.is_none() && used.known & bits::ANY_NULL == 0 && used.kind != UseKind::Asserted {
                        continue;
                    }
                }
                Origin::Null(e) if e == used.expr => continue,
                Origin::Null(_) | Origin::Asked(_) | Origin::Loaded(_) => {
                    if matches!(used.kind, UseKind::Asserted)
                        || used.known & bits::ANY_NULL == 0
                        || used.kind == UseKind::Arithmetic
                    {
                        continue;
                    }
                }
            }
            let mut inside = None;
            if let UseKind::Given { callee, arg } = &used.kind {
                let Some((file, span, always)) = self.needed(callee, function.file, *arg) else { continue };
                if !always {
                    continue;
                }
                inside = Some((file, span));
            }
            if let Origin::Call(call) = used.origin {
                let asked = asked.get_or_insert_with(|| conditions(body));
                if asked.iter().any(|&e| e != call && answers(body, e, call)) {
                    continue;
                }
                // `if (find(x))` by way of a variable, and then `use(find(x))`.
                let tested = &self.all[n].tested;
                if tested.iter().any(|&e| e != call && body.callee(e) == body.callee(call) && answers(body, e, call)) {
                    continue;
                }
            }
            if !matches!(used.kind, UseKind::Asserted) {
                seen.insert(used.origin);
            }
            all.push(Miss { used: used.clone(), callee, why, callers, inside, others: Vec::new(), doubt: None });
        }
        all
    }
}

/// The calls in the conditions of a function.
fn conditions(body: &Body) -> Vec<ExprId> {
    let mut all = Vec::new();
    let mut add = |cond: ExprId| {
        body.walk(cond, &mut |e| {
            if matches!(body.expr(e).kind, ExprKind::Call { .. }) {
                all.push(e);
            }
        });
    };
    for stmt in &body.stmts {
        match stmt.kind {
            StmtKind::If { cond, .. } | StmtKind::While { cond, .. } | StmtKind::DoWhile { cond, .. } => add(cond),
            StmtKind::For { cond: Some(cond), .. } => add(cond),
            _ => {}
        }
    }
    for e in &body.exprs {
        if let ExprKind::Conditional { cond, .. } = e.kind {
            add(cond);
        }
    }
    all
}

/// `if (has(list, key))` before `get(list, key)`: the same question was asked, perhaps with more arguments.
fn answers(body: &Body, asked: ExprId, call: ExprId) -> bool {
    let (ExprKind::Call { args: a, .. }, ExprKind::Call { args: b, .. }) =
        (&body.expr(asked).kind, &body.expr(call).kind)
    else {
        return false;
    };
    let written = |e: ExprId| match body.expr(e).kind {
        ExprKind::String(s) | ExprKind::Char(s) => {
            Some(body.names.text(s).trim_matches(['"', '\''])).filter(|s| !s.is_empty())
        }
        _ => None,
    };
    // `strncmp(s, "name.", 5)` before `strchr(s, '.')`
    if let (Some(&x), Some(&y), Some(text), Some(part)) =
        (a.first(), b.first(), a.get(1).and_then(|&e| written(e)), b.get(1).and_then(|&e| written(e)))
        && alike(body, x, y)
        && text.contains(part)
        && body.expr(asked).span.start < body.expr(call).span.start
    {
        return true;
    }
    // `i < count(list)` before `get(list, i)`
    const NUMBERS: [&str; 5] = ["count", "size", "len", "length", "num"];
    if let ([x], [y, _, ..]) = (&a[..], &b[..])
        && alike(body, *x, *y)
        && body.callee(asked).is_some_and(|name| name.split('_').any(|w| NUMBERS.contains(&w)))
        && body.expr(asked).span.start < body.expr(call).span.start
    {
        return true;
    }
    !b.is_empty()
        && b.len() <= a.len()
        && body.expr(asked).span.start < body.expr(call).span.start
        && a.iter().zip(b).all(|(&a, &b)| alike(body, a, b))
}

/// Both are written alike, up to a limit.
fn alike(body: &Body, a: ExprId, b: ExprId) -> bool {
    let mut todo = vec![(a, b)];
    for _ in 0..64 {
        let Some((a, b)) = todo.pop() else { return true };
        let same = match (&body.expr(a).kind, &body.expr(b).kind) {
            (ExprKind::Name(x), ExprKind::Name(y))
            | (ExprKind::Number(x), ExprKind::Number(y))
            | (ExprKind::Char(x), ExprKind::Char(y))
            | (ExprKind::String(x), ExprKind::String(y)) => x == y,
            (ExprKind::Member { field: x, arrow: i, .. }, ExprKind::Member { field: y, arrow: j, .. }) => {
                x == y && i == j
            }
            (ExprKind::Unary { op: x, .. }, ExprKind::Unary { op: y, .. }) => x == y,
            (ExprKind::Binary { op: x, .. }, ExprKind::Binary { op: y, .. }) => x == y,
            (ExprKind::Index { .. }, ExprKind::Index { .. })
            | (ExprKind::Cast { .. }, ExprKind::Cast { .. })
            | (ExprKind::Call { .. }, ExprKind::Call { .. }) => true,
            _ => false,
        };
        let (mut x, mut y) = (Vec::new(), Vec::new());
        body.operands(a, &mut |e| x.push(e));
        body.operands(b, &mut |e| y.push(e));
        if !same || x.len() != y.len() {
            return false;
        }
        todo.extend(x.into_iter().zip(y));
    }
    false
}
