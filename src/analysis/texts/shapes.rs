//! Which variables are cursors and indices of texts, and what an address consists of.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::hir::{BinaryOp, Body, DeclaratorForm, ExprId, ExprKind, Function, StmtId, StmtKind, Symbol, UnaryOp};
use crate::preprocess::token::integer;

/// Maximum number of positions distinguished in one function.
const MAX_KEYS: usize = 48;
const MAX_DEPTH: u32 = 24;
/// Maximum offset that is added to a position.
const MAX_OFFSET: i32 = 64;
/// Marks a step that is the result of a call, not a variable.
const CALL: u32 = 1 << 31;

/// A sum: a pointer, what is added to it, and a number.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sum {
    pub base: Option<Symbol>,
    /// Variables and results of calls, sorted by number.
    pub steps: Vec<u32>,
    pub offset: i32,
}

/// A sum without its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub base: Symbol,
    pub steps: Vec<u32>,
}

pub fn step_of(name: Symbol) -> u32 {
    name.0
}

pub fn step_of_call(call: ExprId) -> u32 {
    CALL | call.0
}

impl Sum {
    pub fn plus(mut self, other: Sum) -> Option<Sum> {
        if self.base.is_some() && other.base.is_some() {
            return None;
        }
        self.base = self.base.or(other.base);
        self.steps.extend(other.steps);
        self.steps.sort_unstable();
        self.offset += other.offset;
        (self.steps.len() <= 3 && self.offset.abs() <= MAX_OFFSET).then_some(self)
    }

    pub fn minus(mut self, other: &Sum) -> Option<Sum> {
        if other.base.is_some() {
            return None;
        }
        for step in &other.steps {
            let at = self.steps.iter().position(|s| s == step)?;
            self.steps.remove(at);
        }
        self.offset -= other.offset;
        (self.offset.abs() <= MAX_OFFSET).then_some(self)
    }
}

/// The variables of a function, as far as texts are concerned.
pub struct Shapes {
    /// Character pointers and arrays, with the family of each: those that are assigned to each other.
    bases: FxHashMap<Symbol, Symbol>,
    arrays: FxHashSet<Symbol>,
    indices: FxHashSet<Symbol>,
    /// Variables that are set to something computed from a text of these families.
    pub related: FxHashMap<Symbol, Vec<Symbol>>,
    /// Variables that are set to constants: a test of one may be about what was found at the end of a text.
    pub flags: FxHashSet<Symbol>,
    /// Variables that only ever hold the length of a text that is never moved.
    lengths: FxHashMap<Symbol, Symbol>,
    pub keys: Vec<Position>,
    /// By expression: whether it was checked for being a sum, and the answer.
    sums: RefCell<Vec<Asked>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Never,
    No,
    Number,
    Text,
}

fn is_text_type(declared: &str) -> Option<bool> {
    if !declared.contains("char") && !declared.contains("CHAR") || !declared.contains(['*', '[']) {
        return None;
    }
    let lower = declared.to_ascii_lowercase();
    let odd = ["unsigned", "uchar", "u_char", "wchar", "tchar", "static", "signed", "("];
    if odd.iter().any(|word| lower.contains(word)) {
        return None;
    }
    match (lower.matches('*').count(), lower.matches('[').count()) {
        (1, 0) => Some(false),
        (0, 1) => Some(true),
        _ => None,
    }
}

impl Shapes {
    pub fn new(function: &Function, code: &str) -> Shapes {
        let body = &function.body;
        let mut bases: FxHashMap<Symbol, Symbol> = FxHashMap::default();
        let mut arrays = FxHashSet::default();
        let mut indices = FxHashSet::default();
        let mut related: FxHashMap<Symbol, Vec<Symbol>> = FxHashMap::default();
        let mut odd: FxHashSet<Symbol> = FxHashSet::default();
        let mut last_text = None;
        for param in &function.params {
            let declared = code.get(param.span.range()).unwrap_or("");
            match is_text_type(declared) {
                Some(_) => {
                    bases.insert(param.name, param.name);
                    last_text = Some(param.name);
                    continue;
                }
                None if declared.contains(['*', '[']) => {
                    odd.insert(param.name);
                }
                None => {
                    indices.insert(param.name);
                    // `const char *text, size_t length`
                    if let Some(text) = last_text {
                        related.entry(param.name).or_default().push(text);
                    }
                }
            }
            last_text = None;
        }
        for stmt in &body.stmts {
            let StmtKind::Decl(all) = &stmt.kind else { continue };
            for d in all {
                let declared = body.names.text(d.ty);
                match is_text_type(declared).filter(|_| !d.is_static) {
                    Some(is_array) if !indices.contains(&d.name) => {
                        bases.insert(d.name, d.name);
                        if is_array {
                            arrays.insert(d.name);
                        }
                    }
                    None if d.form == DeclaratorForm::Plain && !declared.contains('*') => {
                        indices.insert(d.name);
                    }
                    _ => {
                        odd.insert(d.name);
                    }
                }
            }
        }
        // Two variables of the same name.
        odd.extend(bases.keys().filter(|name| indices.contains(name)));
        bases.retain(|name, _| !odd.contains(name));
        indices.retain(|name| !odd.contains(name));
        let mut shapes = Shapes {
            bases,
            arrays,
            indices,
            related,
            flags: FxHashSet::default(),
            lengths: FxHashMap::default(),
            keys: Vec::new(),
            sums: RefCell::default(),
        };
        if !shapes.moves(body) {
            shapes.bases.clear();
        }
        if !shapes.bases.is_empty() {
            shapes.sums = RefCell::new(vec![Asked::Never; body.exprs.len()]);
            shapes.relate(body);
        }
        shapes
    }

    /// Whether something is added to a text, or a byte of it other than the first is used.
    fn moves(&self, body: &Body) -> bool {
        let is_text = |e: ExprId| matches!(body.expr(body.bare(e)).kind, ExprKind::Name(name) if self.is_base(name));
        !self.bases.is_empty()
            && body.exprs.iter().any(|e| match e.kind {
                ExprKind::Update { operand, .. } => is_text(operand),
                ExprKind::Assign { op: Some(BinaryOp::Add), left, .. } => is_text(left),
                ExprKind::Binary { op: BinaryOp::Add, left, right } => is_text(left) || is_text(right),
                ExprKind::Index { base, index } => {
                    is_text(base) && !matches!(body.expr(index).kind, ExprKind::Number(n) if body.names.text(n) == "0")
                }
                _ => false,
            })
    }

    /// Whether the statement may change what is known about a text, or add to it.
    pub fn concerns(&self, body: &Body, stmt: StmtId) -> bool {
        let is_step = |name: Symbol| self.keys.iter().any(|key| key.steps.contains(&step_of(name)));
        let mut found = false;
        body.own_exprs(stmt, &mut |e| {
            body.walk(e, &mut |e| {
                found |= match body.expr(e).kind {
                    ExprKind::Name(name) => {
                        self.is_base(name) || self.related.contains_key(&name) || self.is_index(name) && is_step(name)
                    }
                    ExprKind::Opaque(_) | ExprKind::Asm { .. } => true,
                    _ => false,
                }
            });
        });
        if let StmtKind::Decl(all) = &body.stmt(stmt).kind {
            found |= all.iter().any(|d| is_step(d.name) || self.is_base(d.name) || self.related.contains_key(&d.name));
        }
        found
    }

    /// Computes the families, and what is computed from them.
    fn relate(&mut self, body: &Body) {
        let mut set: Vec<(Symbol, ExprId)> = Vec::new();
        for e in &body.exprs {
            if let ExprKind::Assign { left, right, op } = e.kind
                && let ExprKind::Name(name) = body.expr(left).kind
            {
                set.push((name, right));
                if op.is_none() && matches!(body.expr(body.bare(right)).kind, ExprKind::Number(_) | ExprKind::Name(_)) {
                    self.flags.insert(name);
                }
            }
        }
        for stmt in &body.stmts {
            let StmtKind::Decl(all) = &stmt.kind else { continue };
            set.extend(all.iter().filter_map(|d| Some((d.name, d.init?))));
        }
        self.find_lengths(body, &set);
        let mut mentioned = Vec::new();
        for &(name, value) in &set {
            let mut bases = Vec::new();
            body.walk(value, &mut |e| {
                if let ExprKind::Name(other) = body.expr(e).kind
                    && self.bases.contains_key(&other)
                {
                    bases.push(other);
                }
            });
            mentioned.push((name, bases));
        }
        for (name, bases) in &mentioned {
            for other in bases {
                if !self.bases.contains_key(name) {
                    break;
                }
                let (a, b) = (self.family(*name), self.family(*other));
                self.bases.values_mut().filter(|family| **family == a).for_each(|family| *family = b);
            }
        }
        for (name, bases) in mentioned {
            if !self.bases.contains_key(&name) {
                self.related.entry(name).or_default().extend(bases);
            }
        }
        let families: FxHashMap<Symbol, Symbol> = self.bases.clone();
        for all in self.related.values_mut() {
            all.iter_mut().for_each(|base| *base = families.get(base).copied().unwrap_or(*base));
            all.sort_unstable();
            all.dedup();
        }
    }

    fn find_lengths(&mut self, body: &Body, set: &[(Symbol, ExprId)]) {
        let mut moved: FxHashSet<Symbol> = set.iter().map(|(name, _)| *name).collect();
        moved.extend(body.exprs.iter().filter_map(|e| match e.kind {
            ExprKind::Update { operand, .. } => match body.expr(operand).kind {
                ExprKind::Name(name) => Some(name),
                _ => None,
            },
            _ => None,
        }));
        for &(name, value) in set {
            let text = self.measures(body, body.bare(value)).filter(|text| !moved.contains(text));
            let only = set.iter().filter(|(other, _)| *other == name).count() == 1;
            if let Some(text) = text.filter(|_| only) {
                self.lengths.insert(name, text);
            }
        }
    }

    /// The text that a `strlen` call measures.
    fn measures(&self, body: &Body, call: ExprId) -> Option<Symbol> {
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return None };
        match (body.callee(call), &args[..]) {
            (Some("strlen"), [text]) => match body.expr(body.bare(*text)).kind {
                ExprKind::Name(name) => self.is_base(name).then_some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text whose length a step is.
    pub fn measured(&self, body: &Body, step: u32) -> Option<Symbol> {
        match step & CALL {
            0 => self.lengths.get(&Symbol(step)).copied(),
            _ => self.measures(body, ExprId(step & !CALL)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.bases.is_empty()
    }

    pub fn is_base(&self, name: Symbol) -> bool {
        self.bases.contains_key(&name)
    }

    pub fn is_array(&self, name: Symbol) -> bool {
        self.arrays.contains(&name)
    }

    pub fn is_index(&self, name: Symbol) -> bool {
        self.indices.contains(&name)
    }

    pub fn family(&self, base: Symbol) -> Symbol {
        self.bases.get(&base).copied().unwrap_or(base)
    }

    pub fn find(&self, base: Symbol, steps: &[u32]) -> Option<u16> {
        self.keys.iter().position(|key| key.base == base && key.steps == steps).map(|i| i as u16)
    }

    /// The number of a position, which is added if it is new.
    pub fn number(&mut self, base: Symbol, steps: &[u32]) -> Option<u16> {
        if let Some(key) = self.find(base, steps) {
            return Some(key);
        }
        if self.keys.len() == MAX_KEYS {
            return None;
        }
        self.keys.push(Position { base, steps: steps.to_vec() });
        Some(self.keys.len() as u16 - 1)
    }

    /// The keys whose text belongs to a family.
    pub fn of_family(&self, family: Symbol) -> Vec<u16> {
        let all = 0..self.keys.len() as u16;
        all.filter(|key| self.family(self.keys[usize::from(*key)].base) == family).collect()
    }

    /// Whether the expression is a sum of pointers, indices and numbers, regardless of side effects.
    pub fn is_sum(&self, body: &Body, e: ExprId) -> bool {
        self.kind_of(body, e, MAX_DEPTH).is_some()
    }

    /// Whether a sum contains a pointer; none if it is not a sum.
    fn kind_of(&self, body: &Body, e: ExprId, depth: u32) -> Option<bool> {
        match self.sums.borrow().get(e.0 as usize) {
            Some(Asked::No) => return None,
            Some(Asked::Number) => return Some(false),
            Some(Asked::Text) => return Some(true),
            Some(Asked::Never) | None => {}
        }
        let kind = self.kind_within(body, e, depth);
        if let Some(at) = self.sums.borrow_mut().get_mut(e.0 as usize) {
            *at = match kind {
                None => Asked::No,
                Some(false) => Asked::Number,
                Some(true) => Asked::Text,
            };
        }
        kind
    }

    fn kind_within(&self, body: &Body, e: ExprId, depth: u32) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let of = |e| self.kind_of(body, e, depth);
        match &body.expr(e).kind {
            ExprKind::Name(name) if self.is_base(*name) => Some(true),
            ExprKind::Name(name) => self.is_index(*name).then_some(false),
            ExprKind::Number(text) => integer(body.names.text(*text)).map(|_| false),
            ExprKind::Cast { ty, operand } => {
                let ty = body.names.text(*ty);
                let keeps = ["char", "void", "uint8", "size_t", "int", "long"];
                let fits = !ty.contains('*') || ["char", "void", "uint8"].iter().any(|word| ty.contains(word));
                of(*operand).filter(|_| fits && keeps.iter().any(|word| ty.contains(word)))
            }
            ExprKind::Update { operand, .. } => match body.expr(*operand).kind {
                ExprKind::Name(_) => of(*operand),
                _ => None,
            },
            ExprKind::Binary { op: BinaryOp::Add, left, right } => match (of(*left)?, of(*right)?) {
                (true, true) => None,
                (a, b) => Some(a || b),
            },
            ExprKind::Binary { op: BinaryOp::Sub, left, right } => of(*left).filter(|_| of(*right) == Some(false)),
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => match body.expr(*operand).kind {
                ExprKind::Index { base, index } => of(base).filter(|is_text| *is_text && of(index) == Some(false)),
                _ => None,
            },
            ExprKind::Call { args, .. } => {
                let measures = matches!(body.callee(e), Some("strlen" | "strspn" | "strcspn"));
                args.first().filter(|_| measures).and_then(|arg| of(*arg)).filter(|is_text| *is_text).map(|_| false)
            }
            ExprKind::Assign { op: None | Some(BinaryOp::Add | BinaryOp::Sub), left, right } => {
                match body.expr(*left).kind {
                    ExprKind::Name(_) => of(*left).filter(|_| of(*right).is_some()),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
