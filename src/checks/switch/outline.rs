//! The statements of a function, read from tokens alone: enough to decide which functions a rule needs parsed.
//!
//! Parsing dominates the cost of a run; an outline costs a twentieth of it. It may over-approximate, and sets `unsure`
//! where it does not understand the code; it must not miss what a rule looks for.

use crate::preprocess::token::{Token, Tokens};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `case …:` or `default:`
    Label,
    UserLabel,
    Break,
    Continue,
    Goto,
    Return,
    /// Its children are the branches.
    If,
    /// Its child is the body.
    Loop,
    Switch,
    Block,
    /// Anything else up to its `;`.
    Plain,
}

impl Kind {
    pub fn is_jump(self) -> bool {
        matches!(self, Kind::Break | Kind::Continue | Kind::Goto | Kind::Return)
    }
}

#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    /// The range of the whole statement in the outline's tokens; for a label, up to the colon.
    pub tokens: std::ops::Range<u32>,
    pub children: Vec<u32>,
    /// The node itself for the function's body.
    pub parent: u32,
    /// A macro at its start hides a jump.
    pub hides_jump: bool,
}

pub struct Outline<'c> {
    pub tokens: Vec<Token<'c>>,
    pub nodes: Vec<Node>,
    /// Every `switch`, ordered by its end.
    pub switches: Vec<u32>,
    /// Something may be more than it looks like: a label behind a macro, a statement expression.
    pub unsure: bool,
}

/// What a name at the start of a statement does if it is a macro.
#[derive(Clone, Copy, Default)]
pub struct Hidden {
    pub labels: bool,
    pub jumps: bool,
}

/// Statements nested deeper are not read.
const MAX_DEPTH: usize = 200;

impl<'c> Outline<'c> {
    /// Reads `code`, the text of one function. `hidden` returns what a macro named at the start of a statement hides.
    pub fn new(code: &'c str, hidden: &dyn Fn(&Token) -> Hidden) -> Outline<'c> {
        let tokens: Vec<Token> = Tokens::new(code, 0..code.len()).collect();
        let mut reader = Reader {
            at: 0,
            hidden,
            outline: Outline { tokens, nodes: Vec::new(), switches: Vec::new(), unsure: false },
        };
        // Before the body, braces occur at most in attributes; the body is the first block.
        reader.at = reader.outline.tokens.iter().position(|t| t.is("{")).unwrap_or(reader.outline.tokens.len());
        reader.statement(0);
        reader.outline
    }

    pub fn node(&self, id: u32) -> &Node {
        &self.nodes[id as usize]
    }

    pub fn text(&self, node: &Node) -> &[Token<'c>] {
        &self.tokens[node.tokens.start as usize..node.tokens.end as usize]
    }

    /// The statements of a switch's body, with blocks that contain a label flattened.
    pub fn body(&self, switch: u32) -> Vec<u32> {
        let mut flat = Vec::new();
        let mut todo: Vec<u32> = self.node(switch).children.clone();
        let mut root = true;
        while let Some(id) = todo.pop() {
            let node = self.node(id);
            let holds_label = || node.children.iter().any(|&c| self.node(c).kind == Kind::Label);
            if node.kind == Kind::Block && (root || holds_label()) {
                todo.extend(node.children.iter().rev());
            } else {
                flat.push(id);
            }
            root = false;
        }
        flat
    }

    /// The sections of a switch: the statements after each group of labels.
    pub fn sections(&self, switch: u32) -> Vec<Vec<u32>> {
        let mut all: Vec<Vec<u32>> = Vec::new();
        let mut labels = false;
        for id in self.body(switch) {
            match self.node(id).kind {
                Kind::Label if labels => {}
                Kind::Label => {
                    all.push(Vec::new());
                    labels = true;
                }
                _ => {
                    labels = false;
                    if let Some(section) = all.last_mut() {
                        section.push(id);
                    }
                }
            }
        }
        all
    }

    /// Visits `id` and its descendants in preorder; `visit` returns whether to descend into a node.
    pub fn walk(&self, id: u32, visit: &mut dyn FnMut(&Node) -> bool) {
        let mut todo = vec![id];
        while let Some(next) = todo.pop() {
            if visit(self.node(next)) {
                todo.extend(self.node(next).children.iter().rev());
            }
        }
    }

    /// Control certainly leaves by a jump at the end of the statement.
    pub fn ends_in_jump(&self, id: u32) -> bool {
        let mut node = self.node(id);
        while node.kind == Kind::Block {
            match node.children.last() {
                Some(&last) => node = self.node(last),
                None => return false,
            }
        }
        node.kind.is_jump()
    }
}

struct Reader<'c, 'h> {
    at: usize,
    hidden: &'h dyn Fn(&Token) -> Hidden,
    outline: Outline<'c>,
}

impl Reader<'_, '_> {
    fn is(&self, text: &str) -> bool {
        self.outline.tokens.get(self.at).is_some_and(|t| t.is(text))
    }

    fn ends(&self) -> bool {
        self.at >= self.outline.tokens.len()
    }

    fn add(&mut self, kind: Kind, from: usize, children: Vec<u32>) -> u32 {
        // An unclosed statement ends with the text.
        let tokens = from as u32..self.at.min(self.outline.tokens.len()) as u32;
        let id = self.outline.nodes.len() as u32;
        children.iter().for_each(|&child| self.outline.nodes[child as usize].parent = id);
        self.outline.nodes.push(Node { kind, tokens, children, parent: id, hides_jump: false });
        id
    }

    /// Reads one statement. Nesting is bounded by [`MAX_DEPTH`].
    fn statement(&mut self, depth: usize) -> Option<u32> {
        if depth > MAX_DEPTH {
            self.outline.unsure = true;
            self.at = self.outline.tokens.len();
        }
        let from = self.at;
        let token = self.outline.tokens.get(from)?.clone();
        match &*token.text {
            "{" => {
                self.at += 1;
                let mut children = Vec::new();
                while !self.ends() && !self.is("}") {
                    let before = self.at;
                    children.extend(self.statement(depth + 1));
                    if self.at == before {
                        self.at += 1;
                    }
                }
                self.at += 1;
                Some(self.add(Kind::Block, from, children))
            }
            ";" => {
                self.at += 1;
                None
            }
            "case" | "default" => {
                self.label();
                Some(self.add(Kind::Label, from, Vec::new()))
            }
            "break" | "continue" | "goto" | "return" => {
                let kind = match &*token.text {
                    "break" => Kind::Break,
                    "continue" => Kind::Continue,
                    "goto" => Kind::Goto,
                    _ => Kind::Return,
                };
                self.skip_statement();
                Some(self.add(kind, from, Vec::new()))
            }
            "if" => {
                self.at += 1;
                self.parentheses();
                let mut children: Vec<u32> = self.branch(depth).into_iter().collect();
                if self.is("else") {
                    self.at += 1;
                    children.extend(self.branch(depth));
                }
                Some(self.add(Kind::If, from, children))
            }
            "while" | "for" | "switch" => {
                self.at += 1;
                self.parentheses();
                let children = self.branch(depth).into_iter().collect();
                let kind = if token.is("switch") { Kind::Switch } else { Kind::Loop };
                let id = self.add(kind, from, children);
                if kind == Kind::Switch {
                    self.outline.switches.push(id);
                }
                Some(id)
            }
            "do" => {
                self.at += 1;
                let children = self.branch(depth).into_iter().collect();
                if self.is("while") {
                    self.skip_statement();
                }
                Some(self.add(Kind::Loop, from, children))
            }
            // An `else` whose `if` is inside a macro.
            "else" | "}" | ")" => {
                self.at += usize::from(!self.is("}"));
                None
            }
            _ => Some(self.plain(from, depth)),
        }
    }

    /// The branch of an `if` or the body of a loop; an empty one becomes a block.
    fn branch(&mut self, depth: usize) -> Option<u32> {
        let from = self.at;
        match self.statement(depth + 1) {
            Some(id) => Some(id),
            None => Some(self.add(Kind::Block, from, Vec::new())),
        }
    }

    fn plain(&mut self, from: usize, depth: usize) -> u32 {
        let token = self.outline.tokens[from].clone();
        let hidden = if token.is_ident() { (self.hidden)(&token) } else { Hidden::default() };
        self.outline.unsure |= hidden.labels;
        if token.is_ident() && self.outline.tokens.get(from + 1).is_some_and(|t| t.is(":")) {
            self.at += 2;
            return self.add(Kind::UserLabel, from, Vec::new());
        }
        let mut parens = 0usize;
        let mut last_is_paren = false;
        let mut initialiser = false;
        while let Some(token) = self.outline.tokens.get(self.at) {
            match &*token.text {
                "(" | "[" => parens += 1,
                ")" | "]" => parens = parens.saturating_sub(1),
                // `({ … })`
                "{" if parens > 0 => self.outline.unsure |= last_is_paren,
                "}" if parens > 0 => {}
                "=" if parens == 0 => initialiser = true,
                "{" if initialiser => {
                    self.braces();
                    continue;
                }
                // `EACH(x) {`, `TRY {`: the block is the statement's body.
                "{" => {
                    let children = self.statement(depth + 1).into_iter().collect();
                    let id = self.add(Kind::Loop, from, children);
                    self.outline.nodes[id as usize].hides_jump = hidden.jumps;
                    return id;
                }
                ";" if parens == 0 => {
                    self.at += 1;
                    break;
                }
                "}" => break,
                // A macro may hide what ended the statement before.
                "case" | "default" if parens == 0 => {
                    self.outline.unsure = true;
                    break;
                }
                _ => {}
            }
            last_is_paren = token.is("(");
            self.at += 1;
        }
        let id = self.add(Kind::Plain, from, Vec::new());
        self.outline.nodes[id as usize].hides_jump = hidden.jumps;
        id
    }

    fn label(&mut self) {
        let mut questions = 0usize;
        self.at += 1;
        while let Some(token) = self.outline.tokens.get(self.at) {
            match &*token.text {
                "?" => questions += 1,
                ":" if questions > 0 => questions -= 1,
                ":" => {
                    self.at += 1;
                    return;
                }
                ";" | "{" | "}" => {
                    self.outline.unsure = true;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn skip_statement(&mut self) {
        let mut parens = 0usize;
        while let Some(token) = self.outline.tokens.get(self.at) {
            match &*token.text {
                "(" => parens += 1,
                ")" => parens = parens.saturating_sub(1),
                "{" if parens > 0 => self.outline.unsure = true,
                "}" if parens == 0 => return,
                ";" if parens == 0 => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Skips `( … )` if present.
    fn parentheses(&mut self) {
        if self.is("(") {
            self.balanced("(", ")");
        }
    }

    fn braces(&mut self) {
        self.balanced("{", "}");
    }

    fn balanced(&mut self, open: &str, close: &str) {
        let mut depth = 0usize;
        while let Some(token) = self.outline.tokens.get(self.at) {
            if token.is(open) {
                depth += 1;
            } else if token.is(close) {
                depth -= 1;
            } else if token.is("{") {
                self.outline.unsure = true;
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// Control may run into some label of the function from above. False only if every label certainly follows another
/// label, the opening of its `switch`, or an unconditional `break`, `return`, `goto` or `continue`.
pub fn may_fall(outline: &Outline) -> bool {
    if outline.unsure {
        return true;
    }
    outline.nodes.iter().any(|node| {
        // `open`: control can reach this point of the block from above. The start of a block that is not a switch's
        // body is reachable from above.
        let body = node.kind == Kind::Switch || outline.node(node.parent).kind == Kind::Switch;
        let mut open = !body;
        node.children.iter().any(|&child| {
            let falls = open && outline.node(child).kind == Kind::Label;
            open = match outline.node(child).kind {
                Kind::Label => false,
                Kind::UserLabel => true,
                _ => !outline.ends_in_jump(child),
            };
            falls
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(code: &str) -> Outline<'_> {
        Outline::new(code, &|name| Hidden { labels: name.is("ON"), jumps: name.is("CHECK") })
    }

    fn sections(code: &str) -> bool {
        let text = format!("int f(int x) {{ switch (x) {{ {code} }} }}");
        may_fall(&outline(&text))
    }

    #[test]
    fn certain_ends() {
        assert!(!sections("case 1: a(); break; case 2: return b ? 1 : 2; case 3: goto out; default: c();"));
        assert!(!sections("case A ? 1 : 2: case 2: { a(); if (b) { c(); } break; } default: ;"));
        assert!(!sections("case 1: switch (y) { case 5: a(); } break; case 2: b();"));
        assert!(!sections("case 1: { a(); break; } case 2: { return; }"));
        assert!(!may_fall(&outline("int f(void) { char *s = \"case 1: case 2:\"; if (x) y(); z(); }")));
    }

    #[test]
    fn all_else_may_fall() {
        assert!(sections("case 1: a(); case 2: b();"));
        assert!(sections("case 1: if (a) break; case 2: b();"));
        assert!(sections("case 1: if (a) b(); else break; case 2: b();"));
        assert!(sections("case 1: if (a) { break; } case 2: b();"));
        assert!(sections("case 1: { a(); } case 2: b();"));
        assert!(sections("case 1: a(); { case 2: b(); }"));
        assert!(sections("case 1: for (;;) break; case 2: b();"));
        assert!(sections("case 1: do { break; } while (0); case 2: b();"));
        assert!(sections("case 1: STOP(x) case 2: b();"));
        assert!(sections("case 1: return; again: case 2: b();"));
        assert!(sections("case 1: switch (y) { case 5: break; } case 2: b();"));
        assert!(sections("ON(1) a(); ON(2) b();"));
        assert!(sections("case 1: return ({ switch (y) { case 2: a(); case 3: b(); } 1; });"));
        assert!(sections("case 0: do { a(); case 1: a(); } while (n);"));
    }

    #[test]
    fn statements_by_kind() {
        let text = "int f(int x) { int a[] = { 1, 2 }; if (x) { a(); } else if (y) break; EACH(i) { b(); } \
                    do { c(); } while (d); switch (x) { case 1: CHECK(x); l: return 1; } }";
        let outline = outline(text);
        let kinds: Vec<Kind> = outline.nodes.iter().map(|n| n.kind).collect();
        for wanted in [Kind::If, Kind::Loop, Kind::Switch, Kind::Label, Kind::UserLabel, Kind::Return, Kind::Break] {
            assert!(kinds.contains(&wanted), "{wanted:?}");
        }
        assert!(outline.nodes.iter().any(|n| n.hides_jump) && !outline.unsure);
        assert_eq!(outline.sections(outline.switches[0]).len(), 1);
    }

    #[test]
    fn deep_nesting_is_given_up() {
        let text = format!("void f(void) {{ {} x(); }}", "if (a) { ".repeat(1_000));
        assert!(outline(&text).unsure);
    }
}
