//! `--timings`: tables of where a run spent its time.

use std::cmp::Reverse;
use std::time::Duration;

use crate::checks::timings::Timings;

/// The phases in wall-clock time, then the total over all threads for each rule, slowest first.
pub fn tables(timings: &Timings, whole: Duration) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let share = |time: Duration| 100.0 * time.as_secs_f64() / whole.as_secs_f64().max(f64::EPSILON);
    let mut text = format!("\n{:>10} {:>6}  phase\n", "ms", "%");
    for (phase, time) in timings.phases.iter().copied().chain([("whole run", whole)]) {
        text.push_str(&format!("{:>10.1} {:>6.1}  {phase}\n", ms(time), share(time)));
    }
    let mut rules: Vec<_> = timings.rules.iter().collect();
    rules.sort_by_key(|rule| (Reverse(rule.asking + rule.checking), rule.rule));
    text.push_str(&format!(
        "\n{:>10} {:>10} {:>10} {:>10}  rule (what rules share is in the phases)\n",
        "ms", "asking", "checking", "functions"
    ));
    for rule in rules {
        text.push_str(&format!(
            "{:>10.1} {:>10.1} {:>10.1} {:>10}  {}\n",
            ms(rule.asking + rule.checking),
            ms(rule.asking),
            ms(rule.checking),
            rule.functions,
            rule.rule
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::timings::RuleTime;

    #[test]
    fn the_slowest_rule_comes_first() {
        let ms = Duration::from_millis;
        let rule = |rule, asking, checking| RuleTime { rule, functions: 3, asking: ms(asking), checking: ms(checking) };
        let phases = vec![("read", ms(5)), ("parse", ms(15))];
        let timings = Timings { phases, rules: vec![rule("a", 1, 1), rule("b", 1, 2)] };
        let expected = "
        ms      %  phase
       5.0   25.0  read
      15.0   75.0  parse
      20.0  100.0  whole run

        ms     asking   checking  functions  rule (what rules share is in the phases)
       3.0        1.0        2.0          3  b
       2.0        1.0        1.0          3  a
";
        assert_eq!(tables(&timings, ms(20)), expected);
    }
}
