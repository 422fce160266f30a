//! A progress bar on stderr, for long runs.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that only flashes up is useless.
const DRAW_DELAY: Duration = Duration::from_millis(500);

/// Counts steps on a bar, from any thread. Prints nothing unless stderr is a terminal, and is cleared when dropped.
pub struct Progress(Option<Bar>);

struct Bar {
    bar: ProgressBar,
    start: Instant,
    drawn: AtomicBool,
}

impl Progress {
    /// `what` names the steps, as in `parsing`.
    pub fn new(what: &'static str, steps: u64, quiet: bool) -> Progress {
        if quiet || !std::io::stderr().is_terminal() {
            return Progress(None);
        }
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden()).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:32} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        Progress(Some(Bar { bar, start: Instant::now(), drawn: AtomicBool::new(false) }))
    }

    /// Counts one completed step.
    pub fn inc(&self) {
        let Some(Bar { bar, start, drawn }) = &self.0 else {
            return;
        };
        let due = !drawn.load(Ordering::Relaxed) && start.elapsed() >= DRAW_DELAY;
        if due && !drawn.swap(true, Ordering::Relaxed) {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_many_threads() {
        let bar = ProgressBar::with_draw_target(Some(400), ProgressDrawTarget::hidden());
        let progress = Progress(Some(Bar { bar, start: Instant::now(), drawn: AtomicBool::new(false) }));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| progress.inc()));
            }
        });
        assert_eq!(progress.0.as_ref().map(|bar| bar.bar.position()), Some(400));
    }

    #[test]
    fn a_quiet_run_has_no_bar() {
        let progress = Progress::new("reading", 3, true);
        progress.inc();
        assert!(progress.0.is_none());
    }
}
