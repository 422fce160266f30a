//! Unified diffs of files whose changes are far apart.

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// How far to search for matching lines after a change.
const REACH: usize = 400;

/// A change: the range of removed lines in `old` and of added lines in `new`.
struct Change {
    old: (usize, usize),
    new: (usize, usize),
}

/// A diff that `git apply` accepts; empty if nothing differs.
pub fn unified(path: &str, old: &[u8], new: &[u8]) -> Vec<u8> {
    let (old, new): (Vec<&[u8]>, Vec<&[u8]>) = (lines(old), lines(new));
    let changes = changes(&old, &new);
    let mut out = Vec::new();
    if changes.is_empty() {
        return out;
    }
    out.extend(format!("--- a/{path}\n+++ b/{path}\n").bytes());
    let near = |a: &Change, b: &Change| b.old.0 - a.old.1 <= 2 * CONTEXT;
    for hunk in changes.chunk_by(near) {
        let (first, last) = (&hunk[0], &hunk[hunk.len() - 1]);
        let before = first.old.0.min(CONTEXT);
        let behind = (old.len() - last.old.1).min(CONTEXT);
        let (old_start, old_end) = (first.old.0 - before, last.old.1 + behind);
        let (new_start, new_end) = (first.new.0 - before, last.new.1 + behind);
        // For an empty range, give the line before it.
        let range = |start: usize, end: usize| format!("{},{}", start + usize::from(end > start), end - start);
        out.extend(format!("@@ -{} +{} @@\n", range(old_start, old_end), range(new_start, new_end)).bytes());
        let mut at = old_start;
        for change in hunk {
            put(&mut out, b' ', &old[at..change.old.0]);
            put(&mut out, b'-', &old[change.old.0..change.old.1]);
            put(&mut out, b'+', &new[change.new.0..change.new.1]);
            at = change.old.1;
        }
        put(&mut out, b' ', &old[at..old_end]);
    }
    out
}

fn put(out: &mut Vec<u8>, mark: u8, lines: &[&[u8]]) {
    for line in lines {
        out.push(mark);
        out.extend(*line);
        if !line.ends_with(b"\n") {
            out.extend(b"\n\\ No newline at end of file\n");
        }
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Walks both files and, where they diverge, finds the nearest lines at which they match again.
fn changes(old: &[&[u8]], new: &[&[u8]]) -> Vec<Change> {
    let mut all = Vec::new();
    let (mut a, mut b) = (0, 0);
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            (a, b) = (a + 1, b + 1);
            continue;
        }
        let meets = |i: usize, j: usize| match (old.get(a + i), new.get(b + j)) {
            (Some(x), Some(y)) => x == y,
            (None, None) => a + i == old.len() && b + j == new.len(),
            _ => false,
        };
        let steps = (1..=REACH).flat_map(|sum| (0..=sum).map(move |i| (i, sum - i)));
        let (i, j) = steps.into_iter().find(|&(i, j)| meets(i, j)).unwrap_or((old.len() - a, new.len() - b));
        all.push(Change { old: (a, a + i), new: (b, b + j) });
        (a, b) = (a + i, b + j);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(old: &str, new: &str) -> String {
        String::from_utf8(unified("a.c", old.as_bytes(), new.as_bytes())).expect("UTF-8")
    }

    #[test]
    fn hunks_with_context() {
        let old: String = (1..30).map(|n| format!("{n}\n")).collect();
        let new = old.replace("\n5\n", "\n5\nfive\n").replace("\n20\n21\n", "\n");
        let expected = "--- a/a.c\n+++ b/a.c\n@@ -3,6 +3,7 @@\n 3\n 4\n 5\n+five\n 6\n 7\n 8\n\
                        @@ -17,8 +18,6 @@\n 17\n 18\n 19\n-20\n-21\n 22\n 23\n 24\n";
        assert_eq!(diff(&old, &new), expected);
    }

    #[test]
    fn ends_without_a_line_end_and_empty_sides() {
        assert_eq!(
            diff("a", "b"),
            "--- a/a.c\n+++ b/a.c\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
        );
        assert_eq!(diff("a\n", ""), "--- a/a.c\n+++ b/a.c\n@@ -1,1 +0,0 @@\n-a\n");
        assert_eq!(diff("a\n", "a\n"), "");
    }
}
