//! The whole repository: its files read under every choice of arms that matters, its functions by name, and the
//! information in their declarations.

pub mod catalog;
pub mod enums;
pub mod types;
mod unit;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use catalog::model::{Entry, MessageObject};
use catalog::{Catalog, Model};
use enums::{Enum, Enums, enums_of};
use types::Types;
pub use unit::{Reading, Unit};

use crate::hir::Function;
use crate::preprocess::conditionals::Conditionals;
use crate::preprocess::macros::{FileMacros, MacroDef, MacroTable};
use crate::preprocess::scan::Scan;
use crate::preprocess::token::Tokens;
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::function::{function, functions_together};
use crate::syntax::slice::FunctionItem;

/// Where a function is defined: a file and an index into the functions of its base reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Definition {
    pub file: FileId,
    pub item: u32,
}

/// The linked program. Immutable once built; checks read it from many threads.
pub struct Program {
    pub units: Vec<Unit>,
    pub macros: MacroTable,
    /// Definitions by name, ordered by file and position.
    definitions: FxHashMap<Box<str>, Vec<Definition>>,
    statics: FxHashSet<Definition>,
    /// Functions declared as never returning, by name.
    declared_noreturn: FxHashSet<Box<str>>,
    pub enums: Enums,
    /// Per file: whether it belongs to the program's tests.
    tests: Vec<bool>,
    /// What is known about library functions; see also [`Program::model`].
    pub catalog: Arc<Catalog>,
    /// Built on first use.
    types: OnceLock<types::Index>,
    /// Files that could not be read completely, and why.
    pub problems: Vec<(FileId, String)>,
}

/// Runs `work`; a panic in it loses the item it worked on, not the run.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| "internal error: the file was given up; please report it".to_owned())
}

/// Runs `work` on every file in parallel, large files first: a 4 MB file started last would keep one thread busy while
/// the others are idle. The results are in file order.
pub fn for_each_file<T: Send>(files: &[SourceFile], work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(files[i].text.len()));
    let mut done: Vec<(usize, T)> = order.into_par_iter().with_max_len(1).map(|i| (i, work(i))).collect();
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

impl Program {
    /// Scans and links `files`. `tick` is called once per file.
    pub fn new(files: &[SourceFile], tick: &(dyn Fn() + Sync)) -> Program {
        Program::with_catalog(files, Catalog::embedded(), tick)
    }

    /// The same with a custom catalog.
    pub fn with_catalog(files: &[SourceFile], catalog: Arc<Catalog>, tick: &(dyn Fn() + Sync)) -> Program {
        let scanned = for_each_file(files, |i| {
            tick();
            guarded(|| {
                let scan = Scan::new(&files[i].text);
                let conditionals = Conditionals::new(&files[i].text, &scan);
                let macros = FileMacros::new(FileId(i as u32), &files[i].text, &scan, &conditionals);
                ((scan, conditionals), macros)
            })
        });
        let mut problems = Vec::new();
        let mut kept = |i: usize, why: String| problems.push((FileId(i as u32), why));
        let (scans, macros): (Vec<_>, Vec<_>) = scanned
            .into_iter()
            .enumerate()
            .map(|(i, scanned)| {
                scanned.unwrap_or_else(|why| {
                    kept(i, why);
                    Default::default()
                })
            })
            .unzip();
        let paths: Vec<&str> = files.iter().map(|f| f.path.as_str()).collect();
        let mut macros = MacroTable::new(macros, &paths);
        let read: Vec<Result<Unit, String>> = scans
            .into_par_iter()
            .enumerate()
            .map(|(i, (scan, conditionals))| guarded(|| Unit::new(FileId(i as u32), scan, conditionals, &macros)))
            .collect();
        let mut units: Vec<Unit> = Vec::with_capacity(read.len());
        for (i, unit) in read.into_iter().enumerate() {
            units.push(unit.unwrap_or_else(|why| {
                kept(i, why);
                Unit::new(FileId(i as u32), Scan::default(), Conditionals::default(), &macros)
            }));
        }
        let declared: Vec<Declared> = units.par_iter().map(|unit| declared(unit, &macros)).collect();
        // A file whose enumerations cannot be read has none: claims about other files stay true.
        let enums: Vec<Vec<Enum>> =
            units.par_iter().map(|unit| guarded(|| enums_of(unit, &macros)).unwrap_or_default()).collect();
        let mut program = Program {
            units: Vec::new(),
            macros: MacroTable::default(),
            definitions: FxHashMap::default(),
            statics: FxHashSet::default(),
            declared_noreturn: FxHashSet::default(),
            enums: Enums::new(enums),
            catalog,
            types: OnceLock::new(),
            problems,
            tests: files.iter().map(SourceFile::is_test).collect(),
        };
        for (unit, declared) in units.iter_mut().zip(declared) {
            program.declared_noreturn.extend(declared.noreturn);
            for (i, item) in unit.base.functions.iter().enumerate() {
                let definition = Definition { file: unit.file, item: i as u32 };
                let name = &unit.base.code[item.name.range()];
                match program.definitions.get_mut(name) {
                    Some(all) => all.push(definition),
                    None => {
                        program.definitions.insert(name.into(), vec![definition]);
                    }
                }
            }
            program.statics.extend(declared.statics.iter().map(|&item| Definition { file: unit.file, item }));
        }
        let mut noreturn: FxHashSet<Box<str>> = program.declared_noreturn.clone();
        noreturn.extend(program.catalog.noreturn_names().filter(|n| !program.is_defined(n)).map(Into::into));
        macros.set_noreturn(noreturn);
        program.macros = macros;
        program.units = units;
        program
    }

    /// The types that the repository declares.
    pub fn types(&self) -> Types<'_> {
        Types::new(self, self.types.get_or_init(|| types::Index::new(self)))
    }

    /// Reads the types on all threads, for a run whose rules will need them: otherwise the first user reads them alone.
    pub fn read_types(&self) {
        let read = |unit: &Unit| guarded(|| types::read(unit, &self.macros)).unwrap_or_default();
        let files: Vec<_> = self.units.par_iter().map(read).collect();
        self.types.get_or_init(|| types::Index::of(self, files.into_iter()));
    }

    /// Whether the file belongs to the program's tests.
    pub fn is_test(&self, file: FileId) -> bool {
        self.tests.get(file.0 as usize).is_some_and(|t| *t)
    }

    pub fn unit(&self, file: FileId) -> &Unit {
        &self.units[file.0 as usize]
    }

    /// Parses one function of a reading of `unit`.
    pub fn parse(&self, unit: &Unit, reading: &Reading, item: &FunctionItem) -> Function {
        function(&reading.code, item, unit.file, &self.macros)
    }

    /// Parses functions of a reading together; see [`functions_together`].
    pub fn parse_together(&self, unit: &Unit, reading: &Reading, items: &[&FunctionItem]) -> Vec<Function> {
        functions_together(&reading.code, items, unit.file, &self.macros)
    }

    /// The definitions that a call of `name` in `file` may mean: the file's own, otherwise all that are not static or
    /// are in a header that it includes.
    pub fn callees(&self, name: &str, file: FileId) -> Vec<Definition> {
        let Some(all) = self.definitions.get(name) else { return Vec::new() };
        let own: Vec<Definition> = all.iter().copied().filter(|d| d.file == file).collect();
        if !own.is_empty() {
            return own;
        }
        let header = |d: &Definition| self.statics.contains(d) && self.macros.includes(file, d.file);
        all.iter().copied().filter(|d| !self.statics.contains(d) || header(d)).collect()
    }

    pub fn is_defined(&self, name: &str) -> bool {
        self.definitions.contains_key(name)
    }

    /// Whether it is declared noreturn, or listed in the catalog and not defined here.
    pub fn is_declared_noreturn(&self, name: &str) -> bool {
        // A function defined here is judged by its body, and a macro by its expansion; but a macro that replaces a
        // builtin on some compilers says nothing about the builtin.
        let ours = |force: bool| self.is_defined(name) || (!force && self.macros.is_defined(name));
        self.declared_noreturn.contains(name) || self.catalog.noreturn(name).is_some_and(|entry| !ours(entry.force()))
    }

    /// The catalog's model of a call of `name` in `file`. If the repository defines a function or macro of that name,
    /// the definition takes precedence: only forced entries remain.
    pub fn model(&self, name: &str, file: FileId) -> Option<Model<'_>> {
        let model = self.catalog.model(name)?;
        if self.defines(name, file) { model.forced() } else { Some(model) }
    }

    /// The message object (or pointer to one) that a declaration declares.
    pub fn message_object(&self, declaration: &str) -> Option<&MessageObject> {
        self.catalog.message_object(declaration)
    }

    /// Whether a call of `name` in `file` may mean a function or macro of the repository.
    fn defines(&self, name: &str, file: FileId) -> bool {
        // A macro for another platform, or in a file that is not included, does not count.
        let holds = |def: &MacroDef| !def.dead && (def.file == file || self.macros.includes(file, def.file));
        !self.callees(name, file).is_empty() || self.macros.resolve(name, file, u32::MAX).is_some_and(holds)
    }

    pub fn function_count(&self) -> usize {
        self.units.iter().map(|u| u.base.functions.len()).sum()
    }
}

/// Declaration specifiers at the top level of a file.
struct Declared {
    noreturn: Vec<Box<str>>,
    /// Indices of the static functions.
    statics: Vec<u32>,
}

fn declared(unit: &Unit, macros: &MacroTable) -> Declared {
    let code = &unit.base.code;
    let says = |span: Span, start: u32| {
        let word = |text: &str| {
            matches!(text, "_Noreturn" | "noreturn" | "__noreturn__" | "__dead2" | "__dead")
                || (text.len() > 3
                    && !text.bytes().any(|b| b.is_ascii_lowercase())
                    && macros.resolve(text, unit.file, start).is_some_and(|def| macros.traits(def).says_noreturn))
        };
        Tokens::new(code, span.range()).any(|t| t.is_ident() && word(&t.text))
    };
    let mut found = Declared { noreturn: Vec::new(), statics: Vec::new() };
    for (i, item) in unit.base.functions.iter().enumerate() {
        let head = Span { start: item.span.start, end: item.body };
        if Tokens::new(code, head.range()).take(4).any(|t| t.is("static") || t.text.contains("STATIC")) {
            found.statics.push(i as u32);
        }
        if says(head, item.span.start) {
            found.noreturn.push(code[item.name.range()].into());
        }
    }
    for &span in &unit.base.declarations {
        if says(span, span.start) {
            found.noreturn.extend(prototype_name(code, span).map(Into::into));
        }
    }
    found
}

/// `extern void die(const char *, …) __attribute__((noreturn));`: the name before its parameters.
fn prototype_name(code: &str, span: Span) -> Option<&str> {
    let mut last = None;
    for token in Tokens::new(code, span.range()) {
        match &*token.text {
            "__attribute__" | "__attribute" | "__declspec" => last = None,
            "(" => {
                if let Some(name) = last {
                    return Some(name);
                }
            }
            _ if token.is_ident() => last = Some(&code[token.span.range()]),
            _ => last = None,
        }
        if token.is("(") && last.is_none() {
            continue;
        }
    }
    None
}
