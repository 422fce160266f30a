//! Finds sections of a `switch` that are copies of each other, from their text alone.
//!
//! Sections are grouped by shape (punctuators, with all names and literals treated alike), which takes one pass over
//! their bytes; only sections of equal shape are compared token by token.

use rustc_hash::FxHashMap;

use crate::preprocess::token::{Token, TokenKind, Tokens, ident_end, is_ident_part, literal_end, occurrences};

/// A section as text.
pub struct Part<'c> {
    /// The value of its only label, if that is a name.
    label: Option<&'c str>,
    /// The text after its labels.
    text: &'c str,
    look: Look,
}

impl<'c> Part<'c> {
    pub fn new(label: Option<&'c str>, text: &'c str) -> Part<'c> {
        let look = Look::new(text);
        Part { label, text: &text[..look.end], look }
    }

    fn tokens(&self) -> Tokens<'c> {
        Tokens::new(self.text, 0..self.text.len())
    }
}

/// A section that contains a word of another section's label where all others of its shape contain a word of their own.
#[derive(Debug, PartialEq, Eq)]
pub struct Pasted {
    pub section: usize,
    /// The section whose word it contains.
    pub from: usize,
    /// The range of the word in the section's text.
    pub token: std::ops::Range<usize>,
}

/// Switches with more sections are treated as tables and not compared pairwise.
const MAX_COMPARED: usize = 512;
/// Longer sections are not compared.
const MAX_TOKENS: usize = 512;

/// The sections in a function's text, a list for each `switch`; an outer switch is split into several lists.
pub fn parts(code: &str) -> Vec<Vec<Part<'_>>> {
    let mut labels: Vec<usize> = ["case", "default"].iter().flat_map(|word| occurrences(code, word)).collect();
    labels.retain(|&at| code[..at].trim_ascii_end().ends_with([';', '{', '}', ':']));
    labels.sort_unstable();
    let mut lists = Vec::new();
    let mut list = Vec::new();
    let mut grouped = false;
    for (i, &at) in labels.iter().enumerate() {
        let end = labels.get(i + 1).map_or(code.len(), |&next| next);
        let Some((label, behind)) = label(&code[at..end]) else { continue };
        let own = &code[at + behind..end];
        let part = Part::new(label.filter(|_| !grouped), own);
        let last = part.look.end < own.len();
        grouped = part.look.tokens == 0;
        if !grouped {
            list.push(part);
        }
        if last {
            lists.push(std::mem::take(&mut list));
        }
    }
    lists.push(list);
    lists
}

/// The value of the label at the start of `text`, if it is a name, and the length of the label.
fn label(text: &str) -> Option<(Option<&str>, usize)> {
    let colon = memchr::memchr(b':', text.as_bytes())?;
    let value = text[..colon].strip_prefix("case").unwrap_or("").trim_ascii();
    let is_name = !value.is_empty() && ident_end(value.as_bytes(), 0) == value.len();
    Some((Some(value).filter(|_| is_name && !value.starts_with(|c: char| c.is_ascii_digit())), colon + 1))
}

/// What a section looks like, computed in one pass.
struct Look {
    /// A hash of the punctuators, with all names, numbers and literals treated alike.
    shape: u64,
    tokens: usize,
    /// The offset of the `}` that closes a block the text does not open, or of the text's end.
    end: usize,
}

/// The class of each byte: blank, part of a word, quote or punctuator.
const CLASSES: [u8; 256] = {
    let mut classes = [PUNCTUATOR; 256];
    let mut byte = 0;
    while byte < 256 {
        if is_ident_part(byte as u8) {
            classes[byte] = WORD;
        } else if (byte as u8).is_ascii_whitespace() {
            classes[byte] = BLANK;
        }
        byte += 1;
    }
    classes[b'"' as usize] = QUOTE;
    classes[b'\'' as usize] = QUOTE;
    classes
};
const BLANK: u8 = 0;
const WORD: u8 = 1;
const QUOTE: u8 = 2;
const PUNCTUATOR: u8 = 3;

impl Look {
    fn new(text: &str) -> Look {
        let bytes = text.as_bytes();
        let mut look = Look { shape: 0xcbf2_9ce4_8422_2325, tokens: 0, end: bytes.len() };
        let mut depth = 0usize;
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            let kind = match CLASSES[byte as usize] {
                BLANK => {
                    at += 1;
                    continue;
                }
                WORD => {
                    while at < bytes.len() && CLASSES[bytes[at] as usize] == WORD {
                        at += 1;
                    }
                    b'a'
                }
                QUOTE => {
                    at = literal_end(bytes, at).max(at + 1);
                    b'a'
                }
                _ => {
                    match byte {
                        b'{' => depth += 1,
                        b'}' if depth == 0 => {
                            look.end = at;
                            break;
                        }
                        b'}' => depth -= 1,
                        _ => {}
                    }
                    at += 1;
                    byte
                }
            };
            // FNV-1a.
            look.shape = (look.shape ^ u64::from(kind)).wrapping_mul(0x0100_0000_01b3);
            look.tokens += 1;
        }
        look
    }
}

/// Groups of at least `least` sections that share a shape.
fn by_shape(parts: &[Part], least: usize, wanted: impl Fn(&Part) -> bool) -> Vec<Vec<usize>> {
    let mut alike: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for (i, part) in parts.iter().enumerate().filter(|(_, part)| wanted(part)) {
        alike.entry(part.look.shape).or_default().push(i);
    }
    let mut groups: Vec<Vec<usize>> = alike.into_values().filter(|group| group.len() >= least).collect();
    groups.sort_unstable();
    groups.iter_mut().for_each(|group| group.truncate(MAX_COMPARED));
    groups
}

/// Groups of two or more identical sections that are long enough, have at least two statements and a jump, and are not
/// all adjacent.
pub fn copies(parts: &[Part]) -> Vec<Vec<usize>> {
    const LEAST: usize = 25;
    const STATEMENTS: usize = 3;
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for mut group in by_shape(parts, 2, |part| (LEAST..=MAX_TOKENS).contains(&part.look.tokens)) {
        while let Some(&first) = group.first() {
            let same = |&i: &usize| parts[first].tokens().map(|t| t.text).eq(parts[i].tokens().map(|t| t.text));
            let (set, rest): (Vec<usize>, Vec<usize>) = group.into_iter().partition(same);
            let statements = parts[first].tokens().filter(|t| t.is(";")).count();
            if statements >= STATEMENTS && set.windows(2).any(|pair| pair[1] > pair[0] + 1) {
                sets.push(set);
            }
            group = rest;
        }
    }
    sets
}

/// The sections that were pasted with a name left unchanged.
pub fn pasted(parts: &[Part]) -> Vec<Pasted> {
    // Fewer sections do not establish a pattern.
    const LEAST: usize = 4;
    let groups = by_shape(parts, LEAST, |part| part.label.is_some() && part.look.tokens <= MAX_TOKENS);
    let mut found: Vec<Pasted> = groups.into_iter().flat_map(|group| Group::new(parts, group).odd()).collect();
    found.sort_unstable_by_key(|p| p.section);
    found
}

/// Sections that share a shape.
struct Group<'c> {
    members: Vec<Member<'c>>,
}

struct Member<'c> {
    section: usize,
    label: &'c str,
    /// The words of its label that few others have.
    own: Vec<&'c str>,
    tokens: Vec<Token<'c>>,
}

impl<'c> Group<'c> {
    fn new(parts: &[Part<'c>], sections: Vec<usize>) -> Group<'c> {
        let labelled: Vec<(usize, &str)> = sections.iter().filter_map(|&i| Some((i, parts[i].label?))).collect();
        let mut count: FxHashMap<String, usize> = FxHashMap::default();
        for (_, label) in &labelled {
            let mut own: Vec<String> = words(label).map(str::to_ascii_lowercase).collect();
            own.sort_unstable();
            own.dedup();
            own.into_iter().for_each(|word| *count.entry(word).or_default() += 1);
        }
        let few = (labelled.len() / 3).max(1);
        let is_own = |word: &&str| count.get(&word.to_ascii_lowercase()).is_some_and(|&n| n <= few);
        let members = labelled.into_iter().map(|(section, label)| {
            let tokens = parts[section].tokens().collect();
            Member { section, label, own: words(label).filter(is_own).collect(), tokens }
        });
        Group { members: members.collect() }
    }

    /// The members that differ from most others only by containing another member's word where those contain their own.
    fn odd(&self) -> Vec<Pasted> {
        const HABIT: usize = 3;
        let skeletons: Vec<Vec<Option<&str>>> = self.members.iter().map(Member::skeleton).collect();
        let mut by_skeleton: FxHashMap<&[Option<&str>], Vec<usize>> = FxHashMap::default();
        for (i, skeleton) in skeletons.iter().enumerate().filter(|(_, s)| s.contains(&None)) {
            by_skeleton.entry(skeleton).or_default().push(i);
        }
        let most = by_skeleton.values().max_by_key(|all| (all.len(), std::cmp::Reverse(all[0])));
        let Some(regular) = most.filter(|all| all.len() >= HABIT) else { return Vec::new() };
        let habit = &skeletons[regular[0]];
        let mut found = Vec::new();
        for (i, member) in self.members.iter().enumerate().filter(|(_, m)| !m.own.is_empty()) {
            let odd: Vec<usize> = (0..habit.len()).filter(|&k| skeletons[i].get(k) != habit.get(k)).collect();
            if odd.is_empty() || skeletons[i].len() != habit.len() || odd.iter().any(|&k| habit[k].is_some()) {
                continue;
            }
            let same = |&&j: &&usize| odd.iter().all(|&k| self.members[j].tokens[k].text == member.tokens[k].text);
            let from = regular.iter().filter(same).min_by_key(|&&j| j.abs_diff(i)).map(|&j| &self.members[j]);
            found.extend(from.and_then(|from| member.pasted_from(from, &skeletons[i], &odd)));
        }
        found
    }
}

impl<'c> Member<'c> {
    /// The tokens, with those that contain its own words blanked.
    fn skeleton(&self) -> Vec<Option<&str>> {
        let is_own =
            |t: &Token| matches!(t.kind, TokenKind::Ident | TokenKind::Literal) && has_words(&t.text, &self.own);
        self.tokens.iter().map(|t| (!is_own(t)).then_some(&*t.text)).collect()
    }

    /// Whether the words at `odd`, which belong to `from`, are a slip. They are if the same name was changed elsewhere
    /// in the section, or if a string spells out the other label. Otherwise the two labels may share the name on
    /// purpose.
    fn pasted_from(&self, from: &Member, skeleton: &[Option<&str>], odd: &[usize]) -> Option<Pasted> {
        if has_words(self.label, &from.own) {
            return None;
        }
        let changed = |k: usize| {
            let name = &from.tokens[k].text;
            (0..skeleton.len()).any(|p| skeleton[p].is_none() && from.tokens[p].text == *name)
        };
        let spelled = |k: usize| {
            let token = &self.tokens[k];
            token.kind == TokenKind::Literal && spells(&token.text, from.label, self.label)
        };
        let slip = odd.iter().copied().find(|&k| changed(k) || spelled(k))?;
        Some(Pasted { section: self.section, from: from.section, token: self.tokens[slip].span.range() })
    }
}

/// The string contains verbatim the part of `label` after its common prefix with `other`.
fn spells(string: &str, label: &str, other: &str) -> bool {
    const LEAST: usize = 4;
    let common = label.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let part = &label[label[..common].rfind('_').map_or(0, |i| i + 1)..];
    let whole = |at: usize| {
        let bytes = string.as_bytes();
        let beside = [at.checked_sub(1).map(|i| bytes[i]), bytes.get(at + part.len()).copied()];
        !beside.iter().flatten().any(u8::is_ascii_alphanumeric)
    };
    part.len() >= LEAST && string.match_indices(part).any(|(at, _)| whole(at)) && !other.contains(part)
}

/// Every word of `wanted` occurs in `name`, ignoring case; false if `wanted` is empty.
fn has_words(name: &str, wanted: &[&str]) -> bool {
    let has = |word: &&str| words(name).any(|own| own.eq_ignore_ascii_case(word));
    !wanted.is_empty() && wanted.iter().map(|w| w.len()).sum::<usize>() <= name.len() && wanted.iter().all(has)
}

/// `HTTPServer_v2` has the words `HTTP`, `Server`, `v` and `2`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let bytes = name.as_bytes();
    let run = |from: usize, is: fn(&u8) -> bool| bytes[from..].iter().take_while(|b| is(b)).count();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += run(at, |b| !b.is_ascii_alphanumeric());
        let start = at;
        let upper = run(at, u8::is_ascii_uppercase);
        let lower = run(at + upper, u8::is_ascii_lowercase);
        at += match (upper, lower) {
            (0, 0) => run(at, u8::is_ascii_digit),
            (0 | 1, _) | (_, 0) => upper + lower,
            // The last capital belongs to the next word.
            _ => upper - 1,
        };
        (at > start).then(|| &name[start..at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slips(code: &str) -> Vec<(usize, usize, String)> {
        let code = format!("void f(int x) {{ switch (x) {{ {code} }} }}");
        let lists = parts(&code);
        let found = lists.iter().flat_map(|list| {
            pasted(list).into_iter().map(|p| (p.section, p.from, list[p.section].text[p.token].to_owned()))
        });
        found.collect()
    }

    #[test]
    fn words_of_names() {
        let all = |name| words(name).collect::<Vec<_>>();
        assert_eq!(all("HTTPServer_v2"), ["HTTP", "Server", "v", "2"]);
        assert_eq!(all("OO_G711ULAW64K"), ["OO", "G", "711", "ULAW", "64", "K"]);
        assert_eq!(all("_x"), ["x"]);
        assert_eq!(all(""), [""; 0]);
    }

    #[test]
    fn a_name_that_was_not_changed() {
        let found = slips(
            "case ON_RED: set(red, 1); clear(red); break; case ON_BLUE: set(blue, 1); clear(blue); break; \
             case ON_GREEN: set(green, 1); clear(blue); break; case ON_GREY: set(grey, 1); clear(grey); break;",
        );
        assert_eq!(found, [(2, 1, "blue".to_owned())]);
    }

    #[test]
    fn a_string_that_spells_another_label() {
        let found = slips(
            "case ST_IDLE: return \"ST_IDLE\"; case ST_BUSY: return \"ST_BUSY\"; \
             case ST_DOWN: return \"ST_IDLE\"; case ST_GONE: return \"ST_GONE\";",
        );
        assert_eq!(found, [(2, 0, "\"ST_IDLE\"".to_owned())]);
    }

    #[test]
    fn labels_may_share_what_they_stand_for() {
        assert!(slips("case A_RED: f(red); break; case A_BLUE: f(blue); break; case A_NAVY: f(blue); break; case A_X: f(x); break;").is_empty());
        assert!(slips("case A_RED: f(\"RED\"); break; case A_BLUE: f(\"BLUE\"); break; case A_DARK_BLUE: f(\"BLUE\"); break; case A_XX: f(\"XX\"); break;").is_empty());
    }

    #[test]
    fn copies_apart_from_each_other() {
        let long = "a(b, c, d, e); f(g, h, i, j); k(l, m, n, o); p(q); break;";
        let code =
            format!("void f(int x) {{ switch (x) {{ case 1: {long} case 2: b(); break; case 3: {long} }} y(); }}");
        assert_eq!(copies(&parts(&code)[0]), [[0, 2]]);
        let code = code.replace("case 2: b(); break;", "");
        assert!(copies(&parts(&code)[0]).is_empty());
    }
}
