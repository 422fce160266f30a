//! What is known about pointers at one point of a function: which values a variable or member may hold, and what is
//! known about each of them.

/// A value, identified by where it arises: the number of an expression or, beyond those, of a parameter.
pub type Value = u32;
/// The number of an access path of the function.
pub type PlaceNo = u32;

/// What may hold for a value on the paths that lead here; several bits where they differ.
pub mod bits {
    /// Not tested yet, and no branch was passed since it arose.
    pub const FRESH: u8 = 1;
    /// Not tested yet.
    pub const UNTESTED: u8 = 2;
    /// Null, and no branch was passed since that was found out, or since paths merged that differ in what holds it.
    pub const NULL_HERE: u8 = 4;
    /// Null.
    pub const NULL: u8 = 8;
    /// Not null: it was tested.
    pub const TESTED: u8 = 16;
    /// Not null, or the program would have crashed: it was dereferenced.
    pub const USED: u8 = 32;
    /// An assertion says that it is not null.
    pub const ASSERTED: u8 = 64;
    /// Since then, what holds it was passed to a call, which may have stored another value there.
    pub const STALE: u8 = 128;

    pub const ANY_UNTESTED: u8 = FRESH | UNTESTED;
    pub const ANY_NULL: u8 = NULL_HERE | NULL;
    pub const NOT_NULL: u8 = TESTED | USED | ASSERTED;
}

/// Whether it may be used untested, and no path has tested it.
pub fn is_unasked(known: u8) -> bool {
    known & bits::ANY_UNTESTED != 0 && known & (bits::TESTED | bits::ANY_NULL) == 0
}

/// More values than this are treated as any value.
const MAX_VALUES: usize = 4;
/// More places than this are not remembered at one point.
const MAX_HELD: usize = 96;

/// The values that something may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Values {
    ids: [Value; MAX_VALUES],
    len: u8,
    /// Or another one, about which nothing is known.
    pub other: bool,
}

impl Values {
    pub const UNKNOWN: Values = Values { ids: [0; MAX_VALUES], len: 0, other: true };

    pub fn one(id: Value) -> Values {
        Values { ids: [id, 0, 0, 0], len: 1, other: false }
    }

    pub fn ids(&self) -> &[Value] {
        &self.ids[..usize::from(self.len)]
    }

    pub fn is_unknown(&self) -> bool {
        self.len == 0
    }

    pub fn union(mut self, with: Values) -> Values {
        self.other |= with.other;
        for &id in with.ids() {
            if self.ids().contains(&id) {
                continue;
            }
            if usize::from(self.len) == MAX_VALUES {
                return Values::UNKNOWN;
            }
            self.ids[usize::from(self.len)] = id;
            self.len += 1;
        }
        let len = usize::from(self.len);
        self.ids[..len].sort_unstable();
        self
    }

    pub fn without(self, gone: impl Fn(Value) -> bool) -> Values {
        let mut kept = Values { ids: [0; MAX_VALUES], len: 0, other: self.other };
        for &id in self.ids().iter().filter(|id| !gone(**id)) {
            kept.ids[usize::from(kept.len)] = id;
            kept.len += 1;
        }
        kept
    }
}

fn may_be_null(known: u8) -> bool {
    known & (bits::ANY_UNTESTED | bits::ANY_NULL | bits::ASSERTED) != 0
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct State {
    /// Sorted by place; a place that is not listed holds any value.
    held: Vec<(PlaceNo, Values)>,
    /// Sorted by value.
    bits: Vec<(Value, u8)>,
    /// Values that were passed to some function on every path, untested.
    given: Vec<Value>,
    /// The last branch was taken because a parameter is null.
    pub blamed: bool,
}

impl State {
    pub fn get(&self, place: PlaceNo) -> Values {
        self.held.binary_search_by_key(&place, |h| h.0).map_or(Values::UNKNOWN, |i| self.held[i].1)
    }

    pub fn places(&self) -> impl Iterator<Item = (PlaceNo, Values)> + '_ {
        self.held.iter().copied()
    }

    pub fn set(&mut self, place: PlaceNo, values: Values) {
        match self.held.binary_search_by_key(&place, |h| h.0) {
            Ok(i) if values.is_unknown() => drop(self.held.remove(i)),
            Ok(i) => self.held[i].1 = values,
            Err(i) if !values.is_unknown() && self.held.len() < MAX_HELD => self.held.insert(i, (place, values)),
            Err(_) => {}
        }
    }

    pub fn forget(&mut self, gone: impl Fn(PlaceNo) -> bool) {
        self.held.retain(|(place, _)| !gone(*place));
    }

    /// The same for what a call may have changed. It is unlikely to have done so if it is called whether the value is
    /// null or not.
    pub fn forget_changed(&mut self, gone: impl Fn(PlaceNo) -> bool) {
        let all = &mut self.bits;
        self.held.retain(|(place, values)| {
            if !gone(*place) {
                return true;
            }
            let [id] = values.ids() else { return false };
            let Ok(i) = all.binary_search_by_key(id, |b| b.0) else { return false };
            let known = all[i].1;
            let is_either = known & bits::ANY_NULL != 0 && known & (bits::TESTED | bits::USED) != 0;
            let is_kept = is_either || known & !bits::STALE == bits::TESTED;
            if is_kept {
                let null = if is_either { bits::NULL } else { 0 };
                all[i].1 = null | bits::TESTED | bits::STALE;
            }
            is_kept
        });
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.held.clear();
        self.bits.clear();
        self.given.clear();
    }

    pub fn bits(&self, value: Value) -> u8 {
        self.bits.binary_search_by_key(&value, |b| b.0).map_or(0, |i| self.bits[i].1)
    }

    pub fn all_bits(&self) -> impl Iterator<Item = (Value, u8)> + '_ {
        self.bits.iter().copied()
    }

    pub fn set_bits(&mut self, value: Value, bits: u8) {
        match self.bits.binary_search_by_key(&value, |b| b.0) {
            Ok(i) => self.bits[i].1 = bits,
            Err(i) => self.bits.insert(i, (value, bits)),
        }
    }

    /// A value arises, perhaps again: what held the one of an earlier iteration now holds something unknown.
    pub fn arise(&mut self, value: Value, bits: u8) {
        for (_, values) in &mut self.held {
            if values.ids().contains(&value) {
                *values = values.without(|id| id == value);
                values.other = true;
            }
        }
        self.held.retain(|(_, values)| !values.is_unknown());
        self.given.retain(|&v| v != value);
        self.set_bits(value, bits);
    }

    /// The value is passed to a function.
    pub fn give(&mut self, value: Value) {
        if !self.given.contains(&value) {
            self.given.push(value);
        }
    }

    pub fn was_given(&self, value: Value) -> bool {
        self.given.contains(&value)
    }

    /// A branch was taken.
    pub fn age(&mut self) {
        for (_, b) in &mut self.bits {
            if *b & bits::FRESH != 0 {
                *b = *b & !bits::FRESH | bits::UNTESTED;
            }
            if *b & bits::NULL_HERE != 0 {
                *b = *b & !bits::NULL_HERE | bits::NULL;
            }
        }
    }

    /// The values that were just found to be null.
    pub fn just_null(&self) -> impl Iterator<Item = Value> + '_ {
        self.bits.iter().filter(|(_, known)| known & bits::NULL_HERE != 0).map(|(value, _)| *value)
    }

    /// Marks those of `values` that may be null as just found to be.
    pub fn refresh(&mut self, values: &[Value]) {
        for (value, known) in &mut self.bits {
            if *known & bits::NULL != 0 && values.contains(value) {
                *known = *known & !bits::NULL | bits::NULL_HERE;
            }
        }
    }

    /// Drops what is known about values that nothing holds any more.
    pub fn tidy(&mut self) {
        let held = self.values();
        self.bits.retain(|(value, _)| held.binary_search(value).is_ok());
        let all = &self.bits;
        self.given.retain(|value| all.binary_search_by_key(value, |b| b.0).is_ok());
    }

    /// Marks nulls found since `before` as just found: a test that is over says as much as one right here.
    pub fn renew_since(&mut self, before: &State) {
        for (value, known) in &mut self.bits {
            if *known & bits::NULL != 0 && before.bits(*value) & bits::ANY_NULL == 0 {
                *known = *known & !bits::NULL | bits::NULL_HERE;
            }
        }
    }

    /// The values that something holds, sorted.
    fn values(&self) -> Vec<Value> {
        let mut all: Vec<Value> = self.held.iter().flat_map(|(_, values)| values.ids().iter().copied()).collect();
        all.sort_unstable();
        all
    }

    /// What was not known to be null `before` and may be null now was tested in between; values from `limit` on are
    /// left alone.
    pub fn settle_since(&mut self, before: &State, limit: Value) {
        for (value, known) in self.bits.iter_mut().filter(|(value, _)| *value < limit) {
            if *known & bits::ANY_NULL != 0 && before.bits(*value) & bits::ANY_NULL == 0 {
                *known = bits::TESTED;
            }
        }
    }

    /// Merges `with` into `self`; returns whether anything changed.
    pub fn join(&mut self, with: &State) -> bool {
        if self == with {
            return false;
        }
        let mut held: Vec<(PlaceNo, Values)> = Vec::with_capacity(self.held.len().max(with.held.len()));
        let mut parted: Vec<Value> = Vec::new();
        let (mut a, mut b) = (self.held.iter().peekable(), with.held.iter().peekable());
        loop {
            let place = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => x.0.min(y.0),
                (Some(x), None) => x.0,
                (None, Some(y)) => y.0,
                (None, None) => break,
            };
            let one = a.next_if(|x| x.0 == place).map_or(Values::UNKNOWN, |x| x.1);
            let two = b.next_if(|x| x.0 == place).map_or(Values::UNKNOWN, |x| x.1);
            // If only one side holds a value here, it does not matter whether it is null on the other side.
            let one_here = one.without(|id| !two.ids().contains(&id) && !may_be_null(self.bits(id)));
            let two_here = two.without(|id| !one.ids().contains(&id) && !may_be_null(with.bits(id)));
            let mut both = one_here.union(two_here);
            both.other |= one_here != one || two_here != two;
            if one != two {
                parted.extend(both.ids());
            }
            if !both.is_unknown() {
                held.push((place, both));
            }
        }
        held.truncate(MAX_HELD);
        let (own, others) = (self.values(), with.values());
        let mut known: Vec<(Value, u8)> = Vec::with_capacity(self.bits.len().max(with.bits.len()));
        let (mut a, mut b) = (self.bits.iter().peekable(), with.bits.iter().peekable());
        loop {
            let value = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => x.0.min(y.0),
                (Some(x), None) => x.0,
                (None, Some(y)) => y.0,
                (None, None) => break,
            };
            let one = a.next_if(|x| x.0 == value).map_or(0, |x| x.1);
            let two = b.next_if(|x| x.0 == value).map_or(0, |x| x.1);
            let mut both = match (own.binary_search(&value).is_ok(), others.binary_search(&value).is_ok()) {
                (true, false) if one != 0 => one,
                (false, true) if two != 0 => two,
                _ => one | two,
            };
            if both & bits::NULL != 0 && parted.contains(&value) {
                both |= bits::NULL_HERE;
            }
            known.push((value, both));
        }
        let before = self.given.len();
        self.given.retain(|v| with.given.contains(v));
        let blamed = self.blamed && with.blamed;
        let new = held != self.held || known != self.bits || self.given.len() != before || self.blamed != blamed;
        (self.held, self.bits, self.blamed) = (held, known, blamed);
        new
    }
}

/// The merge of two states; an infeasible path adds nothing.
pub fn joined(a: Option<State>, b: Option<State>) -> Option<State> {
    match (a, b) {
        (Some(mut a), Some(b)) => {
            a.join(&b);
            Some(a)
        }
        (a, b) => a.or(b),
    }
}
