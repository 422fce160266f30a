//! Which functions never return: declared so, known to the catalog, or inferred because none of their paths ends.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::cfg::Cfg;
use super::constant;
use crate::hir::{Body, ExprId, ExprKind, Function, StmtId, StmtKind, UnaryOp};
use crate::program::{Definition, Program, guarded};
use crate::source::FileId;

/// Maximum number of functions parsed to judge those that a rule asks about; the rest are assumed to return.
const MAX_CANDIDATES: usize = 20_000;
/// Maximum depth at which calls are followed: `die` → `vdie` → `finish` → `exit`.
const MAX_DEPTH: usize = 6;

/// The functions inferred never to return.
#[derive(Default)]
pub struct NoReturn {
    inferred: FxHashSet<Definition>,
    /// Macros that never return, by name and the file that uses them.
    macros: FxHashSet<(Box<str>, FileId)>,
}

struct Candidate {
    definition: Definition,
    function: Function,
}

impl NoReturn {
    /// Whether `call`, which is in `file`, certainly does not return.
    pub fn is_noreturn(&self, program: &Program, file: FileId, body: &Body, call: ExprId) -> bool {
        let Some(name) = body.callee(call) else { return false };
        // A project's own assertion may do anything in a release build; the standard one ends, as a compiler sees it.
        let standard = || name == "assert" && !program.is_defined(name) && !program.macros.is_defined(name);
        program.is_declared_noreturn(name)
            || (standard() && is_failed_assertion(body, call))
            || self.is_inferred(program, file, name)
    }

    fn is_inferred(&self, program: &Program, file: FileId, name: &str) -> bool {
        if self.inferred.is_empty() && self.macros.is_empty() {
            return false;
        }
        if self.macros.contains(&(name.into(), file)) {
            return true;
        }
        let meant = program.callees(name, file);
        !meant.is_empty() && meant.iter().all(|d| self.inferred.contains(d))
    }

    /// Judges the functions that `wanted` names (with the file of the call), and those that they call last.
    ///
    /// Computes the least fixpoint over that part of the call graph: a function never returns if its exit is
    /// unreachable, given what is known about its callees. The result does not depend on the order of work.
    pub fn infer(program: &Program, wanted: BTreeSet<(Box<str>, FileId)>) -> NoReturn {
        let mut found = NoReturn::default();
        let mut wanted_functions = wanted.clone();
        let mut macro_calls: Vec<(Box<str>, FileId, Box<str>)> = Vec::new();
        for (name, file) in wanted {
            if program.callees(&name, file).is_empty()
                && let Some(callee) = last_call_of_macro(program, &name, file)
            {
                wanted_functions.insert((callee.clone(), file));
                macro_calls.push((name.clone(), file, callee));
            }
        }
        let candidates = candidates(program, wanted_functions);
        loop {
            let new: Vec<Definition> = candidates
                .par_iter()
                .filter(|c| !found.inferred.contains(&c.definition))
                .filter(|c| {
                    let file = c.definition.file;
                    !Cfg::new(&c.function.body, &|body, call| found.is_noreturn(program, file, body, call)).returns()
                })
                .map(|c| c.definition)
                .collect();
            if new.is_empty() {
                break;
            }
            found.inferred.extend(new);
        }
        for (name, file, callee) in macro_calls {
            if program.is_declared_noreturn(&callee) || found.is_inferred(program, file, &callee) {
                found.macros.insert((name, file));
            }
        }
        found
    }
}

/// The functions to judge, parsed, level by level from the wanted ones to those that they call last.
fn candidates(program: &Program, wanted: BTreeSet<(Box<str>, FileId)>) -> Vec<Candidate> {
    let mut seen: FxHashSet<Definition> = FxHashSet::default();
    let mut all = Vec::new();
    let mut names = wanted;
    for _ in 0..MAX_DEPTH {
        let level: BTreeSet<Definition> =
            names.iter().flat_map(|(name, file)| program.callees(name, *file)).filter(|d| seen.insert(*d)).collect();
        let room = MAX_CANDIDATES.saturating_sub(all.len());
        let parsed: Vec<Candidate> = level
            .into_iter()
            .take(room)
            .collect::<Vec<_>>()
            .into_par_iter()
            .filter_map(|definition| {
                let unit = program.unit(definition.file);
                let item = &unit.base.functions[definition.item as usize];
                let function = guarded(|| program.parse(unit, &unit.base, item)).ok()?;
                Some(Candidate { definition, function })
            })
            .filter(|c| !c.function.body.over_budget)
            .collect();
        names = parsed
            .iter()
            .flat_map(|c| {
                last_calls(&c.function.body, c.function.body.root).into_iter().map(|name| (name, c.definition.file))
            })
            .collect();
        all.extend(parsed);
        if names.is_empty() {
            break;
        }
    }
    all
}

/// The last statement of a block, descending into nested blocks.
pub fn last_of(body: &Body, block: StmtId) -> StmtId {
    let mut last = block;
    while let StmtKind::Block(all) = &body.stmt(last).kind {
        let real = |s: &&StmtId| !matches!(body.stmt(**s).kind, StmtKind::Empty | StmtKind::FallthroughMark);
        match all.iter().rfind(real) {
            Some(&inner) => last = inner,
            None => break,
        }
    }
    last
}

/// The functions called in the last statement of a block, nested ones included: they may keep it from ending.
pub fn last_calls(body: &Body, block: StmtId) -> BTreeSet<Box<str>> {
    let mut names = BTreeSet::new();
    body.walk_stmts(last_of(body, block), &mut |s| {
        if let StmtKind::Expr(e) = body.stmt(s).kind {
            body.walk(e, &mut |e| {
                if let (ExprKind::Call { .. }, Some(name)) = (&body.expr(e).kind, body.callee(e)) {
                    names.insert(name.into());
                }
            });
        }
    });
    names
}

/// `die`, `fatalperror`, `usage`: worth checking whether it returns.
pub fn sounds_final(name: &str) -> bool {
    const WORDS: [&str; 9] = ["die", "fatal", "exit", "abort", "panic", "usage", "bail", "quit", "crash"];
    let lower = name.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// The function that a macro's replacement list calls last, if nothing in it is conditional.
fn last_call_of_macro(program: &Program, name: &str, file: FileId) -> Option<Box<str>> {
    let def = program.macros.resolve(name, file, u32::MAX)?;
    let tokens: Vec<_> = def.tokens().collect();
    let conditional = tokens.iter().any(|t| matches!(&*t.text, "if" | "?" | "&&" | "||" | "while" | "for"));
    let calls = tokens.windows(2).filter(|w| w[0].is_ident() && w[1].is("(") && !w[0].is("do"));
    let last = calls.map(|w| w[0].text.as_ref()).rfind(|n| program.is_defined(n) || program.is_declared_noreturn(n))?;
    (!conditional).then(|| last.into())
}

/// `assert(0)`, `assert(!"not reached")`: written to state that control does not get here.
pub fn is_failed_assertion(body: &Body, call: ExprId) -> bool {
    let named = body.callee(call).is_some_and(|name| {
        let lower = name.to_ascii_lowercase();
        lower.ends_with("assert") || lower.starts_with("assert") || lower.ends_with("assert_fatal")
    });
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
    let denied = |e: ExprId| match &body.expr(e).kind {
        // `!"message"` is false, and so is `0 && "message"`.
        ExprKind::Unary { op: UnaryOp::Not, operand } => matches!(body.expr(*operand).kind, ExprKind::String(_)),
        _ => false,
    };
    named && args.first().is_some_and(|&e| denied(e) || constant(body, e) == Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn never_returns(text: &str, name: &str) -> bool {
        let files = [SourceFile::new("a.c", text.into())];
        let program = Program::new(&files, &|| {});
        let wanted = [(Box::from(name), FileId(0))].into_iter().collect();
        let found = NoReturn::infer(&program, wanted);
        program.is_declared_noreturn(name) || found.is_inferred(&program, FileId(0), name)
    }

    #[test]
    fn declared_and_inferred() {
        assert!(never_returns("void die(int) __attribute__((noreturn));", "die"));
        assert!(never_returns("#define NORET __attribute__((__noreturn__))\nNORET void die(int x);", "die"));
        assert!(never_returns("[[noreturn]] void die(int x) { for (;;); }", "die"));
        assert!(never_returns("void die(void) { log(); exit(1); }", "die"));
        assert!(never_returns("void a(void) { b(); } void b(void) { c(1); } void c(int x) { abort(); }", "a"));
        assert!(never_returns("void loop(void) { while (1) work(); }", "loop"));
        assert!(!never_returns("void f(int x) { if (x) exit(1); }", "f"));
        assert!(!never_returns("void a(void) { b(); } void b(void) { if (x) a(); }", "a"));
    }

    #[test]
    fn the_repository_s_own_definition_beats_the_catalog() {
        assert!(never_returns("int x;", "panic"));
        assert!(!never_returns("void panic(char *s) { puts(s); }", "panic"));
        assert!(!never_returns("#define panic(s) puts(s)", "panic"));
        assert!(never_returns("#define __builtin_unreachable() do { } while (0)", "__builtin_unreachable"));
    }

    #[test]
    fn macros_that_end_in_such_a_call() {
        assert!(never_returns("void die(int x) { exit(x); }\n#define FATAL(x) (log(x), die(1))\n", "FATAL"));
        assert!(!never_returns("void die(int x) { exit(x); }\n#define CHECK(x) ((x) ? 0 : die(1))\n", "CHECK"));
    }
}
