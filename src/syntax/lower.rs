//! Lowers one function's syntax tree into HIR: a single post-order cursor walk, without recursion; the tree is then
//! dropped.

mod expression;
mod values;

use tree_sitter::Node;

use super::kinds::Kind;
use super::markers::{COMPUTED_GOTO, FALLTHROUGH_MARK, OPAQUE};
use super::prepare::Prepared;
use crate::hir::{Body, Declarator, DeclaratorForm, Expr, ExprId, ExprKind, Names, Stmt, StmtId, StmtKind, Symbol};
use crate::source::Span;

/// The result of lowering a node.
enum Lowered {
    Nothing,
    Token,
    Expr(ExprId),
    Stmt(StmtId),
    /// Several statements in a row: a label and its statement, or what was found below an ERROR.
    Stmts(Vec<StmtId>),
    Declarator {
        name: Option<Symbol>,
        init: Option<ExprId>,
        form: DeclaratorForm,
        /// The number of elements, if a call computes it.
        size: Option<ExprId>,
        /// Where it ends in the parsed text, without the initialiser.
        end: usize,
    },
    /// As written.
    Type(Symbol),
    Name(Symbol),
    Static,
    Function {
        name: Option<Symbol>,
        body: StmtId,
    },
    Exprs(Vec<ExprId>),
    Labels(Vec<Symbol>),
}

struct Value {
    field: u16,
    what: Lowered,
    kind: Kind,
    range: std::ops::Range<usize>,
}

impl Value {
    /// For a declarator: the expression that gives the number of elements.
    fn size(&self) -> Option<ExprId> {
        match self.what {
            Lowered::Declarator { size, .. } => size,
            _ => None,
        }
    }
}

struct Frame {
    field: u16,
    kind: Kind,
    first: usize,
    missing: bool,
    named: bool,
    range: std::ops::Range<usize>,
}

/// The lowered function and the name that its declarator gives.
pub struct LoweredFunction {
    pub body: Body,
    pub name: Option<String>,
}

/// Lowers what is below `root` in the parse of `text`: `prefix` bytes, then `prepared.text` from `offset` on.
///
/// `None` if there is no function with a body.
pub fn lower(root: Node, text: &str, prepared: &Prepared, prefix: usize, offset: usize) -> Option<LoweredFunction> {
    let mut lowering = Lowering {
        text,
        prepared,
        prefix,
        offset,
        stmts: Vec::new(),
        exprs: Vec::new(),
        names: Names::default(),
        islands: 0,
        values: Vec::new(),
    };
    lowering.walk(root);
    let Lowering { stmts, exprs, names, islands, values, .. } = lowering;
    // The last function of a slice is the one it was cut for; K&R heads may leave declarations before it.
    let (name, root) = values.into_iter().rev().find_map(|v| match v.what {
        Lowered::Function { name, body } => Some((name, body)),
        _ => None,
    })?;
    let name = name.map(|n| names.text(n).to_owned());
    Some(LoweredFunction { body: Body { stmts, exprs, names, root, islands, over_budget: false }, name })
}

struct Lowering<'a> {
    text: &'a str,
    prepared: &'a Prepared,
    prefix: usize,
    offset: usize,
    stmts: Vec<Stmt>,
    exprs: Vec<Expr>,
    names: Names,
    islands: u32,
    values: Vec<Value>,
}

/// Field ids of the grammar, by name.
mod field {
    use std::sync::LazyLock;

    macro_rules! fields {
        ($($name:ident = $text:literal,)*) => {
            $(pub static $name: LazyLock<u16> = LazyLock::new(|| id($text));)*
        };
    }

    fn id(name: &str) -> u16 {
        let language: tree_sitter::Language = tree_sitter_c::LANGUAGE.into();
        language.field_id_for_name(name).map_or(u16::MAX, |f| f.get())
    }

    fields! {
        CONDITION = "condition",
        CONSEQUENCE = "consequence",
        ALTERNATIVE = "alternative",
        INITIALIZER = "initializer",
        UPDATE = "update",
        VALUE = "value",
        SIZE = "size",
        DECLARATOR = "declarator",
        LABEL = "label",
        OPERATOR = "operator",
        FUNCTION = "function",
        FIELD = "field",
        GOTO_LABELS = "goto_labels",
    }
}

impl Lowering<'_> {
    fn walk(&mut self, root: Node) {
        let mut cursor = root.walk();
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            let node = cursor.node();
            let kind = Kind::of(node);
            frames.push(Frame {
                field: cursor.field_id().map_or(0, |f| f.get()),
                kind,
                first: self.values.len(),
                missing: node.is_missing(),
                named: node.is_named(),
                range: node.byte_range(),
            });
            if !is_leaf(kind) && cursor.goto_first_child() {
                continue;
            }
            loop {
                let Some(frame) = frames.pop() else { return };
                self.leave(frame);
                if frames.is_empty() {
                    return;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                cursor.goto_parent();
            }
        }
    }

    fn leave(&mut self, frame: Frame) {
        let children = self.values.split_off(frame.first);
        let what = self.build(&frame, children);
        if frame.missing && frame.named {
            self.islands += 1;
        }
        match what {
            Lowered::Nothing => {}
            // A translation unit keeps all its values; any other node becomes one value.
            _ if frame.kind == Kind::TranslationUnit => {}
            what => self.values.push(Value { field: frame.field, what, kind: frame.kind, range: frame.range }),
        }
    }

    fn span(&self, range: &std::ops::Range<usize>) -> Span {
        self.prepared.source(self.at(range.start)..self.at(range.end))
    }

    /// Converts an offset in the parsed text to one in the prepared text.
    fn at(&self, parsed: usize) -> usize {
        parsed.saturating_sub(self.prefix) + self.offset
    }

    fn text_of(&self, range: &std::ops::Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or("")
    }

    fn symbol(&mut self, range: &std::ops::Range<usize>) -> Symbol {
        let text = self.text.get(range.clone()).unwrap_or("");
        self.names.intern(text)
    }

    fn stmt(&mut self, kind: StmtKind, range: &std::ops::Range<usize>) -> StmtId {
        let span = self.span(range);
        let in_macro = self.prepared.is_from_macro(self.at(range.start));
        self.stmts.push(Stmt { kind, span, in_macro });
        StmtId(self.stmts.len() as u32 - 1)
    }

    fn expr(&mut self, kind: ExprKind, range: &std::ops::Range<usize>) -> ExprId {
        let span = self.span(range);
        self.exprs.push(Expr { kind, span });
        ExprId(self.exprs.len() as u32 - 1)
    }

    fn build(&mut self, frame: &Frame, mut children: Vec<Value>) -> Lowered {
        let range = &frame.range;
        match frame.kind {
            Kind::TranslationUnit => {
                self.values.extend(children);
                Lowered::Nothing
            }
            Kind::FunctionDefinition => {
                let name = children.iter().find_map(|c| match c.what {
                    Lowered::Declarator { name, .. } if c.field == *field::DECLARATOR => name,
                    _ => None,
                });
                let body = children.iter().rev().find_map(|c| match (&c.what, c.kind) {
                    (Lowered::Stmt(s), Kind::Compound) => Some(*s),
                    _ => None,
                });
                match body {
                    Some(body) => Lowered::Function { name, body },
                    None => self.statements(children),
                }
            }
            Kind::Error => self.island(children, range),
            Kind::Compound | Kind::SehTry | Kind::SehExcept | Kind::SehFinally => {
                let inner = self.list(children);
                Lowered::Stmt(self.stmt(StmtKind::Block(inner), range))
            }
            Kind::Else | Kind::AttributedStatement => {
                let inner = self.list(children);
                Lowered::Stmt(self.single(inner, range))
            }
            Kind::ExpressionStatement => self.expression_statement(children, range),
            Kind::Declaration | Kind::TypeDefinition => self.declaration(frame.kind, children, range),
            Kind::InitDeclarator => {
                let init = self.take_expr(&mut children, *field::VALUE);
                let (name, form) = self.declared(&children);
                let end = children.iter().find(|c| c.field == *field::DECLARATOR).map_or(range.end, |c| c.range.end);
                Lowered::Declarator { name, init, form, size: None, end }
            }
            Kind::PointerDeclarator
            | Kind::ArrayDeclarator
            | Kind::FunctionDeclarator
            | Kind::ParenthesizedDeclarator
            | Kind::AttributedDeclarator => {
                let own = match frame.kind {
                    Kind::PointerDeclarator => DeclaratorForm::Pointer,
                    Kind::ArrayDeclarator => DeclaratorForm::Array,
                    Kind::FunctionDeclarator => DeclaratorForm::Function,
                    _ => DeclaratorForm::Plain,
                };
                let size = self.take_expr(&mut children, *field::SIZE).filter(|&size| self.calls(size));
                let size = size.or_else(|| children.iter().find_map(|c| c.size()));
                let (name, inner) = self.declared(&children);
                let form = if inner == DeclaratorForm::Plain { own } else { inner };
                Lowered::Declarator { name, init: None, form, size, end: range.end }
            }
            Kind::StorageClass => match self.text_of(range) {
                "static" => Lowered::Static,
                _ => Lowered::Nothing,
            },
            Kind::ParameterList
            | Kind::StructSpecifier
            | Kind::UnionSpecifier
            | Kind::EnumSpecifier
            | Kind::MacroType => Lowered::Nothing,
            Kind::TypeDescriptor => Lowered::Type(self.symbol(range)),
            Kind::If => {
                let cond = self.cond(&mut children, range);
                let then = self.take_stmt(&mut children, *field::CONSEQUENCE, range);
                let otherwise = children
                    .iter()
                    .any(|c| c.field == *field::ALTERNATIVE)
                    .then(|| self.take_stmt(&mut children, *field::ALTERNATIVE, range));
                let whole = self.stmt(StmtKind::If { cond, then, otherwise }, range);
                self.with_islands(children, whole)
            }
            Kind::While => {
                let cond = self.cond(&mut children, range);
                let body = self.body(&mut children, range);
                let whole = self.stmt(StmtKind::While { cond, body }, range);
                self.with_islands(children, whole)
            }
            Kind::Do => {
                let cond = self.cond(&mut children, range);
                let body = self.body(&mut children, range);
                let whole = self.stmt(StmtKind::DoWhile { body, cond }, range);
                self.with_islands(children, whole)
            }
            Kind::For => {
                let init = match children.iter().position(|c| c.field == *field::INITIALIZER) {
                    Some(i) => match children.remove(i) {
                        Value { what: Lowered::Stmt(s), .. } => Some(s),
                        Value { what: Lowered::Expr(e), range, .. } => Some(self.stmt(StmtKind::Expr(e), &range)),
                        _ => None,
                    },
                    None => None,
                };
                let cond = self.take_expr(&mut children, *field::CONDITION);
                let step = self.take_expr(&mut children, *field::UPDATE);
                let body = self.body(&mut children, range);
                let whole = self.stmt(StmtKind::For { init, cond, step, body }, range);
                self.with_islands(children, whole)
            }
            Kind::Switch => {
                let cond = self.cond(&mut children, range);
                let body = self.body(&mut children, range);
                let whole = self.stmt(StmtKind::Switch { cond, body }, range);
                self.with_islands(children, whole)
            }
            Kind::Case => {
                let value = self.take_expr(&mut children, *field::VALUE);
                let head =
                    children.iter().rfind(|c| matches!(c.what, Lowered::Token)).map_or(range.end, |c| c.range.end);
                let label = self.stmt(StmtKind::Case(value), &(range.start..head.max(range.start)));
                let mut all = vec![label];
                all.extend(self.list(children));
                Lowered::Stmts(all)
            }
            Kind::Labeled => {
                let name = children.iter().position(|c| c.field == *field::LABEL).map(|i| children.remove(i));
                let mut all = Vec::new();
                if let Some(Value { what: Lowered::Name(name), range, .. }) = name {
                    all.push(self.stmt(StmtKind::Label(name), &range));
                }
                all.extend(self.list(children));
                Lowered::Stmts(all)
            }
            Kind::Goto => {
                let kind = children.iter().find_map(|c| match c.what {
                    Lowered::Name(name) if self.names.text(name) == COMPUTED_GOTO => Some(StmtKind::ComputedGoto),
                    Lowered::Name(name) => Some(StmtKind::Goto(name)),
                    _ => None,
                });
                Lowered::Stmt(self.stmt(kind.unwrap_or(StmtKind::ComputedGoto), range))
            }
            Kind::Break | Kind::SehLeave => Lowered::Stmt(self.stmt(StmtKind::Break, range)),
            Kind::Continue => Lowered::Stmt(self.stmt(StmtKind::Continue, range)),
            Kind::Return => {
                let value = self.any_expr(&mut children);
                let whole = self.stmt(StmtKind::Return(value), range);
                self.with_islands(children, whole)
            }
            Kind::StatementIdentifier => Lowered::Name(self.symbol(range)),
            Kind::FieldIdentifier => Lowered::Name(self.symbol(range)),
            Kind::Identifier => {
                let name = self.symbol(range);
                Lowered::Expr(self.expr(ExprKind::Name(name), range))
            }
            // Types are identified by their position; a type identifier is not an expression.
            Kind::TypeIdentifier => Lowered::Nothing,
            Kind::Number => self.leaf(range, ExprKind::Number),
            Kind::Char => self.leaf(range, ExprKind::Char),
            Kind::String | Kind::Concatenated => self.leaf(range, ExprKind::String),
            Kind::True | Kind::False | Kind::Null => self.leaf(range, ExprKind::Name),
            Kind::Other if !frame.named => Lowered::Token,
            _ => self.expression(frame, children),
        }
    }

    fn leaf(&mut self, range: &std::ops::Range<usize>, make: fn(Symbol) -> ExprKind) -> Lowered {
        let symbol = self.symbol(range);
        Lowered::Expr(self.expr(make(symbol), range))
    }

    /// An ERROR: its contents are kept, after a statement that may do anything.
    fn island(&mut self, children: Vec<Value>, range: &std::ops::Range<usize>) -> Lowered {
        self.islands += 1;
        if children.iter().any(|c| matches!(c.what, Lowered::Function { .. })) {
            self.values.extend(children);
            return Lowered::Nothing;
        }
        if children.iter().any(|c| matches!(c.what, Lowered::Stmt(_) | Lowered::Stmts(_))) {
            let mut all = vec![self.stmt(StmtKind::Opaque, &(range.start..range.start))];
            all.extend(self.list(children));
            return Lowered::Stmts(all);
        }
        let inner = self.exprs_of(children);
        Lowered::Expr(self.expr(ExprKind::Opaque(inner), range))
    }

    fn expression_statement(&mut self, mut children: Vec<Value>, range: &std::ops::Range<usize>) -> Lowered {
        let Some(e) = self.any_expr(&mut children) else {
            return match children.iter().any(|c| matches!(c.what, Lowered::Stmt(_) | Lowered::Stmts(_))) {
                true => self.statements(children),
                false => Lowered::Stmt(self.stmt(StmtKind::Empty, range)),
            };
        };
        let kind = match self.exprs[e.0 as usize].kind {
            ExprKind::Name(name) => match self.names.text(name) {
                FALLTHROUGH_MARK => StmtKind::FallthroughMark,
                OPAQUE => StmtKind::Opaque,
                _ => StmtKind::Expr(e),
            },
            _ => StmtKind::Expr(e),
        };
        let whole = self.stmt(kind, range);
        self.with_islands(children, whole)
    }

    fn declaration(&mut self, kind: Kind, children: Vec<Value>, range: &std::ops::Range<usize>) -> Lowered {
        let is_static = children.iter().any(|c| matches!(c.what, Lowered::Static));
        let mut declarators = Vec::new();
        let first = children.iter().find(|c| c.field == *field::DECLARATOR).map_or(range.end, |c| c.range.start);
        let specifiers = range.start..first;
        for child in &children {
            let (name, init, form, end) = match child.what {
                Lowered::Declarator { name: Some(name), init, form, end, .. } => (name, init, form, end),
                Lowered::Expr(e) if child.field == *field::DECLARATOR => match self.exprs[e.0 as usize].kind {
                    ExprKind::Name(name) => (name, None, DeclaratorForm::Plain, child.range.end),
                    _ => continue,
                },
                _ => continue,
            };
            let ty = [self.text_of(&specifiers), self.text_of(&(child.range.start..end))].concat();
            let ty = self.names.intern(&ty);
            declarators.push(Declarator { name, init, is_static, form, ty });
        }
        if kind == Kind::TypeDefinition {
            declarators.clear();
        }
        // An array's length expression is evaluated before the array exists.
        let sizes: Vec<ExprId> = children.iter().filter_map(Value::size).collect();
        let sizes: Vec<StmtId> = sizes.into_iter().map(|e| self.stmt(StmtKind::Expr(e), range)).collect();
        let whole = self.stmt(StmtKind::Decl(declarators), range);
        let rest = children.into_iter().filter(|c| c.field != *field::DECLARATOR).collect();
        match self.with_islands(rest, whole) {
            Lowered::Stmt(whole) if !sizes.is_empty() => Lowered::Stmts(sizes.into_iter().chain([whole]).collect()),
            other => other,
        }
    }
}

/// Nodes whose contents lowering does not need.
fn is_leaf(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::String
            | Kind::Concatenated
            | Kind::Char
            | Kind::Number
            | Kind::StructSpecifier
            | Kind::UnionSpecifier
            | Kind::EnumSpecifier
            | Kind::ParameterList
            | Kind::TypeDescriptor
            | Kind::MacroType
    )
}
