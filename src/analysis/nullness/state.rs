//! What is known of pointers at one place of a function: which values a variable or member may hold, and what has
//! been found out of each of them.

/// A value, by where it arises: the number of an expression, or past those a parameter's.
pub type Value = u32;
/// A number for an access path of the function.
pub type PlaceNo = u32;

/// What may hold of a value on the paths that lead here; several at once where they differ.
pub mod bits {
    /// Nobody asked yet, and no branch was passed since it arose.
    pub const FRESH: u8 = 1;
    /// Nobody asked yet.
    pub const UNTESTED: u8 = 2;
    /// Null, and no branch was passed since that was found out, or since paths met that differ in who holds it.
    pub const NULL_HERE: u8 = 4;
    /// Null.
    pub const NULL: u8 = 8;
    /// Not null: somebody asked.
    pub const TESTED: u8 = 16;
    /// Not null, or the program would have ended: it was dereferenced.
    pub const USED: u8 = 32;
    /// An assertion says that it is not null.
    pub const ASSERTED: u8 = 64;
    /// Since then a call was given what holds it, and may have given it another value.
    pub const STALE: u8 = 128;

    pub const ANY_UNTESTED: u8 = FRESH | UNTESTED;
    pub const ANY_NULL: u8 = NULL_HERE | NULL;
    pub const NOT_NULL: u8 = TESTED | USED | ASSERTED;
}

/// Used with nobody having asked on any path.
pub fn is_unasked(known: u8) -> bool {
    known & bits::ANY_UNTESTED != 0 && known & (bits::TESTED | bits::ANY_NULL) == 0
}

/// More values than this are taken for any value.
const MAX_VALUES: usize = 4;
/// More than this is not remembered at one place.
const MAX_HELD: usize = 96;

/// The values that something may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Values {
    ids: [Value; MAX_VALUES],
    len: u8,
    /// Or some other one, of which nothing is known.
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
    /// Sorted by place; what is not listed holds any value.
    held: Vec<(PlaceNo, Values)>,
    /// Sorted by value.
    bits: Vec<(Value, u8)>,
    /// Values that were given to some function on every way, with nobody having asked.
    given: Vec<Value>,
    /// The last branch was taken because of a parameter that is null.
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

    /// The same for what a call may have changed. It is not likely to have done so where it is called whether the value
    /// is null or not.
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

    /// Forgets all and everything.
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

    /// A value arises, perhaps again: who held the one of an earlier round holds something unknown now.
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

    /// It is given to a function.
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

    /// Of these, what may be null was just found to be.
    pub fn refresh(&mut self, values: &[Value]) {
        for (value, known) in &mut self.bits {
            if *known & bits::NULL != 0 && values.contains(value) {
                *known = *known & !bits::NULL | bits::NULL_HERE;
            }
        }
    }

    /// Drops what is known of values that nobody holds any more.
    pub fn tidy(&mut self) {
        let held = self.values();
        self.bits.retain(|(value, _)| held.binary_search(value).is_ok());
        let all = &self.bits;
        self.given.retain(|value| all.binary_search_by_key(value, |b| b.0).is_ok());
    }

    /// A test that is over says of what is null as much as one right here.
    pub fn renew_since(&mut self, before: &State) {
        for (value, known) in &mut self.bits {
            if *known & bits::NULL != 0 && before.bits(*value) & bits::ANY_NULL == 0 {
                *known = *known & !bits::NULL | bits::NULL_HERE;
            }
        }
    }

    /// Those that something holds, sorted.
    fn values(&self) -> Vec<Value> {
        let mut all: Vec<Value> = self.held.iter().flat_map(|(_, values)| values.ids().iter().copied()).collect();
        all.sort_unstable();
        all
    }

    /// What was not known to be null `before` and is perhaps null now was asked about in between; values from `limit` on
    /// are left.
    pub fn settle_since(&mut self, before: &State, limit: Value) {
        for (value, known) in self.bits.iter_mut().filter(|(value, _)| *value < limit) {
            if *known & bits::ANY_NULL != 0 && before.bits(*value) & bits::ANY_NULL == 0 {
                *known = bits::TESTED;
            }
        }
    }

    /// Makes of `self` what holds where both come together; whether that is new.
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
            // Whether a value that only one side holds here is null on the other side does not matter here.
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

/// Where both come together; a path that cannot be taken adds nothing.
pub fn joined(a: Option<State>, b: Option<State>) -> Option<State> {
    match (a, b) {
        (Some(mut a), Some(b)) => {
            a.join(&b);
            Some(a)
        }
        (a, b) => a.or(b),
    }
}
