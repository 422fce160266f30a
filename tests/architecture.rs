//! The structure of the source: layers, registration of rules, size, and no printing in the library.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crosstalk::checks::RULES;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// From lowest to highest: each may use itself and those before it.
const LAYERS: [&str; 8] = ["source", "preprocess", "hir", "syntax", "program", "analysis", "checks", "cli"];
/// Output formats are beside the layers: they know positions, but nothing of the analysis.
const REPORT: &str = "report";
const MAY_USE_REPORT: [&str; 2] = ["checks", "cli"];

const PRINTING: [&str; 7] = ["print", "println", "eprint", "eprintln", "dbg", "todo", "unimplemented"];
const MAX_LINES: usize = 500;

/// One file of `src` without its tests.
struct Module {
    /// Relative to `src`, as in `checks/engine.rs`.
    name: String,
    /// `["checks", "engine"]`
    path: Vec<String>,
    text: String,
    syntax: syn::File,
}

impl Module {
    fn layer(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Every module of the library that is not only for tests.
fn modules() -> Vec<Module> {
    let src = root().join("src");
    let mut files = Vec::new();
    files_below(&src, &mut files);
    files.sort();
    let mut modules = Vec::new();
    let mut for_tests: BTreeSet<Vec<String>> = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8");
        let below = file.strip_prefix(&src).expect("below src");
        let name = below.to_string_lossy().replace('\\', "/");
        let mut path: Vec<String> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            path.pop();
        }
        let mut syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("src/{name}: {e}"));
        let tests = syntax.items.extract_if(.., |item| is_for_tests(item));
        for item in tests {
            if let syn::Item::Mod(module) = item
                && module.content.is_none()
            {
                for_tests.insert(path.iter().cloned().chain([module.ident.to_string()]).collect());
            }
        }
        modules.push(Module { name, path, text, syntax });
    }
    modules.retain(|m| !for_tests.iter().any(|t| m.path.starts_with(t)));
    modules
}

fn is_for_tests(item: &syn::Item) -> bool {
    let attrs = match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    attrs.iter().any(is_cfg_test)
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|p| p.is_ident("test"))
}

/// What a module refers to: absolute paths in this crate, with their lines, and macros.
struct Names<'a> {
    here: &'a [String],
    paths: Vec<(usize, Vec<String>)>,
    macros: Vec<(usize, String)>,
}

impl<'a> Names<'a> {
    fn of(module: &'a Module) -> Names<'a> {
        let mut names = Names { here: &module.path, paths: Vec::new(), macros: Vec::new() };
        names.visit_file(&module.syntax);
        names
    }

    /// Records a path if it begins with `crate`, `super` or `self`.
    fn take(&mut self, line: usize, segments: &[String]) {
        let mut base = match segments.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("super" | "self") => self.here.to_vec(),
            _ => return,
        };
        for segment in segments {
            match segment.as_str() {
                "super" => drop(base.pop()),
                "crate" | "self" => {}
                name => base.push(name.to_owned()),
            }
        }
        self.paths.push((line, base));
    }

    fn use_tree(&mut self, before: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.use_tree(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(before, tree)),
            syn::UseTree::Name(syn::UseName { ident, .. }) | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
                before.push(ident.to_string());
                self.take(ident.span().start().line, before);
                before.pop();
            }
            syn::UseTree::Glob(glob) => self.take(glob.star_token.span.start().line, before),
        }
    }

    /// The arguments of a macro are only tokens: finds `name!`, and paths that begin with `crate` or `super`.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let ident = |at: usize| match tokens.get(at) {
            Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
            _ => None,
        };
        let is = |at: usize, mark: char| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == mark);
        for (at, token) in tokens.iter().enumerate() {
            let line = token.span().start().line;
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(name) if is(at + 1, '!') => self.macros.push((line, name.to_string())),
                TokenTree::Ident(name) => {
                    let mut path = vec![name.to_string()];
                    let mut next = at + 1;
                    while is(next, ':') && is(next + 1, ':') {
                        path.extend(ident(next + 2));
                        next += 3;
                    }
                    self.take(line, &path);
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let line = path.segments.first().map_or(0, |s| s.ident.span().start().line);
        self.take(line, &segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if let Some(name) = mac.path.segments.last() {
            self.macros.push((name.ident.span().start().line, name.ident.to_string()));
        }
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }
}

/// Whether a module of layer `from` may refer to layer `to`.
fn may_use(from: &str, to: &str) -> bool {
    let height = |layer: &str| LAYERS.iter().position(|l| *l == layer);
    match (from, to) {
        _ if from == to => true,
        (REPORT, to) => to == "source",
        (from, REPORT) => MAY_USE_REPORT.contains(&from),
        (from, to) => matches!((height(from), height(to)), (Some(from), Some(to)) if to < from),
    }
}

fn assert_none(what: &str, wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

#[test]
fn a_lower_layer_never_uses_a_higher_one() {
    let modules = modules();
    let layers: BTreeSet<&str> = modules.iter().map(Module::layer).filter(|l| !l.is_empty()).collect();
    let known: BTreeSet<&str> = LAYERS.into_iter().chain([REPORT]).collect();
    assert_eq!(layers, known, "the folders of src are the layers");
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for module in modules.iter().filter(|m| !m.path.is_empty()) {
        for (line, path) in Names::of(module).paths {
            // `super::super` that ends at the root names no layer itself.
            let Some(to) = path.first().filter(|to| known.contains(to.as_str())) else { continue };
            *seen.entry((module.layer().to_owned(), to.clone())).or_default() += 1;
            if !may_use(module.layer(), to) {
                wrong.push(format!("src/{}:{line}: uses {}", module.name, path.join("::")));
            }
        }
    }
    // If no paths were read, nothing could be reported, either.
    for (from, to) in [("cli", "checks"), ("checks", "report"), ("report", "source"), ("syntax", "hir")] {
        assert!(seen.contains_key(&(from.to_owned(), to.to_owned())), "{from} is not seen to use {to}");
    }
    assert_none("a layer uses what it must not know", wrong);
}

#[test]
fn forbidden_uses_are_seen() {
    let uses = |text: &str| {
        let path = vec!["hir".to_owned(), "names".to_owned()];
        let syntax = syn::parse_file(text).expect("Rust");
        let module = Module { name: String::new(), path, text: String::new(), syntax };
        let names = Names::of(&module);
        let paths = names.paths.into_iter().map(|(_, p)| p.join("::"));
        paths.chain(names.macros.into_iter().map(|(_, m)| format!("{m}!"))).collect::<Vec<_>>()
    };
    assert_eq!(uses("use crate::{cli::args, source::Span as S};"), ["cli::args", "source::Span"]);
    assert_eq!(uses("use super::super::checks::*;"), ["checks"]);
    assert_eq!(uses("fn f() -> super::Body { crate::report::emit() }"), ["hir::Body", "report::emit"]);
    assert_eq!(uses("fn f() { vec![dbg!(crate::cli::main())]; }"), ["cli::main", "vec!", "dbg!"]);
    assert!(may_use("checks", "report") && may_use("report", "source") && may_use("cli", "hir"));
    assert!(!may_use("report", "checks") && !may_use("analysis", "report") && !may_use("hir", "syntax"));
}

#[test]
fn every_rule_has_a_file_a_page_and_a_place_in_the_list() {
    let rules = modules().into_iter().filter(|m| m.layer() == "checks" && m.path.len() == 3).filter_map(|module| {
        let id = module.syntax.items.iter().find_map(rule_id)?;
        Some((module, id))
    });
    let mut defined = BTreeSet::new();
    for (module, id) in rules {
        assert_eq!(module.path.last(), Some(&id.replace('-', "_")), "src/{} is named for its rule", module.name);
        defined.insert(id);
    }
    let listed: BTreeSet<String> = RULES.iter().map(|r| r.id.to_owned()).collect();
    assert_eq!(listed.len(), RULES.len(), "RULES lists a rule twice");
    assert_eq!(defined, listed, "the rules that are written are those that RULES lists");
    let pages = fs::read_dir(root().join("rules")).expect("rules").map(|e| e.expect("an entry").path());
    let pages: BTreeSet<String> = pages
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .filter_map(|p| Some(p.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    assert_eq!(pages, listed, "each rule has its page, each page its rule");
}

/// The `id` in `pub const RULE: Rule = Rule { id: "…", … }`.
fn rule_id(item: &syn::Item) -> Option<String> {
    let syn::Item::Const(constant) = item else { return None };
    let syn::Expr::Struct(rule) = &*constant.expr else { return None };
    let id = rule.fields.iter().find(|f| matches!(&f.member, syn::Member::Named(name) if name == "id"));
    match id.map(|f| &f.expr) {
        Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(id), .. })) if constant.ident == "RULE" => {
            Some(id.value())
        }
        _ => None,
    }
}

#[test]
fn nothing_is_printed_or_left_undone() {
    let mut wrong = Vec::new();
    let mut macros = 0;
    for module in modules() {
        let names = Names::of(&module);
        macros += names.macros.len();
        let bad = names.macros.iter().filter(|(_, name)| PRINTING.contains(&name.as_str()));
        wrong.extend(bad.map(|(line, name)| format!("src/{}:{line}: {name}!", module.name)));
    }
    assert!(macros > 0, "no macro was seen at all");
    assert_none("the library prints, or is not done", wrong);
}

#[test]
fn files_are_short() {
    let lines = |text: &str| {
        let all: Vec<&str> = text.lines().collect();
        let tests = all.windows(2).position(|w| w[0] == "#[cfg(test)]" && w[1].starts_with("mod tests"));
        tests.unwrap_or(all.len())
    };
    let long = modules().into_iter().map(|m| (lines(&m.text), m.name)).filter(|(lines, _)| *lines > MAX_LINES);
    let long = long.map(|(lines, name)| format!("src/{name}: {lines} lines")).collect();
    assert_none(&format!("longer than {MAX_LINES} lines before the tests"), long);
}
