//! From a slice of masked text to a function in HIR.

use super::lower::{LoweredFunction, lower};
use super::params::parameters;
use super::parse::parse;
use super::prepare::{Prepared, prepare};
use super::rewrite::is_shouting;
use super::slice::FunctionItem;
use crate::hir::{Body, Function, Names, Stmt, StmtId, StmtKind};
use crate::preprocess::macros::MacroTable;
use crate::preprocess::token::Tokens;
use crate::source::{FileId, Span};

/// A parseable head, used for a body whose own head does not parse.
const PLAIN_HEAD: &str = "void crosstalk__function(void) ";

/// Parses and lowers one function of `code`, the masked text of `file`.
pub fn function(code: &str, item: &FunctionItem, file: FileId, table: &MacroTable) -> Function {
    let (prepared, over_budget) = prepare(code, item.span, item.body, file, table);
    named(code, item, file, read(&prepared, prepared.body), over_budget)
}

/// Parses `items` as one text, as a tool without slicing would, for comparison. A function that an error hides from
/// that parse is read separately.
pub fn functions_together(code: &str, items: &[&FunctionItem], file: FileId, table: &MacroTable) -> Vec<Function> {
    let prepared: Vec<(Prepared, bool)> =
        items.iter().map(|item| prepare(code, item.span, item.body, file, table)).collect();
    let text: String = prepared.iter().flat_map(|(p, _)| [p.text.as_str(), "\n"]).collect();
    let tree = parse(&text);
    let mut start = 0;
    let mut functions = Vec::with_capacity(items.len());
    for (item, (prepared, over_budget)) in items.iter().zip(&prepared) {
        let first = start + prepared.text.len() - prepared.text.trim_start().len();
        let own = tree.as_ref().and_then(|tree| {
            let node = tree.root_node().first_child_for_byte(first)?;
            let whole = node.start_byte() == first && node.end_byte() == start + prepared.text.trim_end().len();
            (whole && !node.has_error()).then(|| lower(node, &text, prepared, start, 0))?
        });
        let found = own.or_else(|| read(prepared, prepared.body));
        functions.push(named(code, item, file, found, *over_budget));
        start += prepared.text.len() + 1;
    }
    functions
}

fn named(code: &str, item: &FunctionItem, file: FileId, found: Option<LoweredFunction>, over_budget: bool) -> Function {
    let written = written_name(code, item);
    let (mut body, name) = match found {
        Some(LoweredFunction { body, name }) => (body, name),
        None => (given_up(item.span), None),
    };
    body.over_budget |= over_budget;
    body.islands += u32::from(item.damaged);
    // The declarator's name is more reliable if a macro generates the head (`DEFUN(show, …) {`).
    let name = name
        .filter(|n| n != "crosstalk__function")
        .filter(|n| n != &code[item.name.range()])
        .unwrap_or_else(|| written.to_owned());
    let params = parameters(code, item, &mut body.names);
    Function { name, file, span: item.span, params, body }
}

/// The name before the parameters. For an undefined macro, in `DEFUN(show_version, …) {` it is the first argument, in
/// `METHOD(parser_t, parse, …) {` the one after the type.
fn written_name<'c>(code: &'c str, item: &FunctionItem) -> &'c str {
    let name = &code[item.name.range()];
    let head = &code[item.name.end as usize..item.body as usize];
    let mut tokens = Tokens::new(head, 0..head.len());
    let open = tokens.next().is_some_and(|t| t.is("("));
    let first = tokens.next().filter(|t| open && t.is_ident());
    let behind = tokens.next();
    let alone = behind.as_ref().is_some_and(|t| t.is(",") || t.is(")"));
    let is_type = first.as_ref().is_some_and(|t| t.text.ends_with("_t")) && behind.is_some_and(|t| t.is(","));
    let second = tokens.next().filter(|t| is_type && t.is_ident() && !is_shouting(&t.text));
    let first = match second {
        Some(second) if tokens.next().is_some_and(|t| t.is(",")) => Some(second),
        _ => first,
    };
    // Old-style parameters are declared between the list and the body.
    let closes = head.trim_end().ends_with(')');
    match first {
        Some(first) if alone && closes && is_shouting(name) && !is_shouting(&first.text) => &head[first.span.range()],
        _ => name,
    }
}

/// Reads the whole function; if that has errors, also the body under a plain head, and keeps the better result.
fn read(prepared: &Prepared, body: usize) -> Option<LoweredFunction> {
    let tree = parse(&prepared.text)?;
    let whole =
        |found: &LoweredFunction| found.body.stmt(found.body.root).span == prepared.source(body..prepared.text.len());
    let first = lower(tree.root_node(), &prepared.text, prepared, 0, 0).filter(whole);
    if !tree.root_node().has_error() && first.is_some() {
        return first;
    }
    let text = [PLAIN_HEAD, &prepared.text[body..]].concat();
    let second = parse(&text).and_then(|tree| lower(tree.root_node(), &text, prepared, PLAIN_HEAD.len(), body));
    match (first, second) {
        (Some(a), Some(mut b)) if b.body.islands < a.body.islands => {
            b.name = a.name;
            Some(b)
        }
        (Some(a), _) => Some(a),
        (None, b) => b,
    }
}

/// A function whose body is unknown.
fn given_up(span: Span) -> Body {
    let stmts = vec![Stmt { kind: StmtKind::Opaque, span, in_macro: false }];
    Body { stmts, exprs: Vec::new(), names: Names::default(), root: StmtId(0), islands: 1, over_budget: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::ExprKind;
    use crate::preprocess::scan::Scan;
    use crate::syntax::slice::slice;

    fn read_all(text: &str) -> Vec<Function> {
        let scan = Scan::new(text);
        let table = MacroTable::of(&[("a.c", text)]);
        slice(&scan.code).functions.iter().map(|item| function(&scan.code, item, FileId(0), &table)).collect()
    }

    /// The kinds of the statements in source order, as text.
    fn outline(text: &str) -> String {
        let functions = read_all(text);
        let body = &functions[0].body;
        let mut words = Vec::new();
        body.walk_stmts(body.root, &mut |id| {
            let own = &text[body.stmt(id).span.range()];
            words.push(match &body.stmt(id).kind {
                StmtKind::Block(_) => "{".to_owned(),
                StmtKind::Expr(_) => own.trim_end_matches(';').trim_end().to_owned(),
                StmtKind::Decl(_) => "decl".into(),
                StmtKind::If { .. } => "if".into(),
                StmtKind::While { .. } => "while".into(),
                StmtKind::DoWhile { .. } => "do".into(),
                StmtKind::For { .. } => "for".into(),
                StmtKind::Switch { .. } => "switch".into(),
                StmtKind::Case(Some(_)) => "case".into(),
                StmtKind::Case(None) => "default".into(),
                StmtKind::Label(name) => format!("{}:", body.names.text(*name)),
                StmtKind::Goto(name) => format!("goto {}", body.names.text(*name)),
                StmtKind::ComputedGoto => "goto *".into(),
                StmtKind::Break => "break".into(),
                StmtKind::Continue => "continue".into(),
                StmtKind::Return(_) => "return".into(),
                StmtKind::Empty => ";".into(),
                StmtKind::FallthroughMark => "mark".into(),
                StmtKind::Opaque => "opaque".into(),
            });
        });
        format!("{} {}", words.join(" "), if body.islands > 0 { format!("[{}]", body.islands) } else { String::new() })
            .trim_end()
            .to_owned()
    }

    #[test]
    fn statements_lie_flat() {
        assert_eq!(
            outline("void f(int x) { switch (x) { case 1: a(); case 2: b(); break; default: l: c(); } }"),
            "{ switch { case a() case b() break default l: c()"
        );
        assert_eq!(outline("void f() { if (a) b(); else if (c) { d(); } else e(); }"), "{ if b() if { d() e()");
        assert_eq!(
            outline("void f() { for (int i = 0; i < n; i++) a(); do b(); while (c); while (d) ; }"),
            "{ for decl a() do b() while ;"
        );
    }

    #[test]
    fn what_the_grammar_gets_wrong_is_right() {
        assert_eq!(
            outline("void f(int x) { switch (x) { case 1 ... 5: a(); } goto *p; }"),
            "{ switch { case a() goto *"
        );
        assert_eq!(outline("void f(int x) { switch (x) case 1: a(); b(); }"), "{ switch { case a() b()");
        assert_eq!(
            outline("void f(int x) { switch (x) { case 1: a(); [[fallthrough]]; case 2: FALLTHROUGH case 3: b(); } }"),
            "{ switch { case a() mark case mark case b()"
        );
        assert_eq!(outline("int f(a, b) int a; char *b; { return a; }"), "{ return");
        assert_eq!(outline("f(a) int a; { return a; }"), "{ return");
        assert_eq!(outline("EXPORT int STDCALL f(a_t) THROWS { return a; }"), "{ return");
    }

    #[test]
    fn types_are_kept_as_text() {
        let text =
            "void f(void) { const char *p = (struct s *)q, a[4]; unsigned n = sizeof(struct t) + sizeof *p; --n; }";
        let functions = read_all(text);
        let body = &functions[0].body;
        let mut types: Vec<&str> = Vec::new();
        for s in &body.stmts {
            if let StmtKind::Decl(all) = &s.kind {
                types.extend(all.iter().map(|d| body.names.text(d.ty)));
            }
        }
        for e in &body.exprs {
            match e.kind {
                ExprKind::Cast { ty, .. } | ExprKind::Sizeof { ty: Some(ty), .. } => types.push(body.names.text(ty)),
                _ => {}
            }
        }
        assert_eq!(types, ["const char *p", "const char a[4]", "unsigned n", "struct s *", "struct t"]);
        let changes = body.exprs.iter().find_map(|e| match e.kind {
            ExprKind::Update { decrement, prefix, .. } => Some((decrement, prefix)),
            _ => None,
        });
        assert_eq!(changes, Some((true, true)));
    }

    #[test]
    fn macros_behave_as_written() {
        let defines = "#define RET(x) do { if (x) return; } while (0)\n#define EACH(a) for (a = 0; a; a++)\n#define OP(x) case OP_##x:\n";
        let text = format!("{defines}void f(int x) {{ RET(x); EACH(i) b(); switch (x) {{ OP(A) c(); }} }}");
        let functions = read_all(&text);
        let body = &functions[0].body;
        let mut kinds = Vec::new();
        body.walk_stmts(body.root, &mut |id| kinds.push(std::mem::discriminant(&body.stmt(id).kind)));
        let has = |wanted: &StmtKind| kinds.contains(&std::mem::discriminant(wanted));
        assert!(has(&StmtKind::Return(None)) && has(&StmtKind::Case(None)) && body.islands == 0);
        let ret = body.stmts.iter().find(|s| matches!(s.kind, StmtKind::Return(None))).map(|s| &text[s.span.range()]);
        assert_eq!(ret, Some("RET(x)"));
    }

    #[test]
    fn a_macro_head_gives_the_name() {
        let functions = read_all(
            "#define DEFUN(n, s) int n(struct cmd *c)\nDEFUN(show_ip, \"x\") { return 0; }\nUNKNOWN(foo, \"s\") { return 1; }\n\
             METHOD(parser_t, parse, int, struct parser *this, int n) { return n; }",
        );
        assert_eq!(functions.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["show_ip", "foo", "parse"]);
        assert!(functions.iter().all(|f| f.body.islands == 0));
    }

    #[test]
    fn deep_nesting_is_no_recursion() {
        let chain = format!("void f(void) {{ {} x(); }}", "if (a) b(); else ".repeat(10_000));
        assert_eq!(read_all(&chain).len(), 1);
        let sum = format!("void f(void) {{ x = {} 1; }}", "1 + ".repeat(50_000));
        let functions = read_all(&sum);
        assert!(functions[0].body.exprs.iter().any(|e| matches!(e.kind, ExprKind::Binary { .. })));
        let parens = format!("void f(void) {{ x = {}1; }}", "(".repeat(40_000));
        assert_eq!(read_all(&parens).len(), 1);
    }

    #[test]
    fn an_island_is_opaque_and_the_rest_is_kept() {
        let functions = read_all("void f(int x) { switch (x) { case 1: a(); @ $ ) ( break; case 2: b(); } }");
        let body = &functions[0].body;
        assert!(body.islands > 0);
        assert!(body.stmts.iter().filter(|s| matches!(s.kind, StmtKind::Case(_))).count() == 2);
    }
}
