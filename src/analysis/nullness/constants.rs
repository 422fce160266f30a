//! What a function cannot return when it is passed certain constants: `get(node, path, true)`, where the function
//! itself ends the program if the last argument says so.

use super::Facts;
use super::link::Linker;
use super::walk::Walker;
use super::why::Why;
use crate::analysis::access::place;
use crate::analysis::cfg::{BlockId, EdgeKind};
use crate::analysis::messages::Input;
use crate::hir::{Body, ExprId, ExprKind, StmtKind, UnaryOp};
use crate::preprocess::token::has_word;
use crate::program::Program;
use crate::program::types::Scope;
use crate::source::FileId;

/// Longer conditions (in bytes) are not analysed.
const MAX_TEXT: usize = 200;

/// How many functions that pass constants on are followed.
const MAX_HOPS: usize = 3;

/// The index of an argument, and the constant that it is.
type Given<'a> = (usize, &'a str);
/// A parameter, and the constant passed for it.
type Constant<'a> = (&'a str, &'a str);

impl Linker<'_> {
    /// Whether no function that the call may refer to returns null for the constants passed here.
    pub(super) fn excludes_null(&self, n: usize, call: ExprId) -> bool {
        let function = self.inputs[n].function;
        let body = &function.body;
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
        let Some(name) = body.callee(call) else { return false };
        let given: Vec<Given> =
            args.iter().enumerate().filter_map(|(i, &arg)| Some((i, self.constant(n, arg)?))).collect();
        !given.is_empty() && self.cannot_return_null(name, function.file, &given, 0)
    }

    fn cannot_return_null(&self, name: &str, file: FileId, given: &[Given], hops: usize) -> bool {
        let meant = self.program.callees(name, file);
        !meant.is_empty()
            && meant.iter().all(|definition| {
                let Some(&callee) = self.numbers.get(definition) else { return false };
                let input = &self.inputs[callee as usize];
                let body = &input.function.body;
                let constants: Vec<Constant> = given
                    .iter()
                    .filter_map(|&(i, text)| Some((body.names.text(input.function.params.get(i)?.name), text)))
                    .collect();
                let own = facts_given(self.program, input, &constants);
                let depends = own.is_some();
                let facts = own.as_ref().unwrap_or(&self.all[callee as usize]);
                let may_be_null = |&&call: &&ExprId| {
                    let why = body.callee(call).and_then(|name| self.returns_null(name, input.function.file));
                    why.is_some_and(|why| !matches!(why, Why::Getter | Why::Asserted))
                };
                // It passes the constants on: `return get_any(node, path, must_be);`
                let is_excluded = |&call: &ExprId| {
                    let (Some(name), ExprKind::Call { args, .. }) = (body.callee(call), &body.expr(call).kind) else {
                        return false;
                    };
                    let on = args.iter().enumerate().filter_map(|(i, &arg)| match body.expr(arg).kind {
                        ExprKind::Name(n) if let Some(c) = constants.iter().find(|c| c.0 == body.names.text(n)) => {
                            (!is_set(body, c.0, u32::MAX)).then_some((i, c.1))
                        }
                        _ => Some((i, self.constant(callee as usize, arg)?)),
                    });
                    let on: Vec<Given> = on.collect();
                    hops + 1 < MAX_HOPS
                        && !on.is_empty()
                        && self.cannot_return_null(name, input.function.file, &on, hops + 1)
                };
                let nulls: Vec<ExprId> = facts.returns.iter().filter(may_be_null).copied().collect();
                !facts.returns_null && (depends || !nulls.is_empty()) && nulls.iter().all(is_excluded)
            })
    }

    fn constant(&self, n: usize, arg: ExprId) -> Option<&str> {
        let input = &self.inputs[n];
        let body = &input.function.body;
        let is_constant = match body.expr(arg).kind {
            ExprKind::Number(_) | ExprKind::Char(_) => true,
            ExprKind::Name(name) => {
                let text = body.names.text(name);
                matches!(text, "true" | "false") || !text.bytes().any(|b| b.is_ascii_lowercase())
            }
            _ => false,
        };
        is_constant.then(|| input.text.get(body.expr(arg).span.range())).flatten()
    }
}

/// The facts about a function whose parameters are these constants; none if no branch depends on them.
fn facts_given(program: &Program, input: &Input, given: &[Constant]) -> Option<Facts> {
    let function = input.function;
    let body = &function.body;
    // What an inactive preprocessor arm does is unknown.
    let unit = program.unit(function.file);
    let range = function.span.range();
    if unit.all_arms().get(range.clone()) != input.text.get(range) {
        return None;
    }
    let scope = Scope::of(function.file);
    let value = |text: &str| program.types().constant(text, scope);
    let mut shut: Vec<(BlockId, usize)> = Vec::new();
    for (b, block) in input.cfg.blocks.iter().enumerate() {
        let Some(&last) = block.stmts.last() else { continue };
        let Some(cond) = body.stmt(last).kind.condition() else { continue };
        let span = body.expr(cond).span;
        let Some(text) = input.text.get(span.range()).filter(|text| text.len() <= MAX_TEXT) else { continue };
        let own: Vec<&Constant> =
            given.iter().filter(|(name, _)| has_word(text, name) && !is_set(body, name, span.start)).collect();
        if own.is_empty() {
            continue;
        }
        let is_shut: Vec<bool> = if let StmtKind::Switch { .. } = body.stmt(last).kind {
            let [(name, constant)] = own[..] else { continue };
            if text.trim_matches(['(', ')', ' ']) != *name {
                continue;
            }
            let labels: Vec<Vec<Option<&str>>> = block
                .edges
                .iter()
                .map(|edge| {
                    let written = |e: &ExprId| input.text.get(body.expr(*e).span.range());
                    let label = |s| match &body.stmt(s).kind {
                        StmtKind::Case(Some(e)) => written(e),
                        _ => None,
                    };
                    input.cfg.block(edge.to).labels.iter().map(|&s| label(s)).collect()
                })
                .collect();
            let is_it = |label: &str| label == *constant || value(label).is_some_and(|v| value(constant) == Some(v));
            let takes = |labels: &[Option<&str>]| labels.iter().flatten().any(|label| is_it(label));
            if !labels.iter().any(|labels| takes(labels)) {
                continue;
            }
            labels.iter().map(|labels| !takes(labels)).collect()
        } else {
            let Some(holds) = value(&replaced(text, given)) else { continue };
            let never = if holds != 0 { EdgeKind::False } else { EdgeKind::True };
            block.edges.iter().map(|edge| edge.kind == never).collect()
        };
        let numbers = is_shut.iter().enumerate().filter(|(_, shut)| **shut);
        shut.extend(numbers.map(|(i, _)| (BlockId(b as u32), i)));
    }
    if shut.is_empty() {
        return None;
    }
    let mut walker = Walker::new(program, function, input.text);
    walker.shut = shut;
    walker.run(function, input.cfg).then_some(walker.out)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the parameter is assigned, or its address taken, before a position in the function.
fn is_set(body: &Body, name: &str, before: u32) -> bool {
    body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { left: to, .. }
        | ExprKind::Update { operand: to, .. }
        | ExprKind::Unary { op: UnaryOp::AddressOf, operand: to } => {
            e.span.start < before && place(body, to).is_some_and(|p| body.names.text(p.base) == name)
        }
        _ => false,
    })
}

/// The text with the parameters replaced by the constants.
fn replaced(text: &str, given: &[Constant]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match is_word(first) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, behind) = rest.split_at(length);
        match given.iter().find(|(name, _)| *name == word) {
            Some((_, constant)) => {
                out.push('(');
                out.push_str(constant);
                out.push(')');
            }
            None => out.push_str(word),
        }
        rest = behind;
    }
    out
}
