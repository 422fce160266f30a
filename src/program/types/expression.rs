//! Evaluates integer constant expressions while parsing. One without a value may still have a type, for `sizeof`.

use std::sync::Arc;

use super::Type;
use super::parse::{Parser, begins_type};
use super::query::{Context, Query, detached, place};
use super::read::string_length;
use super::value::{Value, binary};
use super::written::Declarations;
use crate::preprocess::expand::{Expanded, expand_where};
use crate::preprocess::macros::MacroDef;
use crate::preprocess::token::{TokenKind, Tokens};

/// Maximum nesting of parentheses and operators.
const MAX_DEPTH: usize = 48;
/// Maximum size of a text after macro expansion.
const MAX_TOKENS: usize = 4_000;

/// The value and type of an expression.
#[derive(Clone, Default)]
pub struct Operand {
    pub value: Option<Value>,
    pub ty: Type,
}

impl Operand {
    fn of(value: Option<Value>) -> Operand {
        let ty = value.map_or(Type::Unknown, |v| Type::Int { bits: v.bits, signed: v.signed });
        Operand { value, ty }
    }

    fn typed(ty: Type) -> Operand {
        Operand { value: None, ty }
    }
}

pub struct Evaluator<'e, 'p, 'q> {
    query: &'e Query<'p, 'q>,
    context: Context,
    tokens: &'e [Expanded<'e>],
    at: usize,
    depth: usize,
}

impl<'e> Evaluator<'e, '_, '_> {
    /// `None` if the text is not an expression.
    pub fn run(query: &Query, text: &str, context: Context) -> Option<Operand> {
        let macros = &query.types.program.macros;
        // A macro with differing definitions stays: each of them is evaluated.
        let wanted = |def: &MacroDef| {
            !matches!(&*def.name, "offsetof" | "sizeof") && query.differing(&def.name, context).is_empty()
        };
        let tokens = Tokens::new(text, 0..text.len()).collect();
        let (tokens, over) = expand_where(tokens, context.file, Some(context.at), macros, &wanted, MAX_TOKENS);
        query.spend(tokens.len()).filter(|_| !over)?;
        let mut evaluator = Evaluator { query, context, tokens: &tokens, at: 0, depth: 0 };
        let operand = evaluator.comma()?;
        (evaluator.at == tokens.len()).then_some(operand)
    }

    fn text(&self, ahead: usize) -> &'e str {
        self.tokens.get(self.at + ahead).map_or("", |t| &t.token.text)
    }

    fn eat(&mut self, text: &str) -> Option<()> {
        let found = self.text(0) == text;
        self.at += usize::from(found);
        found.then_some(())
    }

    fn comma(&mut self) -> Option<Operand> {
        let mut last = self.conditional()?;
        while self.eat(",").is_some() {
            last = self.conditional()?;
        }
        Some(last)
    }

    fn conditional(&mut self) -> Option<Operand> {
        let depth = self.depth;
        self.depth = Some(depth + 1).filter(|&depth| depth < MAX_DEPTH)?;
        let test = self.operators(0)?;
        let result = if self.eat("?").is_some() {
            let then = if self.text(0) == ":" { test.clone() } else { self.comma()? };
            self.eat(":")?;
            let otherwise = self.conditional()?;
            match test.value.and_then(Value::truth) {
                Some(true) => then,
                Some(false) => otherwise,
                None => Operand {
                    value: then.value.zip(otherwise.value).and_then(|(a, b)| a.either(b)),
                    ty: if then.ty == Type::Unknown { otherwise.ty } else { then.ty },
                },
            }
        } else {
            test
        };
        self.depth = depth;
        Some(result)
    }

    /// Binary operators with at least the precedence `least`.
    fn operators(&mut self, least: u8) -> Option<Operand> {
        let mut left = self.unary()?;
        while let Some(strength) = strength(self.text(0)).filter(|&strength| strength >= least) {
            let op = self.text(0);
            self.at += 1;
            let right = self.operators(strength + 1)?;
            let truth = |operand: &Operand| operand.value.and_then(Value::truth);
            let known = |holds: bool| Some(Value::int(holds.into()));
            let value = match (op, truth(&left), truth(&right)) {
                ("&&", Some(false), _) | ("&&", _, Some(false)) => known(false),
                ("||", Some(true), _) | ("||", _, Some(true)) => known(true),
                ("&&" | "||", Some(_), Some(other)) => known(other),
                ("&&" | "||", ..) => None,
                _ => left.value.zip(right.value).and_then(|(a, b)| binary(op, a, b)),
            };
            let ty = match (&left.ty, &right.ty) {
                // Adding to a pointer moves it.
                (Type::Pointer(_), _) if value.is_none() => left.ty,
                (_, Type::Pointer(_)) if value.is_none() => right.ty,
                _ => Operand::of(value).ty,
            };
            left = Operand { value, ty };
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Operand> {
        let depth = self.depth;
        self.depth = Some(depth + 1).filter(|&depth| depth < MAX_DEPTH)?;
        let op = self.text(0);
        let operand = match op {
            "+" | "-" | "~" | "!" | "*" | "&" => {
                self.at += 1;
                let operand = self.unary()?;
                match op {
                    "*" => Operand::typed(pointee(operand.ty)),
                    "&" => Operand::typed(Type::Pointer(Arc::new(operand.ty))),
                    "-" => Operand::of(operand.value.and_then(Value::negated)),
                    "~" => Operand::of(operand.value.and_then(Value::complement)),
                    "!" => Operand::of(operand.value.and_then(Value::truth).map(|holds| Value::int((!holds).into()))),
                    _ => Operand::of(operand.value.map(Value::promoted)),
                }
            }
            "sizeof" | "_Alignof" | "alignof" | "__alignof__" | "__alignof" => {
                self.at += 1;
                let ty = if self.text(0) == "(" && self.is_type(1) {
                    self.at += 1;
                    self.type_in_parentheses()?
                } else {
                    self.unary()?.ty
                };
                let measures = self.query.measure(&ty);
                Operand::of(measures.map(|(size, align)| Value::size(if op == "sizeof" { size } else { align })))
            }
            "offsetof" | "__builtin_offsetof" => {
                self.at += 1;
                Operand::of(self.offset()?.map(Value::size))
            }
            "(" if self.is_type(1) => {
                self.at += 1;
                let ty = self.type_in_parentheses()?;
                if self.text(0) == "{" {
                    self.skip_list();
                    let literal = Operand::typed(ty);
                    self.postfix(literal)?
                } else {
                    let operand = self.unary()?;
                    Operand { value: operand.value.and_then(|value| cast(value, &ty)), ty }
                }
            }
            _ => {
                let operand = self.primary()?;
                self.postfix(operand)?
            }
        };
        self.depth = depth;
        Some(operand)
    }

    fn primary(&mut self) -> Option<Operand> {
        let token = &self.tokens.get(self.at)?.token;
        let text = self.text(0);
        self.at += 1;
        match token.kind {
            TokenKind::Number => Some(Operand::of(Value::literal(text))),
            TokenKind::Literal if text.ends_with('\'') => Some(Operand::of(character(text).map(Value::int))),
            TokenKind::Literal => {
                let bits = match text.as_bytes().first() {
                    Some(b'L' | b'U') => 32,
                    Some(b'u') if !text.starts_with("u8") => 16,
                    _ => 8,
                };
                let mut length = string_length(text);
                while self.tokens.get(self.at).is_some_and(|t| t.token.text.ends_with('"')) {
                    length += string_length(self.text(0)) - 1;
                    self.at += 1;
                }
                Some(Operand::typed(Type::Array(Arc::new(Type::Int { bits, signed: bits != 16 }), Some(length))))
            }
            TokenKind::Punct if text == "(" => {
                let inside = self.comma()?;
                self.eat(")")?;
                Some(inside)
            }
            TokenKind::Punct => None,
            TokenKind::Ident if self.text(0) == "(" => {
                self.skip_list();
                Some(Operand::typed(self.query.returns(text, self.context).unwrap_or_default()))
            }
            TokenKind::Ident => Some(self.name(text)),
        }
    }

    fn name(&self, name: &str) -> Operand {
        match (self.query.locals)(name) {
            Some(ty) => Operand::typed(ty),
            None => match self.query.named_value(name, self.context) {
                Some(value) => Operand::of(value),
                None => Operand::typed(self.query.global(name, self.context).unwrap_or_default()),
            },
        }
    }

    fn postfix(&mut self, mut operand: Operand) -> Option<Operand> {
        loop {
            match self.text(0) {
                "[" => {
                    self.skip_list();
                    operand = Operand::typed(pointee(operand.ty));
                }
                op @ ("." | "->") => {
                    let name = self.text(1);
                    self.at += 2;
                    let of = if op == "->" { pointee(operand.ty) } else { operand.ty };
                    operand = Operand::typed(self.member(&of, name));
                }
                "++" | "--" => self.at += 1,
                "(" => {
                    self.skip_list();
                    let ty = match operand.ty {
                        Type::Function(returns) => (*returns).clone(),
                        ty => match pointee(ty) {
                            Type::Function(returns) => (*returns).clone(),
                            _ => Type::Unknown,
                        },
                    };
                    operand = Operand::typed(ty);
                }
                _ => return Some(operand),
            }
        }
    }

    fn member(&self, of: &Type, name: &str) -> Type {
        match of {
            Type::Struct(id) => self.query.member_type(*id, name, self.context.depth).unwrap_or_default(),
            _ => Type::Unknown,
        }
    }

    /// `(type, member.member[2])`; `Some(None)` if the offset is unknown.
    fn offset(&mut self) -> Option<Option<u64>> {
        self.eat("(")?;
        let mut ty = self.type_name()?;
        self.eat(",")?;
        let mut offset = Some(0u64);
        let mut separator = ".";
        loop {
            if separator == "." {
                let name = self.text(0);
                self.at += 1;
                let own = match ty {
                    Type::Struct(id) => self.query.offset(id, name),
                    _ => None,
                };
                offset = offset.zip(own).and_then(|(a, b)| a.checked_add(b));
                ty = self.member(&ty, name);
            } else {
                let index = self.comma()?;
                self.eat("]")?;
                ty = pointee(ty);
                let size = self.query.measure(&ty).map(|(size, _)| size);
                let index = index.value.and_then(Value::single).and_then(|index| u64::try_from(index).ok());
                let own = index.zip(size).and_then(|(index, size)| index.checked_mul(size));
                offset = offset.zip(own).and_then(|(a, b)| a.checked_add(b));
            }
            separator = self.text(0);
            self.at += 1;
            match separator {
                "." | "[" => {}
                ")" => return Some(offset),
                _ => return None,
            }
        }
    }

    /// Whether a type name begins at `ahead`.
    fn is_type(&self, ahead: usize) -> bool {
        let Some(token) = self.tokens.get(self.at + ahead).map(|t| &t.token).filter(|t| t.is_ident()) else {
            return false;
        };
        let is_named = || {
            (self.query.locals)(&token.text).is_none()
                && matches!(self.text(ahead + 1), ")" | "*" | "const" | "(" | "[")
                && self.query.is_type(&token.text, self.context)
        };
        begins_type(&token.text) || is_named()
    }

    fn type_in_parentheses(&mut self) -> Option<Type> {
        let ty = self.type_name()?;
        self.eat(")")?;
        Some(ty)
    }

    fn type_name(&mut self) -> Option<Type> {
        let mut found = Declarations::default();
        let mut parser = Parser::new(&self.tokens[self.at..], place(self.context), &mut found);
        let written = parser.type_name()?;
        self.at += parser.position();
        Some(self.query.resolve(&detached(written, &found), self.context))
    }

    /// Skips a bracketed list.
    fn skip_list(&mut self) {
        let mut depth = 0usize;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// The precedence of a binary operator.
fn strength(op: &str) -> Option<u8> {
    Some(match op {
        "||" => 0,
        "&&" => 1,
        "|" => 2,
        "^" => 3,
        "&" => 4,
        "==" | "!=" => 5,
        "<" | ">" | "<=" | ">=" => 6,
        "<<" | ">>" => 7,
        "+" | "-" => 8,
        "*" | "/" | "%" => 9,
        _ => return None,
    })
}

/// The type that a pointer points to, or the element type of an array.
fn pointee(ty: Type) -> Type {
    match ty {
        Type::Pointer(to) | Type::Array(to, _) => (*to).clone(),
        _ => Type::Unknown,
    }
}

fn cast(value: Value, ty: &Type) -> Option<Value> {
    match *ty {
        Type::Int { bits, signed } if bits <= 64 => value.cast(bits, signed),
        Type::Bool => value.truth().map(|holds| Value::of(holds.into(), 8, false)),
        Type::Pointer(_) => value.cast(64, false),
        _ => None,
    }
}

/// The value of a character constant; `'ab'` combines both bytes.
fn character(text: &str) -> Option<i128> {
    let inside = text.split_once('\'')?.1.strip_suffix('\'')?;
    let mut bytes = inside.bytes().peekable();
    let mut value = 0i32;
    let mut count = 0;
    while let Some(byte) = bytes.next() {
        let one = match byte {
            b'\\' => match bytes.next()? {
                b'n' => 10,
                b't' => 9,
                b'r' => 13,
                b'a' => 7,
                b'b' => 8,
                b'v' => 11,
                b'f' => 12,
                b'e' => 27,
                b'x' => {
                    let mut code = 0u32;
                    while let Some(digit) = bytes.next_if(u8::is_ascii_hexdigit) {
                        code = (code << 4) | char::from(digit).to_digit(16)?;
                    }
                    code as u8
                }
                first @ b'0'..=b'7' => {
                    let mut code = u32::from(first - b'0');
                    for _ in 0..2 {
                        if let Some(digit) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) {
                            code = (code << 3) | u32::from(digit - b'0');
                        }
                    }
                    code as u8
                }
                other => other,
            },
            plain => plain,
        };
        count += 1;
        value = if count == 1 { i32::from(one as i8) } else { (value << 8) | i32::from(one) };
    }
    (1..=4).contains(&count).then(|| value.into())
}
