//! What conditions tell about the bytes of a text.

use super::shapes::{Sum, step_of};
use super::state::{Address, Known, Mark, State};
use super::walk::{Value, Walker, is_arithmetic};
use crate::analysis::cfg::{BlockId, Cfg};
use crate::hir::{BinaryOp, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};

impl Walker<'_> {
    /// The states where a condition is true and where it is false.
    pub fn cond(&mut self, e: ExprId, mut st: State) -> (State, State) {
        let body = self.body;
        if self.depth > 40 {
            self.eval(e, &mut st);
            return (st.clone(), st);
        }
        self.depth += 1;
        let ways = match body.expr(e).kind {
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. } if !self.among => {
                self.among = true;
                self.depth -= 1;
                let ways = self.cond(e, st);
                self.depth += 1;
                self.among = false;
                ways
            }
            ExprKind::Binary { op: BinaryOp::And, left, right } => {
                let (yes, mut no) = self.cond(left, st);
                let (yes, other) = self.cond(right, yes);
                no.join(&other);
                (yes, no)
            }
            ExprKind::Binary { op: BinaryOp::Or, left, right } => {
                let (mut yes, no) = self.cond(left, st);
                let (other, no) = self.cond(right, no);
                yes.join(&other);
                (yes, no)
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                let (yes, no) = self.cond(operand, st);
                (no, yes)
            }
            ExprKind::Binary { op: BinaryOp::Comma, left, right } => {
                self.eval(left, &mut st);
                self.cond(right, st)
            }
            ExprKind::Cast { operand, .. } => self.cond(operand, st),
            // `(a == b) == 0`
            ExprKind::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right }
                if self.is_question(left) && self.constant(right) == Some(0) =>
            {
                let (yes, no) = self.cond(left, st);
                if op == BinaryOp::Eq { (no, yes) } else { (yes, no) }
            }
            ExprKind::Call { ref args, .. }
                if matches!(body.callee(e), Some("likely" | "unlikely")) && args.len() == 1 =>
            {
                self.cond(args[0], st)
            }
            _ => self.question(e, st),
        };
        self.depth -= 1;
        ways
    }

    /// Whether the expression yields a truth value.
    pub fn is_question(&self, e: ExprId) -> bool {
        match self.body.expr(e).kind {
            ExprKind::Binary { op, .. } => !is_arithmetic(op) && op != BinaryOp::Comma,
            ExprKind::Unary { op, .. } => op == UnaryOp::Not,
            _ => false,
        }
    }

    fn question(&mut self, e: ExprId, mut st: State) -> (State, State) {
        let body = self.body;
        let known = match body.expr(e).kind {
            ExprKind::Binary { op, left, right } => {
                if let Some(ways) = self.bounded(op, left, right, &mut st) {
                    return ways;
                }
                let (a, b) = (self.eval(left, &mut st), self.eval(right, &mut st));
                match (a, b) {
                    (Value::Other, Value::Other) => {
                        let sizes = matches!(op, BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge);
                        let is_number = |e| self.constant(e).is_some();
                        if sizes && !self.among && !is_number(left) && !is_number(right) {
                            self.forget_others(&[left, right], &mut st);
                        }
                        None
                    }
                    (Value::Other, b) => self.compared(mirrored(op), b, self.constant(left)),
                    (a, Value::Other) => self.compared(op, a, self.constant(right)),
                    (Value::Byte(a) | Value::Test { at: a, .. }, _) => {
                        if let Value::Byte(other) | Value::Test { at: other, .. } = b {
                            st.forget(other.key);
                        }
                        Some((a, Known::NonZero, Known::NonZero))
                    }
                }
            }
            _ => match self.eval(e, &mut st) {
                Value::Byte(at) => {
                    self.is_text(at);
                    Some((at, Known::NonZero, Known::Zero))
                }
                Value::Test { at, yes, no } => Some((at, yes, no)),
                Value::Other => {
                    // `while (n--)`
                    if !self.among && matches!(body.expr(e).kind, ExprKind::Update { .. }) {
                        self.forget_others(&[e], &mut st);
                    }
                    None
                }
            },
        };
        let Some((at, when_true, when_false)) = known else {
            self.asks_otherwise(e, &mut st);
            return (st.clone(), st);
        };
        let mut no = st.clone();
        st.learn(at, when_true, e);
        no.learn(at, when_false, e);
        (st, no)
    }

    /// What a comparison of a byte with something tells about it.
    fn compared(&mut self, op: BinaryOp, value: Value, with: Option<i64>) -> Option<(Address, Known, Known)> {
        use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
        use Known::{NonZero, Nothing, Zero};
        let at = match value {
            Value::Byte(at) => at,
            Value::Test { at, yes, no } => {
                return Some(match (op, with) {
                    (Eq, Some(0)) => (at, no, yes),
                    (Ne | Gt, Some(0)) => (at, yes, no),
                    _ => (at, NonZero, NonZero),
                });
            }
            Value::Other => return None,
        };
        if with == Some(0) && matches!(op, Eq | Ne) {
            self.is_text(at);
        }
        let (yes, no) = match (op, with) {
            (Eq, Some(0)) => (Zero, NonZero),
            (Ne, Some(0)) => (NonZero, Zero),
            (Eq, _) => (NonZero, Nothing),
            (Ne, _) => (Nothing, NonZero),
            (Gt, Some(0..)) | (Ge, Some(1..)) => (NonZero, Nothing),
            (Lt, Some(0..)) | (Le, Some(0..)) => (Nothing, NonZero),
            _ => (NonZero, NonZero),
        };
        Some((at, yes, no))
    }

    /// A comparison of positions, or of indices with what may be a length.
    fn bounded(&mut self, op: BinaryOp, left: ExprId, right: ExprId, st: &mut State) -> Option<(State, State)> {
        use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
        let body = self.body;
        let sums = [left, right].map(|e| self.shapes.is_sum(body, e));
        let constants = [left, right].map(|e| self.constant(e));
        let held = |e: ExprId| matches!(body.expr(body.bare(e)).kind, ExprKind::Name(n) if st.byte(n).is_some());
        // A byte is not a bound.
        let is_byte = |e: ExprId| match body.expr(body.bare(e)).kind {
            ExprKind::Unary { op: UnaryOp::Deref, operand: base } | ExprKind::Index { base, .. } => {
                self.shapes.is_sum(body, base)
            }
            _ => false,
        };
        if is_byte(left)
            || is_byte(right)
            || !sums.contains(&true)
            || constants.contains(&Some(0))
            || held(left)
            || held(right)
        {
            return None;
        }
        if constants.iter().any(Option::is_some) && matches!(op, Eq | Ne) {
            return None;
        }
        let mut inside = Vec::new();
        let mut sides: Vec<(Sum, Option<(bool, i32)>)> = Vec::new();
        let mut about = false;
        for (e, is_sum, first) in [(left, sums[0], true), (right, sums[1], false)] {
            if !is_sum {
                self.eval(e, st);
                continue;
            }
            let Some(sum) = self.sum(e, st) else { continue };
            let more = match (op, first) {
                (Lt, true) | (Gt, false) => Some((true, 0)),
                (Le, true) | (Ge, false) => Some((true, -1)),
                (Gt, true) | (Lt, false) => Some((false, -1)),
                (Ge, true) | (Le, false) => Some((false, 0)),
                (Ne, _) => Some((true, 0)),
                (Eq, _) => Some((false, 0)),
                _ => None,
            };
            sides.push((sum.clone(), more));
            let Some((when, more)) = more else { continue };
            for key in 0..self.shapes.keys.len() as u16 {
                let position = &self.shapes.keys[usize::from(key)];
                let is_meant = match sum.base {
                    Some(base) => position.base == base && position.steps == sum.steps,
                    None => !sum.steps.is_empty() && sum.steps.iter().all(|step| position.steps.contains(step)),
                };
                if is_meant {
                    inside.push((when, Address { key, offset: sum.offset + more }));
                    about = true;
                }
            }
        }
        // Next to a test for the NUL, it is an additional bound.
        if !self.among {
            self.asks_of(left, st);
            self.asks_of(right, st);
            self.forget_others(&[left, right], st);
        }
        let (mut yes, mut no) = (st.clone(), st.clone());
        if about {
            for (when, at) in inside {
                let (there, other) = if when { (&mut yes, &mut no) } else { (&mut no, &mut yes) };
                there.is_there(at);
                other.forget(at.key);
            }
        }
        if let [a, b] = &sides[..] {
            for (index, end) in [(a, b), (b, a)] {
                if let Some((when, at)) = self.measured(index, &end.0) {
                    self.is_text(at);
                    let there = if when { &mut yes } else { &mut no };
                    there.set(at.key, [Mark::FREE, Mark::new(at.offset + 1, None), Mark::FREE]);
                }
            }
        }
        Some((yes, no))
    }

    /// `i < strlen(text)`: on which branch it holds, and the byte that is not the NUL there.
    fn measured(&mut self, index: &(Sum, Option<(bool, i32)>), end: &Sum) -> Option<(bool, Address)> {
        let (index, Some((when, more))) = index else { return None };
        let (None, None, [length]) = (index.base, end.base, &end.steps[..]) else { return None };
        let base = self.shapes.measured(self.body, *length)?;
        let offset = index.offset + more - end.offset;
        let there = Sum { base: Some(base), steps: index.steps.clone(), offset };
        self.find(&there).map(|at| (*when, at))
    }

    /// A condition on something else, such as a length or a flag, may tell something about the text, too.
    fn asks_otherwise(&mut self, e: ExprId, st: &mut State) {
        let body = self.body;
        let mut flag = false;
        body.walk(e, &mut |e| {
            if let ExprKind::Name(name) = body.expr(e).kind {
                flag |= self.shapes.flags.contains(&name) && !self.shapes.is_base(name);
            }
        });
        if flag {
            st.forget_seen();
        }
        self.asks_of(e, st);
    }

    /// A loop or branch controlled by a number alone: what it counts may be the bytes of any text.
    fn forget_others(&mut self, sides: &[ExprId], st: &mut State) {
        let body = self.body;
        let mut named = Vec::new();
        for &side in sides {
            body.walk(side, &mut |e| {
                if let ExprKind::Name(name) = body.expr(e).kind {
                    named.push(name);
                }
            });
        }
        for key in 0..self.shapes.keys.len() as u16 {
            let position = &self.shapes.keys[usize::from(key)];
            let is_named = |name: &Symbol| position.base == *name || position.steps.contains(&step_of(*name));
            if !named.iter().any(is_named) {
                st.forget(key);
            }
        }
    }

    /// Something computed from a text is tested: it may be its length.
    fn asks_of(&mut self, e: ExprId, st: &mut State) {
        let body = self.body;
        let mut named: Vec<(Symbol, Symbol)> = Vec::new();
        body.walk(e, &mut |e| {
            if let ExprKind::Name(name) = body.expr(e).kind
                && let Some(families) = self.shapes.related.get(&name)
            {
                named.extend(families.iter().map(|family| (name, *family)));
            }
        });
        // Its length, or what it contains.
        let mut asked = Vec::new();
        body.walk(e, &mut |e| {
            let looks = matches!(
                body.callee(e),
                Some("strlen" | "strstr" | "strcasestr" | "strchr" | "strrchr" | "strpbrk" | "sscanf")
            );
            if let ExprKind::Call { args, .. } = &body.expr(e).kind
                && looks
            {
                asked.extend(args.first().copied());
            }
        });
        let mut texts = Vec::new();
        for arg in asked {
            body.walk(arg, &mut |e| match body.expr(e).kind {
                ExprKind::Name(name) if self.shapes.is_base(name) => texts.push(self.shapes.family(name)),
                _ => {}
            });
        }
        for key in texts.into_iter().flat_map(|family| self.shapes.of_family(family)).collect::<Vec<_>>() {
            st.forget(key);
        }
        for (name, family) in named {
            for key in self.shapes.of_family(family) {
                // If it is a step itself, its size says nothing about what follows.
                if !self.shapes.keys[usize::from(key)].steps.contains(&step_of(name)) {
                    st.forget(key);
                }
            }
        }
    }

    /// The state after a label of a `switch`.
    pub fn case(&mut self, cfg: &Cfg, to: BlockId, switch: StmtId, value: Value, st: &State) -> State {
        let body = self.body;
        let Value::Byte(at) = value else {
            let mut st = st.clone();
            if let Value::Test { at, .. } = value {
                st.forget(at.key);
            }
            return st;
        };
        let cond = body.stmt(switch).kind.condition().unwrap_or(ExprId(0));
        let mut labels = cfg.block(to).labels.iter().filter_map(|&label| match body.stmt(label).kind {
            StmtKind::Case(value) => Some(value),
            _ => None,
        });
        let mut state: Option<State> = None;
        let mut add = |known: Known| {
            let mut way = st.clone();
            way.learn(at, known, cond);
            match &mut state {
                Some(state) => {
                    state.join(&way);
                }
                None => state = Some(way),
            }
        };
        let mut any = false;
        let ends = |label: &StmtId| matches!(body.stmt(*label).kind, StmtKind::Case(Some(value)) if self.constant(value) == Some(0));
        let has_end = || {
            let mut found = false;
            if let StmtKind::Switch { body: inner, .. } = body.stmt(switch).kind {
                body.walk_first(inner, 400, &mut |label| found |= ends(&label));
            }
            found
        };
        for label in labels.by_ref() {
            any = true;
            match label.map(|value| self.constant(value)) {
                Some(Some(0)) => add(Known::Zero),
                Some(_) => add(Known::NonZero),
                // `default:` may be the NUL, unless there is a label for it.
                None if has_end() => add(Known::NonZero),
                None => add(Known::Nothing),
            }
        }
        if !any {
            add(Known::NonZero);
        }
        state.unwrap_or_else(|| st.clone())
    }
}

fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}
