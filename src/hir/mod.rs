//! The intermediate representation of one function: arenas of statements and expressions with source spans.
//!
//! A body is a list of statements in which `case`, `default` and labels are separate statements, in source order: C's
//! `switch` is a jump into a sequence, and a tree would hide that. Whatever the parser did not understand is `Opaque`:
//! it may do anything, and proves nothing.

mod names;

pub use names::{Names, Symbol};

use crate::source::{FileId, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StmtId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);

/// A function definition.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub file: FileId,
    /// Header and body.
    pub span: Span,
    pub params: Vec<Parameter>,
    pub body: Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: Symbol,
    /// The span of its declaration.
    pub span: Span,
}

#[derive(Debug)]
pub struct Body {
    pub stmts: Vec<Stmt>,
    pub exprs: Vec<Expr>,
    pub names: Names,
    pub root: StmtId,
    /// Number of places that the parser did not understand.
    pub islands: u32,
    /// Parsing or macro expansion was aborted, so the body is incomplete.
    pub over_budget: bool,
}

#[derive(Debug)]
pub struct Stmt {
    pub kind: StmtKind,
    /// Its location; for a statement from a macro, that of the call.
    pub span: Span,
    /// It begins inside a macro expansion.
    pub in_macro: bool,
}

#[derive(Debug)]
pub enum StmtKind {
    Block(Vec<StmtId>),
    Expr(ExprId),
    Decl(Vec<Declarator>),
    If {
        cond: ExprId,
        then: StmtId,
        otherwise: Option<StmtId>,
    },
    While {
        cond: ExprId,
        body: StmtId,
    },
    DoWhile {
        body: StmtId,
        cond: ExprId,
    },
    For {
        init: Option<StmtId>,
        cond: Option<ExprId>,
        step: Option<ExprId>,
        body: StmtId,
    },
    Switch {
        cond: ExprId,
        body: StmtId,
    },
    /// `case value:`, or `default:` if `None`.
    Case(Option<ExprId>),
    Label(Symbol),
    Goto(Symbol),
    /// `goto *p`: any label whose address is taken.
    ComputedGoto,
    Break,
    Continue,
    Return(Option<ExprId>),
    Empty,
    /// `[[fallthrough]];` and whatever expands to it or is equivalent.
    FallthroughMark,
    Opaque,
}

/// One name of a declaration.
#[derive(Debug)]
pub struct Declarator {
    pub name: Symbol,
    pub init: Option<ExprId>,
    pub is_static: bool,
    pub form: DeclaratorForm,
    /// The declaration text without the initialiser: `const char *name`.
    pub ty: Symbol,
}

/// What a name is declared as, as far as its declarator shows: the part nearest to the name decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaratorForm {
    /// A value of the named type: a number, a structure, a pointer hidden by a `typedef`.
    Plain,
    Pointer,
    Array,
    Function,
}

#[derive(Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug)]
pub enum ExprKind {
    Name(Symbol),
    /// A number, as written.
    Number(Symbol),
    /// A character literal, as written.
    Char(Symbol),
    String(Symbol),
    Call {
        callee: ExprId,
        args: Vec<ExprId>,
    },
    Member {
        base: ExprId,
        field: Symbol,
        arrow: bool,
    },
    Index {
        base: ExprId,
        index: ExprId,
    },
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    /// `++` and `--`, prefix or postfix.
    Update {
        operand: ExprId,
        decrement: bool,
        /// Its value is the one after the update.
        prefix: bool,
    },
    Binary {
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    },
    /// `left = right`, or `left op= right`.
    Assign {
        op: Option<BinaryOp>,
        left: ExprId,
        right: ExprId,
    },
    Conditional {
        cond: ExprId,
        then: Option<ExprId>,
        otherwise: ExprId,
    },
    Cast {
        /// As written: `const char *`.
        ty: Symbol,
        operand: ExprId,
    },
    /// The operand is not evaluated. A name in parentheses may be a type.
    Sizeof {
        ty: Option<Symbol>,
        operand: Option<ExprId>,
    },
    /// `offsetof`, `_Alignof`, `_Generic`.
    Unevaluated(Vec<ExprId>),
    /// Braced initialisers, compound literals.
    Braced(Vec<ExprId>),
    /// `({ … })`
    Statement(StmtId),
    /// Inline assembly: its operands, and the labels it may jump to.
    Asm {
        operands: Vec<ExprId>,
        labels: Vec<Symbol>,
    },
    Opaque(Vec<ExprId>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Not,
    Complement,
    Negate,
    Plus,
    Deref,
    AddressOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    BitAnd,
    BitOr,
    BitXor,
    And,
    Or,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Comma,
}

impl StmtKind {
    /// The condition of a branch or loop, or the controlling expression of a `switch`.
    pub fn condition(&self) -> Option<ExprId> {
        match *self {
            StmtKind::If { cond, .. }
            | StmtKind::While { cond, .. }
            | StmtKind::DoWhile { cond, .. }
            | StmtKind::Switch { cond, .. } => Some(cond),
            StmtKind::For { cond, .. } => cond,
            _ => None,
        }
    }
}

impl Body {
    pub fn stmt(&self, id: StmtId) -> &Stmt {
        &self.stmts[id.0 as usize]
    }

    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// The direct operands of an expression, in source order.
    pub fn operands(&self, id: ExprId, each: &mut dyn FnMut(ExprId)) {
        match &self.expr(id).kind {
            ExprKind::Name(_)
            | ExprKind::Number(_)
            | ExprKind::Char(_)
            | ExprKind::String(_)
            | ExprKind::Statement(_) => {}
            ExprKind::Call { callee, args } => {
                each(*callee);
                args.iter().for_each(|&a| each(a));
            }
            ExprKind::Member { base: a, .. }
            | ExprKind::Unary { operand: a, .. }
            | ExprKind::Update { operand: a, .. }
            | ExprKind::Cast { operand: a, .. } => {
                each(*a);
            }
            ExprKind::Index { base: a, index: b }
            | ExprKind::Binary { left: a, right: b, .. }
            | ExprKind::Assign { left: a, right: b, .. } => {
                each(*a);
                each(*b);
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                each(*cond);
                then.iter().for_each(|&t| each(t));
                each(*otherwise);
            }
            ExprKind::Sizeof { operand, .. } => operand.iter().for_each(|&e| each(e)),
            ExprKind::Unevaluated(all)
            | ExprKind::Braced(all)
            | ExprKind::Opaque(all)
            | ExprKind::Asm { operands: all, .. } => {
                all.iter().for_each(|&e| each(e));
            }
        }
    }

    /// Every expression in `id`, itself first, without entering statement expressions. Iterative, because expressions
    /// may nest arbitrarily deep.
    pub fn walk(&self, id: ExprId, visit: &mut dyn FnMut(ExprId)) {
        let mut todo = vec![id];
        while let Some(next) = todo.pop() {
            visit(next);
            let first = todo.len();
            self.operands(next, &mut |operand| todo.push(operand));
            todo[first..].reverse();
        }
    }

    /// The expressions that a statement evaluates itself, excluding its inner statements.
    pub fn own_exprs(&self, id: StmtId, each: &mut dyn FnMut(ExprId)) {
        match &self.stmt(id).kind {
            StmtKind::Expr(e) | StmtKind::Return(Some(e)) | StmtKind::Case(Some(e)) => each(*e),
            StmtKind::If { cond, .. }
            | StmtKind::While { cond, .. }
            | StmtKind::DoWhile { cond, .. }
            | StmtKind::Switch { cond, .. } => {
                each(*cond);
            }
            StmtKind::For { cond, step, .. } => cond.iter().chain(step).for_each(|&e| each(e)),
            StmtKind::Decl(declarators) => declarators.iter().filter_map(|d| d.init).for_each(each),
            _ => {}
        }
    }

    /// The statements directly inside a statement, in order.
    pub fn inner(&self, id: StmtId, each: &mut dyn FnMut(StmtId)) {
        match &self.stmt(id).kind {
            StmtKind::Block(all) => all.iter().for_each(|&s| each(s)),
            StmtKind::If { then, otherwise, .. } => {
                each(*then);
                otherwise.iter().for_each(|&s| each(s));
            }
            StmtKind::While { body, .. } | StmtKind::DoWhile { body, .. } | StmtKind::Switch { body, .. } => {
                each(*body)
            }
            StmtKind::For { init, body, .. } => {
                init.iter().for_each(|&s| each(s));
                each(*body);
            }
            _ => {}
        }
    }

    /// Every statement in `id`, itself first, in source order, excluding those of statement expressions.
    pub fn walk_stmts(&self, id: StmtId, visit: &mut dyn FnMut(StmtId)) {
        self.walk_first(id, usize::MAX, visit);
    }

    /// The same, limited to the first `limit` statements: enough to judge one of many nested statements.
    pub fn walk_first(&self, id: StmtId, limit: usize, visit: &mut dyn FnMut(StmtId)) {
        let mut todo = vec![id];
        for _ in 0..limit {
            let Some(next) = todo.pop() else { break };
            visit(next);
            let first = todo.len();
            self.inner(next, &mut |inner| todo.push(inner));
            todo[first..].reverse();
        }
    }

    /// The calls by name, each with its name and arguments, in body order.
    pub fn calls(&self) -> impl Iterator<Item = (ExprId, &str, &[ExprId])> {
        self.exprs.iter().enumerate().filter_map(|(i, e)| {
            let ExprKind::Call { args, .. } = &e.kind else { return None };
            let call = ExprId(i as u32);
            Some((call, self.callee(call)?, &args[..]))
        })
    }

    /// The expression mentions the variable.
    pub fn mentions(&self, e: ExprId, name: Symbol) -> bool {
        let mut found = false;
        self.walk(e, &mut |e| found |= matches!(self.expr(e).kind, ExprKind::Name(n) if n == name));
        found
    }

    /// The expression without its outer casts.
    pub fn bare(&self, mut e: ExprId) -> ExprId {
        while let ExprKind::Cast { operand, .. } = self.expr(e).kind {
            e = operand;
        }
        e
    }

    /// The name of the function that a call calls directly.
    pub fn callee(&self, id: ExprId) -> Option<&str> {
        let ExprKind::Call { callee, .. } = &self.expr(id).kind else { return None };
        match &self.expr(*callee).kind {
            ExprKind::Name(name) => Some(self.names.text(*name)),
            _ => None,
        }
    }
}
