//! What functions leave unset: parameters that they store through, and what they return on paths that store nothing.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::access::{Access, Accesses, Act, Step, callee};
use super::cfg::{BlockId, Cfg, EdgeKind};
use super::flow::{Flow, From, Go, Reached};
use super::messages::Input;
use super::outcome::outcome;
use crate::hir::{Body, ExprId, ExprKind, Function, StmtId, StmtKind, Symbol};
use crate::program::{Definition, Program, guarded};
use crate::source::{FileId, Span};

/// Functions with more blocks are not analysed.
const MAX_BLOCKS: usize = 1_000;

/// One parameter of one function.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// What is returned where nothing was stored, and where.
    pub unset: Vec<(i64, Span)>,
    /// Where it is dereferenced unconditionally before anything is stored.
    pub read_first: Option<Span>,
}

/// What is known about all functions.
#[derive(Default)]
pub struct Outputs {
    of: FxHashMap<(Definition, u8), Output>,
}

impl Outputs {
    pub fn new(program: &Program, inputs: &[Input]) -> Outputs {
        let all: Vec<Vec<((Definition, u8), Output)>> = inputs
            .par_iter()
            .with_max_len(16)
            .map(|input| guarded(|| outputs(program, input)).unwrap_or_default())
            .collect();
        Outputs { of: all.into_iter().flatten().collect() }
    }

    /// The outputs of every function that `name` may refer to.
    pub fn of(&self, program: &Program, name: &str, file: FileId, arg: usize) -> Option<Vec<(FileId, &Output)>> {
        let meant = program.callees(name, file);
        let arg = u8::try_from(arg).ok()?;
        let all: Option<Vec<_>> = meant.iter().map(|d| Some((d.file, self.of.get(&(*d, arg))?))).collect();
        all.filter(|all| !all.is_empty())
    }
}

fn outputs(program: &Program, input: &Input) -> Vec<((Definition, u8), Output)> {
    let function = input.function;
    let Some(definition) = input.definition.filter(|_| !function.body.over_budget) else { return Vec::new() };
    let stored = stored_through(function, input.text);
    if stored.is_empty() {
        return Vec::new();
    }
    let body = &function.body;
    let cfg = input.cfg;
    if cfg.blocks.len() > MAX_BLOCKS {
        return Vec::new();
    }
    let accesses = Accesses::new(body, cfg, &|call| callee(program, function.file, body, call));
    let flow = Flow::new(cfg, accesses);
    let pointers: Vec<Symbol> = pointers(function, input.text).map(|(_, name)| name).collect();
    stored
        .into_iter()
        .filter_map(|(i, name)| Some(((definition, i), output(program, input, &flow, &pointers, name)?)))
        .collect()
}

/// The pointer parameters.
fn pointers<'f>(function: &'f Function, text: &'f str) -> impl Iterator<Item = (u8, Symbol)> + 'f {
    let all = function.params.iter().enumerate().filter(move |(_, p)| {
        let declared = text.get(p.span.range()).unwrap_or_default();
        let stars = declared.matches(['*', '[']).count();
        stars > 0 && !declared.contains('(')
    });
    all.filter_map(|(i, p)| Some((u8::try_from(i).ok()?, p.name)))
}

/// The pointer parameters that the function itself stores through.
fn stored_through(function: &Function, text: &str) -> Vec<(u8, Symbol)> {
    let body = &function.body;
    pointers(function, text)
        .filter(|(_, name)| {
            body.exprs.iter().any(|e| {
                let ExprKind::Assign { op: None, left, .. } = e.kind else { return false };
                super::access::place(body, left)
                    .is_some_and(|p| p.base == *name && matches!(p.path.first(), Some(Step::Deref | Step::Index)))
            })
        })
        .collect()
}

fn output(
    program: &Program,
    Input { function, text, .. }: &Input,
    flow: &Flow,
    pointers: &[Symbol],
    name: Symbol,
) -> Option<Output> {
    let body = &function.body;
    let cfg = flow.cfg;
    let asks = |a: &Access| a.call.is_none() && body.stmt(a.stmt).kind.condition().is_some();
    let mut read_first = None;
    let first = straight(cfg);
    let reached = flow.forward(
        &[From::Head(Cfg::ENTRY)],
        name,
        &mut |block, a| match a.act {
            Act::Read if a.place.is_variable() => {
                if asks(a) {
                    Go::On
                } else {
                    Go::Stop
                }
            }
            Act::Read => {
                // A member may be an array, whose name alone reads nothing.
                if a.certain && a.place.path[..] == [Step::Deref] && first.contains(&block) {
                    read_first = read_first.or(a.expr.map(|e| body.expr(e).span));
                }
                Go::On
            }
            _ => Go::Stop,
        },
        // Only null pointers violate a contract, and none is passed here.
        &mut |block, edge| {
            let cond = cfg.block(block).stmts.last().and_then(|&s| body.stmt(s).kind.condition());
            let known = cond.and_then(|c| {
                outcome(body, c, &|e| {
                    matches!(body.expr(e).kind, ExprKind::Name(n) if pointers.contains(&n)).then_some(1)
                })
            });
            match edge.kind {
                EdgeKind::True => known != Some(0),
                EdgeKind::False => known.is_none_or(|v| v == 0),
                _ => true,
            }
        },
    )?;
    let stored = behind_stores(flow, name);
    let mut unset: Vec<(i64, Span)> = Vec::new();
    let mut differs = false;
    for (b, block) in cfg.blocks.iter().enumerate().filter(|(b, _)| cfg.reachable[*b]) {
        for &s in &block.stmts {
            let StmtKind::Return(Some(e)) = body.stmt(s).kind else { continue };
            let value = returned(function, flow, &reached, e);
            // A value that is also returned where something was stored tells the caller nothing.
            let is_own = !stored[b] || (matches!(body.expr(e).kind, ExprKind::Name(_)) && value != Some(0));
            differs |= stored[b] && value != Some(0) && matches!(body.expr(e).kind, ExprKind::Name(_));
            match value {
                Some(value) if reached.end(BlockId(b as u32)) && is_own && !is_contract(program, body, text, s) => {
                    unset.push((value, body.stmt(s).span));
                }
                _ => differs = true,
            }
        }
    }
    // If every path returns the same, the caller cannot tell.
    let tells = differs || unset.iter().any(|(v, _)| *v != unset[0].0);
    if !tells {
        unset.clear();
    }
    (!unset.is_empty() || read_first.is_some()).then_some(Output { unset, read_first })
}

/// By block: whether something may have been stored before its end.
fn behind_stores(flow: &Flow, name: Symbol) -> Vec<bool> {
    let mut behind = vec![false; flow.cfg.blocks.len()];
    let stores = flow.accesses.of_variable(name).filter(|(_, a)| a.may_write() && !a.place.is_variable());
    let mut todo: Vec<BlockId> = stores.map(|(block, _)| block).collect();
    while let Some(block) = todo.pop() {
        if !std::mem::replace(&mut behind[block.0 as usize], true) {
            todo.extend(flow.cfg.block(block).edges.iter().map(|e| e.to));
        }
    }
    behind
}

/// Whether a macro that asserts a contract of the callers returns here.
fn is_contract(program: &Program, body: &Body, text: &str, stmt: StmtId) -> bool {
    let stmt = body.stmt(stmt);
    let written = text.get(stmt.span.range()).unwrap_or_default();
    let name = written.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    stmt.in_macro && program.catalog.assert(name).is_some()
}

/// The blocks that are always executed, from the entry to the first branch.
fn straight(cfg: &Cfg) -> Vec<BlockId> {
    let mut all = vec![Cfg::ENTRY];
    while let [edge] = &cfg.block(all[all.len() - 1]).edges[..] {
        if all.contains(&edge.to) {
            break;
        }
        all.push(edge.to);
    }
    all
}

/// The constant value of `e`; for a variable, its only value on the paths followed.
fn returned(function: &Function, flow: &Flow, reached: &Reached, e: ExprId) -> Option<i64> {
    let body = &function.body;
    if let Some(value) = outcome(body, e, &|e| failure(body, e)) {
        return Some(value);
    }
    let ExprKind::Name(name) = body.expr(e).kind else { return None };
    let mut value = None;
    for (block, access) in flow.accesses.of_variable(name) {
        if !reached.end(block) || access.act == Act::Read || access.act == Act::Declare {
            continue;
        }
        let one =
            access.value.filter(|_| access.act == Act::Write).and_then(|v| outcome(body, v, &|e| failure(body, e)))?;
        if value.is_some_and(|v| v != one) {
            return None;
        }
        value = Some(one);
    }
    value
}

/// `EINVAL`, `PJ_ETOOSHORT`: some nonzero number.
fn failure(body: &Body, e: ExprId) -> Option<i64> {
    let ExprKind::Name(name) = body.expr(e).kind else { return None };
    let text = body.names.text(name);
    let is_error = text.split('_').any(|w| {
        matches!(w, "ERR" | "ERROR" | "FAIL" | "FAILED" | "FAILURE" | "INVALID")
            || (w.len() > 3 && w.starts_with('E') && w.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
    });
    let shouts = !text.bytes().any(|b| b.is_ascii_lowercase());
    (is_error && shouts).then_some(1_000)
}
