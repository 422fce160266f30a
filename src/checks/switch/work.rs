//! Whether statements do something, or only write messages.

use super::facts::MAX_STMTS;
use super::names::{calls_log, is_in_log_macro};
use crate::checks::View;
use crate::hir::{ExprKind, StmtId, StmtKind};

/// Some statement assigns, or calls something other than a logging function.
pub fn works(view: &View, stmts: &[StmtId]) -> bool {
    let body = &view.function.body;
    let mut found = false;
    for &top in stmts {
        if found {
            break;
        }
        body.walk_first(top, MAX_STMTS, &mut |s| {
            if found || only_logs(view, s) {
                return;
            }
            body.own_exprs(s, &mut |e| {
                body.walk(e, &mut |e| {
                    found |= match body.expr(e).kind {
                        ExprKind::Assign { .. } | ExprKind::Update { .. } => true,
                        ExprKind::Call { .. } => !calls_log(body, e),
                        _ => false,
                    };
                });
            });
        });
    }
    found
}

/// The statement only writes messages.
pub fn only_logs(view: &View, s: StmtId) -> bool {
    let body = &view.function.body;
    let logs = |s: StmtId| match body.stmt(s).kind {
        _ if is_in_log_macro(view, s) => true,
        StmtKind::Expr(e) => calls_log(body, body.bare(e)),
        _ => false,
    };
    match &body.stmt(s).kind {
        StmtKind::Block(all) if !body.stmt(s).in_macro => !all.is_empty() && all.iter().all(|&s| logs(s)),
        _ => logs(s),
    }
}
