//! Where the time of a run goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Rule;

#[derive(Clone, Debug, Default)]
pub struct Timings {
    /// Wall-clock time, in order.
    pub phases: Vec<(&'static str, Duration)>,
    /// Empty unless requested: see [`Options::timings`](super::Options::timings).
    pub rules: Vec<RuleTime>,
}

/// The time of one rule, summed over all threads.
#[derive(Clone, Debug)]
pub struct RuleTime {
    pub rule: &'static str,
    /// Functions it checked, counted once per reading.
    pub functions: u64,
    /// Time spent deciding which functions it wants to check.
    pub asking: Duration,
    /// Time spent checking them.
    pub checking: Duration,
}

/// The consecutive phases of a run.
pub(super) struct Laps {
    last: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Laps {
    pub fn new() -> Laps {
        Laps { last: Instant::now(), done: Vec::new() }
    }

    /// Ends a phase that began with the previous call.
    pub fn end(&mut self, phase: &'static str) {
        let now = Instant::now();
        self.done.push((phase, now - self.last));
        self.last = now;
    }

    pub fn with(self, clock: &RuleClock) -> Timings {
        Timings { phases: self.done, rules: clock.times() }
    }
}

/// Sums up the time of each rule. If off, it measures nothing.
pub(super) struct RuleClock(Vec<Counter>);

#[derive(Default)]
struct Counter {
    rule: &'static str,
    functions: AtomicU64,
    asking: AtomicU64,
    checking: AtomicU64,
}

impl RuleClock {
    pub fn new(rules: &[&Rule], on: bool) -> RuleClock {
        let counter = |rule: &&Rule| Counter { rule: rule.id, ..Counter::default() };
        RuleClock(if on { rules.iter().map(counter).collect() } else { Vec::new() })
    }

    /// Times the decision whether the rule with this index wants to check a function.
    pub fn asking(&self, rule: usize, work: impl FnOnce() -> bool) -> bool {
        match self.0.get(rule) {
            Some(counter) => timed(&counter.asking, work),
            None => work(),
        }
    }

    /// Times the check of one function.
    pub fn checking(&self, rule: usize, work: impl FnOnce()) {
        match self.0.get(rule) {
            Some(counter) => {
                counter.functions.fetch_add(1, Ordering::Relaxed);
                timed(&counter.checking, work);
            }
            None => work(),
        }
    }

    fn times(&self) -> Vec<RuleTime> {
        let time = |nanoseconds: &AtomicU64| Duration::from_nanos(nanoseconds.load(Ordering::Relaxed));
        let one = |counter: &Counter| RuleTime {
            rule: counter.rule,
            functions: counter.functions.load(Ordering::Relaxed),
            asking: time(&counter.asking),
            checking: time(&counter.checking),
        };
        self.0.iter().map(one).collect()
    }
}

fn timed<T>(sum: &AtomicU64, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    sum.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
    done
}
