//! Sums, and how positions change when a variable is assigned.

use super::shapes::{Sum, step_of, step_of_call};
use super::state::{Address, Mark, Marks, State, UNKNOWN, moved};
use super::walk::{Value, Walker};
use crate::hir::{BinaryOp, ExprId, ExprKind, Symbol};
use crate::preprocess::token::integer;

impl Walker<'_> {
    pub fn find(&mut self, sum: &Sum) -> Option<Address> {
        let base = sum.base?;
        let key = match self.collecting {
            true => self.shapes.number(base, &sum.steps)?,
            false => self.shapes.find(base, &sum.steps)?,
        };
        Some(Address { key, offset: sum.offset })
    }

    /// The sum that an expression evaluates to, in terms of its variables after side effects.
    pub fn sum(&mut self, e: ExprId, st: &mut State) -> Option<Sum> {
        let body = self.body;
        match &body.expr(e).kind {
            ExprKind::Name(name) if self.shapes.is_base(*name) => Some(Sum { base: Some(*name), ..Sum::default() }),
            ExprKind::Name(name) => Some(Sum { steps: vec![step_of(*name)], ..Sum::default() }),
            ExprKind::Number(text) => {
                let offset = i32::try_from(integer(body.names.text(*text))?).ok()?;
                Some(Sum { offset, ..Sum::default() })
            }
            ExprKind::Cast { operand, .. } => self.sum(*operand, st),
            ExprKind::Update { operand, decrement, prefix } => {
                let ExprKind::Name(name) = body.expr(*operand).kind else { return None };
                let by = if *decrement { -1 } else { 1 };
                self.advance(name, by, e, st);
                let mut sum = self.sum(*operand, st)?;
                sum.offset -= if *prefix { 0 } else { by };
                Some(sum)
            }
            ExprKind::Binary { op, left, right } => {
                let left = self.sum(*left, st);
                let right = self.sum(*right, st);
                match op {
                    BinaryOp::Add => left?.plus(right?),
                    _ => left?.minus(&right?),
                }
            }
            ExprKind::Unary { operand, .. } => {
                let ExprKind::Index { base, index } = body.expr(*operand).kind else { return None };
                let base = self.sum(base, st);
                let index = self.sum(index, st);
                base?.plus(index?)
            }
            ExprKind::Call { args, .. } => self.measure(e, args, st),
            ExprKind::Assign { op, left, right } => {
                let ExprKind::Name(name) = body.expr(*left).kind else { return None };
                self.assign(name, *op, *right, e, st);
                self.sum(*left, st)
            }
            _ => None,
        }
    }

    /// `strlen`, `strspn`, `strcspn`: as a step, they lead to where the text may end.
    pub fn measure(&mut self, call: ExprId, args: &[ExprId], st: &mut State) -> Option<Sum> {
        let (first, others) = args.split_first()?;
        let text = self.sum(*first, st);
        for &other in others {
            self.given(other, true, st);
        }
        let text = text?;
        let at = self.find(&text)?;
        self.is_text(at);
        self.read(at, *first, st);
        let step = Sum { steps: vec![step_of_call(call)], ..Sum::default() };
        if let Some(there) = text.clone().plus(step.clone()).and_then(|sum| self.find(&sum)) {
            let marks = match others {
                // This is how texts packed one after another are traversed.
                [] => UNKNOWN,
                _ => [Mark::new(0, Some(call)), Mark::new(1, Some(call)), Mark::FREE],
            };
            st.set(there.key, moved(marks, -text.offset, call));
        }
        Some(step)
    }

    /// Moves a variable by a number.
    pub fn advance(&mut self, name: Symbol, by: i32, step: ExprId, st: &mut State) {
        st.set_byte(name, None);
        let base = self.shapes.is_base(name);
        for key in 0..self.shapes.keys.len() as u16 {
            let position = &self.shapes.keys[usize::from(key)];
            let times = match base {
                true => i32::from(position.base == name),
                false => position.steps.iter().filter(|s| **s == step_of(name)).count() as i32,
            };
            if times > 0 {
                st.step(key, by * times, step);
            }
        }
    }

    /// `name = right`, or a compound assignment.
    pub fn assign(&mut self, name: Symbol, op: Option<BinaryOp>, right: ExprId, whole: ExprId, st: &mut State) {
        let body = self.body;
        let tracked = self.shapes.is_base(name) || self.shapes.is_index(name);
        let value = match self.shapes.is_sum(body, right) {
            true => {
                let byte = match body.expr(body.bare(right)).kind {
                    ExprKind::Name(other) => st.byte(other),
                    _ => None,
                };
                let sum = self.sum(right, st);
                let own = Sum {
                    base: self.shapes.is_base(name).then_some(name),
                    steps: if self.shapes.is_base(name) { Vec::new() } else { vec![step_of(name)] },
                    offset: 0,
                };
                let sum = match op {
                    None => sum,
                    Some(BinaryOp::Add) => sum.and_then(|sum| own.plus(sum)),
                    Some(BinaryOp::Sub) => sum.and_then(|sum| own.minus(&sum)),
                    Some(_) => None,
                };
                if tracked {
                    self.set_to(name, sum, whole, st);
                }
                st.set_byte(name, byte.filter(|_| op.is_none()));
                return;
            }
            false => self.eval(right, st),
        };
        if tracked {
            let marks = self.result(right);
            self.set_to(name, None, whole, st);
            if self.shapes.is_base(name) && op.is_none() {
                self.fresh(name, marks, st);
            }
        }
        let byte = match value {
            Value::Byte(at) if op.is_none() && !self.shapes.is_base(name) => Some(at),
            _ => None,
        };
        st.set_byte(name, byte);
    }

    /// Sets a base or an index: its positions become those of its new value.
    pub fn set_to(&mut self, name: Symbol, sum: Option<Sum>, whole: ExprId, st: &mut State) {
        let base = self.shapes.is_base(name);
        let own = if base { Vec::new() } else { vec![step_of(name)] };
        if let Some(sum) = sum.as_ref().filter(|sum| sum.base == base.then_some(name) && sum.steps == own) {
            return self.advance(name, sum.offset, whole, st);
        }
        let mut new: Vec<(u16, Marks)> = Vec::new();
        for key in 0..self.shapes.keys.len() as u16 {
            let position = self.shapes.keys[usize::from(key)].clone();
            let there = match (base, &sum) {
                (true, _) if position.base != name => continue,
                (true, Some(sum)) => {
                    Sum { steps: position.steps, ..Sum::default() }.plus(sum.clone()).filter(|sum| sum.base.is_some())
                }
                (false, _) if !position.steps.contains(&step_of(name)) => continue,
                (false, Some(sum)) if sum.base.is_none() => {
                    let own = Sum { steps: own.clone(), ..Sum::default() };
                    let rest = Sum { base: Some(position.base), steps: position.steps, offset: 0 }.minus(&own);
                    rest.filter(|rest| !rest.steps.contains(&step_of(name))).and_then(|rest| rest.plus(sum.clone()))
                }
                _ => None,
            };
            let marks = there.and_then(|sum| self.find(&sum)).map(|at| moved(st.of(at.key), at.offset, whole));
            new.push((key, marks.unwrap_or(UNKNOWN)));
        }
        for (key, marks) in new {
            st.set(key, marks);
            st.forget_bytes_of(key);
        }
    }

    /// A pointer is set to a text about which only `marks` is known.
    pub fn fresh(&mut self, name: Symbol, marks: Marks, st: &mut State) {
        if self.shapes.is_base(name)
            && !self.shapes.is_array(name)
            && let Some(key) = self.shapes.find(name, &[])
        {
            st.set(key, marks);
        }
    }
}
