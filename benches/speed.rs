//! Compares a whole run with the lower bound for any tool on a parser: parsing each byte once, both as written and with
//! comments, directives and unselected arms blanked.
//!
//! `CROSSTALK_BENCH_DIR=~/src/asterisk cargo bench` measures a real tree; otherwise, generated C. The comparison uses
//! user-mode CPU time where `/proc` provides it, so that other work on the machine does not matter.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crosstalk::checks::engine::run;
use crosstalk::checks::{Options, RULES, Rule};
use crosstalk::program::Program;
use crosstalk::source::{Selection, SourceFile, discover, load, shown};
use crosstalk::syntax::parse::parse;

const REPETITIONS: usize = 3;
const SYNTHETIC_BYTES: usize = 4 << 20;

fn main() {
    // `cargo test --all-targets` runs this, too, but needs no measurement.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let made = tempfile::tempdir().expect("a folder");
    let folder = std::env::var_os("CROSSTALK_BENCH_DIR").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        write_synthetic(made.path());
        made.path().to_path_buf()
    });
    let found = discover(&Selection { paths: vec![folder.clone()], ..Selection::default() });
    let load = |path: &PathBuf| load(path, &shown(path), 32 << 20).ok();
    let mut files: Vec<SourceFile> = found.files.iter().filter_map(load).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let bytes: usize = files.iter().map(|f| f.text.len()).sum();
    println!("{}: {} files, {bytes} bytes", folder.display(), files.len());

    let floor = median(|| files.iter().for_each(|file| drop(parse(&file.text))));
    let program = Program::new(&files, &|| {});
    let blanked = median(|| program.units.iter().for_each(|unit| drop(parse(&unit.base.code))));
    drop(program);
    let all: Vec<&Rule> = RULES.iter().collect();
    let messages: Vec<&Rule> = RULES.iter().filter(|rule| rule.family() == "message").collect();
    let one = whole_run(&files, &all, 1);
    let two = whole_run(&files, &all, 2);
    let only_messages = whole_run(&files, &messages, 1);
    let rate = |time: Time| bytes as f64 / 1e6 / time.wall.as_secs_f64();
    let ratio = |a: Time, b: Time| a.user.as_secs_f64() / b.user.as_secs_f64();
    for (what, time) in [
        ("parse of every byte, 1 thread", floor),
        ("the same, blanked", blanked),
        ("every rule, 1 thread", one),
        ("every rule, 2 threads", two),
        ("message rules, 1 thread", only_messages),
    ] {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!("{what:30} {:8.1} ms  {:8.1} ms user  {:7.1} MB/s", ms(time.wall), ms(time.user), rate(time));
    }
    println!("every rule ÷ parse             {:8.2}", ratio(one, floor));
    println!("every rule ÷ parse, blanked    {:8.2}", ratio(one, blanked));
    println!("message rules ÷ parse          {:8.2}", ratio(only_messages, floor));
    println!("1 thread ÷ 2 threads           {:8.2}", one.wall.as_secs_f64() / two.wall.as_secs_f64());
}

fn whole_run(files: &[SourceFile], rules: &[&Rule], threads: usize) -> Time {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(8 << 20).build().expect("threads");
    let options = Options::default();
    median(|| drop(pool.install(|| run(files, rules, &options, &|| {}))))
}

#[derive(Clone, Copy)]
struct Time {
    wall: Duration,
    user: Duration,
}

fn median(work: impl Fn()) -> Time {
    let mut times: Vec<Time> = (0..REPETITIONS)
        .map(|_| {
            let (start, before) = (Instant::now(), user_time());
            work();
            let wall = start.elapsed();
            let user = before.zip(user_time()).map_or(wall, |(before, after)| after - before);
            Time { wall, user }
        })
        .collect();
    times.sort_by_key(|time| time.user);
    times[REPETITIONS / 2]
}

/// User time of all threads so far: the 14th field of `/proc/self/stat`, in hundredths of a second.
fn user_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    Some(Duration::from_millis(10 * behind_name.split_whitespace().nth(11)?.parse::<u64>().ok()?))
}

/// Functions of the kinds found in a telephony server: one in ten contains a `switch`.
fn write_synthetic(folder: &std::path::Path) {
    let mut text = String::new();
    let (mut written, mut file, mut n) = (0, 0, 0);
    while written < SYNTHETIC_BYTES {
        n += 1;
        let body = if n % 10 == 0 {
            "    switch (m->type) {\n    case 1:\n        answer(m);\n        break;\n    case 2:\n    case 3:\n        \
             ring(m, len);\n        /* fall through */\n    default:\n        drop(m);\n    }\n"
        } else {
            "    if (!m || len < sizeof(*m)) {\n        log_message(LOG_WARNING, \"short message: %d\\n\", len);\n        \
             return -1;\n    }\n    while (len-- > 0 && m->data[len] != ';')\n        m->sum += m->data[len] << 2;\n"
        };
        write!(text, "/* Handles message {n}. */\nstatic int handle_{n}(struct message *m, int len)\n{{\n{body}    return 0;\n}}\n\n")
            .expect("a string");
        if text.len() > 64 << 10 {
            std::fs::write(folder.join(format!("file{file}.c")), &text).expect("a file");
            written += text.len();
            file += 1;
            text.clear();
        }
    }
}
