//! Identities of findings that survive edits elsewhere in the file.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::Finding;
use crate::source::{FileId, SourceFile};

/// Number of bytes of a finding's text that are hashed. Longer ones are generated, and hashing megabytes for each
/// finding in them would distinguish no more than the ordinals do.
const LIMIT: usize = 4096;

/// One fingerprint per finding, in order: a digest of rule, path, function and the finding's own text, then the ordinal
/// among equal digests. Neither line numbers nor layout are included.
pub fn fingerprints(files: &[SourceFile], findings: &[Finding]) -> Vec<String> {
    numbered(files, findings, true)
}

/// The same without the path: what a finding keeps when its file is renamed or moved. Ordinals count within a file.
pub fn fingerprints_without_path(files: &[SourceFile], findings: &[Finding]) -> Vec<String> {
    numbered(files, findings, false)
}

fn numbered(files: &[SourceFile], findings: &[Finding], with_path: bool) -> Vec<String> {
    let mut seen = FxHashMap::<(FileId, String), u32>::default();
    findings
        .iter()
        .map(|finding| {
            let key = key(&files[finding.file.0 as usize], finding, with_path);
            let ordinal = seen.entry((finding.file, key.clone())).or_default();
            *ordinal += 1;
            format!("{key}:{ordinal}")
        })
        .collect()
}

fn key(file: &SourceFile, finding: &Finding, with_path: bool) -> String {
    let mut hash = Sha256::new();
    let path = if with_path { &*file.path } else { "" };
    for part in [finding.rule, path, finding.function.as_deref().unwrap_or_default()] {
        hash.update(part);
        hash.update([0]);
    }
    let text = file.slice(finding.span);
    let start = text.as_ptr() as usize - file.text.as_ptr() as usize;
    hash.update(own_text(&file.text[start..], text.len()));
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The first `length` bytes without what a formatter changes: whitespace, comments, and the splitting of strings. If a
/// parenthesis opens right after them, its contents are included: `switch` alone says little.
fn own_text(source: &str, length: usize) -> Vec<u8> {
    let bytes = &source.as_bytes()[..source.len().min(LIMIT)];
    let mut text: Vec<u8> = Vec::new();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let (mut at, mut apart, mut depth) = (0, false, 0usize);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let skipped = match byte {
            b'/' if rest.starts_with(b"/*") => 4 + find(&rest[2..], b"*/"),
            b'/' if rest.starts_with(b"//") => find(rest, b"\n"),
            b'\\' if rest.starts_with(b"\\\n") || rest.starts_with(b"\\\r\n") => 2,
            _ if byte.is_ascii_whitespace() => 1,
            _ => 0,
        };
        if skipped > 0 {
            apart = true;
            at += skipped;
            continue;
        }
        // After the span, only a parenthesis right after a word continues the text.
        if at >= length && depth == 0 && !(byte == b'(' && text.last().is_some_and(is_word)) {
            break;
        }
        let quoted = if matches!(byte, b'"' | b'\'') { quoted(rest) } else { 1 };
        let token = &rest[..quoted];
        if at >= length {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
        }
        match text.last() {
            Some(b'"') if byte == b'"' && apart => {
                text.pop();
                text.extend(&token[1..]);
            }
            last => {
                if apart && last.is_some_and(is_word) && is_word(&byte) {
                    text.push(b' ');
                }
                text.extend(token);
            }
        }
        apart = false;
        at += quoted;
        if at > length && depth == 0 {
            break;
        }
    }
    text
}

/// The offset of `what`, or the end.
fn find(bytes: &[u8], what: &[u8]) -> usize {
    memchr::memmem::find(bytes, what).unwrap_or(bytes.len())
}

/// The length of the string or character literal at the start of the text.
fn quoted(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'\n' => break,
            _ if byte == bytes[0] => break,
            _ => {}
        }
    }
    at.min(bytes.len())
}

/// GitHub's `primaryLocationLineHash` of every line: a rolling hash over 100 UTF-16 units, starting with the line's
/// first one that is neither space nor tab, then the ordinal among equal hashes. If a file contains lone CRs, GitHub
/// counts more lines than we do; the indices are GitHub's.
pub fn primary_location_line_hash(file: &SourceFile) -> Vec<String> {
    const BLOCK: usize = 100;
    const BASE: u64 = 37;
    const END_OF_FILE: u64 = 65535;
    let oldest_factor = (0..BLOCK).fold(1u64, |power, _| power.wrapping_mul(BASE));

    // GitHub treats the byte order mark as a character.
    let mark = (file.bom > 0).then_some(0xfeff);
    let mut units: Vec<u64> = Vec::with_capacity(file.text.len() + 1 + BLOCK);
    let mut starts = Vec::new();
    let mut at_line_start = true;
    let mut after_cr = false;
    for unit in mark.into_iter().chain(file.text.encode_utf16()) {
        let follows_cr = std::mem::take(&mut after_cr);
        let unit = match unit {
            0x20 | 0x09 => continue,
            0x0a if follows_cr => continue,
            0x0d => {
                after_cr = true;
                0x0a
            }
            other => u64::from(other),
        };
        if at_line_start {
            starts.push(units.len());
        }
        at_line_start = unit == 0x0a;
        units.push(unit);
    }
    if at_line_start {
        starts.push(units.len());
    }
    units.push(END_OF_FILE);
    units.resize(units.len() + BLOCK, 0);

    let mut seen = FxHashMap::<u64, u32>::default();
    let (mut hash, mut end) = (0u64, 0);
    starts
        .into_iter()
        .map(|start| {
            while end < start + BLOCK {
                let oldest = if end < BLOCK { 0 } else { units[end - BLOCK] };
                hash =
                    hash.wrapping_mul(BASE).wrapping_add(units[end]).wrapping_sub(oldest_factor.wrapping_mul(oldest));
                end += 1;
            }
            let ordinal = seen.entry(hash).or_default();
            *ordinal += 1;
            format!("{hash:x}:{ordinal}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn lines(text: &str) -> Vec<String> {
        primary_location_line_hash(&SourceFile::new("a.c", text.into()))
    }

    fn one(path: &str, text: &str, function: Option<&str>, token: &str) -> String {
        let files = [SourceFile::new(path, text.into())];
        let mut finding = fixture::finding("implicit-fallthrough", fixture::span(&files[0], token));
        finding.function = function.map(str::to_owned);
        fingerprints(&files, &[finding]).remove(0)
    }

    #[test]
    fn line_hash_agrees_with_github() {
        assert_eq!(lines(""), ["c129715d7a2bc9a3:1"]);
        let short = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(lines(" a\nb\n  \t\tc\n d"), short);
        let lorem = lines(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(lorem.len(), 11);
        let tail = [
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ];
        assert_eq!(lorem[6..], tail);
        let block = lorem[0].trim_end_matches('1');
        assert!((0..6).all(|i| lorem[i] == format!("{block}{}", i + 1)), "{lorem:?}");
    }

    #[test]
    fn line_hash_treats_line_ends_alike() {
        let plain = lines("a = 1;\n\nb\n");
        assert_eq!(lines("a = 1;\r\n\r\nb\r\n"), plain);
        assert_eq!(lines("a = 1;\r\rb\r"), plain);
        assert_eq!(lines("a\r \nb").len(), 3, "a blank between CR and LF makes two line ends, as at GitHub");
    }

    #[test]
    fn line_hash_counts_utf16_units_and_the_byte_order_mark() {
        let hash = |units: &[u64]| {
            let rest = 100 - units.len() - 1;
            let units = units.iter().copied().chain([65535]).chain(std::iter::repeat_n(0, rest));
            format!("{:x}:1", units.fold(0u64, |hash, unit| hash.wrapping_mul(37).wrapping_add(unit)))
        };
        assert_eq!(lines("é😀"), [hash(&[0xe9, 0xd83d, 0xde00])]);
        assert_eq!(lines("\u{feff}a"), [hash(&[0xfeff, 0x61])]);
    }

    #[test]
    fn fingerprint_is_the_documented_digest() {
        let fingerprint = one("src/a.c", "\tfoo  (x, b);\r\n", Some("f"), "foo  (x, b)");
        let digest = Sha256::digest(b"implicit-fallthrough\0src/a.c\0f\0foo(x,b)");
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(fingerprint, format!("{}:1", &hex[..16]));
    }

    /// What is hashed of `text`, whose first `length` bytes are the finding.
    fn own(text: &str, length: usize) -> String {
        String::from_utf8(own_text(text, length)).expect("UTF-8")
    }

    #[test]
    fn layout_is_no_text() {
        let text = "if (a  /* one */\n    ==  b) // two\n\t{ return \\\n x; }";
        assert_eq!(own(text, text.len()), "if(a==b){return x;}");
        assert_eq!(own("log(\"a  b\"\n \"c // d\", 'x');", 24), own("log(\"a  bc // d\", 'x');", 19));
        assert_eq!(own("f(\"/* \\\" */\")", 13), "f(\"/* \\\" */\")");
        assert_eq!(own("a - -b", 6), "a--b");
        assert_eq!(own("unsigned int ä", 15), "unsigned int ä");
    }

    #[test]
    fn a_word_takes_its_parenthesis_with_it() {
        assert_eq!(own("switch (f(x) + \")\") { case 1: }", 6), "switch(f(x)+\")\")");
        assert_eq!(own("switch /* on */ (x) {", 6), "switch(x)");
        assert_eq!(own("break; (x)", 6), "break;");
        assert_eq!(own("case 1: a(x);", 7), "case 1:");
        assert_eq!(own("switch (x", 6), "switch(x");
        assert_eq!(
            (own("", 0), own("\"", 1), own("/*", 2), own("'\\", 2)),
            ("".into(), "\"".into(), "".into(), "'\\".into())
        );
    }

    #[test]
    fn only_the_findings_own_text_counts() {
        let base = one("a.c", "foo(x);\n", None, "foo(x)");
        assert_eq!(one("a.c", "int y;\n\n  foo(x); bar();\n", None, "foo(x)"), base);
        assert_eq!(one("a.c", "if (z) { foo( x ); }\n", None, "foo( x )"), base);
        assert_ne!(one("b.c", "foo(x);\n", None, "foo(x)"), base);
        assert_ne!(one("a.c", "foo(y);\n", None, "foo(y)"), base);
        assert_ne!(one("a.c", "foo(x);\n", Some("f"), "foo(x)"), base);
    }

    #[test]
    fn a_renamed_file_keeps_the_key_without_path() {
        let print = |path: &str| {
            let files = [SourceFile::new(path, b"f(x);\nf(x);\n".to_vec())];
            let at = |start| fixture::finding("r", crate::source::Span::new(start, start + 4));
            let findings = [at(0), at(6)];
            (fingerprints(&files, &findings), fingerprints_without_path(&files, &findings))
        };
        let (old, new) = (print("old/a.c"), print("new/b.c"));
        assert_ne!(old.0, new.0);
        assert_eq!(old.1, new.1);
        assert!(old.1[0].ends_with(":1") && old.1[1].ends_with(":2"));
    }

    #[test]
    fn equal_findings_are_told_apart_by_order() {
        let files = [SourceFile::new("a.c", b"f(x);\nf(x);\ng(x);\n".to_vec())];
        let at = |start| fixture::finding("r", crate::source::Span::new(start, start + 4));
        let found = fingerprints(&files, &[at(0), at(6), at(12)]);
        assert_eq!(found[0][..16], found[1][..16]);
        assert!(found[0].ends_with(":1") && found[1].ends_with(":2") && found[2].ends_with(":1"));
        assert_ne!(found[0], found[2]);
    }

    #[test]
    fn a_huge_text_is_cut() {
        let text = format!("f({})", "é".repeat(LIMIT));
        assert_eq!(one("a.c", &text, None, &text), one("a.c", &text, None, &text[..LIMIT + 100]));
    }
}
