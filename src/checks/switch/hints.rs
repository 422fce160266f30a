//! What a function's tokens reveal about the defect that a rule looks for: enough to leave most functions unparsed.
//!
//! A hint may be wrong; a function without one must not contain the rule's defect.

use std::cell::Cell;

use rustc_hash::FxHashSet;

use super::names::{is_destroying_name, is_error_message_name, is_releasing_name};
use super::outline::{Kind, Node, Outline};
use crate::preprocess::token::{Token, TokenKind};

/// One `switch` and its surroundings.
pub struct Hints<'o, 'c> {
    outline: &'o Outline<'c>,
    switch: u32,
    sections: Vec<Vec<u32>>,
    /// Tokens and nodes that may still be visited in this function.
    budget: &'o Cell<usize>,
}

/// Budget for finding one kind of hint in a function. A function that exceeds it is parsed.
const BUDGET: usize = 2_000_000;

/// Whether `test` holds for some switch. An unsure outline counts as a hint.
fn any(outline: &Outline, test: impl Fn(&Hints) -> bool) -> bool {
    let budget = Cell::new(BUDGET);
    let hints = |&switch: &u32| {
        let hints = Hints { outline, switch, sections: outline.sections(switch), budget: &budget };
        hints.spend(hints.sections.iter().map(Vec::len).sum());
        test(&hints) || hints.is_tired()
    };
    outline.unsure || outline.switches.iter().any(hints)
}

/// `premature-break`: an early exit with work after it, and something that may depend on that work.
pub fn early_exit(outline: &Outline) -> bool {
    any(outline, |hints| {
        let behind = hints.behind();
        hints.sections.iter().any(|section| hints.exits_early(section, &behind))
    })
}

/// `unset-after-switch`: a variable that one section sets, another does not, and the code after the switch names.
pub fn left_alone(outline: &Outline) -> bool {
    any(outline, |hints| {
        let behind = hints.behind();
        hints.leaves_a_variable(&behind) || hints.destroys(&behind)
    })
}

/// `break-leaves-switch-not-loop`
pub fn goes_on(outline: &Outline) -> bool {
    any(outline, |hints| {
        let names = || {
            hints.spend(outline.tokens.len());
            hints.names(outline.tokens.iter())
        };
        hints.in_loop() && (hints.ends_in_idle_break() || hints.destroys(&names()))
    })
}

/// `lost-at-switch-exit`: a constant is stored before a `break`, and the code after the switch stores into the same
/// name.
pub fn loses(outline: &Outline) -> bool {
    any(outline, |hints| {
        let end = outline.node(hints.switch).tokens.end as usize;
        hints.spend(outline.tokens.len() - end);
        let anew = stored(&outline.tokens[end..]);
        hints.sections.iter().flatten().any(|&id| {
            let mut found = false;
            outline.walk(id, &mut |node| {
                found |=
                    node.kind == Kind::Plain && stores_constant(outline.text(node)).is_some_and(|n| anew.contains(n));
                !matches!(node.kind, Kind::Plain)
            });
            found
        })
    })
}

/// `continue-skips-release`
pub fn continues(outline: &Outline) -> bool {
    any(outline, |hints| {
        let end = outline.node(hints.switch).tokens.end as usize;
        hints.spend(outline.tokens.len() - end);
        let releases = || calls(&outline.tokens[end..]).any(|(name, _)| is_releasing_name(&name.text));
        hints.in_loop() && hints.sections.iter().flatten().any(|&id| hints.holds(id, Kind::Continue)) && releases()
    })
}

/// `error-goes-on`: a section that consists of one error message, without leaving the function.
pub fn reports_and_goes_on(outline: &Outline) -> bool {
    any(outline, |hints| {
        hints.sections.iter().any(|section| {
            let mut acting = section.iter().map(|&id| outline.node(id)).filter(|n| n.kind != Kind::Break);
            let reports = |node: &Node| node.kind == Kind::Plain && is_error_message_name(&outline.text(node)[0].text);
            acting.next().is_some_and(reports) && acting.next().is_none()
        })
    })
}

/// `break-among-returns`: many sections leave the function, few break.
pub fn odd_break(outline: &Outline) -> bool {
    any(outline, |hints| {
        let ends = |kinds: &[Kind]| {
            let last = |section: &&Vec<u32>| section.last().is_some_and(|&id| kinds.contains(&hints.last(id)));
            hints.sections.iter().filter(last).count()
        };
        ends(&[Kind::Return, Kind::Goto]) >= 4 && ends(&[Kind::Break]) > 0
    })
}

impl<'o, 'c> Hints<'o, 'c> {
    fn spend(&self, cost: usize) {
        self.budget.set(self.budget.get().saturating_sub(cost));
    }

    /// The budget is used up, which counts as a hint.
    fn is_tired(&self) -> bool {
        self.budget.get() == 0
    }

    fn names(&self, tokens: impl Iterator<Item = &'o Token<'c>>) -> FxHashSet<&'o str> {
        tokens.filter(|t| t.kind == TokenKind::Ident).map(|t| &*t.text).collect()
    }

    /// The names used after the switch, which includes the next iteration of the loop around it.
    fn behind(&self) -> FxHashSet<&'o str> {
        let end = self.outline.node(self.switch).tokens.end as usize;
        let start = if self.in_loop() { 0 } else { end };
        self.spend(self.outline.tokens.len() - start);
        let inside = self.outline.node(self.switch).tokens.start as usize..end;
        let outside = self.outline.tokens.iter().enumerate().filter(|(i, _)| *i >= start && !inside.contains(i));
        self.names(outside.map(|(_, t)| t))
    }

    fn in_loop(&self) -> bool {
        let mut id = self.switch;
        loop {
            let parent = self.outline.node(id).parent;
            if parent == id {
                return false;
            }
            if self.outline.node(parent).kind == Kind::Loop {
                return true;
            }
            id = parent;
        }
    }

    /// `id` contains a node of this kind.
    fn holds(&self, id: u32, kind: Kind) -> bool {
        let mut found = false;
        self.outline.walk(id, &mut |node| {
            self.spend(1);
            found |= node.kind == kind;
            !found
        });
        found
    }

    /// `id` contains a jump out of the switch, or a macro that may be one.
    fn may_jump(&self, id: u32) -> bool {
        let mut found = false;
        self.outline.walk(id, &mut |node| {
            self.spend(1);
            found |= node.hides_jump || matches!(node.kind, Kind::Break | Kind::Continue | Kind::Goto);
            !found
        });
        found
    }

    /// The kind of the last statement, looking into blocks.
    fn last(&self, mut id: u32) -> Kind {
        while self.outline.node(id).kind == Kind::Block {
            match self.outline.node(id).children.last() {
                Some(&last) => id = last,
                None => break,
            }
        }
        self.outline.node(id).kind
    }

    /// The statement jumps out of the switch, or may do so through a macro.
    fn jumps(&self, id: u32) -> bool {
        matches!(self.last(id), Kind::Break | Kind::Continue | Kind::Goto) || self.outline.node(id).hides_jump
    }

    /// Some `if` of the list contains an early exit, work follows, and something seems to depend on that work.
    fn exits_early(&self, list: &[u32], behind: &FxHashSet<&str>) -> bool {
        let mut todo: Vec<(Vec<u32>, Vec<u32>, usize)> = vec![(list.to_vec(), Vec::new(), 0)];
        while let Some((list, outer, depth)) = todo.pop() {
            for (i, &id) in list.iter().enumerate() {
                if self.is_tired() {
                    return true;
                }
                let node = self.outline.node(id);
                if node.hides_jump && node.kind == Kind::Plain && (i + 1 < list.len() || !outer.is_empty()) {
                    return true;
                }
                if !matches!(node.kind, Kind::Block | Kind::If) || !self.may_jump(id) {
                    continue;
                }
                self.spend(list.len() - i + outer.len());
                let rest: Vec<u32> = list[i + 1..].iter().chain(&outer).copied().collect();
                match node.kind {
                    Kind::Block => todo.push((node.children.clone(), rest, depth)),
                    Kind::If => {
                        for &branch in &node.children {
                            if self.jumps(branch) && self.suffers(id, branch, &rest, depth, behind) {
                                return true;
                            }
                            // `else if` is no deeper than its `if`.
                            let deeper = usize::from(self.outline.node(branch).kind != Kind::If);
                            let inner = vec![branch];
                            todo.push((inner, rest.clone(), depth + deeper));
                        }
                    }
                    _ => {}
                }
            }
        }
        false
    }

    fn suffers(&self, decision: u32, branch: u32, rest: &[u32], depth: usize, behind: &FxHashSet<&str>) -> bool {
        let works = |&id: &u32| !self.outline.node(id).kind.is_jump();
        if !rest.iter().any(works) {
            return false;
        }
        let node = self.outline.node(branch);
        let bare = node.children.len() <= 1;
        if depth > 0 {
            return true;
        }
        let skipped = || rest.iter().flat_map(|&id| self.outline.text(self.outline.node(id)));
        let tests_null = || {
            let decision = self.outline.node(decision);
            let head = decision.tokens.start as usize..node.tokens.start as usize;
            let null = |t: &Token| matches!(&*t.text, "!" | "NULL" | "nullptr" | "0");
            decision.children.first() != Some(&branch) || self.outline.tokens[head].iter().any(null)
        };
        let tokens: Vec<Token> = skipped().cloned().collect();
        self.spend(tokens.len());
        let set_behind = written(&tokens).iter().any(|name| behind.contains(name));
        let prepared = || {
            let names: FxHashSet<&str> = tokens.iter().map(|t| &*t.text).collect();
            stored(self.outline.text(node)).iter().any(|name| names.contains(name))
        };
        set_behind || (bare && tests_null()) || (!bare && (prepared() || self.has_twin(decision)))
    }

    /// Another `if` of the function has the same tokens except for the `break`.
    fn has_twin(&self, decision: u32) -> bool {
        let text = |node: &Node| -> Vec<&str> {
            let tokens = self.outline.text(node);
            let breaks = |i: usize| tokens[i].is("break") || (i > 0 && tokens[i - 1].is("break"));
            (0..tokens.len()).filter(|&i| !breaks(i)).map(|i| &*tokens[i].text).collect()
        };
        let own = text(self.outline.node(decision));
        let size = self.outline.node(decision).tokens.len();
        self.spend(self.outline.nodes.len());
        let alike = |node: &&Node| node.kind == Kind::If && node.tokens.len() + 2 == size;
        self.outline.nodes.iter().filter(alike).any(|node| text(node) == own)
    }

    fn leaves_a_variable(&self, behind: &FxHashSet<&str>) -> bool {
        let tokens = |section: &Vec<u32>| -> Vec<Token> {
            section.iter().flat_map(|&id| self.outline.text(self.outline.node(id))).cloned().collect()
        };
        let sections: Vec<Vec<Token>> = self.sections.iter().map(tokens).collect();
        let stores: Vec<FxHashSet<&str>> = sections.iter().map(|s| stored(s)).collect();
        self.spend(sections.iter().map(Vec::len).sum());
        let mut set: FxHashSet<&str> = stores.iter().flatten().copied().collect();
        set.retain(|name| behind.contains(name) && (self.is_tired() || !self.sets_first(name)));
        if set.is_empty() {
            return false;
        }
        let declared = self.declared(&set);
        let has_default = self.outline.body(self.switch).iter().any(|&id| {
            let node = self.outline.node(id);
            node.kind == Kind::Label && self.outline.text(node)[0].is("default")
        });
        let in_loop = self.in_loop();
        declared.iter().any(|(name, declared)| {
            let left = || self.sections.iter().filter(|s| self.is_tired() || self.leaves_before(s, name));
            let leaves = || !has_default || left().next().is_some();
            let odd = || {
                let sets = stores.iter().filter(|s| s.contains(name)).count();
                // Some of these may not actually leave it unset: their calls may not return.
                let forgets = |i: &usize| !stores[*i].contains(name) && self.breaks_at_its_end(&self.sections[*i]);
                sets >= 2 && left().next().is_some() && (0..stores.len()).filter(forgets).count() <= 2
            };
            let nulls = || {
                let null = |t: &Token| matches!(&*t.text, "NULL" | "nullptr" | "0");
                let tokens = &self.outline.tokens;
                self.spend(tokens.len());
                tokens.windows(3).any(|w| w[0].text == *name && w[1].is("=") && (null(&w[2]) || w[2].is("(")))
            };
            self.is_tired()
                || (declared.bare && leaves())
                || (declared.pointer && leaves() && nulls())
                || ((declared.constant || in_loop) && odd())
        })
    }

    /// Control may leave the section for the code after the switch before the name is certainly stored into.
    fn leaves_before(&self, section: &[u32], name: &str) -> bool {
        let mut todo: Vec<u32> = section.iter().rev().copied().collect();
        while let Some(id) = todo.pop() {
            let node = self.outline.node(id);
            self.spend(1 + if node.kind == Kind::Plain { node.tokens.len() } else { 0 });
            match node.kind {
                Kind::Block => todo.extend(node.children.iter().rev()),
                Kind::Plain if !node.hides_jump && stored(self.outline.text(node)).contains(name) => return false,
                Kind::Return => return false,
                _ if self.may_jump(id) => return true,
                _ => {}
            }
        }
        true
    }

    fn breaks_at_its_end(&self, section: &[u32]) -> bool {
        section.last().is_some_and(|&id| self.last(id) == Kind::Break)
    }

    /// The code after the switch sets the name before it uses it, on every path.
    fn sets_first(&self, name: &str) -> bool {
        let end = self.outline.node(self.switch).tokens.end as usize;
        let mut depth = 0usize;
        for (i, token) in self.outline.tokens[end..].iter().enumerate() {
            self.spend(1);
            match &*token.text {
                "{" => depth += 1,
                // The end of the block that contains the switch: a loop may repeat it.
                "}" if depth == 0 => return false,
                "}" => depth -= 1,
                text if text == name => {
                    let starts = i == 0 || matches!(&*self.outline.tokens[end + i - 1].text, ";" | "}");
                    let mut rest = self.outline.tokens[end + i + 1..].iter();
                    let sets = rest.next().is_some_and(|t| t.is("="));
                    let reads = rest.take_while(|t| !t.is(";")).any(|t| t.text == name);
                    return depth == 0 && starts && sets && !reads;
                }
                _ => {}
            }
        }
        false
    }

    /// How the local names among `wanted` are declared.
    fn declared<'w>(&self, wanted: &FxHashSet<&'w str>) -> Vec<(&'w str, Declared)> {
        let head = self.outline.node(self.switch).tokens.start;
        let mut all: Vec<(&'w str, Declared)> = Vec::new();
        self.spend(self.outline.nodes.len());
        for node in self.outline.nodes.iter().filter(|n| n.kind == Kind::Plain && n.tokens.start < head) {
            let tokens = self.outline.text(node);
            let declares = tokens.len() > 2
                && tokens[0].is_ident()
                && (tokens[1].is_ident() || tokens[1].is("*"))
                && !tokens[0].is("static");
            if !declares {
                continue;
            }
            for (i, token) in tokens.iter().enumerate().skip(1) {
                let Some(&name) = wanted.get(&*token.text) else { continue };
                let next = |at: usize| tokens.get(i + at);
                let declared = Declared {
                    bare: next(1).is_none_or(|t| t.is(";") || t.is(",")),
                    pointer: tokens[i - 1].is("*"),
                    constant: next(1).is_some_and(|t| t.is("="))
                        && next(2).is_some_and(|t| t.kind == TokenKind::Number),
                };
                all.push((name, declared));
            }
        }
        all
    }

    /// A section destroys something that `later` names, and breaks.
    fn destroys(&self, later: &FxHashSet<&str>) -> bool {
        self.sections.iter().any(|section| {
            let mut found = false;
            for &id in section {
                self.outline.walk(id, &mut |node| {
                    let dead = |(name, arg): (&Token, Option<&Token>)| {
                        is_destroying_name(&name.text) && arg.is_some_and(|arg| later.contains(&*arg.text))
                    };
                    found |= node.kind == Kind::Plain && calls(self.outline.text(node)).any(dead);
                    !found && node.kind != Kind::Plain
                });
            }
            found && section.iter().any(|&id| self.holds(id, Kind::Break))
        })
    }

    /// A section ends with `if (…) break;`, perhaps followed by a `break`.
    fn ends_in_idle_break(&self) -> bool {
        self.sections.iter().any(|section| {
            let mut list = section.clone();
            while let [only] = list[..]
                && self.outline.node(only).kind == Kind::Block
            {
                list = self.outline.node(only).children.clone();
            }
            let last = list.iter().rev().map(|&id| self.outline.node(id)).find(|n| n.kind != Kind::Break);
            last.is_some_and(|n| n.kind == Kind::If && n.children.iter().any(|&b| self.last(b) == Kind::Break))
        })
    }
}

/// Names that tokens store into as a whole: `x = …`, not `p->x = …`.
fn stored<'t>(tokens: &'t [Token]) -> FxHashSet<&'t str> {
    let whole = |i: usize| i == 0 || !matches!(&*tokens[i - 1].text, "." | "->");
    let stores = |i: &usize| tokens[*i].is_ident() && tokens.get(i + 1).is_some_and(|t| t.is("=")) && whole(*i);
    (0..tokens.len()).filter(stores).map(|i| &*tokens[i].text).collect()
}

/// Names that tokens may change: stored into, also through a member or element, or passed to a call.
fn written<'t>(tokens: &'t [Token]) -> FxHashSet<&'t str> {
    let mut all = FxHashSet::default();
    let mut last_name: Option<&'t str> = None;
    let mut brackets = 0usize;
    for token in tokens {
        match &*token.text {
            "[" => brackets += 1,
            "]" => brackets = brackets.saturating_sub(1),
            _ if brackets > 0 => {}
            "=" => all.extend(last_name),
            // A call may write to any of its arguments.
            "," | ")" => all.extend(last_name.take()),
            _ if token.is_ident() => last_name = Some(&token.text),
            _ => {}
        }
    }
    all
}

/// The name that `x = CONSTANT;` stores into.
fn stores_constant<'t>(tokens: &'t [Token]) -> Option<&'t str> {
    let (name, rest) = match tokens {
        [name, eq, rest @ ..] if name.is_ident() && eq.is("=") => (name, rest),
        _ => return None,
    };
    (rest.len() <= 6).then_some(&*name.text)
}

/// Names called, with the last identifier among their arguments.
fn calls<'t, 'c>(tokens: &'t [Token<'c>]) -> impl Iterator<Item = (&'t Token<'c>, Option<&'t Token<'c>>)> {
    tokens.windows(2).enumerate().filter(|(_, w)| w[0].is_ident() && w[1].is("(")).map(|(i, w)| {
        let args = tokens[i + 2..].iter().take_while(|t| !t.is(")"));
        (&w[0], args.filter(|t| t.is_ident()).last())
    })
}

/// How a name is declared, as far as tokens show.
struct Declared {
    /// Without an initialiser.
    bare: bool,
    pointer: bool,
    /// With a number.
    constant: bool,
}
