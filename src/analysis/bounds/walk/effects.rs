//! What a loop may modify, determined from its text.

use rustc_hash::FxHashSet;

use super::eval::{Eval, Frame};
use crate::analysis::cfg::{BlockId, Cfg};
use crate::hir::{ExprId, ExprKind, StmtKind, Symbol, UnaryOp};

#[derive(Default)]
pub(super) struct Effects {
    pub variables: Vec<u32>,
    /// Names of fields that are assigned, in any object.
    pub fields: Vec<u32>,
    /// There is a store through an index or a plain pointer.
    pub elements: bool,
    /// Variables passed to calls: what they point to may change.
    pub passed: Vec<u32>,
}

impl Eval<'_> {
    pub(super) fn effects(&mut self, cfg: &Cfg, blocks: &[BlockId]) -> Effects {
        let body = &self.function.body;
        let mut roots: Vec<ExprId> = Vec::new();
        let mut effects = Effects::default();
        let mut set: FxHashSet<u32> = FxHashSet::default();
        for &block in blocks {
            let block = cfg.block(block);
            for &stmt in &block.stmts {
                match &body.stmt(stmt).kind {
                    // The step is evaluated in its own block.
                    StmtKind::For { cond, .. } => roots.extend(cond),
                    StmtKind::Decl(all) => {
                        set.extend(all.iter().filter_map(|d| self.by_name.get(&d.name)));
                        roots.extend(all.iter().filter_map(|d| d.init));
                    }
                    StmtKind::Opaque => {
                        set.extend(0..self.variables.len() as u32);
                        effects.elements = true;
                    }
                    _ => body.own_exprs(stmt, &mut |e| roots.push(e)),
                }
            }
            if let Some(stmt) = block.step_of
                && let StmtKind::For { step: Some(step), .. } = body.stmt(stmt).kind
            {
                roots.push(step);
            }
        }
        let mut targets: Vec<ExprId> = Vec::new();
        let mut names: Vec<Symbol> = Vec::new();
        for root in roots {
            body.walk(root, &mut |e| match &body.expr(e).kind {
                ExprKind::Assign { left, .. } => targets.push(*left),
                ExprKind::Update { operand, .. } | ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                    targets.push(*operand);
                }
                ExprKind::Asm { operands, .. } => targets.extend(operands),
                ExprKind::Call { args, .. } => {
                    let stored = self.stored_arguments(&Frame::of(body), e);
                    for (i, &arg) in args.iter().enumerate() {
                        if stored & (1 << i.min(31)) != 0 {
                            targets.push(arg);
                        }
                        body.walk(arg, &mut |e| {
                            if let ExprKind::Name(name) = body.expr(e).kind {
                                names.push(name);
                            }
                        });
                    }
                }
                _ => {}
            });
        }
        let mut fields: FxHashSet<u32> = FxHashSet::default();
        for target in targets {
            match &body.expr(body.bare(target)).kind {
                ExprKind::Name(name) => set.extend(self.by_name.get(name)),
                ExprKind::Member { field, .. } => {
                    fields.insert(self.paths.text(body.names.text(*field)));
                }
                ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => effects.elements = true,
                _ => {}
            }
        }
        effects.passed = names.iter().filter_map(|name| self.by_name.get(name)).copied().collect();
        effects.variables = set.into_iter().collect();
        effects.fields = fields.into_iter().collect();
        for all in [&mut effects.passed, &mut effects.variables, &mut effects.fields] {
            all.sort_unstable();
            all.dedup();
        }
        effects
    }
}
