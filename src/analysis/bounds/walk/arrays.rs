//! Lengths of arrays whose length is a name without a visible definition: as long as the same name means elsewhere.

use rustc_hash::FxHashSet;

use super::eval::{Eval, Frame};
use super::place::Memory;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::literals::number;
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, What, Wire};
use crate::analysis::bounds::terms::types::{Kind, Ty};
use crate::hir::{Body, ExprId, ExprKind, UnaryOp};

/// The name of the pure function from an array to its elements.
pub const ELEMENTS: &str = "elements";
/// Nesting depth of parentheses in a length.
const MAX_DEPTH: usize = 8;

/// A parser over the text of an array length.
struct Reader<'t> {
    tokens: Vec<&'t str>,
    at: usize,
}

impl Eval<'_> {
    /// The size in bytes of the local array at `s`, declared as `declared`.
    pub(super) fn written_size(&mut self, s: Sym, kind: Kind, declared: &str) -> Option<Linear> {
        let Kind::Array(of, None) = kind else { return None };
        self.types.size(of)?;
        let (_, inner) = declared.split_once('[')?;
        let (inner, rest) = inner.split_once(']')?;
        if inner.trim().is_empty() || rest.contains('[') {
            return None;
        }
        let size = self.size_of_elements(of, inner);
        if size.is_none() {
            self.fitted.insert(s);
        }
        size
    }

    /// The size in bytes of an array field whose length is a name without a visible definition.
    pub(super) fn size_of_field(&mut self, memory: &Memory) -> Option<Linear> {
        let (Kind::Array(of, None), Some(owner)) = (memory.kind, memory.owner) else { return None };
        let (_, field) = self.paths.last(memory.key.path)?;
        let length = self.types.written_length(owner, self.paths.name(field))?.to_owned();
        let is_local = |name: &str| self.function.body.names.find(name).is_some_and(|n| self.by_name.contains_key(&n));
        // `[1]` may also stand for a flexible array member.
        let is_named = length.bytes().any(|b| b.is_ascii_uppercase());
        if !is_named || tokens(&length).into_iter().any(is_local) {
            return None;
        }
        self.size_of_elements(of, &length)
    }

    fn size_of_elements(&mut self, of: Ty, count: &str) -> Option<Linear> {
        let each = i64::try_from(self.types.size(of)?).ok()?;
        let mut reader = Reader { tokens: tokens(count), at: 0 };
        self.sum(&mut reader, MAX_DEPTH).filter(|_| reader.at == reader.tokens.len())?.scaled(each)
    }

    /// The addresses of array variables; of local ones, only those whose name is unique in the function.
    pub(super) fn plain_arrays(&self) -> FxHashSet<Sym> {
        let once = |name| self.variables.iter().filter(|v| v.name == name).count() == 1;
        let is_plain = |what: What| match what {
            What::Local(var) => {
                let variable = &self.variables[var as usize];
                matches!(variable.kind, Kind::Array(..)) && once(variable.name)
            }
            What::Global(name) => matches!(self.types.global(self.paths.name(name)), Some(Kind::Array(..))),
            _ => false,
        };
        self.symbols.iter().filter(|(_, info)| is_plain(info.what)).map(|(s, _)| s).collect()
    }

    /// The address of an array element, in a buffer counted in elements: the size of elements that contain an
    /// undeclared structure is unknown.
    pub(super) fn in_elements(&mut self, f: &Frame, array: ExprId, base: &Value, index: &Value) -> Option<Linear> {
        let id = self.paths.text(ELEMENTS);
        let Kind::Array(_, Some(count @ 2..)) = self.kind_of(f, array, 0) else {
            // An array whose elements a macro has counted before.
            let s = self.symbols.find(&What::Pure(id, base.linear, Linear::ZERO))?;
            return Linear::symbol(s).add(&index.linear);
        };
        // For a row of an array of arrays, it is unclear which length the type gives.
        if matches!(f.body.expr(array).kind, ExprKind::Index { .. }) {
            return None;
        }
        let (s, new) = self.symbols.get(What::Pure(id, base.linear, Linear::ZERO), Some(1), None);
        if new {
            let limit = Linear::symbol(s).plus_constant(i64::try_from(count).ok()?);
            self.symbols.info_mut(s).buffer = limit.map(|limit| Buffer { limit, room: Room::Array, wire: Wire::No });
        }
        Linear::symbol(s).add(&index.linear)
    }

    /// The symbol of a size known only by name.
    pub(super) fn size_symbol(&mut self, name: &str) -> Linear {
        let id = self.paths.text(name);
        Linear::symbol(self.symbols.get(What::Size(id), Some(1), Some(1 << 20)).0)
    }

    fn sum(&mut self, reader: &mut Reader, depth: usize) -> Option<Linear> {
        let mut sum = self.factors(reader, depth)?;
        while let Some(sign) = reader.next_if(&["+", "-"]) {
            let next = self.factors(reader, depth)?;
            sum = sum.plus(&next, if sign == "+" { 1 } else { -1 })?;
        }
        Some(sum)
    }

    fn factors(&mut self, reader: &mut Reader, depth: usize) -> Option<Linear> {
        let mut product = self.factor(reader, depth)?;
        while reader.next_if(&["*"]).is_some() {
            let next = self.factor(reader, depth)?;
            product = match (product.as_constant(), next.as_constant()) {
                (_, Some(n)) => product.scaled(n)?,
                (Some(n), None) => next.scaled(n)?,
                (None, None) => return None,
            };
        }
        Some(product)
    }

    fn factor(&mut self, reader: &mut Reader, depth: usize) -> Option<Linear> {
        let depth = depth.checked_sub(1)?;
        match reader.next()? {
            "(" => {
                let inner = self.sum(reader, depth)?;
                reader.next_if(&[")"]).map(|_| inner)
            }
            "sizeof" => {
                reader.next_if(&["("])?;
                let is_deref = reader.next_if(&["*"]).is_some();
                let name = self.function.body.names.find(reader.next()?)?;
                reader.next_if(&[")"])?;
                let kind = self.variables[*self.by_name.get(&name)? as usize].kind;
                let kind = if is_deref { self.types.kind(kind.pointee()?) } else { kind };
                Some(Linear::constant(i64::try_from(self.size_of_kind(kind)?).ok()?))
            }
            text if text.starts_with(|c: char| c.is_ascii_digit()) => Some(Linear::constant(number(text)?.0)),
            text => self.named_number(text),
        }
    }

    /// The value of a name in a declaration: a constant, a variable, or a global of that name.
    fn named_number(&mut self, text: &str) -> Option<Linear> {
        if let Some(n) = self.types.constant(text) {
            return Some(Linear::constant(n));
        }
        if let Some(var) = self.function.body.names.find(text).and_then(|name| self.by_name.get(&name)) {
            return self.state.var(*var).map(|value| value.linear);
        }
        // A macro that is more than a number counts as unknown.
        if self.cx.program.macros.is_defined(text) {
            return None;
        }
        let id = self.paths.text(text);
        let (s, _) = self.symbols.get(What::Global(id), Some(1), None);
        let key = Key { base: Linear::symbol(s), path: Path::ITSELF };
        let kind = self.types.global(text).unwrap_or_default();
        Some(self.recall(key, kind, None, self.function.span).linear)
    }

    /// The number of elements of the array passed to a macro without a visible definition: `ARRAY_SIZE(all)`.
    pub(super) fn counted(&mut self, f: &Frame, e: ExprId, name: &str, args: &[ExprId]) -> Option<Value> {
        let [array] = args else { return None };
        let name = name.to_ascii_lowercase();
        let counts = ["array_size", "array_len", "arraysize", "nelem", "n_elements", "countof", "array_elem"];
        if !counts.iter().any(|word| name.contains(word)) {
            return None;
        }
        let of = self.kind_of(f, *array, 0).pointee();
        let Some(each) = of.and_then(|of| i64::try_from(self.types.size(of)?).ok()).filter(|n| *n > 0) else {
            return self.counted_by_name(f, e, *array);
        };
        let size = self.sizeof(f, e, None, Some(*array));
        let each = Value { linear: Linear::constant(each), kind: Kind::SIZE };
        Some(self.binary(f, e, crate::hir::BinaryOp::Div, size, each))
    }

    /// The number of elements of an array without a visible size: a symbol that also bounds accesses to it.
    fn counted_by_name(&mut self, f: &Frame, e: ExprId, array: ExprId) -> Option<Value> {
        if !matches!(self.kind_of(f, array, 0), Kind::Unknown) {
            return None;
        }
        let base = self.eval(f, array).linear;
        base.has_terms().then_some(())?;
        let (start, count) = (self.paths.text(ELEMENTS), self.paths.text("count"));
        let (s, new) = self.symbols.get(What::Pure(start, base, Linear::ZERO), Some(1), None);
        let count = self.symbols.get(What::Pure(count, base, Linear::ZERO), Some(1), Some(1 << 20)).0;
        let span = self.span(f, e);
        self.symbols.info_mut(count).span.get_or_insert(span);
        let count = Linear::symbol(count);
        if new {
            let limit = Linear::symbol(s).add(&count);
            self.symbols.info_mut(s).buffer = limit.map(|limit| Buffer { limit, room: Room::Array, wire: Wire::No });
        }
        Some(Value { linear: count, kind: Kind::SIZE })
    }
}

/// Fields of undeclared structures that are used as arrays: `sizeof` is applied to them, they are passed to calls or
/// indexed, and never assigned. Each by its name, qualified with the nested structure that contains it.
pub(super) fn sized_fields(body: &Body) -> Vec<String> {
    let member = |e: ExprId| field_name(body, e);
    let mut sized: Vec<_> = body
        .exprs
        .iter()
        .filter_map(|e| match e.kind {
            ExprKind::Sizeof { operand: Some(operand), .. } => member(operand),
            _ => None,
        })
        .collect();
    if sized.is_empty() {
        return Vec::new();
    }
    let mut handed = Vec::new();
    let mut set = Vec::new();
    for e in &body.exprs {
        match &e.kind {
            ExprKind::Call { args, .. } => handed.extend(args.iter().filter_map(|a| member(*a))),
            ExprKind::Index { base, .. } => handed.extend(member(*base)),
            ExprKind::Assign { left, .. } => set.extend(member(*left)),
            ExprKind::Update { operand, .. } | ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                set.extend(member(*operand));
            }
            ExprKind::Member { base, .. } => set.extend(member(*base)),
            _ => {}
        }
    }
    sized.retain(|field| handed.contains(field) && !set.contains(field));
    sized
}

/// `f` for `x->f`, `s.f` for `x->s.f`.
pub(super) fn field_name(body: &Body, e: ExprId) -> Option<String> {
    let ExprKind::Member { base, field, arrow } = body.expr(e).kind else { return None };
    let field = body.names.text(field);
    match body.expr(base).kind {
        ExprKind::Member { field: outer, .. } if !arrow => Some(format!("{}.{field}", body.names.text(outer))),
        _ => Some(field.to_owned()),
    }
}

fn tokens(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match is_word(first) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        all.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    all
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let token = self.tokens.get(self.at).copied()?;
        self.at += 1;
        Some(token)
    }

    fn next_if(&mut self, any: &[&str]) -> Option<&'t str> {
        let token = self.tokens.get(self.at).copied().filter(|token| any.contains(token))?;
        self.at += 1;
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_taken_apart() {
        assert_eq!(tokens("sizeof(*x) * 2+1"), ["sizeof", "(", "*", "x", ")", "*", "2", "+", "1"]);
    }
}
