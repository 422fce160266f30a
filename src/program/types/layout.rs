//! The layout of structures: natural alignment, bit-fields as in the System V ABI for x86-64, and `packed`, `aligned`
//! and `#pragma pack` as in GCC.

use rustc_hash::FxHashSet;

use super::query::{Context, Query};
use super::value::Value;
use super::written::{Attributes, Derived, Member, Struct};
use super::{Type, Types};

#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// In bytes; `None` if something in it is unknown or ambiguous.
    pub size: Option<u64>,
    pub align: u64,
    /// The offset of each member in bytes, if known.
    pub offsets: Vec<Option<u64>>,
}

enum Visit {
    Enter(u32),
    Leave(u32),
}

impl<'p> Types<'p> {
    /// The layout of one definition. Nested structures are laid out first, using an explicit stack; one that contains
    /// itself has no size. The result does not depend on earlier queries.
    pub(super) fn layout(self, body: u32) -> &'p Layout {
        let mut todo = vec![Visit::Enter(body)];
        let mut entered: FxHashSet<u32> = FxHashSet::default();
        while let Some(visit) = todo.pop() {
            let (Visit::Enter(next) | Visit::Leave(next)) = visit;
            let cell = &self.index.body(next).layout;
            if cell.get().is_some() || (matches!(visit, Visit::Enter(_)) && entered.contains(&next)) {
                continue;
            }
            let query = Query::collecting(self);
            let layout = lay_out(&query, self.index.body(next));
            let missing = query.missing.map(|missing| missing.into_inner()).unwrap_or_default();
            entered.insert(next);
            let known = missing.is_empty();
            let new: Vec<Visit> = missing.into_iter().filter(|i| !entered.contains(i)).map(Visit::Enter).collect();
            if new.is_empty() {
                // Another thread may have been faster; its result is the same.
                let _ = cell.set(Layout { size: layout.size.filter(|_| known), ..layout });
            } else {
                todo.push(Visit::Leave(next));
                todo.extend(new);
            }
        }
        let of = self.index.body(body);
        of.layout.get_or_init(|| Layout { size: None, align: 1, offsets: vec![None; of.members.len()] })
    }
}

/// The space that one member takes.
struct Room {
    size: u64,
    align: u64,
    /// The width of a bit-field.
    bits: Option<u64>,
}

fn lay_out(query: &Query, of: &Struct) -> Layout {
    let context = query.types.context(of.file, of.at, of.file, 0);
    // In bits; `None` after an unknown member.
    let mut next = Some(0u64);
    let mut end = Some(0u64);
    let mut align = 1;
    let mut unknown = of.incomplete;
    let mut offsets = Vec::with_capacity(of.members.len());
    for (i, member) in of.members.iter().enumerate() {
        let is_last = i + 1 == of.members.len();
        let room = room(query, member, of, context, is_last);
        unknown |= query.vague.get();
        let Some(room) = room.filter(|_| !query.vague.replace(false)) else {
            // Only an offset that the unknown member cannot affect is known.
            offsets.push(if of.is_union { Some(0) } else { offset_of_unknown(next, i) });
            (next, end) = (None, None);
            continue;
        };
        let packed = of.attributes.packed || member.attributes.packed || of.pack != 0;
        let start = if of.is_union { Some(0) } else { next };
        let start = start.and_then(|start| start_of(start, &room, packed));
        offsets.push(start.map(|start| start / 8));
        // Unnamed padding bits do not affect the alignment of the whole.
        if room.bits.is_none() || member.name.is_some() {
            align = align.max(room.align);
        }
        let behind = start.and_then(|start| start.checked_add(room.bits.unwrap_or(room.size.checked_mul(8)?)));
        next = behind;
        end = if of.is_union { end.zip(behind).map(|(a, b)| a.max(b)) } else { behind };
    }
    if let Some(asked) = aligned(query, &of.attributes, context) {
        align = align.max(asked);
    }
    unknown |= query.vague.get();
    let size = end.and_then(|end| round_up(end, align.checked_mul(8)?)).map(|bits| bits / 8).filter(|_| !unknown);
    Layout { size, align, offsets }
}

/// The offset of a member of unknown size is known only for the first member.
fn offset_of_unknown(next: Option<u64>, member: usize) -> Option<u64> {
    next.filter(|_| member == 0).map(|_| 0)
}

/// The first bit of a member whose earliest start is `next`.
fn start_of(next: u64, room: &Room, packed: bool) -> Option<u64> {
    let unit = room.align.checked_mul(8)?;
    match room.bits {
        None | Some(0) => round_up(next, unit),
        // A bit-field does not cross a storage unit of its type.
        Some(bits) if !packed => {
            let size = room.size.checked_mul(8)?;
            if next / size == next.checked_add(bits - 1)? / size { Some(next) } else { round_up(next, unit) }
        }
        Some(_) => Some(next),
    }
}

fn round_up(bits: u64, unit: u64) -> Option<u64> {
    bits.checked_next_multiple_of(unit.max(1))
}

fn room(query: &Query, member: &Member, of: &Struct, context: Context, is_last: bool) -> Option<Room> {
    let ty = query.resolve(&member.ty, context);
    let is_open = matches!(member.ty.derived.first(), Some(Derived::Array(None)));
    let (size, natural) = match &ty {
        Type::Array(element, None) if is_open && is_last => (0, query.measure(element)?.1),
        _ => query.measure(&ty)?,
    };
    let bits = match &member.bits {
        None => None,
        Some(text) => {
            let width = query.value(text, context).and_then(Value::single)?;
            Some(u64::try_from(width).ok().filter(|&width| width <= size * 8)?)
        }
    };
    let packed = of.attributes.packed || member.attributes.packed;
    let mut align = natural;
    // `int : 0` aligns the next member like an `int`, packed or not.
    if packed && bits != Some(0) {
        align = 1;
    }
    if let Some(asked) = aligned(query, &member.attributes, context) {
        align = align.max(asked);
    }
    if of.pack != 0 {
        align = align.min(of.pack.into());
    }
    Some(Room { size, align, bits })
}

fn aligned(query: &Query, attributes: &Attributes, context: Context) -> Option<u64> {
    let text = attributes.aligned.as_ref()?;
    let align = query.value(text, context).and_then(Value::single).and_then(|n| u64::try_from(n).ok());
    match align {
        Some(align) if align.is_power_of_two() && align <= 1 << 16 => Some(align),
        _ => {
            query.vague.set(true);
            None
        }
    }
}
