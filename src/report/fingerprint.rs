//! Identities of findings that survive edits elsewhere in the file.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::Finding;
use crate::source::SourceFile;

/// How many bytes of a line count, from its first word on. A longer line is generated text, and hashing megabytes for
/// each finding on it would tell nothing more: the ordinals do.
const LINE_LIMIT: usize = 4096;

/// One fingerprint a finding, in order: a digest of rule, path, function and the primary line's words, then the
/// ordinal among equal digests. Line numbers do not take part.
pub fn fingerprints(files: &[SourceFile], findings: &[Finding]) -> Vec<String> {
    let mut seen = FxHashMap::<String, u32>::default();
    findings
        .iter()
        .map(|finding| {
            let key = key(&files[finding.file.0 as usize], finding);
            let ordinal = seen.entry(key.clone()).or_default();
            *ordinal += 1;
            format!("{key}:{ordinal}")
        })
        .collect()
}

fn key(file: &SourceFile, finding: &Finding) -> String {
    let mut hash = Sha256::new();
    for part in [finding.rule, &file.path, finding.function.as_deref().unwrap_or_default()] {
        hash.update(part);
        hash.update([0]);
    }
    let line = file.text[file.line_range(file.line_index(finding.span.start))].trim_ascii_start().as_bytes();
    let words = line[..line.len().min(LINE_LIMIT)].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            hash.update(b" ");
        }
        hash.update(word);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// GitHub's `primaryLocationLineHash` of every line: a rolling hash over the 100 UTF-16 units from the line's first
/// one that is neither space nor tab, then the ordinal among equal hashes. Where a file mixes lone CRs in, GitHub
/// counts more lines than we do; the indices are GitHub's.
pub fn primary_location_line_hash(file: &SourceFile) -> Vec<String> {
    const BLOCK: usize = 100;
    const BASE: u64 = 37;
    const END_OF_FILE: u64 = 65535;
    let oldest_factor = (0..BLOCK).fold(1u64, |power, _| power.wrapping_mul(BASE));

    // GitHub reads the byte order mark as a character.
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
        let fingerprint = one("src/a.c", "\tfoo  (x);\r\n", Some("f"), "x");
        let digest = Sha256::digest(b"implicit-fallthrough\0src/a.c\0f\0foo (x);");
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(fingerprint, format!("{}:1", &hex[..16]));
    }

    #[test]
    fn fingerprint_ignores_line_numbers_and_white_space_only() {
        let base = one("a.c", "foo(x);\n", None, "x");
        assert_eq!(one("a.c", "int y;\n\n  foo(x); \n", None, "x"), base);
        assert_ne!(one("b.c", "foo(x);\n", None, "x"), base);
        assert_ne!(one("a.c", "fooo(x);\n", None, "x"), base);
        assert_ne!(one("a.c", "foo(x);\n", Some("f"), "x"), base);
    }

    #[test]
    fn equal_findings_are_told_apart_by_order() {
        let files = [SourceFile::new("a.c", b"f(x);\nf(x);\ng(x);\n".to_vec())];
        let at = |start| fixture::finding("r", crate::source::Span::new(start, start + 1));
        let found = fingerprints(&files, &[at(2), at(8), at(14)]);
        assert_eq!(found[0][..16], found[1][..16]);
        assert!(found[0].ends_with(":1") && found[1].ends_with(":2") && found[2].ends_with(":1"));
        assert_ne!(found[0], found[2]);
    }

    #[test]
    fn a_huge_line_is_cut_alike_for_all_its_findings() {
        let text = format!("{} y", "é".repeat(LINE_LIMIT));
        assert_eq!(one("a.c", &text, None, "y"), one("a.c", &format!("{text}z"), None, "y"));
    }
}
