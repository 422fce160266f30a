//! Where functions are called.

use rustc_hash::FxHashMap;

use crate::analysis::messages::Input;
use crate::hir::{ExprId, ExprKind, UnaryOp};
use crate::program::Program;

/// The callers of a function with more call sites than this are not examined.
const MAX_CALLERS: usize = 12;
/// Maximum number of calls of one name that are resolved to functions.
const MAX_NAMED: usize = 64;

/// The index of the calling function, and the call.
pub type Site = (u32, ExprId);

pub struct Sites<'a> {
    program: &'a Program,
    inputs: &'a [Input<'a>],
    by_name: FxHashMap<&'a str, Vec<Site>>,
}

impl<'a> Sites<'a> {
    pub fn new(program: &'a Program, inputs: &'a [Input<'a>]) -> Sites<'a> {
        let mut by_name: FxHashMap<&str, Vec<Site>> = FxHashMap::default();
        let own = inputs.iter().filter(|input| input.definition.is_some());
        by_name.extend(own.map(|input| (input.function.name.as_str(), Vec::new())));
        for (n, input) in inputs.iter().enumerate().filter(|(_, input)| input.definition.is_some()) {
            for (call, name, _) in input.function.body.calls() {
                if let Some(all) = by_name.get_mut(name).filter(|all| all.len() <= MAX_NAMED) {
                    all.push((n as u32, call));
                }
            }
        }
        Sites { program, inputs, by_name }
    }

    /// Whether all calls of function `n` pass the address of a variable as this argument.
    pub fn give_address(&self, n: u32, arg: usize) -> bool {
        self.of(n).is_some_and(|all| {
            all.iter().all(|&(caller, call)| {
                let body = &self.inputs[caller as usize].function.body;
                let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
                args.get(arg).is_some_and(|&arg| {
                    matches!(body.expr(body.bare(arg)).kind, ExprKind::Unary { op: UnaryOp::AddressOf, operand }
                        if matches!(body.expr(operand).kind, ExprKind::Name(_)))
                })
            })
        })
    }

    /// All calls of function `n`; none if there are none, or too many.
    pub fn of(&self, n: u32) -> Option<Vec<Site>> {
        let function = self.inputs[n as usize].function;
        let definition = self.inputs[n as usize].definition?;
        let named = self.by_name.get(function.name.as_str()).filter(|all| all.len() <= MAX_NAMED)?;
        let means = |site: &&Site| {
            let file = self.inputs[site.0 as usize].function.file;
            self.program.callees(&function.name, file).contains(&definition)
        };
        let all: Vec<Site> = named.iter().filter(means).copied().collect();
        (1..=MAX_CALLERS).contains(&all.len()).then_some(all)
    }
}
