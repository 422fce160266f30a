//! Combines the facts about all functions: which of them may return null, which need a non-null argument, and what
//! callers do with their results.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::callers::{Beliefs, Call, Callers, by_name};
use super::doubts::{Reading, doubts, is_accessor};
use super::miss::Miss;
use super::questions::{alike, answers, conditions};
use super::sites::Sites;
use super::state::is_unasked;
use super::why::Why;
use super::{Facts, Origin, Use, UseKind, bits, facts};
use crate::analysis::messages::Input;
use crate::hir::{Body, ExprId, ExprKind, Function, StmtKind, UnaryOp};
use crate::program::catalog::model::NullReason;
use crate::program::{Definition, Program, guarded};
use crate::source::{FileId, Span};

/// Maximum depth at which calls are followed for what they return and need.
const MAX_ROUNDS: usize = 6;
pub(super) struct Linker<'a> {
    pub(super) program: &'a Program,
    pub(super) inputs: &'a [Input<'a>],
    pub(super) all: Vec<Facts>,
    beliefs: Beliefs<'a>,
    pub(super) sites: Sites<'a>,
    pub(super) numbers: FxHashMap<Definition, u32>,
    nulls: FxHashSet<Definition>,
    /// Those that return null only where an assertion has failed.
    nulls_asserted: FxHashSet<Definition>,
    /// Parameters that a function dereferences unchecked: where, and whether it does so unconditionally.
    needs: FxHashMap<(Definition, u8), (Span, bool)>,
}

/// By input: the uses of pointers that may be null.
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
        beliefs: Beliefs::default(),
        sites: Sites::new(program, inputs),
        numbers: inputs.iter().enumerate().filter_map(|(i, input)| Some((input.definition?, i as u32))).collect(),
        nulls: FxHashSet::default(),
        nulls_asserted: FxHashSet::default(),
        needs: FxHashMap::default(),
    };
    linker.count_callers();
    linker.close();
    let mut all: Vec<Vec<Miss>> = (0..inputs.len()).into_par_iter().map(|n| linker.judged(n)).collect();
    let reads = |name: &str, file: FileId, arg: u8| match linker.needed(name, file, arg) {
        Some((file, span, _)) => Reading::Yes(file, span),
        None if program.callees(name, file).is_empty() => match arg == 0 && is_accessor(name) {
            true => Reading::Likely,
            false => Reading::Unknown,
        },
        None => Reading::No,
    };
    let doubts = doubts(program, inputs, &linker.all, &all, &reads, &linker.sites);
    gather(inputs, &mut all);
    for (own, doubted) in all.iter_mut().zip(doubts) {
        own.extend(doubted);
    }
    all
}

/// Of the places that deviate from what nearly all callers of a function do, keeps the first, which lists the others.
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

impl<'a> Linker<'a> {
    fn calls(&self, n: usize) -> Vec<Call<'a>> {
        let body = &self.inputs[n].function.body;
        let facts = &self.all[n];
        let used: FxHashSet<ExprId> = facts
            .uses
            .iter()
            .filter(|u| u.kind.is_direct() && is_unasked(u.known))
            .filter_map(|u| match u.origin {
                Origin::Call(call) => Some(call),
                _ => None,
            })
            .collect();
        let calls = body.calls().filter_map(|(e, name, _)| {
            // `if (is_empty(p))` is also written for texts that are never null.
            let asked = facts.tested.contains(&e) && !facts.looked_at.contains(&e);
            let unasked = used.contains(&e);
            // What `va_arg` yields is up to a caller.
            ((asked || unasked) && name != "va_arg").then_some(Call { name, asked: asked && !unasked, unasked })
        });
        calls.collect()
    }

    fn count_callers(&mut self) {
        let inputs = self.inputs;
        let all: Vec<Vec<Call>> = (0..inputs.len()).into_par_iter().map(|n| self.calls(n)).collect();
        for (input, calls) in inputs.iter().zip(&all) {
            calls.iter().for_each(|call| self.beliefs.add(input.function.file, call));
        }
    }

    /// Propagates from callees to callers which functions may return null and which need what they are passed.
    fn close(&mut self) {
        for (n, facts) in self.all.iter().enumerate() {
            let Some(definition) = self.inputs[n].definition else { continue };
            if facts.returns_null {
                self.nulls.insert(definition);
            } else if facts.returns_null_asserted {
                self.nulls_asserted.insert(definition);
            }
            for u in &facts.uses {
                if let Origin::Parameter(i) = u.origin
                    && u.kind.is_direct()
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
            let (mut nulls, mut asserted): (Vec<Definition>, Vec<Definition>) = (Vec::new(), Vec::new());
            let mut needs: Vec<((Definition, u8), (Span, bool))> = Vec::new();
            for (n, facts) in self.all.iter().enumerate() {
                let function = self.inputs[n].function;
                let Some(definition) = self.inputs[n].definition else { continue };
                if !self.nulls.contains(&definition) {
                    let given = facts.returns.iter().filter_map(|&call| {
                        let name = function.body.callee(call)?;
                        self.returns_null(name, function.file).filter(|why| *why != Why::Getter)
                    });
                    let given: Vec<Why> = given.collect();
                    if given.iter().any(|why| *why != Why::Asserted) {
                        nulls.push(definition);
                    } else if !given.is_empty() && !self.nulls_asserted.contains(&definition) {
                        asserted.push(definition);
                    }
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
            if nulls.is_empty() && asserted.is_empty() && needs.is_empty() {
                break;
            }
            self.nulls.extend(nulls);
            self.nulls_asserted.extend(asserted);
            for (key, need) in needs {
                self.needs.entry(key).or_insert(need);
            }
        }
    }

    pub(super) fn returns_null(&self, name: &str, file: FileId) -> Option<Why> {
        if let Some(entry) = self.program.model(name, file).and_then(|m| m.may_null()) {
            return Some(Why::Known(entry.reason));
        }
        let meant = self.program.callees(name, file);
        if meant.iter().any(|d| self.nulls.contains(d)) {
            return Some(Why::Returns);
        }
        if meant.iter().any(|d| self.nulls_asserted.contains(d)) {
            return Some(Why::Asserted);
        }
        match self.program.is_defined(name) || self.program.macros.is_defined(name) {
            true => None,
            false => by_name(name),
        }
    }

    /// Whether every function that `name` may refer to stores null through this argument: where it succeeds, or where
    /// it fails and the caller ignores the result.
    fn stores_null(&self, name: &str, caller: &Function, call: ExprId, arg: u8) -> Option<Why> {
        let meant = self.program.callees(name, caller.file);
        let of = |d: &Definition| self.all[*self.numbers.get(d)? as usize].stores_null.get(&arg).copied();
        let all: Option<Vec<bool>> = meant.iter().map(of).collect();
        let all = all.filter(|all| !all.is_empty())?;
        let body = &caller.body;
        let ignored = || body.stmts.iter().any(|s| matches!(s.kind, StmtKind::Expr(e) if body.bare(e) == call));
        match all.iter().all(|succeeds| *succeeds) {
            true => Some(Why::Stores),
            false => ignored().then_some(Why::StoresIgnored),
        }
    }

    /// Where the functions that `name` may refer to read through this argument, if all of them do.
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

    /// Whether the code around the call shows that it finds something.
    fn is_answered(&self, body: &Body, call: ExprId, why: Why) -> bool {
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
        if why == Why::Known(NullReason::NoToken)
            && let Some(&first) = args.first()
            && let ExprKind::Unary { op: UnaryOp::AddressOf, .. } = body.expr(first).kind
        {
            // `strsep(&rest, …)` yields a token the first time, and again after `rest` is reassigned.
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
        uses.sort_by_key(|u| (body.expr(u.expr).span.start, u.kind.is_part()));
        for (i, used) in uses.iter().enumerate() {
            if (body.stmt(used.stmt).in_macro && used.kind != UseKind::Asserted) || seen.contains(&used.origin) {
                continue;
            }
            // A use that reads through it says more.
            let reads = |later: &&Use| later.origin == used.origin && later.kind.is_direct() && is_unasked(later.known);
            if used.kind == UseKind::Address && is_unasked(used.known) && uses[i + 1..].iter().any(reads) {
                continue;
            }
            let (mut callee, mut why, mut callers) = (None, None, Callers::default());
            match used.origin {
                Origin::Call(call) => {
                    let Some(name) = body.callee(call) else { continue };
                    callers = self.beliefs.of(name);
                    callee = Some(name.into());
                    why = self.returns_null(name, function.file);
                    if why.is_some_and(|why| self.is_answered(body, call, why)) {
                        continue;
                    }
                    if matches!(why, None | Some(Why::Name | Why::Getter)) && callers.believe() {
                        why = Some(Why::Belief);
                    } else if matches!(why, None | Some(Why::Getter | Why::Known(NullReason::Alloc)))
                        && !callers.believe()
                        && let Some(few) = self.beliefs.few(function.file, name)
                    {
                        (why, callers) = (Some(Why::Few), few);
                    }
                    // Only the result of a text search is often used in arithmetic first.
                    let searched = matches!(why, Some(Why::Known(NullReason::NotFound | NullReason::NoToken)));
                    if used.kind == UseKind::Arithmetic && !searched {
                        continue;
                    }
                    if why.is_none() && used.known & bits::ANY_NULL == 0 && used.kind != UseKind::Asserted {
                        continue;
                    }
                }
                Origin::Stored { call, arg } if used.known & bits::ANY_NULL == 0 => {
                    if matches!(used.kind, UseKind::Asserted | UseKind::Arithmetic) {
                        continue;
                    }
                    let Some(name) = body.callee(call) else { continue };
                    why = self.stores_null(name, function, call, arg);
                    if why.is_none() {
                        continue;
                    }
                    callee = Some(name.into());
                }
                // `&((struct s *) 0)->a` is the offset of `a`.
                Origin::Null(e) if e == body.bare(used.expr) => continue,
                // Only a macro tested it.
                origin @ Origin::Parameter(_) if !self.all[n].asked.contains_key(&origin) => continue,
                Origin::Null(_)
                | Origin::Asked(_)
                | Origin::Loaded(_)
                | Origin::Parameter(_)
                | Origin::Stored { .. } => {
                    if matches!(used.kind, UseKind::Asserted)
                        || used.known & bits::ANY_NULL == 0
                        || used.kind == UseKind::Arithmetic
                    {
                        continue;
                    }
                }
            }
            let (mut inside, mut sometimes) = (None, false);
            if let UseKind::Given { callee, arg } = &used.kind {
                match self.needed(callee, function.file, *arg) {
                    Some((_, _, false)) if !self.may_find_nothing(function, used.origin, why, callers) => continue,
                    Some((file, span, surely)) => (inside, sometimes) = (Some((file, span)), !surely),
                    None if self.may_read(n, used, why, callers, callee, *arg) => {}
                    None if *arg == 0
                        && self.program.callees(callee, function.file).is_empty()
                        && (self.is_of_library(used.origin, why, function, callee)
                            || (is_accessor(callee) && why != Some(Why::Known(NullReason::Alloc)))) => {}
                    None => continue,
                }
            }
            if let Origin::Call(call) = used.origin {
                let asked = asked.get_or_insert_with(|| conditions(body));
                if asked.iter().any(|&e| e != call && answers(body, e, call)) {
                    continue;
                }
                // `if (find(x))` through a variable, followed by `use(find(x))`.
                let is_open = is_unasked(used.known);
                if why == Some(Why::Returns) && is_open && self.excludes_null(n, call) {
                    continue;
                }
                if is_open && self.is_found_in(n, used.expr) {
                    continue;
                }
                let tested = &self.all[n].tested;
                if tested.iter().any(|&e| e != call && body.callee(e) == body.callee(call) && answers(body, e, call)) {
                    continue;
                }
            }
            if !matches!(used.kind, UseKind::Asserted) {
                seen.insert(used.origin);
            }
            let seen_to = matches!(used.origin, Origin::Call(call)
                if is_unasked(used.known) && self.is_asked_by_callers(n, call));
            let asked = self.all[n].asked.get(&used.origin).cloned().unwrap_or_default();
            all.push(Miss {
                used: (*used).clone(),
                callee,
                why,
                callers,
                asked,
                inside,
                sometimes,
                seen_to,
                others: Vec::new(),
                doubt: None,
            });
        }
        all
    }
}
