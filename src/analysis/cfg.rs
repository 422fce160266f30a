//! The control-flow graph of one function, built by position: a `case` can be entered from the `switch` or by
//! fall-through from above.

mod build;

use build::{Built, EXIT};

use crate::hir::{Body, ExprId, StmtId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

/// Why control goes from one basic block to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeKind {
    /// The next statement, or the only successor.
    Next,
    True,
    False,
    /// From a `switch` to one of its labels.
    Case,
    /// From a `switch` without `default` past its end.
    NoCase,
    /// Into a `case` or `default` from the statement above.
    Fallthrough,
    Break,
    Continue,
    Goto,
    Return,
}

#[derive(Clone, Copy, Debug)]
pub struct Edge {
    pub to: BlockId,
    pub kind: EdgeKind,
}

/// A basic block: statements that run one after another.
#[derive(Debug, Default)]
pub struct Block {
    /// Statements in order; for a compound one (`if`, `while`, …), the part that is evaluated here.
    pub stmts: Vec<StmtId>,
    pub edges: Vec<Edge>,
    /// `switch` labels at the head of the block, before any statement.
    pub labels: Vec<StmtId>,
    /// The `for` whose step is evaluated here, after the statements.
    pub step_of: Option<StmtId>,
}

/// Where a `switch` or a loop begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Construct {
    pub stmt: StmtId,
    /// For a `switch`: the block that dispatches to the labels. For a loop: the block that starts each iteration.
    pub head: BlockId,
    /// Where `break` leads.
    pub after: BlockId,
}

/// Control falls through into a label of a `switch`.
#[derive(Clone, Copy, Debug)]
pub struct Fall {
    pub switch: StmtId,
    /// The `case` or `default` fallen into.
    pub label: StmtId,
    /// The block that ends before the label.
    pub from: BlockId,
}

#[derive(Debug)]
pub struct Cfg {
    pub blocks: Vec<Block>,
    pub exit: BlockId,
    pub falls: Vec<Fall>,
    /// In source order.
    pub switches: Vec<Construct>,
    pub loops: Vec<Construct>,
    /// By block: whether it is reachable from the entry.
    pub reachable: Vec<bool>,
}

impl Cfg {
    pub const ENTRY: BlockId = BlockId(0);

    /// Builds the graph of `body`. `noreturn` tells whether a call never returns.
    pub fn new(body: &Body, noreturn: &dyn Fn(&Body, ExprId) -> bool) -> Cfg {
        let Built { blocks, falls, switches, loops } = build::build(body, noreturn);
        let mut cfg = Cfg { reachable: vec![false; blocks.len()], blocks, exit: EXIT, falls, switches, loops };
        cfg.mark_reachable();
        cfg
    }

    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }

    pub fn is_reachable(&self, id: BlockId) -> bool {
        self.reachable[id.0 as usize]
    }

    /// Whether the function may return to its caller.
    pub fn returns(&self) -> bool {
        self.is_reachable(self.exit)
    }

    /// By block: its reachable predecessors.
    pub fn predecessors(&self) -> Vec<Vec<BlockId>> {
        let mut all = vec![Vec::new(); self.blocks.len()];
        for (i, block) in self.blocks.iter().enumerate().filter(|(i, _)| self.reachable[*i]) {
            for edge in &block.edges {
                all[edge.to.0 as usize].push(BlockId(i as u32));
            }
        }
        all
    }

    fn mark_reachable(&mut self) {
        let mut todo = vec![Cfg::ENTRY];
        while let Some(id) = todo.pop() {
            if !std::mem::replace(&mut self.reachable[id.0 as usize], true) {
                todo.extend(self.blocks[id.0 as usize].edges.iter().map(|e| e.to));
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::preprocess::{macros::MacroTable, scan::Scan};
    use crate::source::FileId;
    use crate::syntax::{function::function, slice::slice};

    pub fn with_cfg<T>(code: &str, look: impl Fn(&Body, &Cfg) -> T) -> T {
        let text = format!("void f(int x) {{ {code} }}");
        let scan = Scan::new(&text);
        let table = MacroTable::of(&[("a.c", &text)]);
        let f = function(&scan.code, &slice(&scan.code).functions[0], FileId(0), &table);
        let cfg = Cfg::new(&f.body, &|body, call| body.callee(call) == Some("die"));
        look(&f.body, &cfg)
    }

    /// The number of `switch` labels that are fallen into from above.
    fn falls(sections: &str) -> usize {
        with_cfg(&format!("switch (x) {{ {sections} }}"), |_, cfg| {
            cfg.falls.iter().filter(|fall| cfg.is_reachable(fall.from)).count()
        })
    }

    fn returns(code: &str) -> bool {
        with_cfg(code, |_, cfg| cfg.returns())
    }

    #[test]
    fn jumps_end_a_section() {
        assert_eq!(falls("case 1: a(); break; case 2: return; case 3: goto l; l: default: b();"), 0);
        assert_eq!(falls("case 1: a(); case 2: b(); break;"), 1);
        assert_eq!(falls("case 1: die(); case 2: b(); break;"), 0);
        assert_eq!(falls("case 1: case 2: default: b();"), 0);
    }

    #[test]
    fn an_if_ends_a_section_only_with_both_branches() {
        assert_eq!(falls("case 1: if (a) break; case 2: b();"), 1);
        assert_eq!(falls("case 1: if (a) break; else return; case 2: b();"), 0);
        assert_eq!(falls("case 1: if (1) break; case 2: if (0) c(); else return; case 3: b();"), 0);
    }

    #[test]
    fn loops_end_a_section_only_without_a_way_out() {
        assert_eq!(falls("case 1: for (;;) { a(); } case 2: b();"), 0);
        assert_eq!(falls("case 1: for (;;) { if (a) break; } case 2: b();"), 1);
        assert_eq!(falls("case 1: do { a(); break; } while (0); case 2: b();"), 1);
        assert_eq!(falls("case 1: while (1) { if (a) return; } case 2: b();"), 0);
        assert_eq!(falls("case 1: do { return; } while (0); case 2: b();"), 0);
    }

    #[test]
    fn nested_switches_keep_their_own_breaks() {
        assert_eq!(falls("case 1: switch (y) { case 5: break; default: return; } case 2: b();"), 1);
        assert_eq!(falls("case 1: switch (y) { case 5: return; default: return; } case 2: b();"), 0);
        assert_eq!(falls("case 1: switch (y) { case 5: return; } case 2: b();"), 1);
    }

    #[test]
    fn labels_inside_a_loop_are_run_into() {
        assert_eq!(falls("case 0: do { a(); case 3: a(); case 2: a(); case 1: a(); } while (n);"), 3);
    }

    #[test]
    fn a_statement_expression_can_leave() {
        assert_eq!(falls("case 1: y = ({ return; 1; }); case 2: b();"), 0);
    }

    #[test]
    fn functions_that_do_not_return() {
        assert!(!returns("a(); die();"));
        assert!(!returns("for (;;) a();"));
        assert!(!returns("while (1) { switch (x) { case 1: break; } }"));
        assert!(returns("if (x) die();"));
        assert!(returns("goto l; die(); l: ;"));
        assert!(returns("x && die();"));
    }
}
