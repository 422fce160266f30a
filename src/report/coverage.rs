//! What a run read and what it did not, in one line and as JSON.

use serde_json::{Value, json};

use super::{Coverage, Problem};

/// `coverage: 805 files, 12,345 functions (2,345 analysed, 1.2 % only partly understood), 3 files skipped`
pub fn line(coverage: &Coverage) -> String {
    let mut parts = vec![count(coverage.files, "file")];
    if coverage.functions > 0 {
        let mut of_these = Vec::new();
        if coverage.functions_analysed > 0 {
            of_these.push(format!("{} analysed", grouped(coverage.functions_analysed)));
        }
        if coverage.functions_opaque > 0 {
            let share = percent(coverage.functions_opaque, coverage.functions_analysed);
            of_these.push(format!("{share} only partly understood"));
        }
        let functions = count(coverage.functions, "function");
        parts.push(if of_these.is_empty() { functions } else { format!("{functions} ({})", of_these.join(", ")) });
    }
    if coverage.files_skipped > 0 {
        parts.push(format!("{} skipped", count(coverage.files_skipped, "file")));
    }
    if coverage.functions_over_budget > 0 {
        parts.push(format!("{} over budget", grouped(coverage.functions_over_budget)));
    }
    if coverage.files_generated > 0 {
        parts.push(format!("findings in {} left out", count(coverage.files_generated, "generated file")));
    }
    if coverage.arms_unread > 0 {
        parts.push(format!("{} unread", count(coverage.arms_unread, "conditional arm")));
    }
    format!("coverage: {}", parts.join(", "))
}

/// `{"coverage": {every field, "problems": [{"path", "message"}]}}`
pub fn json(coverage: &Coverage, problems: &[Problem]) -> Value {
    let mut fields = json!(coverage);
    fields["problems"] = json!(problems);
    json!({ "coverage": fields })
}

/// `1 file`, `12,345 files`
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Rounded to whole tenths in integers, so that all machines agree.
fn percent(part: usize, whole: usize) -> String {
    match (part * 1000 + whole / 2) / whole.max(1) {
        0 => "under 0.1 %".into(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part() {
        let coverage = Coverage {
            files: 805,
            files_skipped: 3,
            bytes: 1,
            functions: 12_345,
            functions_analysed: 2_345,
            functions_opaque: 28,
            functions_over_budget: 2,
            bytes_masked: 0,
            functions_masked: 0,
            files_generated: 0,
            arms_unread: 1,
        };
        let expected = "coverage: 805 files, 12,345 functions (2,345 analysed, 1.2 % only partly understood), \
                        3 files skipped, 2 over budget, 1 conditional arm unread";
        assert_eq!(line(&coverage), expected);
    }

    #[test]
    fn zero_parts_are_left_out() {
        let mut coverage = Coverage { files: 1, functions: 1, ..Coverage::default() };
        assert_eq!(line(&coverage), "coverage: 1 file, 1 function");
        coverage.functions = 0;
        coverage.arms_unread = 2;
        assert_eq!(line(&coverage), "coverage: 1 file, 2 conditional arms unread");
        assert_eq!(line(&Coverage::default()), "coverage: 0 files");
    }

    #[test]
    fn numbers() {
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(percent(1, 100_000), "under 0.1 %");
        assert_eq!(percent(1, 1), "100.0 %");
        assert_eq!(percent(1, 0), "100.0 %", "no whole is no reason to fail");
    }

    #[test]
    fn json_holds_every_field_and_the_problems() {
        let problems = [Problem { path: "a.c".into(), message: "binary".into() }];
        let value = json(&Coverage { files: 2, bytes: 7, ..Coverage::default() }, &problems);
        let expected = json!({"coverage": {
            "files": 2, "files_skipped": 0, "bytes": 7, "functions": 0, "functions_analysed": 0,
            "functions_opaque": 0, "functions_over_budget": 0, "bytes_masked": 0, "functions_masked": 0, "files_generated": 0, "arms_unread": 0,
            "problems": [{"path": "a.c", "message": "binary"}],
        }});
        assert_eq!(value, expected);
    }
}
