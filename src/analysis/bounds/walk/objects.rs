//! Objects that hold message bytes and a read position: readers take bytes, tests check how many are left.
//!
//! That number is modelled as a field of the object, whatever its real fields are: it is kept until something else may
//! have changed the object, and a reader decreases it.

use super::cond::Way;
use super::eval::{Eval, Frame};
use super::model::Called;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::sites::SiteKind;
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Tag, Wire};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{ExprId, ExprKind};
use crate::program::catalog::model::{Bounds, Cursor, Move};
use crate::source::Span;

/// The modelled field, named as a reader would name it.
const LEFT: &str = "len";

impl Eval<'_> {
    /// The key under which an object, or one of its elements, holds the number of bytes left.
    pub(super) fn left_key(&mut self, f: &Frame, object: Linear, element: Option<ExprId>) -> Key {
        let path = self.element_path(f, element);
        Key { base: object, path: self.paths.field(path, LEFT) }
    }

    /// The path to an element of an object, or to the object itself if none is named.
    pub(super) fn element_path(&mut self, f: &Frame, element: Option<ExprId>) -> Path {
        let Some(element) = element else { return Path::ITSELF };
        let name = match f.body.expr(element).kind {
            ExprKind::Name(name) => f.body.names.text(name).to_owned(),
            _ => format!("{:?}", self.eval(f, element).linear),
        };
        self.paths.field(Path::ITSELF, &name)
    }

    /// The number of bytes left in an object.
    pub(super) fn left_at(&mut self, key: Key, span: Span) -> Value {
        let left = self.recall(key, Kind::Unknown, None, span);
        if let Some(s) = left.linear.as_symbol() {
            let info = self.symbols.info_mut(s);
            info.lo = info.lo.max(Some(0));
            info.wire = info.wire.max(Wire::Faint);
        }
        left
    }

    /// The catalog's model of an object takes precedence over a macro that shows its implementation.
    pub(super) fn is_object_call(&self, name: &str) -> bool {
        self.cx.program.model(name, self.file).is_some_and(|model| {
            model.accessor().is_some_and(|accessor| accessor.positioned)
                || model.cursor().is_some()
                || model.extractor().is_some_and(|extractor| extractor.object.is_some())
        })
    }

    /// A reader takes bytes from an object or one of its elements, or only peeks at them.
    pub(super) fn taken(
        &mut self,
        f: &Frame,
        e: ExprId,
        of: (Linear, Option<ExprId>),
        size: Linear,
        bounds: Bounds,
        moves: bool,
    ) {
        let (object, element) = of;
        let span = self.span(f, e);
        let key = self.left_key(f, object, element);
        let left = self.left_at(key, span);
        let lenient = match bounds {
            Bounds::Unchecked | Bounds::Aborts => Some(false),
            // Nothing out of bounds is read; but code that tests for short data expects something else.
            Bounds::ReturnsZero => Some(true),
            _ => None,
        };
        if let Some(lenient) = lenient {
            self.site(f, e, SiteKind::Take { left: left.linear, size, lenient });
        }
        if !moves {
            return;
        }
        self.changed_behind(&object, Wire::Strong);
        if let Some(linear) = left.linear.sub(&size) {
            let mut event = self.event;
            self.state.set(key, Value { linear, kind: left.kind }, &mut event);
            self.event = event;
        }
    }

    /// A call advances in an object; false if it takes nothing or the amount is unknown.
    pub(super) fn moved_in(&mut self, f: &Frame, call: &Called, cursor: &Cursor) -> bool {
        let size = match (cursor.size, call.linear(cursor.len)) {
            (Some(n), _) => Some(Linear::constant(i64::from(n))),
            (None, size) => size,
        };
        let (Some(object), Some(size)) = (call.linear(Some(cursor.object)), size) else { return false };
        // Bytes that a truncated print did not write would be taken for part of the message.
        if cursor.does == Move::Put
            && let Some(Tag::WouldBe(room)) = self.tag(&size)
        {
            self.site(f, call.e, SiteKind::Printed { length: size, room });
        }
        if !matches!(cursor.does, Move::Take | Move::TakeEnd | Move::Skip | Move::Peek) {
            return false;
        }
        self.taken(f, call.e, (object, None), size, cursor.on_short, cursor.does != Move::Peek);
        if let Some(data) = call.linear(cursor.data) {
            self.changed_behind(&data, Wire::Strong);
        }
        true
    }

    /// A call that is true if an object has enough bytes left.
    pub(super) fn tests_length(&mut self, f: &Frame, e: ExprId, name: &str, args: &[ExprId]) -> Option<(Way, Way)> {
        let test = self.cx.program.model(name, self.file)?.length_test()?;
        if test.whole {
            return None;
        }
        let object = *args.get(test.object?.index()?)?;
        let span = self.span(f, e);
        let element = match test.element {
            // If the macro's definition is visible, it says more.
            Some(_) if self.cx.inline(name, self.file, span.start).is_some() => return None,
            Some(element) => Some(*args.get(element.index()?)?),
            None => None,
        };
        let object = self.eval(f, object).linear;
        let size = match test.size {
            Some(n) => Linear::constant(i64::from(n)),
            None => {
                let size = self.eval(f, *args.get(test.len?.index()?)?).linear;
                match test.times.map(|times| args.get(times.index()?)) {
                    Some(times) => {
                        let times = self.eval(f, *times?).linear;
                        self.product(Some(size), Some(times))?
                    }
                    None => size,
                }
            }
        };
        let key = self.left_key(f, object, element);
        let left = self.left_at(key, span).linear;
        let (yes, no) = self.split_on(&left.sub(&size)?, span);
        if !test.takes {
            return Some((yes, no));
        }
        self.enter(yes);
        self.taken(f, e, (object, None), size, Bounds::ReturnsError, true);
        Some((self.way(), no))
    }
}
