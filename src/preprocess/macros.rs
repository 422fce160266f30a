//! The `#define` table for the whole repository, with scopes, and the shape of each macro.

mod judge;
mod stores;

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::comments::is_fallthrough_name;
use super::conditionals::Conditionals;
use super::scan::Scan;
use super::token::{TokenKind, Tokens};
use crate::source::{FileId, Span, merged};

#[derive(Debug)]
pub struct MacroDef {
    pub file: FileId,
    /// Offset of the directive, used to find the definition in force at a place in the same file.
    pub at: u32,
    pub name: Box<str>,
    /// Parameters of a function-like macro. For a variadic one the last is `__VA_ARGS__` or GNU's own name.
    pub params: Option<Vec<Box<str>>>,
    pub variadic: bool,
    /// The replacement list; token spans are offsets into `text`.
    pub text: Box<str>,
    /// Defined in an arm that is not read first (`#else`, another platform).
    pub dead: bool,
    traits: OnceLock<Traits>,
    stores: OnceLock<u32>,
    reads_only: OnceLock<bool>,
}

/// The properties of a macro's replacement, nested macros included, that affect control flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// `break`, `continue`, `return`, `goto`.
    pub jumps: bool,
    /// `case`, `default`.
    pub labels: bool,
    /// Opening and closing `{ ( [` do not balance.
    pub unbalanced: bool,
    /// Ends where a statement has to follow: `for (…)`, `if (…)`, `else`, `do`.
    pub head: bool,
    /// Nothing, or only qualifiers, storage classes and attributes.
    pub decoration: bool,
    /// Two statements, a declaration or the definition of a type.
    pub several: bool,
    /// Calls a function that the catalog lists as never returning.
    pub noreturn: bool,
    /// Expands to a fall-through attribute.
    pub fallthrough: bool,
    /// Expands to a `noreturn` attribute.
    pub says_noreturn: bool,
}

impl Traits {
    /// Whether a parser has to see through the macro; a call of any other stays symbolic.
    pub fn must_expand(self) -> bool {
        self.jumps
            || self.labels
            || self.unbalanced
            || self.head
            || self.decoration
            || self.several
            || self.noreturn
            || self.fallthrough
    }
}

/// Nested macros are followed to this depth when a macro is judged.
const MAX_NESTING: usize = 16;
/// A replacement list longer than this (bytes) is data, not code.
const MAX_BODY: usize = 64 * 1024;

impl MacroDef {
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens::new(&self.text, 0..self.text.len())
    }
}

/// What one file contributes to the table.
#[derive(Default)]
pub struct FileMacros {
    pub defines: Vec<MacroDef>,
    /// `#undef NAME`: offset and name.
    pub undefs: Vec<(u32, Box<str>)>,
    /// Paths as written in `#include "…"` or `<…>`.
    pub includes: Vec<Box<str>>,
}

impl FileMacros {
    pub fn new(file: FileId, text: &str, scan: &Scan, conditionals: &Conditionals) -> FileMacros {
        let dead = merged(conditionals.dead(&conditionals.base(&|_| None)));
        let is_dead = |span: Span| {
            let next = dead.partition_point(|d| d.start <= span.start);
            next.checked_sub(1).is_some_and(|i| dead[i].contains(span.start))
        };
        let mut found = FileMacros::default();
        for directive in &scan.directives {
            match &text[directive.keyword.range()] {
                "define" => {
                    let def = parse_define(file, directive.span, &scan.rest(text, directive));
                    found.defines.extend(def.map(|def| MacroDef { dead: is_dead(directive.span), ..def }));
                }
                "undef" => {
                    let rest = scan.rest(text, directive);
                    found.undefs.push((directive.span.start, rest.trim().into()));
                }
                "include" | "import" | "include_next" => {
                    let rest = &text[directive.rest.range()];
                    let quoted = rest.split(['"', '<', '>']).nth(1);
                    found.includes.extend(quoted.map(|path| path.trim().into()));
                }
                _ => {}
            }
        }
        found
    }
}

fn parse_define(file: FileId, span: Span, rest: &str) -> Option<MacroDef> {
    let mut tokens = Tokens::new(rest, 0..rest.len());
    let name = tokens.next().filter(|t| t.kind == TokenKind::Ident)?;
    let mut body_start = name.span.end as usize;
    let mut params = None;
    let mut variadic = false;
    if rest.as_bytes().get(body_start) == Some(&b'(') {
        tokens.next();
        let mut names: Vec<Box<str>> = Vec::new();
        loop {
            let token = tokens.next()?;
            match &*token.text {
                ")" => {
                    body_start = token.span.end as usize;
                    break;
                }
                "," => {}
                "..." => {
                    // `args...` (GNU) names the variadic arguments; a bare `...` is `__VA_ARGS__`.
                    let named = names.last().is_some() && !rest[..token.span.start as usize].trim_end().ends_with(',');
                    if !named {
                        names.push("__VA_ARGS__".into());
                    }
                    variadic = true;
                }
                _ if token.kind == TokenKind::Ident => names.push(token.text.into()),
                _ => return None,
            }
        }
        params = Some(names);
    }
    let body = rest[body_start..].trim();
    let body = if body.len() > MAX_BODY { "" } else { body };
    Some(MacroDef {
        file,
        at: span.start,
        name: name.text.into(),
        params,
        variadic,
        text: body.into(),
        dead: false,
        traits: OnceLock::new(),
        stores: OnceLock::new(),
        reads_only: OnceLock::new(),
    })
}

/// All macros of the repository; resolves a use to the definition in force there.
#[derive(Default)]
pub struct MacroTable {
    defs: Vec<MacroDef>,
    by_name: FxHashMap<Box<str>, Vec<u32>>,
    /// Per file: where each name is undefined, in order.
    undefs: Vec<FxHashMap<Box<str>, Vec<u32>>>,
    includes: Vec<Vec<FileId>>,
    closures: Vec<OnceLock<FxHashSet<FileId>>>,
    noreturn: FxHashSet<Box<str>>,
    /// Definitions that mark a fall-through by name.
    fallthrough: OnceLock<Vec<usize>>,
}

impl MacroTable {
    /// Merges what the files contribute; `paths` are the displayed paths of the files, in order.
    pub fn new(files: Vec<FileMacros>, paths: &[&str]) -> MacroTable {
        let mut table = MacroTable::default();
        let mut by_base: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
        for (i, path) in paths.iter().enumerate() {
            by_base.entry(base_name(path)).or_default().push(i as u32);
        }
        for (i, file) in files.into_iter().enumerate() {
            let resolve = |include: &str| resolve_include(include, paths[i], by_base.get(base_name(include))?, paths);
            table.includes.push(file.includes.iter().filter_map(|include| resolve(include)).collect());
            let mut undefs: FxHashMap<Box<str>, Vec<u32>> = FxHashMap::default();
            file.undefs.into_iter().for_each(|(at, name)| undefs.entry(name).or_default().push(at));
            table.undefs.push(undefs);
            for def in file.defines {
                let index = table.defs.len() as u32;
                match table.by_name.get_mut(&def.name) {
                    Some(indices) => indices.push(index),
                    None => {
                        table.by_name.insert(def.name.clone(), vec![index]);
                    }
                }
                table.defs.push(def);
            }
        }
        table.closures = (0..paths.len()).map(|_| OnceLock::new()).collect();
        table
    }

    /// Sets the functions known never to return: a macro that calls one has to be seen through. Must be called before
    /// any macro's control flow is judged.
    pub fn set_noreturn(&mut self, names: FxHashSet<Box<str>>) {
        self.noreturn = names;
        self.defs.iter_mut().for_each(|def| def.traits = OnceLock::new());
    }

    /// The project's own fall-through macro that can be used in `file`, if there is one. Several headers may define
    /// one; the first by name is returned.
    pub fn fallthrough_macro(&self, file: FileId) -> Option<&str> {
        let marks = self.fallthrough.get_or_init(|| {
            let is_mark = |d: &MacroDef| d.params.is_none() && !d.dead && is_fallthrough_name(&d.name);
            (0..self.defs.len()).filter(|&i| is_mark(&self.defs[i]) && self.traits(&self.defs[i]).fallthrough).collect()
        });
        let usable = |d: &&MacroDef| d.file == file || self.includes(file, d.file);
        marks.iter().map(|&i| &self.defs[i]).filter(usable).map(|d| &*d.name).min()
    }

    /// Whether `file` includes `other`, directly or transitively.
    pub fn includes(&self, file: FileId, other: FileId) -> bool {
        self.closure(file).contains(&other)
    }

    pub fn is_defined(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The definition of `name` in force at offset `at` of `file`: the file's own, otherwise an included one, otherwise
    /// any. Among several, the one that says most about control flow: the weaker claim for a finding.
    pub fn resolve(&self, name: &str, file: FileId, at: u32) -> Option<&MacroDef> {
        match self.by_name.get(name)?[..] {
            [only] => {
                let def = &self.defs[only as usize];
                (!self.is_undefined(def, at, file)).then_some(def)
            }
            _ => self.strongest(self.in_force(name, file, at).into_iter()),
        }
    }

    /// The definitions of `name` that may be in force at offset `at` of `file`; [`resolve`](Self::resolve) chooses
    /// one of them.
    pub fn in_force(&self, name: &str, file: FileId, at: u32) -> Vec<&MacroDef> {
        let indices = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let defs = || indices.iter().map(|&i| &self.defs[i as usize]);
        let before = |def: &&MacroDef| def.file == file && def.at < at;
        if let Some(nearest) = defs().filter(before).map(|d| d.at).max() {
            // The alternatives of one `#if` are close together; an X-macro is redefined after its `#undef`.
            let near = |d: &&MacroDef| nearest - d.at < 4096 && !self.is_undefined(d, at, file);
            return defs().filter(before).filter(near).collect();
        }
        if let [_] = indices {
            return defs().collect();
        }
        let included = self.closure(file);
        let found: Vec<&MacroDef> = defs().filter(|d| included.contains(&d.file)).collect();
        if !found.is_empty() {
            return found;
        }
        let found: Vec<&MacroDef> = defs().filter(|d| d.file == file).collect();
        if found.is_empty() { defs().collect() } else { found }
    }

    /// Whether `def` is undefined between its definition and `at` in `file`.
    fn is_undefined(&self, def: &MacroDef, at: u32, file: FileId) -> bool {
        def.file == file
            && self.undefs[file.0 as usize].get(&def.name).is_some_and(|undefs| {
                let next = undefs.partition_point(|&undef| undef <= def.at);
                undefs.get(next).is_some_and(|&undef| undef < at)
            })
    }

    fn strongest<'t>(&'t self, defs: impl Iterator<Item = &'t MacroDef>) -> Option<&'t MacroDef> {
        let weight = |def: &MacroDef| {
            let traits = self.traits(def);
            let says = match () {
                () if traits.fallthrough => 4,
                () if traits.noreturn => 3,
                () if traits.jumps || traits.labels => 2,
                () if !def.text.is_empty() => 1,
                () => 0,
            };
            (says, !def.dead)
        };
        // The first among equals: `max_by_key` would return the last.
        defs.fold(None, |best: Option<((u8, bool), &MacroDef)>, def| match best {
            Some((most, _)) if most >= weight(def) => best,
            _ => Some((weight(def), def)),
        })
        .map(|(_, def)| def)
    }

    /// The files that `file` includes, directly or transitively.
    fn closure(&self, file: FileId) -> &FxHashSet<FileId> {
        self.closures[file.0 as usize].get_or_init(|| {
            let mut seen = FxHashSet::default();
            let mut todo = self.includes[file.0 as usize].clone();
            while let Some(next) = todo.pop() {
                if seen.insert(next) {
                    todo.extend(&self.includes[next.0 as usize]);
                }
            }
            seen
        })
    }

    pub fn traits(&self, def: &MacroDef) -> Traits {
        *def.traits.get_or_init(|| self.judge(def))
    }

    /// A macro named inside a replacement list: one from the definer's own file first.
    fn resolve_nested(&self, name: &str, file: FileId) -> Option<&MacroDef> {
        let indices = self.by_name.get(name)?;
        let own = indices.iter().find(|&&i| self.defs[i as usize].file == file);
        Some(&self.defs[*own.unwrap_or(&indices[0]) as usize])
    }

    /// The value that the repository gives to `defined NAME` or `NAME`, if `file` defines it exactly once and never
    /// undefines it.
    pub fn settled(&self, name: &str, file: FileId) -> Option<bool> {
        let indices = self.by_name.get(name)?;
        let mut own = indices.iter().map(|&i| &self.defs[i as usize]).filter(|d| d.file == file);
        let first = own.next()?;
        let undefined = self.undefs[file.0 as usize].contains_key(name);
        (own.next().is_none() && !undefined).then(|| &*first.text != "0")
    }
}

#[cfg(test)]
impl MacroTable {
    /// The table of files given as path and text, for the tests of all layers.
    pub fn of(files: &[(&str, &str)]) -> MacroTable {
        let macros = files.iter().enumerate().map(|(i, (_, text))| {
            let scan = Scan::new(text);
            FileMacros::new(FileId(i as u32), text, &scan, &Conditionals::new(text, &scan))
        });
        let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        MacroTable::new(macros.collect(), &paths)
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The file that `#include "include"` in `from` most likely means: the nearest in the tree among those whose path ends
/// that way.
fn resolve_include(include: &str, from: &str, candidates: &[u32], paths: &[&str]) -> Option<FileId> {
    let wanted = include.trim_start_matches("./").trim_start_matches("../");
    let fits = |path: &str| {
        path.ends_with(wanted) && (path.len() == wanted.len() || path[..path.len() - wanted.len()].ends_with('/'))
    };
    let common =
        |path: &str| path.bytes().zip(from.bytes()).take_while(|(a, b)| a == b).filter(|(a, _)| *a == b'/').count();
    candidates
        .iter()
        .filter(|&&i| fits(paths[i as usize]))
        .max_by_key(|&&i| (common(paths[i as usize]), std::cmp::Reverse(paths[i as usize].len()), std::cmp::Reverse(i)))
        .map(|&i| FileId(i))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(files: &[(&str, &str)]) -> MacroTable {
        let mut table = MacroTable::of(files);
        table.set_noreturn(["abort", "exit"].iter().map(|&s| s.into()).collect());
        table
    }

    fn traits(text: &str, name: &str) -> Traits {
        let table = table(&[("a.c", text)]);
        let def = table.resolve(name, FileId(0), u32::MAX).expect("defined");
        table.traits(def)
    }

    #[test]
    fn shapes() {
        assert!(!traits("#define N (1 + 2)", "N").must_expand());
        assert!(!traits("#define LOG(x) do { if (x) put(x); } while (0)", "LOG").must_expand());
        assert!(traits("#define CHECK(x) do { if (x) return -1; } while (0)", "CHECK").jumps);
        assert!(traits("#define EACH(p, h) for (p = h; p; p = p->next)", "EACH").head);
        assert!(traits("#define EXPORT", "EXPORT").decoration);
        assert!(traits("#define INLINE static __inline __attribute__((always_inline))", "INLINE").decoration);
        assert!(traits("#define DIE(x) (log(x), exit(1))", "DIE").noreturn);
        assert!(traits("#define TWO(a, b) a = 1; b = 2", "TWO").several);
        assert!(traits("#define OPEN {", "OPEN").unbalanced);
        assert!(traits("#define C(x) case x:", "C").labels);
    }

    #[test]
    fn nested_macros_count_and_cycles_end() {
        assert!(traits("#define A(x) B(x)\n#define B(x) if (x) goto out", "A").jumps);
        assert!(!traits("#define A B\n#define B A", "A").jumps);
    }

    #[test]
    fn fall_through_macros() {
        assert!(traits("#define FALL __attribute__((fallthrough))", "FALL").fallthrough);
        assert!(traits("#define MY_FALLTHROUGH ((void)0)", "MY_FALLTHROUGH").fallthrough);
        assert!(traits("#define FALLTHROUGH", "FALLTHROUGH").fallthrough);
    }

    #[test]
    fn the_nearest_definition_holds() {
        let table = table(&[
            ("a/x.h", "#define M one"),
            ("b/x.h", "#define M two"),
            ("b/u.c", "#include \"x.h\"\nM\n"),
            ("a/own.c", "#define M three\nM\n#undef M\n#define M four\nM"),
        ]);
        let text = |file, at| table.resolve("M", FileId(file), at).map(|d| d.text.to_string());
        assert_eq!(text(2, 17).as_deref(), Some("two"));
        assert_eq!(text(3, 17).as_deref(), Some("three"));
        assert_eq!(text(3, 90).as_deref(), Some("four"));
    }

    #[test]
    fn gnu_and_standard_variadics() {
        let table = table(&[("a.c", "#define L(fmt, args...) f(fmt, ##args)\n#define K(...) f(__VA_ARGS__)")]);
        let def = |name| table.resolve(name, FileId(0), u32::MAX).expect("defined");
        assert_eq!(def("L").params.as_deref().map(<[_]>::len), Some(2));
        assert!(def("L").variadic && def("K").variadic);
    }
}
