//! A single query: looks up names, within a budget.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::expression::Evaluator;
use super::layout::Layout;
use super::parse::{Parser, Place, begins_type};
use super::read::expanded;
use super::standard::by_name;
use super::value::{Value, binary};
use super::written::{Base, DeclKind, Declarations, Derived, Member, Written};
use super::{Field, StructId, Type, Types};
use crate::preprocess::macros::MacroDef;
use crate::preprocess::token::Tokens;
use crate::program::enums::Worth;
use crate::source::FileId;

/// Maximum depth to which aliases and macros are followed.
const MAX_DEPTH: usize = 24;
/// Maximum number of lookups per query.
const MAX_STEPS: usize = 20_000;
/// Maximum number of definitions of one name that are compared.
const MAX_DEFINITIONS: usize = 32;
/// Maximum number of array elements.
const MAX_LENGTH: i128 = i64::MAX as i128;

/// The location at which a text is interpreted.
#[derive(Clone, Copy)]
pub struct Context {
    /// The file that queries: types are looked up from here.
    pub view: FileId,
    /// The file that contains the text: macros are resolved at this place.
    pub file: FileId,
    pub at: u32,
    pub depth: usize,
}

impl Context {
    /// Anywhere in a file.
    pub fn of(file: FileId) -> Context {
        Context { view: file, file, at: u32::MAX, depth: 0 }
    }

    fn deeper(self) -> Option<Context> {
        (self.depth < MAX_DEPTH).then_some(Context { depth: self.depth + 1, ..self })
    }
}

pub struct Query<'p, 'q> {
    pub types: Types<'p>,
    pub locals: &'q dyn Fn(&str) -> Option<Type>,
    steps: Cell<usize>,
    /// A length was ambiguous or unknown.
    pub vague: Cell<bool>,
    /// Structures whose layouts are needed and not yet known; if `None`, layouts are computed on demand.
    pub missing: Option<RefCell<Vec<u32>>>,
}

impl<'p, 'q> Query<'p, 'q> {
    pub fn new(types: Types<'p>, locals: &'q dyn Fn(&str) -> Option<Type>) -> Query<'p, 'q> {
        Query { types, locals, steps: Cell::new(MAX_STEPS), vague: Cell::new(false), missing: None }
    }

    /// A query that computes no layouts.
    pub fn collecting(types: Types<'p>) -> Query<'p, 'q> {
        Query { missing: Some(RefCell::default()), ..Query::new(types, &|_| None) }
    }

    /// Charges `steps` lookups to the budget; fails once it is exceeded.
    pub fn spend(&self, steps: usize) -> Option<()> {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    /// The type of a declaration given as text.
    pub fn declared(&self, text: &str, context: Context) -> Type {
        let macros = &self.types.program.macros;
        let (tokens, _) = expanded(Tokens::new(text, 0..text.len()).collect(), context.file, Some(context.at), macros);
        let mut found = Declarations::default();
        match Parser::new(&tokens, place(context), &mut found).type_name() {
            Some(written) => self.resolve(&detached(written, &found), context),
            None => Type::Unknown,
        }
    }

    /// The types of a parameter list; `None` for an empty one, which says nothing.
    pub fn parameters(&self, list: &str, context: Context) -> Option<Vec<Type>> {
        let mut types = Vec::new();
        let (mut depth, mut start) = (0usize, 0);
        let ends = Tokens::new(list, 0..list.len()).filter_map(|token| {
            match &*token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0 && token.is(",")).then_some(token.span.start as usize)
        });
        for end in ends.chain([list.len()]) {
            let own = list[start..end].trim();
            match own {
                "..." => break,
                "" => return None,
                "void" => {}
                _ => types.push(self.declared(own, context)),
            }
            start = end + 1;
        }
        Some(types)
    }

    /// Resolves a written type.
    pub fn resolve(&self, written: &Written, context: Context) -> Type {
        let Some(context) = context.deeper().filter(|_| self.spend(1).is_some()) else { return Type::Unknown };
        let mut ty = match &written.base {
            Base::Known(ty) => ty.clone(),
            Base::Named(name) => self.named(name, context),
            Base::Tag(tag) => {
                let all = self.types.index.tagged(self.types.program, tag, context.view);
                all.first().map_or(Type::Unknown, |&first| Type::Struct(StructId { first, view: context.view }))
            }
            Base::Body(body) => Type::Struct(StructId { first: *body, view: context.view }),
            Base::Text(text) => match self.types.index.written(text, context.view) {
                Some(first) => Type::Struct(StructId { first, view: context.view }),
                None => Type::Unknown,
            },
            Base::Enum(name) => Type::Int { bits: 32, signed: self.types.index.is_signed(name) },
        };
        for derived in written.derived.iter().rev() {
            ty = match derived {
                Derived::Pointer => Type::Pointer(Arc::new(ty)),
                Derived::Function(_) => Type::Function(Arc::new(ty)),
                Derived::Array(length) => {
                    let length = length.as_ref().and_then(|text| self.length(text, context));
                    Type::Array(Arc::new(ty), length)
                }
            };
        }
        ty
    }

    /// The greatest possible length of an array.
    fn length(&self, text: &str, context: Context) -> Option<u64> {
        let value = self.value(text, context);
        if value.and_then(Value::single).is_none() {
            self.vague.set(true);
        }
        value.map(|value| value.high).filter(|high| (0..=MAX_LENGTH).contains(high)).map(|high| high as u64)
    }

    /// The type that a `typedef` name stands for.
    fn named(&self, name: &str, context: Context) -> Type {
        let (index, program) = (self.types.index, self.types.program);
        let all = index.declared(program, name, DeclKind::Typedef, context.view);
        let types = all.into_iter().map(|i| {
            let decl = index.decl(i);
            self.resolve(&decl.ty, self.types.context(decl.file, decl.at, context.view, context.depth))
        });
        let found = types.reduce(|a, b| self.types.merged(a, b, context.view));
        found.unwrap_or_else(|| match program.macros.resolve(name, context.file, context.at) {
            // `#define fd_t int`
            Some(def) if def.params.is_none() && context.depth < MAX_DEPTH => self.declared(&def.text, context),
            _ => by_name(name).unwrap_or(Type::Unknown),
        })
    }

    /// The type of a variable at file scope.
    pub fn global(&self, name: &str, context: Context) -> Option<Type> {
        let index = self.types.index;
        let mut all = index.declared(self.types.program, name, DeclKind::Object, context.view);
        // `extern char text[];` leaves the length to another declaration.
        let is_open = |&i: &u32| matches!(index.decl(i).ty.derived.first(), Some(Derived::Array(None)));
        if !all.iter().all(is_open) {
            all.retain(|i| !is_open(i));
        }
        self.common(&all, context, |ty| ty.clone())
    }

    /// The return type of a function.
    pub fn returns(&self, name: &str, context: Context) -> Option<Type> {
        let all = self.types.index.declared(self.types.program, name, DeclKind::Function, context.view);
        self.common(&all, context, |ty| Written { base: ty.base.clone(), derived: ty.derived[1..].to_vec() })
    }

    /// The common claim of declarations about the given part of each.
    fn common(&self, decls: &[u32], context: Context, part: impl Fn(&Written) -> Written) -> Option<Type> {
        let types = decls.iter().map(|&i| {
            let decl = self.types.index.decl(i);
            self.resolve(&part(&decl.ty), self.types.context(decl.file, decl.at, context.view, context.depth))
        });
        types.reduce(|a, b| self.types.merged(a, b, context.view))
    }

    /// The value of an integer constant expression.
    pub fn value(&self, text: &str, context: Context) -> Option<Value> {
        // Most are a single number.
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return Value::literal(text);
        }
        Evaluator::run(self, text, context.deeper()?)?.value
    }

    /// The macros called `name` that may be in force, if there are several that differ.
    pub fn differing(&self, name: &str, context: Context) -> Vec<&'p MacroDef> {
        let defs = self.types.program.macros.in_force(name, context.file, context.at);
        match defs.split_first() {
            Some((first, rest)) if rest.iter().any(|def| def.text != first.text || def.params != first.params) => defs,
            _ => Vec::new(),
        }
    }

    /// The value of a name: of an enumerator, a macro with several definitions, or a standard constant. `Some(None)` if
    /// it is one of these but has no value.
    pub fn named_value(&self, name: &str, context: Context) -> Option<Option<Value>> {
        match name {
            "true" | "TRUE" => return Some(Some(Value::int(1))),
            "false" | "FALSE" | "NULL" => return Some(Some(Value::int(0))),
            _ => {}
        }
        let either = |values: Vec<Option<Value>>| {
            let all: Option<Vec<Value>> = values.into_iter().collect();
            let mut all = all?.into_iter();
            let first = all.next();
            all.fold(first, |a, b| a?.either(b))
        };
        let enumerators = self.enumerators(name, context);
        if !enumerators.is_empty() {
            return Some(either(enumerators));
        }
        let macros = self.differing(name, context);
        if !macros.is_empty() {
            let value = |def: &&MacroDef| self.value(&def.text, context).filter(|_| def.params.is_none());
            return Some(either(macros.iter().take(MAX_DEFINITIONS).map(value).collect()));
        }
        let text = self.types.index.standard.constant(name)?;
        Some(self.value(text, context))
    }

    /// The values of the enumerators called `name`: those of the querying file, otherwise those it includes, otherwise
    /// all.
    fn enumerators(&self, name: &str, context: Context) -> Vec<Option<Value>> {
        let program = self.types.program;
        let all: Vec<Worth> = program.enums.worth(name).take(MAX_DEFINITIONS).collect();
        let own = |worth: &&Worth| worth.file == context.view;
        let included = |worth: &&Worth| self.types.index.sees(program, context.view, worth.file);
        let near: Vec<&Worth> = match () {
            () if all.iter().any(|w| own(&w)) => all.iter().filter(own).collect(),
            () if all.iter().any(|w| included(&w)) => all.iter().filter(included).collect(),
            () => all.iter().collect(),
        };
        let value = |worth: &Worth| {
            let offset = Value::literal(&worth.offset.unsigned_abs().to_string())?;
            let offset = if worth.offset < 0 { offset.negated()? } else { offset };
            match worth.base {
                None => Some(offset),
                Some(base) => {
                    let own = Context { file: worth.file, at: worth.at, ..context };
                    binary("+", self.value(base, own)?, offset)
                }
            }
        };
        near.into_iter().map(value).collect()
    }

    /// Whether `name` is a type: a `typedef`, or a macro that stands for a type.
    pub fn is_type(&self, name: &str, context: Context) -> bool {
        let macros = &self.types.program.macros;
        self.types.index.is_typedef(name)
            || macros.resolve(name, context.file, context.at).is_some_and(|def| {
                let first = def.tokens().next();
                def.params.is_none()
                    && first.is_some_and(|t| begins_type(&t.text) || self.types.index.is_typedef(&t.text))
            })
    }

    /// The path to a member of one definition of a structure: through anonymous members, each with its index.
    fn path(&self, body: u32, name: &str) -> Option<Vec<(u32, usize)>> {
        let of = self.types.index.body(body);
        if let Some(i) = of.members.iter().position(|member| member.name.as_deref() == Some(name)) {
            return Some(vec![(body, i)]);
        }
        // Recursion is bounded by the depth to which nested structures are read.
        of.members.iter().enumerate().find_map(|(i, member)| match member.ty.base {
            Base::Body(inner) if member.name.is_none() => {
                let mut path = self.path(inner, name)?;
                path.insert(0, (body, i));
                Some(path)
            }
            _ => None,
        })
    }

    /// The paths to the member `name`, one for each possible definition of a structure.
    fn paths(&self, of: StructId, name: &str) -> impl Iterator<Item = Vec<(u32, usize)>> {
        self.types.definitions(of).into_iter().filter_map(move |body| self.path(body, name))
    }

    pub fn member_type(&self, of: StructId, name: &str, depth: usize) -> Option<Type> {
        let types = self.paths(of, name).filter_map(|path| {
            let (member, context) = self.last(&path, of.view, depth)?;
            Some(self.resolve(&member.ty, context))
        });
        types.reduce(|a, b| self.types.merged(a, b, of.view))
    }

    /// The length of an array in a structure, as written, if all definitions agree.
    pub fn written_length(&self, of: StructId, name: &str) -> Option<&'p str> {
        let mut all = self.paths(of, name).map(|path| match &self.last(&path, of.view, 0)?.0.ty.derived[..] {
            [Derived::Array(Some(length))] => Some(&**length),
            _ => None,
        });
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    /// The member at the end of a path, and its context.
    fn last(&self, path: &[(u32, usize)], view: FileId, depth: usize) -> Option<(&'p Member, Context)> {
        let &(body, i) = path.last()?;
        let of = self.types.index.body(body);
        Some((&of.members[i], self.types.context(of.file, of.at, view, depth)))
    }

    /// The offset of a member, if all definitions of its structure agree.
    pub fn offset(&self, of: StructId, name: &str) -> Option<u64> {
        let mut all = self
            .paths(of, name)
            .map(|path| path.iter().try_fold(0u64, |sum, &(body, i)| sum.checked_add(self.layout(body)?.offsets[i]?)));
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    pub fn field(&self, of: StructId, name: &str) -> Option<Field> {
        let fields = self.paths(of, name).filter_map(|path| {
            let (member, context) = self.last(&path, of.view, 0)?;
            let mut ty = self.resolve(&member.ty, context);
            let &(body, i) = path.last()?;
            let owner = self.types.index.body(body);
            // A flexible end of a structure: what follows it belongs to the array.
            let is_last = !owner.is_union && i + 1 == owner.members.len();
            if let Type::Array(_, length) = &mut ty
                && (*length == Some(0) || (is_last && *length == Some(1)))
            {
                *length = None;
            }
            let width = |text| self.value(text, context)?.single()?.try_into().ok();
            Some(Field { ty, offset: None, bits: member.bits.as_ref().and_then(|text| width(text)) })
        });
        let merged = fields.reduce(|a, b| Field {
            ty: self.types.merged(a.ty, b.ty, of.view),
            offset: None,
            bits: a.bits.zip(b.bits).map(|(a, b)| a.max(b)),
        });
        Some(Field { offset: self.offset(of, name), ..merged? })
    }

    /// Whether a member of a structure, or of a nested one, is a pointer.
    pub fn holds_pointer(&self, of: StructId) -> bool {
        let mut todo = self.types.definitions(of);
        let mut seen = 0;
        while let Some(&body) = todo.get(seen).filter(|_| seen < MAX_DEFINITIONS) {
            seen += 1;
            let owner = self.types.index.body(body);
            let context = self.types.context(owner.file, owner.at, of.view, 0);
            for member in &owner.members {
                let mut ty = self.resolve(&member.ty, context);
                while let Type::Array(element, _) = ty {
                    ty = (*element).clone();
                }
                match ty {
                    Type::Pointer(_) | Type::Function(_) => return true,
                    Type::Struct(id) => {
                        let inner = self.types.definitions(id);
                        todo.extend(inner.into_iter().filter(|i| !todo.contains(i)).collect::<Vec<_>>());
                    }
                    _ => {}
                }
            }
        }
        false
    }

    /// Size and alignment in bytes.
    pub fn measure(&self, ty: &Type) -> Option<(u64, u64)> {
        let plain = |bits: u8| Some((u64::from(bits) / 8, u64::from(bits) / 8));
        match ty {
            Type::Unknown | Type::Void | Type::Function(_) => None,
            Type::Bool => Some((1, 1)),
            Type::Int { bits, .. } | Type::Float { bits } => plain(*bits),
            Type::Pointer(_) => plain(64),
            Type::Array(of, length) => {
                let (size, align) = self.measure(of)?;
                Some((size.checked_mul((*length)?)?, align))
            }
            Type::Struct(id) => {
                agreed(self.types.definitions(*id).into_iter().map(|body| self.measure_one(body)).collect())
            }
        }
    }

    /// The layout of one definition of a structure.
    fn layout(&self, body: u32) -> Option<&'p Layout> {
        match (self.types.index.body(body).layout.get(), &self.missing) {
            (Some(layout), _) => Some(layout),
            (None, None) => Some(self.types.layout(body)),
            (None, Some(missing)) => {
                missing.borrow_mut().push(body);
                None
            }
        }
    }

    fn measure_one(&self, body: u32) -> Option<(u64, u64)> {
        let layout = self.layout(body)?;
        // Anything that depends on an unknown size is wholly unknown, or the order of queries would matter.
        if layout.size.is_none() {
            self.vague.set(true);
        }
        layout.size.map(|size| (size, layout.align))
    }
}

/// The common result. All are evaluated, even if the first is `None`: missing layouts are collected in one pass.
fn agreed<T: PartialEq>(mut all: Vec<Option<T>>) -> Option<T> {
    let same = all.windows(2).all(|pair| pair[0] == pair[1]);
    all.pop().flatten().filter(|_| same)
}

pub fn place(context: Context) -> Place<'static> {
    Place { file: context.file, at: Some(context.at), pack: &|_| 0, has_include: &|_| false, in_function: true }
}

/// The same type without a reference into `found`, which is dropped: its structures are identified by tag or text.
pub fn detached(mut written: Written, found: &Declarations) -> Written {
    if let Base::Body(body) = written.base {
        let body = &found.structs[body as usize];
        written.base = match (&body.tag, &body.text) {
            (Some(tag), _) => Base::Tag(tag.clone()),
            (None, Some(text)) => Base::Text(text.clone()),
            (None, None) => Base::default(),
        };
    }
    written
}
