//! The values of variables and memory at one place in a function.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::linear::{Linear, Sym};
use super::types::Kind;

/// A value and its C type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    pub linear: Linear,
    pub kind: Kind,
}

/// A path from an address to a place, interned: the place itself, or a field of a field of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(u32);

impl Path {
    /// `*base`
    pub const ITSELF: Path = Path(0);
}

/// Interned names and paths, shared by the bodies that one walk visits.
#[derive(Default)]
pub struct Paths {
    texts: FxHashMap<Box<str>, u32>,
    by_text: Vec<Box<str>>,
    steps: FxHashMap<(Path, u32), Path>,
    /// For each path: the path that it extends, and the field.
    all: Vec<(Path, u32)>,
}

impl Paths {
    pub fn text(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.texts.get(text) {
            return id;
        }
        let id = self.by_text.len() as u32;
        self.by_text.push(text.into());
        self.texts.insert(text.into(), id);
        id
    }

    pub fn name(&self, id: u32) -> &str {
        &self.by_text[id as usize]
    }

    pub fn field(&mut self, path: Path, name: &str) -> Path {
        let text = self.text(name);
        if let Some(&known) = self.steps.get(&(path, text)) {
            return known;
        }
        self.all.push((path, text));
        let new = Path(self.all.len() as u32);
        self.steps.insert((path, text), new);
        new
    }

    /// The last field of a path, and the path before it.
    pub fn last(&self, path: Path) -> Option<(Path, u32)> {
        path.0.checked_sub(1).map(|i| self.all[i as usize])
    }

    /// `path` passes through the place at `part`.
    fn is_within(&self, path: Path, part: Path) -> bool {
        std::iter::successors(Some(path), |path| self.last(*path).map(|(before, _)| before)).any(|path| path == part)
    }

    /// The fields of a path, first to last.
    pub fn fields(&self, path: Path) -> Vec<u32> {
        let mut fields: Vec<u32> =
            std::iter::successors(self.last(path), |(before, _)| self.last(*before)).map(|(_, field)| field).collect();
        fields.reverse();
        fields
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub base: Linear,
    pub path: Path,
}

/// When memory may last have changed, by what was changed. Events are numbered in walk order.
#[derive(Clone, Default, PartialEq, Eq)]
struct Events {
    all: u32,
    /// Everything behind a pointer, by the pointer's root symbol.
    roots: Vec<(Sym, u32)>,
    /// A field of any object, by name.
    fields: Vec<(u32, u32)>,
    /// A part of an object, with everything inside it.
    parts: Vec<(Key, u32)>,
}

#[derive(Clone)]
pub struct State {
    vars: Rc<Vec<Option<Value>>>,
    memory: Rc<Vec<(Key, Value)>>,
    events: Rc<Events>,
}

/// Tracked memory places. Beyond it, the older half is dropped.
const MAX_MEMORY: usize = 192;

impl State {
    pub fn new(vars: usize) -> State {
        State { vars: Rc::new(vec![None; vars]), memory: Rc::default(), events: Rc::default() }
    }

    pub fn same(&self, other: &State) -> bool {
        Rc::ptr_eq(&self.vars, &other.vars)
            && Rc::ptr_eq(&self.memory, &other.memory)
            && Rc::ptr_eq(&self.events, &other.events)
    }

    pub fn same_memory(&self, other: &State) -> bool {
        Rc::ptr_eq(&self.memory, &other.memory) && self.same_events(other)
    }

    fn same_events(&self, other: &State) -> bool {
        Rc::ptr_eq(&self.events, &other.events) || self.events == other.events
    }

    pub fn var(&self, var: u32) -> Option<Value> {
        self.vars[var as usize]
    }

    pub fn vars(&self) -> &[Option<Value>] {
        &self.vars
    }

    pub fn set_var(&mut self, var: u32, value: Option<Value>) {
        if self.vars[var as usize] != value {
            Rc::make_mut(&mut self.vars)[var as usize] = value;
        }
    }

    pub fn memory(&self) -> &[(Key, Value)] {
        &self.memory
    }

    pub fn get(&self, key: &Key) -> Option<Value> {
        self.memory.iter().rev().find(|(k, _)| k.path == key.path && k.base == key.base).map(|(_, v)| *v)
    }

    /// Records the value of a place.
    pub fn set(&mut self, key: Key, value: Value, event: &mut u32) {
        match self.memory.iter().position(|(k, _)| k.path == key.path && k.base == key.base) {
            Some(i) => Rc::make_mut(&mut self.memory)[i].1 = value,
            None => self.add(key, value, event),
        }
    }

    /// Records the value of a place that has no entry yet.
    pub fn add(&mut self, key: Key, value: Value, event: &mut u32) {
        let memory = Rc::make_mut(&mut self.memory);
        if memory.len() >= MAX_MEMORY {
            memory.drain(..MAX_MEMORY / 2);
            *event += 1;
            Rc::make_mut(&mut self.events).all = *event;
        }
        memory.push((key, value));
    }

    /// The last event that may have changed the place.
    pub fn since(&self, key: &Key, paths: &Paths) -> u32 {
        let events = &self.events;
        let roots = events.roots.iter().filter(|(s, _)| key.base.factor(*s) != 0).map(|(_, e)| *e);
        let field = paths.last(key.path).map(|(_, field)| field);
        let fields = events.fields.iter().filter(|(f, _)| Some(*f) == field).map(|(_, e)| *e);
        let within = |part: &Key| part.base == key.base && paths.is_within(key.path, part.path);
        let parts = events.parts.iter().filter(|(part, _)| within(part)).map(|(_, e)| *e);
        roots.chain(fields).chain(parts).max().unwrap_or(0).max(events.all)
    }

    /// Drops the places selected by `hit`.
    fn forget(&mut self, hit: impl Fn(&Key) -> bool) {
        if self.memory.iter().any(|(k, _)| hit(k)) {
            Rc::make_mut(&mut self.memory).retain(|(k, _)| !hit(k));
        }
    }

    /// The memory behind `root` may have changed.
    pub fn change_root(&mut self, root: Sym, event: u32) {
        self.forget(|k| k.base.factor(root) != 0);
        let events = Rc::make_mut(&mut self.events);
        match events.roots.iter_mut().find(|(s, _)| *s == root) {
            Some((_, e)) => *e = event,
            None => events.roots.push((root, event)),
        }
    }

    /// The contents of a part of an object may have changed.
    pub fn change_part(&mut self, part: Key, event: u32, paths: &Paths) {
        self.forget(|k| k.base == part.base && paths.is_within(k.path, part.path));
        let events = Rc::make_mut(&mut self.events);
        match events.parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, e)) => *e = event,
            None => events.parts.push((part, event)),
        }
    }

    /// A field of that name was stored to: the places selected by `hit` may have changed.
    pub fn change_field(&mut self, field: u32, event: u32, hit: impl Fn(&Key) -> bool) {
        self.forget(hit);
        let events = Rc::make_mut(&mut self.events);
        match events.fields.iter_mut().find(|(f, _)| *f == field) {
            Some((_, e)) => *e = event,
            None => events.fields.push((field, event)),
        }
    }

    /// Bytes behind `root` were stored to, including `key`: fields are kept, single elements are dropped.
    pub fn forget_content(&mut self, root: Sym, key: &Key) {
        self.forget(|k| k.path == Path::ITSELF && k != key && k.base.factor(root) != 0);
    }

    /// Elements of unknown arrays were stored to.
    pub fn forget_elements(&mut self) {
        self.forget(|k| k.path == Path::ITSELF);
    }

    pub fn change_all(&mut self, event: u32) {
        self.memory = Rc::default();
        self.events = Rc::new(Events { all: event, ..Events::default() });
    }

    /// Merges the events of both states.
    pub fn merge_events(&mut self, other: &State, event: &mut u32) {
        if self.same_events(other) {
            return;
        }
        let mut merged = Events { all: self.events.all, ..Events::default() };
        if self.events.all != other.events.all {
            *event += 1;
            merged.all = *event;
        }
        merged.roots = merge(&self.events.roots, &other.events.roots, event);
        merged.fields = merge(&self.events.fields, &other.events.fields, event);
        merged.parts = merge(&self.events.parts, &other.events.parts, event);
        self.events = Rc::new(merged);
    }
}

/// Keeps the entries that both sides share; any other gets a new event.
fn merge<K: Copy + PartialEq>(a: &[(K, u32)], b: &[(K, u32)], event: &mut u32) -> Vec<(K, u32)> {
    let mut all = a.to_vec();
    for (k, e) in all.iter_mut() {
        if !b.contains(&(*k, *e)) {
            *event += 1;
            *e = *event;
        }
    }
    for (k, _) in b {
        if !all.iter().any(|(seen, _)| seen == k) {
            *event += 1;
            all.push((*k, *event));
        }
    }
    all
}
