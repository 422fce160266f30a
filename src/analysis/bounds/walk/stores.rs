//! Stores, and what they invalidate.

use super::eval::{Eval, Frame, Variable};
use super::place::Place;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::sites::{SiteKind, Use};
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Room, Tag, What};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::ExprId;

impl Eval<'_> {
    /// Stores `value`; returns what the place holds afterwards.
    pub fn store(&mut self, f: &Frame, e: ExprId, place: Place, value: Value) -> Value {
        if value.linear.constant >= 2
            && let &[(s, 1)] = value.linear.terms()
            && self.symbols.info(s).buffer.is_some()
        {
            self.stepped.insert(s);
        }
        match place {
            Place::Value(_) => value,
            Place::Variable(var) => {
                let Variable { kind, name, .. } = self.variables[var as usize];
                self.stores_length = names::is_length(self.function.body.names.text(name));
                let value = self.convert(f, e, value, kind);
                self.stores_length = false;
                self.set(var, value);
                value
            }
            Place::Memory(memory) => {
                self.touch(f, e, &memory, Use::Write);
                let kind = match (memory.kind, memory.bits) {
                    (Kind::Int { signed, .. }, Some(bits)) => Kind::Int { bits, signed },
                    (kind, _) => kind,
                };
                self.stores_length = match (self.paths.last(memory.key.path), memory.cursor) {
                    (Some((_, field)), _) => names::is_length(self.paths.name(field)),
                    (None, Some(var)) => {
                        names::is_length(self.function.body.names.text(self.variables[var as usize].name))
                    }
                    (None, None) => self.inside(&memory.key.base).is_some_and(names::is_length),
                };
                let value = self.convert(f, e, value, kind);
                if self.stores_length
                    && let Some(Tag::WouldBe(room)) = self.tag(&value.linear)
                {
                    self.site(f, e, SiteKind::Printed { length: value.linear, room });
                }
                self.stores_length = false;
                self.keep(memory.key, value);
                value
            }
        }
    }

    pub(super) fn tag(&self, value: &Linear) -> Option<Tag> {
        self.symbols.info(value.as_symbol()?).tag
    }

    /// The name of the array field that an address lies in.
    fn inside(&self, address: &Linear) -> Option<&str> {
        let arrays = address.terms().iter().filter_map(|(s, _)| match self.symbols.info(*s).what {
            What::Inside { path, .. } => self.paths.last(path),
            _ => None,
        });
        arrays.map(|(_, field)| self.paths.name(field)).next()
    }

    /// Sets the value of a variable.
    pub fn set(&mut self, var: u32, value: Value) {
        let name = self.variables[var as usize].name;
        if let Some(s) = value.linear.as_symbol() {
            let id = self.paths.text(self.function.body.names.text(name));
            self.symbols.info_mut(s).name.get_or_insert(id);
        }
        self.note_limit(var, self.function.body.names.text(name), &value);
        self.state.set_var(var, Some(value));
    }

    /// Nothing that existed on entry points to it.
    fn is_allocated(&self, base: &Linear) -> bool {
        base.as_symbol().is_some_and(|s| {
            let info = self.symbols.info(s);
            let is_sized = info.buffer.is_some_and(|b| b.room == Room::Allocated);
            info.what == What::Fresh && (is_sized || self.fresh.contains(&s))
        })
    }

    fn keep(&mut self, key: Key, value: Value) {
        if let Some(root) = self.root(&key.base) {
            self.written(root);
            if key.path == Path::ITSELF && value.linear == Linear::ZERO {
                self.terminated.insert(root);
            }
        }
        let event = self.event();
        match self.paths.last(key.path) {
            Some((_, field)) => {
                let symbols = &self.symbols;
                let local =
                    |base: &Linear| base.as_symbol().is_some_and(|s| matches!(symbols.info(s).what, What::Local(_)));
                let own = local(&key.base);
                let is_new = self.is_allocated(&key.base);
                let paths = &self.paths;
                self.state.change_field(field, event, |k| {
                    // Distinct: two structures of which one is a local variable, two fields of one structure, and
                    // memory allocated here and memory that existed before.
                    let are_two = own || local(&k.base) || is_new && symbols.is_older(&k.base);
                    k.base != key.base && !are_two && paths.last(k.path).is_some_and(|(_, f)| f == field)
                });
            }
            None => {
                if let Some(root) = self.root(&key.base) {
                    self.state.forget_content(root, &key);
                }
            }
        }
        let mut event = self.event;
        self.state.set(key, value, &mut event);
        self.event = event;
    }
}
