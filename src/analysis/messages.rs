//! Message bytes over the whole program: every function is walked after its callees, and what it requires of its
//! arguments is checked at its callers.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::bounds::counted::Counted;
use super::bounds::defects::{Defect, Found, Unmet};
use super::bounds::granted::granted;
use super::bounds::siblings::told_by_siblings;
use super::bounds::summary::{CallSite, DefectId};
use super::bounds::trace::Explained;
use super::bounds::{Bounds, Summaries, Summary, Verdict};
use super::cfg::Cfg;
use crate::hir::{Function, Parameter};
use crate::program::{Definition, Program, guarded};
use crate::source::{FileId, Span};

/// A function to analyse.
pub struct Input<'a> {
    /// Its definition; none for a reading that is not its file's first.
    pub definition: Option<Definition>,
    pub function: &'a Function,
    pub cfg: &'a Cfg,
    /// The file's text.
    pub text: &'a str,
}

impl Input<'_> {
    /// The types of the parameters.
    pub fn form(&self) -> String {
        let body = &self.function.body;
        let one = |p: &Parameter| {
            let declared = self.text.get(p.span.range()).unwrap_or_default();
            let name = body.names.text(p.name);
            let at = declared.rfind(name).unwrap_or(declared.len());
            declared[..at].split_whitespace().collect::<Vec<_>>().join(" ").replace(" *", "*")
        };
        self.function.params.iter().map(one).collect::<Vec<_>>().join(",")
    }
}

/// Maximum number of callers reported for a function.
const MAX_CALLERS: usize = 8;

/// What was found in one function.
#[derive(Clone, Debug, Default)]
pub struct Of {
    pub defects: Vec<Defect>,
    /// It is too large to follow, or its walk panicked.
    pub given_up: bool,
}

/// The defects of each function, in the order of the inputs.
pub fn defects(program: &Program, inputs: &[Input]) -> Vec<Of> {
    let Analysed { called, calls, summaries, mut found } = analysed(program, inputs, None);
    let functions: Vec<&Function> = inputs.iter().map(|input| input.function).collect();
    told_by_siblings(&functions, &calls, &mut found);
    let forms: Vec<String> = inputs.iter().map(Input::form).collect();
    granted(&functions, &forms, &mut found);
    let given_up: Vec<bool> = found.iter().map(|one| one.given_up).collect();
    let defects = put_to_callers(inputs, &called, &summaries, found);
    defects.into_iter().zip(given_up).map(|(defects, given_up)| Of { defects, given_up }).collect()
}

/// What is known at a place in a file.
pub fn explained(program: &Program, inputs: &[Input], at: (FileId, Span)) -> Vec<Explained> {
    let found = analysed(program, inputs, Some(at)).found;
    found.into_iter().flat_map(|one| one.explained).collect()
}

struct Analysed {
    /// By function: whether another one calls it.
    called: Vec<bool>,
    /// By function: its callees.
    calls: Vec<Vec<u32>>,
    summaries: Vec<OnceLock<Summary>>,
    found: Vec<Found>,
}

fn analysed(program: &Program, inputs: &[Input], wanted: Option<(FileId, Span)>) -> Analysed {
    let numbers = numbers(inputs);
    let calls = calls(program, inputs, &numbers);
    let mut called = vec![false; inputs.len()];
    calls
        .iter()
        .enumerate()
        .for_each(|(i, all)| all.iter().filter(|c| **c != i as u32).for_each(|&c| called[c as usize] = true));
    let summaries: Vec<OnceLock<Summary>> = inputs.iter().map(|_| OnceLock::new()).collect();
    let bounds = Bounds::new(program, Summaries { numbers: &numbers, all: &summaries });
    let mut found: Vec<Found> = Vec::new();
    found.resize_with(inputs.len(), Found::default);
    for level in levels(&calls) {
        let done: Vec<(u32, Found)> = level
            .into_par_iter()
            .with_max_len(8)
            .map(|n| {
                let input = &inputs[n as usize];
                let file = input.function.file;
                let work = || {
                    let wanted = wanted.filter(|(wanted, _)| *wanted == file).map(|(_, span)| span);
                    let counted = Counted::new(&bounds, input.function);
                    bounds.walk(input.function, input.cfg).map(|walked| walked.found(n, input.text, wanted, &counted))
                };
                (n, guarded(work).ok().flatten().unwrap_or(Found { given_up: true, ..Found::default() }))
            })
            .collect();
        for (n, mut one) in done {
            let summary = std::mem::take(&mut one.summary);
            if inputs[n as usize].definition.is_some() {
                let _ = summaries[n as usize].set(summary);
            }
            found[n as usize] = one;
        }
    }
    Analysed { called, calls, summaries, found }
}

/// Drops the defects that every caller guards against, and records with the others which callers do not.
fn put_to_callers(
    inputs: &[Input],
    called: &[bool],
    summaries: &[OnceLock<Summary>],
    found: Vec<Found>,
) -> Vec<Vec<Defect>> {
    let needs: FxHashSet<(u32, DefectId)> = summaries
        .iter()
        .enumerate()
        .filter_map(|(n, s)| Some((n as u32, s.get()?)))
        .flat_map(|(n, s)| s.needs.iter().map(move |need| (n, need.defect)))
        .collect();
    let mut unmet: BTreeMap<DefectId, Vec<(u32, &Unmet)>> = BTreeMap::new();
    let (defects, unmet_of): (Vec<Vec<Defect>>, Vec<Vec<Unmet>>) =
        found.into_iter().map(|one| (one.defects, one.unmet)).unzip();
    for (n, all) in unmet_of.iter().enumerate() {
        for u in all {
            unmet.entry(u.defect).or_default().push((n as u32, u));
        }
    }
    let mut all: Vec<Vec<Defect>> = Vec::with_capacity(defects.len());
    for (n, own) in defects.into_iter().enumerate() {
        let mut kept = Vec::new();
        for (i, mut defect) in own.into_iter().enumerate() {
            let id = DefectId { function: n as u32, number: i as u32 };
            if !needs.contains(&(n as u32, id)) {
                kept.push(defect);
                continue;
            }
            defect.is_need = true;
            defect.open = !called[n];
            for &(caller, u) in unmet.get(&id).into_iter().flatten() {
                let passed_on = needs.contains(&(caller, id));
                if passed_on && called[caller as usize] {
                    continue;
                }
                if passed_on {
                    defect.open = true;
                } else if matches!(
                    u.verdict,
                    Verdict::Unchecked | Verdict::Short { .. } | Verdict::Late { .. } | Verdict::Aside { .. }
                ) {
                    defect.caller_wire = defect.caller_wire.max(u.wire);
                    if defect.callers.len() < MAX_CALLERS {
                        let function = inputs[caller as usize].function;
                        defect.callers.push(CallSite {
                            file: function.file,
                            span: u.span,
                            function: function.name.clone(),
                        });
                    }
                } else {
                    defect.vague = true;
                }
            }
            if defect.open || defect.vague || !defect.callers.is_empty() {
                kept.push(defect);
            }
        }
        all.push(kept);
    }
    all
}

/// By definition: its index among the inputs.
pub(super) fn numbers(inputs: &[Input]) -> FxHashMap<Definition, u32> {
    inputs.iter().enumerate().filter_map(|(i, input)| Some((input.definition?, i as u32))).collect()
}

/// By function: its callees.
fn calls(program: &Program, inputs: &[Input], numbers: &FxHashMap<Definition, u32>) -> Vec<Vec<u32>> {
    inputs
        .par_iter()
        .map(|input| {
            let mut all: Vec<u32> = Vec::new();
            for (_, name, _) in input.function.body.calls() {
                let definitions = program.callees(name, input.function.file);
                all.extend(definitions.iter().filter_map(|d| numbers.get(d)));
            }
            all.sort_unstable();
            all.dedup();
            all
        })
        .collect()
}

/// The functions in levels: each calls only functions of lower levels and of its own cycle.
fn levels(calls: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let components = components(calls);
    let mut level = vec![0u32; calls.len()];
    let mut of = vec![0u32; calls.len()];
    for (i, component) in components.iter().enumerate() {
        component.iter().for_each(|&n| of[n as usize] = i as u32);
    }
    let mut levels: Vec<Vec<u32>> = Vec::new();
    // Callees come first.
    for (i, component) in components.iter().enumerate() {
        let below = component.iter().flat_map(|&n| &calls[n as usize]).filter(|c| of[**c as usize] != i as u32);
        let own = below.map(|&c| level[c as usize] + 1).max().unwrap_or(0);
        if levels.len() <= own as usize {
            levels.resize_with(own as usize + 1, Vec::new);
        }
        for &n in component {
            level[n as usize] = own;
            levels[own as usize].push(n);
        }
    }
    levels.iter_mut().for_each(|l| l.sort_unstable());
    levels
}

/// Strongly connected components, callees before callers (Tarjan, "Depth-first search and linear graph algorithms",
/// 1972), without recursion.
pub(super) fn components(calls: &[Vec<u32>]) -> Vec<Vec<u32>> {
    const NEW: u32 = u32::MAX;
    let n = calls.len();
    let (mut index, mut low, mut on_stack) = (vec![NEW; n], vec![0u32; n], vec![false; n]);
    let (mut next, mut stack, mut all) = (0u32, Vec::new(), Vec::new());
    for root in 0..n as u32 {
        if index[root as usize] != NEW {
            continue;
        }
        let mut work: Vec<(u32, usize)> = vec![(root, 0)];
        while let Some(&(v, at)) = work.last() {
            let i = v as usize;
            if at == 0 {
                (index[i], low[i]) = (next, next);
                next += 1;
                stack.push(v);
                on_stack[i] = true;
            }
            match calls[i].get(at) {
                Some(&w) => {
                    if let Some(top) = work.last_mut() {
                        top.1 += 1;
                    }
                    if index[w as usize] == NEW {
                        work.push((w, 0));
                    } else if on_stack[w as usize] {
                        low[i] = low[i].min(index[w as usize]);
                    }
                }
                None => {
                    work.pop();
                    if let Some(&(parent, _)) = work.last() {
                        low[parent as usize] = low[parent as usize].min(low[i]);
                    }
                    if low[i] == index[i] {
                        let mut component = Vec::new();
                        while let Some(w) = stack.pop() {
                            on_stack[w as usize] = false;
                            component.push(w);
                            if w == v {
                                break;
                            }
                        }
                        all.push(component);
                    }
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callees_come_before_callers_and_cycles_stay_together() {
        // 0 → 1 → 2 → 1, 3 alone.
        let calls = vec![vec![1], vec![2], vec![1], vec![]];
        assert_eq!(levels(&calls), vec![vec![1, 2, 3], vec![0]]);
    }
}
