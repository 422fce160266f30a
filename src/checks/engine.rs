//! Runs the rules over the program: parse what they need, infer what they depend on, check, sort.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::repeated::one_for_a_macro;
use super::suppression::{Accepting, accept};
use super::timings::{Laps, RuleClock, Timings};
use super::{Candidate, Context, Known, Options, Rule, View};
use crate::analysis::bounds::trace::Explained;
use crate::analysis::cfg::Cfg;
use crate::analysis::heeded::Heeded;
use crate::analysis::limits::Limits;
use crate::analysis::messages::{Input, Of, defects, explained};
use crate::analysis::noreturn::{NoReturn, last_calls, last_of, sounds_final};
use crate::analysis::nullness::MAX_BLOCKS;
use crate::analysis::nullness::link::misses;
use crate::analysis::nullness::miss::Miss;
use crate::analysis::outputs::Outputs;
use crate::analysis::received::Fields;
use crate::analysis::recursion::Cycles;
use crate::analysis::returns::Returns;
use crate::analysis::sections::sections;
use crate::analysis::siblings::Siblings;
use crate::hir::{Function, StmtId, StmtKind};
use crate::preprocess::token::Word;
use crate::program::{Definition, Program, Reading, Unit, for_each_file, guarded};
use crate::report::{Coverage, Finding, Problem};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::slice::FunctionItem;

/// What a run found, before anything is hidden or printed.
pub struct Outcome {
    /// Ordered by path, location and rule; the same location is reported once for all readings.
    pub findings: Vec<Finding>,
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
    pub timings: Timings,
}

/// The functions of one file that rules need, parsed.
struct Parsed {
    /// The base reading's functions, then those of the others, with the index of the reading (0 for the base).
    functions: Vec<(usize, Function)>,
    /// Their control-flow graphs, once it is known which functions never return.
    cfgs: Vec<Cfg>,
    others: Vec<Reading>,
    arms_unread: usize,
}

/// The rules of a run grouped by the words they require, so that a text is searched once for rules with the same words.
struct Asked<'r> {
    groups: Vec<Group<'r>>,
    clock: RuleClock,
}

struct Group<'r> {
    words: Vec<Word>,
    /// With their indices in the run.
    rules: Vec<(usize, &'r Rule)>,
}

impl<'r> Asked<'r> {
    fn new(rules: &[&'r Rule], timings: bool) -> Asked<'r> {
        let mut groups: Vec<Group> = Vec::new();
        for (n, &rule) in rules.iter().enumerate() {
            match groups.iter_mut().find(|group| group.rules[0].1.words == rule.words) {
                Some(group) => group.rules.push((n, rule)),
                None => {
                    let words = rule.words.iter().map(|word| Word::new(word)).collect();
                    groups.push(Group { words, rules: vec![(n, rule)] });
                }
            }
        }
        Asked { groups, clock: RuleClock::new(rules, timings) }
    }

    fn has_words(&self, code: &str) -> bool {
        self.groups.iter().any(|group| group.words.iter().any(|word| word.is_in(code)))
    }

    /// The rules that want to check a function of the base reading, or of another one.
    fn wanting<'c>(&'c self, candidate: &'c Candidate, base: bool) -> impl Iterator<Item = (usize, &'r Rule)> + 'c {
        let matters = move |group: &&Group| match &group.words[..] {
            [] => base,
            words => words.iter().any(|word| word.is_in(candidate.code)),
        };
        let rules = self.groups.iter().filter(matters).flat_map(|group| group.rules.iter().copied());
        rules.filter(|(n, rule)| self.clock.asking(*n, || (rule.wants)(candidate)))
    }
}

/// Checks `files` with `rules`. `tick` is called once for each file and pass (two passes).
pub fn run(files: &[SourceFile], rules: &[&Rule], options: &Options, tick: &(dyn Fn() + Sync)) -> Outcome {
    let mut laps = Laps::new();
    let program = Program::with_catalog(files, options.catalog.clone(), tick);
    laps.end("program");
    let asked = Asked::new(rules, options.timings);
    let mut parsed = parse_all(&program, files, &asked, options, tick);
    laps.end("parse");
    let noreturn = never_returning(&program, &parsed);
    laps.end("noreturn");
    build_graphs(&program, &noreturn, &mut parsed);
    laps.end("graphs");
    let whole = whole_program(&program, files, &parsed, rules, &mut laps);
    let Whole { defects, nulls, outputs, heeded, cycles, returns, fields, siblings, limits } = whole;
    let cx = Context {
        program: &program,
        noreturn: &noreturn,
        outputs: &outputs,
        heeded: &heeded,
        cycles: &cycles,
        returns: &returns,
        fields: &fields,
        siblings: &siblings,
        limits: &limits,
        options,
        rules,
    };
    let checked: Vec<Result<Checked, String>> = for_each_file(files, |i| match &parsed[i] {
        Ok(parsed) => guarded(|| check(&cx, &files[i], &program.units[i], parsed, (&defects[i], &nulls[i]), &asked)),
        Err(why) => Err(why.clone()),
    });
    laps.end("checks");
    let mut outcome = Outcome {
        findings: Vec::new(),
        coverage: Coverage::default(),
        problems: Vec::new(),
        timings: laps.with(&asked.clock),
    };
    outcome.coverage.files = files.len();
    outcome.coverage.bytes = files.iter().map(|f| f.text.len() as u64).sum();
    outcome.coverage.functions = program.function_count();
    outcome.coverage.bytes_masked = program.units.iter().map(|u| u.masked.bytes).sum();
    outcome.coverage.functions_masked = program.units.iter().map(|u| u.masked.functions).sum();
    for (file, why) in &program.problems {
        outcome.coverage.files_skipped += 1;
        outcome.problems.push(Problem { path: files[file.0 as usize].path.clone(), message: why.clone() });
    }
    for (i, (parsed, found)) in parsed.iter().zip(checked).enumerate() {
        if let Ok(parsed) = parsed {
            cover(&mut outcome.coverage, parsed);
        }
        match found {
            Ok(Checked { findings, given_up }) => {
                outcome.coverage.functions_over_budget += given_up;
                if program.units[i].scan.generated && !options.generated {
                    outcome.coverage.files_generated += usize::from(!findings.is_empty());
                } else {
                    outcome.findings.extend(findings);
                }
            }
            Err(why) => {
                outcome.coverage.files_skipped += 1;
                outcome.problems.push(Problem { path: files[i].path.clone(), message: why });
            }
        }
    }
    // A repository's worth of small allocations: freed in parallel, too.
    rayon::join(|| parsed.into_par_iter().for_each(drop), || program.units.into_par_iter().for_each(drop));
    outcome
}

fn parse(program: &Program, unit: &Unit, source: &str, asked: &Asked, options: &Options) -> Parsed {
    let (others, arms_unread) = unit.others(&program.macros, &|code| asked.has_words(code));
    let mut functions = Vec::new();
    for (r, reading) in std::iter::once(&unit.base).chain(&others).enumerate() {
        let needed = reading.functions.iter().filter(|item| {
            let candidate = Candidate::new(program, unit, reading, source, item.span);
            asked.wanting(&candidate, r == 0).next().is_some()
        });
        if options.whole_files {
            // Every function, wanted or not: unwanted ones must not make a difference.
            let all: Vec<&FunctionItem> = reading.functions.iter().collect();
            functions.extend(program.parse_together(unit, reading, &all).into_iter().map(|f| (r, f)));
        } else {
            functions.extend(needed.map(|item| (r, program.parse(unit, reading, item))));
        }
    }
    Parsed { functions, cfgs: Vec::new(), others, arms_unread }
}

/// The functions for which it matters to a rule whether they return: those called last in a section that falls through,
/// those called right before the end of a section that seems to leave for the code after the switch, and those that end
/// a branch and are named as if nothing came after them.
fn asked_about(program: &Program, file: FileId, function: &Function) -> BTreeSet<(Box<str>, FileId)> {
    let body = &function.body;
    // A branch that ends in another one is not descended into: the inner one is visited itself.
    let last_in_branches = body.stmts.iter().filter_map(|s| match s.kind {
        StmtKind::If { then, .. } => Some(last_of(body, then)),
        _ => None,
    });
    let mut names: BTreeSet<(Box<str>, FileId)> = last_in_branches
        .filter(|&last| matches!(body.stmt(last).kind, StmtKind::Expr(_)))
        .flat_map(|last| last_calls(body, last))
        .filter(|name| sounds_final(name))
        .map(|name| (name, file))
        .collect();
    if !body.stmts.iter().any(|s| matches!(s.kind, StmtKind::Switch { .. } | StmtKind::Case(_))) {
        return names;
    }
    let cfg = Cfg::new(body, &|body, call| body.callee(call).is_some_and(|name| program.is_declared_noreturn(name)));
    let mut falls: Vec<_> = cfg.falls.iter().filter(|fall| cfg.is_reachable(fall.from)).collect();
    falls.sort_by_key(|fall| fall.switch);
    for falls in falls.chunk_by(|a, b| a.switch == b.switch) {
        let into: FxHashSet<_> = falls.iter().map(|fall| fall.label).collect();
        for pair in sections(body, falls[0].switch).windows(2).filter(|p| p[1].labels.iter().any(|l| into.contains(l)))
        {
            if let Some(&last) = pair[0].stmts.last() {
                names.extend(last_calls(body, last).into_iter().map(|name| (name, file)));
            }
        }
    }
    for switch in cfg.switches.iter().filter(|s| cfg.is_reachable(s.head)) {
        for section in sections(body, switch.stmt) {
            let acts = |s: &&StmtId| !matches!(body.stmt(**s).kind, StmtKind::Break);
            let mut last = section.stmts.iter().rfind(acts);
            while let Some(StmtKind::Block(all)) = last.map(|&s| &body.stmt(s).kind) {
                last = all.iter().rfind(acts);
            }
            if let Some(&last) = last.filter(|&&s| matches!(body.stmt(s).kind, StmtKind::Expr(_))) {
                names.extend(last_calls(body, last).into_iter().map(|name| (name, file)));
            }
        }
    }
    names
}

/// The rules' results for one file.
struct Checked {
    findings: Vec<Finding>,
    /// Functions of the base reading for which value tracking was given up.
    given_up: usize,
}

fn check(
    cx: &Context,
    source: &SourceFile,
    unit: &Unit,
    parsed: &Parsed,
    (defects, nulls): (&[Of], &[Vec<Miss>]),
    asked: &Asked,
) -> Checked {
    let mut findings: Vec<Finding> = Vec::new();
    let mut given_up = 0;
    let choices = std::iter::once(&unit.base).chain(&parsed.others).map(|r| &r.choice);
    let assumed: Vec<_> = choices.map(|c| unit.conditionals.assumed(&source.text, c, &unit.base.choice)).collect();
    for (n, ((r, function), cfg)) in parsed.functions.iter().zip(&parsed.cfgs).enumerate() {
        let reading = r.checked_sub(1).map_or(&unit.base, |i| &parsed.others[i]);
        let defects_of = defects.get(n).map_or(&[][..], |of| &of.defects);
        let known = Known { defects: defects_of, nulls: nulls.get(n).map_or(&[], |m| m) };
        let view = View::new(source, unit, reading, function, cfg, &assumed[*r], known);
        // A rule sees only what it wanted, whatever other rules wanted parsed.
        let candidate = Candidate::new(cx.program, unit, reading, &source.text, function.span);
        for (n, rule) in asked.wanting(&candidate, *r == 0) {
            asked.clock.checking(n, || (rule.check)(cx, &view, &mut findings));
        }
        let given_up_on = view.is_given_up()
            || (!nulls.is_empty() && cfg.blocks.len() > MAX_BLOCKS)
            || defects.get(n).is_some_and(|of| of.given_up);
        given_up += usize::from(*r == 0 && !function.body.over_budget && given_up_on);
    }
    // The base reading comes first and therefore stays where readings agree: the sort is stable.
    findings.sort_by(|a, b| (a.span, a.rule).cmp(&(b.span, b.rule)));
    findings.dedup_by(|b, a| (a.span, a.rule) == (b.span, b.rule));
    let mut findings = one_for_a_place(findings, cx.rules);
    let (reasons, complete) = (cx.options.allow_reasons, parsed.arms_unread == 0 && given_up == 0);
    accept(&Accepting { source, unit, rules: cx.rules, reasons, complete }, &mut findings);
    one_for_a_macro(source, &cx.program.macros, &mut findings);
    Checked { findings, given_up }
}

/// What the message engine knows at a location in one of the files.
pub fn trace(files: &[SourceFile], rules: &[&Rule], options: &Options, at: (FileId, Span)) -> Vec<Explained> {
    let program = Program::with_catalog(files, options.catalog.clone(), &|| {});
    let asked = Asked::new(rules, false);
    let mut parsed = parse_all(&program, files, &asked, options, &|| {});
    let noreturn = never_returning(&program, &parsed);
    build_graphs(&program, &noreturn, &mut parsed);
    program.read_types();
    explained(&program, &inputs(&program, files, &parsed), at)
}

/// Parses in each file what the rules want.
fn parse_all(
    program: &Program,
    files: &[SourceFile],
    asked: &Asked,
    options: &Options,
    tick: &(dyn Fn() + Sync),
) -> Vec<Result<Parsed, String>> {
    for_each_file(files, |i| {
        tick();
        guarded(|| parse(program, &program.units[i], &files[i].text, asked, options))
    })
}

/// The functions called last that never return.
fn never_returning(program: &Program, parsed: &[Result<Parsed, String>]) -> NoReturn {
    let last_called: BTreeSet<(Box<str>, FileId)> = parsed
        .par_iter()
        .enumerate()
        .filter_map(|(i, p)| p.as_ref().ok().map(|p| (FileId(i as u32), p)))
        .flat_map_iter(|(file, p)| p.functions.iter().map(move |(_, f)| (file, f)))
        .map(|(file, function)| asked_about(program, file, function))
        .reduce(BTreeSet::new, |mut a, mut b| {
            a.append(&mut b);
            a
        });
    NoReturn::infer(program, last_called)
}

/// Builds the control-flow graph of every parsed function, for all later analyses.
fn build_graphs(program: &Program, noreturn: &NoReturn, parsed: &mut [Result<Parsed, String>]) {
    parsed.par_iter_mut().with_max_len(1).for_each(|parsed| {
        let Ok(of_file) = parsed else { return };
        let graph = |function: &Function| {
            Cfg::new(&function.body, &|body, call| noreturn.is_noreturn(program, function.file, body, call))
        };
        match guarded(|| of_file.functions.iter().map(|(_, function)| graph(function)).collect()) {
            Ok(cfgs) => of_file.cfgs = cfgs,
            Err(why) => *parsed = Err(why),
        }
    });
}

/// Indexed by file and function.
type ByFunction<T> = Vec<Vec<T>>;

/// The results of the whole-program analyses.
struct Whole {
    defects: ByFunction<Of>,
    nulls: ByFunction<Vec<Miss>>,
    outputs: Outputs,
    heeded: Heeded,
    cycles: Cycles,
    returns: Returns,
    fields: Fields,
    siblings: Siblings,
    limits: Limits,
}

/// Runs the whole-program analyses, each only if a rule of a family that needs it runs.
fn whole_program(
    program: &Program,
    files: &[SourceFile],
    parsed: &[Result<Parsed, String>],
    rules: &[&Rule],
    laps: &mut Laps,
) -> Whole {
    let asks = |families: &[&str]| rules.iter().any(|rule| families.contains(&rule.family()));
    let (for_messages, for_results) = (asks(&["message"]), asks(&["result", "cascade"]));
    let mut whole = Whole {
        defects: vec![Vec::new(); files.len()],
        nulls: vec![Vec::new(); files.len()],
        outputs: Outputs::default(),
        heeded: Heeded::default(),
        cycles: Cycles::default(),
        returns: Returns::default(),
        fields: Fields::default(),
        siblings: Siblings::default(),
        limits: Limits::default(),
    };
    if !for_messages && !for_results {
        return whole;
    }
    let inputs = inputs(program, files, parsed);
    if for_messages {
        program.read_types();
        whole.defects = by_file(parsed, defects(program, &inputs));
        laps.end("messages");
    }
    if for_results {
        whole.nulls = by_file(parsed, misses(program, &inputs));
        laps.end("nullness");
        whole.outputs = Outputs::new(program, &inputs);
        whole.heeded = Heeded::new(&inputs);
        whole.cycles = Cycles::new(program, &inputs);
        whole.returns = Returns::new(&inputs);
        whole.fields = Fields::new(program, &inputs);
        whole.limits = Limits::new(&inputs);
        if rules.iter().any(|rule| rule.id == "sibling-without-length-check") {
            whole.siblings = Siblings::new(program, &inputs);
        }
        laps.end("results");
    }
    whole
}

fn by_file<T>(parsed: &[Result<Parsed, String>], all: Vec<T>) -> ByFunction<T> {
    let mut all = all.into_iter();
    parsed.iter().map(|parsed| all.by_ref().take(parsed.as_ref().map_or(0, |p| p.functions.len())).collect()).collect()
}

/// Every parsed function, file by file.
fn inputs<'p>(program: &Program, files: &'p [SourceFile], parsed: &'p [Result<Parsed, String>]) -> Vec<Input<'p>> {
    let mut inputs = Vec::new();
    for (i, parsed) in parsed.iter().enumerate() {
        let unit = &program.units[i];
        let mut items = unit.base.functions.iter().enumerate().peekable();
        for ((r, function), cfg) in parsed.iter().flat_map(|p| p.functions.iter().zip(&p.cfgs)) {
            let mut definition = None;
            if *r == 0 {
                while items.peek().is_some_and(|(_, item)| item.span.start < function.span.start) {
                    items.next();
                }
                let item = items.peek().filter(|(_, item)| item.span == function.span).map(|(n, _)| *n as u32);
                definition = item.map(|item| Definition { file: unit.file, item });
            }
            inputs.push(Input { definition, function, cfg, text: &files[i].text });
        }
    }
    inputs
}

/// Keeps one of the findings at the same location that only one of them should report; see [`Rule::yields_to`].
fn one_for_a_place(findings: Vec<Finding>, rules: &[&Rule]) -> Vec<Finding> {
    let yields =
        |a: &Finding, b: &Finding| rules.iter().any(|rule| rule.id == a.rule && rule.yields_to.contains(&b.rule));
    let loses = |a: &Finding, b: &Finding| {
        (yields(a, b) && a.confidence <= b.confidence) || (yields(b, a) && a.confidence < b.confidence)
    };
    let mut kept = Vec::with_capacity(findings.len());
    for same in findings.chunk_by(|a, b| a.span == b.span) {
        kept.extend(same.iter().filter(|a| !same.iter().any(|b| loses(a, b))).cloned());
    }
    kept
}

fn cover(coverage: &mut Coverage, parsed: &Parsed) {
    let base = || parsed.functions.iter().filter(|(r, _)| *r == 0).map(|(_, f)| &f.body);
    coverage.functions_analysed += base().count();
    coverage.functions_opaque += base().filter(|b| b.islands > 0).count();
    coverage.functions_over_budget += base().filter(|b| b.over_budget).count();
    coverage.arms_unread += parsed.arms_unread;
}
