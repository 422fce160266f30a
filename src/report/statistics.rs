//! The number of findings per rule.

use std::collections::BTreeMap;

use super::{Confidence, Finding};

/// A row for each rule that found something, the most frequent first.
pub fn table<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for finding in findings {
        let column = match finding.confidence {
            Confidence::High => 0,
            Confidence::Medium => 1,
            Confidence::Low => 2,
        };
        counts.entry(finding.rule).or_default()[column] += 1;
    }
    let mut rows: Vec<(&str, [usize; 3])> = counts.into_iter().collect();
    rows.sort_by_key(|(rule, found)| (std::cmp::Reverse(found.iter().sum::<usize>()), *rule));
    let mut text = format!("\n{:>7} {:>7} {:>7} {:>7}  rule\n", "found", "high", "medium", "low");
    for (rule, found) in rows {
        let [high, medium, low] = found;
        text.push_str(&format!("{:>7} {high:>7} {medium:>7} {low:>7}  {rule}\n", high + medium + low));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::source::Span;

    #[test]
    fn the_most_frequent_rule_comes_first() {
        let found = |rule, confidence| Finding { confidence, ..fixture::finding(rule, Span::new(0, 1)) };
        let findings = [
            found("b", Confidence::High),
            found("c", Confidence::Low),
            found("a", Confidence::Medium),
            found("c", Confidence::High),
        ];
        let expected = "
  found    high  medium     low  rule
      2       1       0       1  c
      1       0       1       0  a
      1       1       0       0  b
";
        assert_eq!(table(findings.iter()), expected);
    }
}
