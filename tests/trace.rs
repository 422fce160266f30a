//! `crosstalk trace` through the binary.

mod common;

use common::Folder;

/// Line 5 reads the fourth byte of a message.
const READS: &str = "struct msg { unsigned char *data; int len; };\nint take(struct msg *m)\n{\n    NEED(m, 4)\n    \
                     return m->data[3];\n}\n";

#[test]
fn what_is_missing_is_named() {
    let folder = Folder::new(&[("a.c", READS)]);
    let run = folder.run(&["trace", "a.c:5"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("needs `m->len - 4 >= 0`: not proved, and no test speaks of it"), "{}", run.out);
}

#[test]
fn it_knows_what_a_check_knows() {
    let folder = Folder::new(&[("a.c", READS)]);
    folder.write("crosstalk.toml", b"[macros]\n\"NEED(m, n)\" = \"if ((m)->len < (n)) return -1;\"\n");
    let run = folder.run(&["trace", "a.c:5"]);
    assert!(run.out.contains("needs `m->len - 4 >= 0`: proved"), "{}", run.out);
    let run = folder.run(&["trace", "--isolated", "a.c:5"]);
    assert!(run.out.contains("needs `m->len - 4 >= 0`: not proved"), "{}", run.out);
}

#[test]
fn callers_come_from_the_paths() {
    let callee = "int first(unsigned char *data, int len) { return data[0]; }\n";
    let caller = "int first(unsigned char *data, int len);\nint f(unsigned char *data, int len)\n{\n    \
                  return first(data, len);\n}\n";
    let folder = Folder::new(&[("a.c", caller), ("b.c", callee)]);
    let alone = folder.run(&["trace", "a.c:4"]);
    assert!(alone.out.contains("nothing that has to be proved"), "{}", alone.out);
    let both = folder.run(&["trace", "a.c:4", "."]);
    assert!(both.out.contains("needs `len - 1 >= 0`"), "{}", both.out);
}

#[test]
fn a_place_that_is_none_is_refused() {
    let folder = Folder::new(&[("a.c", READS)]);
    for (place, why) in [
        ("a.c", "`a.c` is not PATH:LINE"),
        ("a.c:0", "`0` is not a line"),
        ("a.c:99", "a.c: has no line 99"),
        ("b.c:1", "b.c"),
    ] {
        let run = folder.run(&["trace", place]);
        assert_eq!(run.code, Some(2), "{place}: {}", run.out);
        assert!(run.err.contains(why), "{place}: {}", run.err);
    }
}
