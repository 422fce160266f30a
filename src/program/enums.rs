//! The enumerations of the repository, and how much of each a `switch` handles.

mod read;

use rustc_hash::{FxHashMap, FxHashSet};

pub use read::enums_of;

use crate::source::{FileId, Span};

/// An enumeration as written in one file.
#[derive(Debug)]
pub struct Enum {
    pub file: FileId,
    /// `enum` and its tag.
    pub head: Span,
    /// The name for display: `enum state`, or `state_t` from a `typedef`. Empty if it has neither.
    pub name: Box<str>,
    /// In source order.
    pub enumerators: Vec<Enumerator>,
    /// The texts of the expressions that values are relative to; empty for one too long to keep.
    expressions: Vec<Box<str>>,
    /// Macros or an `#include` may add enumerators that are not listed.
    pub open: bool,
    /// Something has this type. An enumeration without tag or declared name is a list of constants.
    typed: bool,
}

#[derive(Debug)]
pub struct Enumerator {
    pub name: Box<str>,
    value: Value,
    /// It is under an `#if` inside the enumeration.
    optional: bool,
}

/// The value of an enumerator: a number, or an offset from an expression that is not evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Value {
    /// The number of the expression in the enumeration; 0 for none.
    base: u32,
    offset: i64,
}

/// All enumerations, indexed by enumerator.
#[derive(Debug, Default)]
pub struct Enums {
    all: Vec<Enum>,
    /// In file order.
    by_enumerator: FxHashMap<Box<str>, Vec<u32>>,
}

/// The value of an enumerator, as written in the enumeration at `at` in `file`.
#[derive(Clone, Copy, Debug)]
pub struct Worth<'e> {
    pub file: FileId,
    pub at: u32,
    /// An expression, empty if it is unknown; `None` for 0.
    pub base: Option<&'e str>,
    /// The offset to add to it.
    pub offset: i64,
}

/// The enumerators that the labels of a `switch` leave out.
#[derive(Debug)]
pub struct Cover<'e> {
    pub of: &'e Enum,
    /// In source order. If the labels fit several enumerations, those missing in all of them.
    pub missing: Vec<&'e Enumerator>,
}

impl Cover<'_> {
    /// Whether every value named by the enumeration has a label.
    pub fn is_exhaustive(&self) -> bool {
        self.missing.is_empty() && !self.of.open
    }
}

/// At most this many enumerations that share a label are compared.
const MAX_CANDIDATES: usize = 64;
/// A longer list is a table that no `switch` handles.
const MAX_ENUMERATORS: usize = 4096;

impl Enums {
    /// Merges those of all files, in file order.
    pub fn new(files: Vec<Vec<Enum>>) -> Enums {
        let mut enums = Enums { all: files.into_iter().flatten().collect(), by_enumerator: FxHashMap::default() };
        for (i, one) in enums.all.iter().enumerate() {
            for enumerator in &one.enumerators {
                match enums.by_enumerator.get_mut(&enumerator.name) {
                    Some(all) => all.push(i as u32),
                    None => {
                        enums.by_enumerator.insert(enumerator.name.clone(), vec![i as u32]);
                    }
                }
            }
        }
        enums
    }

    /// Whether `name` is an enumerator somewhere.
    pub fn is_enumerator(&self, name: &str) -> bool {
        self.by_enumerator.contains_key(name)
    }

    /// The values of the enumerators called `name`, in file order.
    pub fn worth(&self, name: &str) -> impl Iterator<Item = Worth<'_>> {
        let all = self.by_enumerator.get(name).map_or(&[][..], Vec::as_slice);
        all.iter().flat_map(move |&i| {
            let one = &self.all[i as usize];
            let named = one.enumerators.iter().filter(move |e| &*e.name == name);
            named.map(|e| Worth {
                file: one.file,
                at: one.head.start,
                base: e.value.base.checked_sub(1).map(|base| &*one.expressions[base as usize]),
                offset: e.value.offset,
            })
        })
    }

    /// The names of enumerations with a negative value.
    pub fn with_negative(&self) -> impl Iterator<Item = &str> {
        let is_negative = |e: &Enumerator| e.value.base == 0 && e.value.offset < 0;
        let named = self.all.iter().filter(|one| !one.name.is_empty());
        named.filter(move |one| one.enumerators.iter().any(is_negative)).map(|one| &*one.name)
    }

    /// The enumerators missing from `labels`, the names that a `switch` in `file` handles; `None` if no single
    /// enumeration has them all. `included` tests whether `file` includes a file.
    pub fn cover(&self, labels: &[&str], file: FileId, included: &dyn Fn(FileId) -> bool) -> Option<Cover<'_>> {
        let with = |label: &str| self.by_enumerator.get(label).map_or(&[][..], Vec::as_slice);
        let one = |i: u32| &self.all[i as usize];
        let is_type = |&i: &u32| one(i).typed && one(i).enumerators.len() <= MAX_ENUMERATORS;
        let mut fitting: Vec<u32> =
            with(labels.first()?).iter().copied().filter(is_type).take(MAX_CANDIDATES).collect();
        fitting.dedup();
        for label in labels {
            fitting.retain(|i| with(label).binary_search(i).is_ok());
        }
        let fitting: Vec<&Enum> = fitting.into_iter().map(one).collect();
        // The nearest one is reported.
        let of = fitting.iter().copied().min_by_key(|e| (e.file != file, !included(e.file)))?;
        let mut missing = of.missing(labels);
        for other in fitting.iter().filter(|e| !std::ptr::eq(**e, of)) {
            let there: FxHashSet<&str> = other.missing(labels).iter().map(|e| &*e.name).collect();
            missing.retain(|e| there.contains(&*e.name));
        }
        Some(Cover { of, missing })
    }
}

impl Enum {
    fn missing(&self, labels: &[&str]) -> Vec<&Enumerator> {
        let labels: FxHashSet<&str> = labels.iter().copied().collect();
        let is_named = |e: &&Enumerator| labels.contains(&*e.name);
        let mut handled: FxHashSet<Value> = self.enumerators.iter().filter(is_named).map(|e| e.value).collect();
        let last = self.enumerators.len().saturating_sub(1);
        let mut missing = Vec::new();
        for (i, enumerator) in self.enumerators.iter().enumerate() {
            let counts = !enumerator.optional && !is_sentinel(&enumerator.name, i == last);
            // A second name for the same value is not missing as well.
            if counts && handled.insert(enumerator.value) {
                missing.push(enumerator);
            }
        }
        missing
    }
}

/// `STATE_MAX`, `NUM_STATES`, `__STATE_LAST`: counts or bounds the others, and is not a value itself.
fn is_sentinel(name: &str, is_last: bool) -> bool {
    let counts = |part: &str| {
        const WORDS: [&str; 15] = [
            "MAX", "COUNT", "NUM", "LAST", "END", "SIZE", "TOTAL", "MIN", "FIRST", "N", "NB", "NR", "LEN", "SENTINEL",
            "MAXIMUM",
        ];
        WORDS.iter().any(|word| part.eq_ignore_ascii_case(word))
    };
    let mut parts = name.split('_').filter(|part| !part.is_empty());
    match (parts.next(), parts.next_back()) {
        (Some(first), last) => counts(first) || last.is_some_and(counts) || (is_last && parts.any(counts)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;
    use crate::source::SourceFile;

    fn program(files: &[&str]) -> Program {
        let file = |(i, text): (usize, &&str)| SourceFile::new(format!("{i}.c"), text.as_bytes().to_vec());
        let files: Vec<SourceFile> = files.iter().enumerate().map(file).collect();
        Program::new(&files, &|| {})
    }

    /// The enumerators missing from `labels`, as text.
    fn missing(files: &[&str], labels: &str) -> String {
        let program = program(files);
        let labels: Vec<&str> = labels.split_whitespace().collect();
        match program.enums.cover(&labels, FileId(0), &|_| false) {
            None => "none".into(),
            Some(cover) => {
                let names: Vec<&str> = cover.missing.iter().map(|e| &*e.name).collect();
                format!("{}: {}{}", cover.of.name, names.join(" "), if cover.of.open { " …" } else { "" })
            }
        }
    }

    #[test]
    fn what_is_missing() {
        let text = "enum state { IDLE, RINGING = 4, UP };";
        assert_eq!(missing(&[text], "IDLE UP"), "enum state: RINGING");
        assert_eq!(missing(&[text], "UP RINGING IDLE"), "enum state: ");
        assert_eq!(missing(&[text], "UP OTHER"), "none");
        assert_eq!(missing(&[text], ""), "none");
    }

    #[test]
    fn how_enumerations_are_written() {
        for (text, expected) in [
            ("typedef enum { A, B } t;", "t: B"),
            ("typedef enum tag { A, B } t;", "enum tag: B"),
            ("struct s { int a; enum { A, B } kind; };", ": B"),
            ("void f(void) { enum e { A, B }; }", "enum e: B"),
            ("enum e : unsigned char { A, B };", "enum e: B"),
            ("enum __attribute__((packed)) e { A __attribute__((x)), B = 'b', };", "enum e: B"),
            ("typedef enum { A, B } __attribute__((packed)) t;", "t: B"),
            // A list of constants, which is not a type.
            ("enum { A, B };", "none"),
            ("enum e f(enum g x) { return A; }", "none"),
            ("enum e { A, struct", "none"),
            ("enum e { A, int x; enum g { A, B };", "enum g: B"),
            ("int my_enum; enumerate { A, B };", "none"),
        ] {
            assert_eq!(missing(&[text], "A"), expected, "{text}");
        }
    }

    #[test]
    fn one_value_with_two_names() {
        let missing = |values: &str, labels: &str| missing(&[&format!("enum e {{ {values} }};")], labels);
        assert_eq!(missing("A, B, C = B", "A C"), "enum e: ");
        assert_eq!(missing("A = 0x10, B = (1 << 4), C = 020, D = '\\x10', E", "A"), "enum e: D E");
        assert_eq!(missing("A = -1, B, C = 0", "A B"), "enum e: ");
        assert_eq!(missing("A = F(1), B, C = A + 1, D = F(1), E = F(2)", "A B"), "enum e: E");
        assert_eq!(missing("A, B = A, C = Z", "B"), "enum e: C");
    }

    #[test]
    fn sentinels_are_no_values() {
        let text = "enum e { E_MIN, A, NUM_ERRORS_SEEN, B, E_MAX_VALUE };";
        assert_eq!(missing(&[text], "A"), "enum e: B");
        assert_eq!(missing(&["enum e { A, E_NUM_CODE, __E_LAST };"], "A"), "enum e: E_NUM_CODE");
    }

    #[test]
    fn what_an_if_may_leave_out_is_not_missing() {
        let text = "#ifdef X\nenum e {\n A,\n#ifdef Y\n B,\n#elif Z\n C,\n#endif\n D\n};\n#endif";
        assert_eq!(missing(&[text], "A"), "enum e: D");
        assert_eq!(missing(&[text], "A B D"), "enum e: ");
        assert_eq!(missing(&["#if X\nenum e { A, B };\n#else\nenum e { A };\n#endif"], "A"), "enum e: ");
    }

    #[test]
    fn macros_leave_an_enumeration_open() {
        assert_eq!(missing(&["#define L(x) x(A) x(B)\nenum e { L(X) C, D };"], "D"), "enum e:  …");
        assert_eq!(missing(&["#define MORE X, Y,\nenum e { A, MORE B, C };"], "A"), "enum e: C …");
        assert_eq!(missing(&["enum e { A,\n#include \"list.h\"\nB };"], "A"), "enum e: B …");
        let open = program(&["enum e { A,\n#include \"list.h\"\n};"]);
        assert!(!open.enums.cover(&["A"], FileId(0), &|_| false).expect("an enumeration").is_exhaustive());
    }

    #[test]
    fn of_several_enumerations_the_weakest_claim_holds() {
        let files = ["enum a { A, B, C };", "enum b { A, B, D };", "enum c { A };"];
        assert_eq!(missing(&files[..2], "A"), "enum a: B");
        assert_eq!(missing(&files[..2], "B"), "enum a: A");
        assert_eq!(missing(&files, "A"), "enum a: ");
        assert_eq!(missing(&files, "A D"), "enum b: B");
        assert_eq!(missing(&files, "C D"), "none");
    }

    #[test]
    fn hostile_text_ends_in_good_time() {
        let start = std::time::Instant::now();
        assert_eq!(missing(&[&"enum e { A, ".repeat(100_000)], "A"), "none");
        assert_eq!(missing(&[&"enum ".repeat(200_000)], "A"), "none");
        let long = |n: usize| (0..n).map(|i| format!("A{i} = Q{i} + 1,")).collect::<String>();
        assert!(missing(&[&format!("enum e {{ {} }};", long(4_000))], "A1").starts_with("enum e: A0 A2"));
        assert_eq!(missing(&[&format!("enum e {{ {} }};", long(50_000))], "A1"), "none");
        assert!(missing(&[&"enum e { A, B };".repeat(50_000)], "A B").starts_with("enum e: "));
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
