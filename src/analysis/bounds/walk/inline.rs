//! Macros and functions that are a single expression: evaluated inline where they are used.

use std::sync::{Arc, RwLock};

use rustc_hash::FxHashMap;

use crate::hir::{Body, ExprId, Function, StmtKind, Symbol};
use crate::preprocess::macros::MacroDef;
use crate::preprocess::scan::Scan;
use crate::program::{Definition, Program};
use crate::syntax::function::function;
use crate::syntax::slice::slice;

/// A macro or function whose value is one expression over its parameters.
pub(super) struct Inline {
    pub function: Function,
    pub value: ExprId,
    pub params: Vec<Symbol>,
    /// A macro: its arguments are expressions, and its other names resolve in its user.
    pub is_macro: bool,
}

/// Longer texts are assumed to be more than an expression.
const MAX_TEXT: usize = 2000;

/// Cached results; `None`: not inlined.
type Known<K> = RwLock<FxHashMap<K, Option<Arc<Inline>>>>;

#[derive(Default)]
pub(super) struct Inlines {
    /// By file and position of the definition.
    macros: Known<(u32, u32)>,
    functions: Known<Definition>,
}

impl Inlines {
    pub fn of_macro(&self, program: &Program, def: &MacroDef) -> Option<Arc<Inline>> {
        let key = (def.file.0, def.at);
        if let Some(known) = self.macros.read().ok().and_then(|all| all.get(&key).cloned()) {
            return known;
        }
        let found = of_macro(program, def).map(Arc::new);
        if let Ok(mut all) = self.macros.write() {
            all.insert(key, found.clone());
        }
        found
    }

    pub fn of_function(&self, program: &Program, definition: Definition) -> Option<Arc<Inline>> {
        if let Some(known) = self.functions.read().ok().and_then(|all| all.get(&definition).cloned()) {
            return known;
        }
        let found = of_function(program, definition).map(Arc::new);
        if let Ok(mut all) = self.functions.write() {
            all.insert(definition, found.clone());
        }
        found
    }
}

fn of_macro(program: &Program, def: &MacroDef) -> Option<Inline> {
    if def.text.is_empty() || def.text.len() > MAX_TEXT || def.variadic || program.macros.traits(def).must_expand() {
        return None;
    }
    // Pasting and stringizing create tokens that the text does not contain.
    if def.text.contains(['#', '{']) {
        return None;
    }
    let text = def.text.trim().trim_end_matches(';');
    let code = format!("int crosstalk_macro(void) {{ return {text}; }}");
    let scan = Scan::new(&code);
    let items = slice(&scan.code);
    let mut function = function(&scan.code, items.functions.first()?, def.file, &program.macros);
    let value = returned(&function.body)?;
    let params: Vec<Symbol> = def.params.iter().flatten().map(|p| function.body.names.intern(p)).collect();
    Some(Inline { function, value, params, is_macro: true })
}

fn of_function(program: &Program, definition: Definition) -> Option<Inline> {
    let unit = program.unit(definition.file);
    let item = &unit.base.functions[definition.item as usize];
    let text = &unit.base.code[item.body as usize..item.span.end as usize];
    if text.len() > MAX_TEXT || text.matches(';').count() != 1 || !text.contains("return") {
        return None;
    }
    let function = program.parse(unit, &unit.base, item);
    let value = returned(&function.body)?;
    let params = function.params.iter().map(|p| p.name).collect();
    Some(Inline { function, value, params, is_macro: false })
}

/// The expression returned by a body that consists of one `return`.
fn returned(body: &Body) -> Option<ExprId> {
    let StmtKind::Block(all) = &body.stmt(body.root).kind else { return None };
    let mut real = all.iter().filter(|s| !matches!(body.stmt(**s).kind, StmtKind::Empty));
    let only = real.next()?;
    match body.stmt(*only).kind {
        StmtKind::Return(Some(e)) if real.next().is_none() && body.islands == 0 => Some(e),
        _ => None,
    }
}
