//! All declarations by name, and which of them a file refers to.

use rustc_hash::{FxHashMap, FxHashSet};

use super::read::read;
use super::standard::Standard;
use super::written::{Base, Decl, DeclKind, Declarations, Struct};
use crate::program::{Program, guarded};
use crate::source::FileId;

/// If a name has more definitions than this, those in other files are ignored.
const MAX_DEFINITIONS: usize = 256;

/// Immutable once built.
#[derive(Debug)]
pub struct Index {
    decls: Vec<Decl>,
    structs: Vec<Struct>,
    /// By name, ordered by file and position.
    ordinary: FxHashMap<Box<str>, Vec<u32>>,
    tags: FxHashMap<Box<str>, Vec<u32>>,
    /// Untagged structures in functions, by text.
    texts: FxHashMap<Box<str>, Vec<u32>>,
    /// Unnamed structures written in a file, by position: one for each reading.
    twins: FxHashMap<(FileId, u32), Vec<u32>>,
    /// Enumerations with a negative value.
    signed_enums: FxHashSet<Box<str>>,
    pub standard: Standard,
}

impl Index {
    /// Reads the declarations of all files sequentially: it is called when a rule first needs them, and must not hand
    /// work to other threads, which may be waiting for it.
    pub fn new(program: &Program) -> Index {
        // A file whose declarations cannot be read has none.
        let files = program.units.iter().map(|unit| guarded(|| read(unit, &program.macros)).unwrap_or_default());
        Index::of(program, files)
    }

    /// Merges the declarations of the files, in file order.
    pub fn of(program: &Program, files: impl Iterator<Item = Declarations>) -> Index {
        let (standard, own) = Standard::new(program.units.len());
        let mut index = Index {
            decls: Vec::new(),
            structs: Vec::new(),
            ordinary: FxHashMap::default(),
            tags: FxHashMap::default(),
            texts: FxHashMap::default(),
            twins: FxHashMap::default(),
            signed_enums: program.enums.with_negative().map(Into::into).collect(),
            standard,
        };
        files.chain(own).for_each(|file| index.add(file));
        index
    }

    fn add(&mut self, file: Declarations) {
        let first = self.structs.len() as u32;
        let shifted = |base: &mut Base| {
            if let Base::Body(body) = base {
                *body += first;
            }
        };
        for mut body in file.structs {
            body.members.iter_mut().for_each(|member| shifted(&mut member.ty.base));
            let i = self.structs.len() as u32;
            if let Some(tag) = &body.tag {
                note(&mut self.tags, tag, i);
            } else if let Some(text) = &body.text {
                note(&mut self.texts, text, i);
            } else if body.alias.is_none() && body.in_file {
                self.twins.entry((body.file, body.at)).or_default().push(i);
            }
            self.structs.push(body);
        }
        for mut decl in file.decls {
            shifted(&mut decl.ty.base);
            note(&mut self.ordinary, &decl.name, self.decls.len() as u32);
            self.decls.push(decl);
        }
    }

    pub fn decl(&self, i: u32) -> &Decl {
        &self.decls[i as usize]
    }

    pub fn body(&self, i: u32) -> &Struct {
        &self.structs[i as usize]
    }

    pub fn is_signed(&self, enumeration: &str) -> bool {
        self.signed_enums.contains(enumeration)
    }

    /// Whether `file` is `view` or included by it.
    pub fn sees(&self, program: &Program, view: FileId, file: FileId) -> bool {
        view == file || (!self.standard.is_one(view) && program.macros.includes(view, file))
    }

    /// The declarations of `name` with this `kind` that `view` may refer to.
    pub fn declared(&self, program: &Program, name: &str, kind: DeclKind, view: FileId) -> Vec<u32> {
        let all = self.ordinary.get(name).map_or(&[][..], Vec::as_slice);
        // A repository that declares `uint8_t` does so for systems that lack it.
        if kind == DeclKind::Typedef
            && let Some(&last) = all.last()
            && self.standard.is_fixed(self.decl(last).file)
        {
            return vec![last];
        }
        let hides = |decl: &Decl| decl.is_static && kind != DeclKind::Typedef && !self.sees(program, view, decl.file);
        self.nearest(program, all, view, |i| self.decl(i).file, |i| self.decl(i).kind == kind && !hides(self.decl(i)))
    }

    /// The structures with this tag that `view` may refer to.
    pub fn tagged(&self, program: &Program, tag: &str, view: FileId) -> Vec<u32> {
        let all = self.tags.get(tag).map_or(&[][..], Vec::as_slice);
        self.nearest(program, all, view, |i| self.body(i).file, |_| true)
    }

    /// The untagged structures named by a `typedef`.
    pub fn aliased(&self, program: &Program, alias: &str, view: FileId) -> Vec<u32> {
        let bodies = self.declared(program, alias, DeclKind::Typedef, view).into_iter().filter_map(|i| {
            match (&self.decl(i).ty.base, &self.decl(i).ty.derived[..]) {
                (&Base::Body(body), []) if self.body(body).tag.is_none() => Some(body),
                _ => None,
            }
        });
        bodies.collect()
    }

    /// The versions of an unnamed structure under the different readings.
    pub fn twins(&self, body: u32) -> Vec<u32> {
        let body = self.body(body);
        self.twins.get(&(body.file, body.at)).cloned().unwrap_or_default()
    }

    /// The structure in a function of `view` with this text.
    pub fn written(&self, text: &str, view: FileId) -> Option<u32> {
        self.texts.get(text)?.iter().copied().find(|&i| self.body(i).file == view)
    }

    /// Whether `name` may be a type name.
    pub fn is_typedef(&self, name: &str) -> bool {
        let all = self.ordinary.get(name).map_or(&[][..], Vec::as_slice);
        all.iter().take(MAX_DEFINITIONS).any(|&i| self.decl(i).kind == DeclKind::Typedef)
    }

    /// The candidates in `view`; otherwise those that it includes; otherwise standard ones; otherwise all. `all` is in
    /// file order.
    fn nearest(
        &self,
        program: &Program,
        all: &[u32],
        view: FileId,
        file: impl Fn(u32) -> FileId,
        counts: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let first = all.partition_point(|&i| file(i) < view);
        let own: Vec<u32> =
            all[first..].iter().copied().take_while(|&i| file(i) == view).filter(|&i| counts(i)).collect();
        if !own.is_empty() || all.len() > MAX_DEFINITIONS {
            return own;
        }
        let all: Vec<u32> = all.iter().copied().filter(|&i| counts(i)).collect();
        let is_included = |i: &u32| self.sees(program, view, file(*i));
        let included: Vec<u32> = all.iter().copied().filter(is_included).collect();
        if !included.is_empty() {
            return included;
        }
        let is_standard = |i: &u32| self.standard.is_one(file(*i));
        let standard: Vec<u32> = all.iter().copied().filter(is_standard).collect();
        if standard.is_empty() { all } else { standard }
    }
}

fn note(map: &mut FxHashMap<Box<str>, Vec<u32>>, name: &str, i: u32) {
    match map.get_mut(name) {
        Some(all) => all.push(i),
        None => {
            map.insert(name.into(), vec![i]);
        }
    }
}
