//! Lowering of expression nodes.

use super::{Frame, Lowered, Lowering, Value, field};
use crate::hir::{BinaryOp, ExprKind, UnaryOp};
use crate::syntax::kinds::Kind;

impl Lowering<'_> {
    pub(super) fn expression(&mut self, frame: &Frame, mut children: Vec<Value>) -> Lowered {
        let range = &frame.range;
        let kind = match frame.kind {
            Kind::Call => {
                let callee = self.take_expr(&mut children, *field::FUNCTION);
                let args = children.into_iter().find_map(|c| match c.what {
                    Lowered::Exprs(all) => Some(all),
                    _ => None,
                });
                match (callee, args) {
                    (Some(callee), args) => ExprKind::Call { callee, args: args.unwrap_or_default() },
                    (None, args) => ExprKind::Opaque(args.unwrap_or_default()),
                }
            }
            Kind::ArgumentList | Kind::AsmInputList | Kind::AsmOutputList => {
                return Lowered::Exprs(self.exprs_of(children));
            }
            Kind::Field => {
                let arrow = children.iter().any(|c| c.field == *field::OPERATOR && self.text_of(&c.range) == "->");
                let name = children.iter().find_map(|c| match c.what {
                    Lowered::Name(name) if c.field == *field::FIELD => Some(name),
                    _ => None,
                });
                match (self.any_expr(&mut children), name) {
                    (Some(base), Some(field)) => ExprKind::Member { base, field, arrow },
                    (base, _) => ExprKind::Opaque(base.into_iter().collect()),
                }
            }
            Kind::Subscript => match self.exprs_of(children)[..] {
                [base, index] => ExprKind::Index { base, index },
                ref all => ExprKind::Opaque(all.to_vec()),
            },
            Kind::Unary | Kind::Pointer => {
                let op = children
                    .iter()
                    .find(|c| c.field == *field::OPERATOR)
                    .and_then(|c| unary_op(self.text_of(&c.range)));
                match (op, self.any_expr(&mut children)) {
                    (Some(op), Some(operand)) => ExprKind::Unary { op, operand },
                    (_, operand) => ExprKind::Opaque(operand.into_iter().collect()),
                }
            }
            Kind::Update => {
                let operator = children.iter().find(|c| c.field == *field::OPERATOR);
                let decrement = operator.is_some_and(|c| self.text_of(&c.range) == "--");
                let prefix = operator.is_some_and(|c| c.range.start == range.start);
                match self.any_expr(&mut children) {
                    Some(operand) => ExprKind::Update { operand, decrement, prefix },
                    None => ExprKind::Opaque(Vec::new()),
                }
            }
            Kind::Binary if let Some(op) = self.cast_of(&children) => {
                let operands = self.exprs_of(children);
                let [ty, operand] = operands[..] else { return Lowered::Exprs(operands) };
                let ExprKind::Name(ty) = self.exprs[ty.0 as usize].kind else { return Lowered::Exprs(operands) };
                let operand = self.expr(ExprKind::Unary { op, operand }, range);
                ExprKind::Cast { ty, operand }
            }
            Kind::Binary | Kind::Assignment => {
                let operator =
                    children.iter().find(|c| c.field == *field::OPERATOR).map(|c| self.text_of(&c.range).to_owned());
                let operator = operator.unwrap_or_default();
                match self.exprs_of(children)[..] {
                    [left, right] if frame.kind == Kind::Assignment => {
                        ExprKind::Assign { op: binary_op(operator.trim_end_matches('=')), left, right }
                    }
                    [left, right] => match binary_op(&operator) {
                        Some(op) => ExprKind::Binary { op, left, right },
                        None => ExprKind::Opaque(vec![left, right]),
                    },
                    ref all => ExprKind::Opaque(all.to_vec()),
                }
            }
            Kind::Comma => match self.exprs_of(children)[..] {
                [left, right] => ExprKind::Binary { op: BinaryOp::Comma, left, right },
                ref all => ExprKind::Opaque(all.to_vec()),
            },
            Kind::Conditional => {
                let cond = self.take_expr(&mut children, *field::CONDITION);
                let otherwise = self.take_expr(&mut children, *field::ALTERNATIVE);
                let then = self.any_expr(&mut children);
                match (cond, otherwise) {
                    (Some(cond), Some(otherwise)) => ExprKind::Conditional { cond, then, otherwise },
                    _ => ExprKind::Opaque([cond, then, otherwise].into_iter().flatten().collect()),
                }
            }
            Kind::Cast => {
                let ty = self.type_text(&children);
                match self.any_expr(&mut children) {
                    Some(operand) => ExprKind::Cast { ty: ty.unwrap_or_else(|| self.names.intern("")), operand },
                    None => ExprKind::Opaque(Vec::new()),
                }
            }
            Kind::Sizeof => {
                let ty = self.type_text(&children);
                ExprKind::Sizeof { ty, operand: self.any_expr(&mut children) }
            }
            Kind::Alignof | Kind::Offsetof => ExprKind::Unevaluated(self.exprs_of(children)),
            Kind::Parenthesized | Kind::Extension => {
                // `({ … })`
                if let Some(block) = children.iter().find_map(|c| match c.what {
                    Lowered::Stmt(s) => Some(s),
                    _ => None,
                }) {
                    ExprKind::Statement(block)
                } else {
                    match self.exprs_of(children)[..] {
                        [inner] => return Lowered::Expr(inner),
                        ref all => ExprKind::Opaque(all.to_vec()),
                    }
                }
            }
            Kind::CompoundLiteral | Kind::InitializerList | Kind::InitializerPair => {
                ExprKind::Braced(self.exprs_of(children))
            }
            Kind::Generic => ExprKind::Unevaluated(self.exprs_of(children)),
            Kind::AsmGotoList => {
                let labels = children.iter().filter_map(|c| match c.what {
                    Lowered::Expr(e) => match self.exprs[e.0 as usize].kind {
                        ExprKind::Name(name) => Some(name),
                        _ => None,
                    },
                    _ => None,
                });
                return Lowered::Labels(labels.collect());
            }
            Kind::AsmInput | Kind::AsmOutput => return Lowered::Exprs(self.exprs_of(children)),
            Kind::Asm => {
                let labels = children.iter().find_map(|c| match &c.what {
                    Lowered::Labels(labels) if c.field == *field::GOTO_LABELS => Some(labels.clone()),
                    _ => None,
                });
                ExprKind::Asm { operands: self.exprs_of(children), labels: labels.unwrap_or_default() }
            }
            _ => {
                // A node of no interest: its contents move up.
                return match children.len() {
                    0 => Lowered::Nothing,
                    1 => children.remove(0).what,
                    _ if children.iter().any(|c| matches!(c.what, Lowered::Stmt(_) | Lowered::Stmts(_))) => {
                        self.statements(children)
                    }
                    _ => Lowered::Exprs(self.exprs_of(children)),
                };
            }
        };
        Lowered::Expr(self.expr(kind, range))
    }
}

impl Lowering<'_> {
    /// `(UINT32)*p`, `(caddr_t)&x`, which the grammar parses as a product and a bitwise and if it does not know the
    /// type: the unary operator that is applied before the cast.
    fn cast_of(&self, children: &[Value]) -> Option<UnaryOp> {
        let [left, operator, right] = children else { return None };
        let name = self.text_of(&left.range).trim_start_matches('(').trim_end_matches(')').trim();
        if left.kind != Kind::Parenthesized || !is_type(name) {
            return None;
        }
        // A mask has no address.
        let is_mask = || !self.text_of(&right.range).starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        match self.text_of(&operator.range) {
            "*" => Some(UnaryOp::Deref),
            "&" if !is_mask() => Some(UnaryOp::AddressOf),
            _ => None,
        }
    }
}

/// Whether the name denotes an integer of fixed width or is only used for types.
fn is_type(name: &str) -> bool {
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let width = &name[word.len()..];
    let int = ["U", "S", "I", "u", "s", "i", "INT", "int", "Int"].iter().any(|end| word.ends_with(end));
    matches!(width, "8" | "16" | "32" | "64") && int
        || name.ends_with("_t")
        || matches!(name, "BYTE" | "WORD" | "DWORD" | "QWORD" | "UCHAR" | "USHORT" | "UINT" | "ULONG" | "LONG")
}

fn unary_op(text: &str) -> Option<UnaryOp> {
    Some(match text {
        "!" => UnaryOp::Not,
        "~" => UnaryOp::Complement,
        "-" => UnaryOp::Negate,
        "+" => UnaryOp::Plus,
        "*" => UnaryOp::Deref,
        "&" => UnaryOp::AddressOf,
        _ => return None,
    })
}

fn binary_op(text: &str) -> Option<BinaryOp> {
    Some(match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        "&" => BinaryOp::BitAnd,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "&&" => BinaryOp::And,
        "||" => BinaryOp::Or,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        _ => return None,
    })
}
