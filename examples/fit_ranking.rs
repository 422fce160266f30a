//! Recomputes `src/checks/switch/weights.rs` from labelled fall-throughs.
//!
//!     cargo run --release --example fit_ranking -- accidents.jsonl intended.jsonl > src/checks/switch/weights.rs
//!
//! Each line is a finding of `crosstalk check --features --format json-lines` with a member `repo` added. Prints the
//! weights on stdout and, on stderr, what cross-validation by repository says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Inverse strength of the L2 penalty, as in liblinear: chosen by the cross-validation below among 0.02 … 0.5.
const C: f64 = 0.1;
const FOLDS: usize = 8;

struct Row {
    repo: String,
    features: BTreeSet<String>,
    accident: bool,
}

fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [accidents, intended] = &paths[..] else {
        eprintln!("usage: fit_ranking ACCIDENTS.jsonl INTENDED.jsonl");
        return ExitCode::from(2);
    };
    let rows = match (read(accidents, true), read(intended, false)) {
        (Ok(a), Ok(b)) => a.into_iter().chain(b).collect::<Vec<Row>>(),
        (Err(e), _) | (_, Err(e)) => {
            eprintln!("fit_ranking: {e}");
            return ExitCode::from(2);
        }
    };
    let names: Vec<String> =
        rows.iter().flat_map(|r| r.features.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let x: Vec<Vec<f64>> = rows
        .iter()
        .map(|r| names.iter().map(|n| f64::from(u8::from(r.features.contains(n)))).chain([1.0]).collect())
        .collect();
    let y: Vec<bool> = rows.iter().map(|r| r.accident).collect();
    report(&rows, &x, &y);
    let w = fit(&x, &y, &(0..y.len()).collect::<Vec<_>>());
    println!("//! What each feature is worth. Written by `examples/fit_ranking.rs`; see CONTRIBUTING.md.\n");
    println!("/// Log-odds of an accident, natural logarithm, added to [`BIAS`].");
    println!("#[rustfmt::skip]\npub const WEIGHTS: &[(&str, f64)] = &[");
    for (name, w) in names.iter().zip(&w) {
        println!("    ({name:?}, {w:.3}),");
    }
    println!("];\n\npub const BIAS: f64 = {:.3};", w[names.len()]);
    ExitCode::SUCCESS
}

fn read(path: &str, accident: bool) -> Result<Vec<Row>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let mut rows = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).map_err(|e| format!("{path}:{}: {e}", i + 1))?;
        let notes = value["notes"].as_array().cloned().unwrap_or_default();
        let features = notes.iter().filter_map(|n| n.as_str()?.strip_prefix("features: ")).next();
        let features = features.ok_or_else(|| format!("{path}:{}: no features; run with --features", i + 1))?;
        rows.push(Row {
            repo: value["repo"].as_str().unwrap_or_default().to_owned(),
            features: features.split(' ').skip(1).map(str::to_owned).collect(),
            accident,
        });
    }
    Ok(rows)
}

/// Cross-validation in which no repository is both learnt from and judged.
fn report(rows: &[Row], x: &[Vec<f64>], y: &[bool]) {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|r| *sizes.entry(&r.repo).or_default() += 1);
    let mut repos: Vec<(&str, usize)> = sizes.into_iter().collect();
    repos.sort_by_key(|&(name, n)| (std::cmp::Reverse(n), name));
    let fold = |repo: &str| repos.iter().position(|(name, _)| *name == repo).unwrap_or(0) % FOLDS;
    let mut p = vec![0.0; y.len()];
    for k in 0..FOLDS {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..y.len()).partition(|&i| fold(&rows[i].repo) == k);
        let w = fit(x, y, &train);
        test.iter().for_each(|&i| p[i] = predict(&w, &x[i]));
    }
    let side = |accident: bool| -> Vec<f64> { (0..y.len()).filter(|&i| y[i] == accident).map(|i| p[i]).collect() };
    let (a, b) = (side(true), side(false));
    let wins: f64 = a
        .iter()
        .map(|x| b.iter().map(|y| if x > y { 1.0 } else { f64::from(u8::from(x == y)) / 2.0 }).sum::<f64>())
        .sum();
    eprintln!("{} accidents, {} intended, {} repositories", a.len(), b.len(), repos.len());
    eprintln!("AUC, {FOLDS} folds by repository: {:.3}", wins / (a.len() * b.len()) as f64);
    for cut in [0.35, 0.40, 0.5, 0.6, 0.7, 0.75, 0.8] {
        let share = |v: &[f64]| 100.0 * v.iter().filter(|&&p| p >= cut).count() as f64 / v.len() as f64;
        eprintln!("probability >= {cut:.2}: {:.1} % of accidents, {:.1} % of intended", share(&a), share(&b));
    }
}

fn predict(w: &[f64], x: &[f64]) -> f64 {
    1.0 / (1.0 + (-w.iter().zip(x).map(|(a, b)| a * b).sum::<f64>()).exp())
}

/// Logistic regression with an L2 penalty, the two classes weighted alike, by Newton's method.
fn fit(x: &[Vec<f64>], y: &[bool], rows: &[usize]) -> Vec<f64> {
    let n = x[0].len();
    let accidents = rows.iter().filter(|&&i| y[i]).count() as f64;
    let total = rows.len() as f64;
    let mut w = vec![0.0; n];
    for _ in 0..25 {
        let mut gradient: Vec<f64> = w.clone();
        gradient[n - 1] = 0.0;
        let mut hessian = vec![vec![0.0; n]; n];
        (0..n - 1).for_each(|j| hessian[j][j] = 1.0);
        hessian[n - 1][n - 1] = 1e-6;
        for &i in rows {
            let p = predict(&w, &x[i]);
            let share = C * total / (2.0 * if y[i] { accidents } else { total - accidents });
            let on: Vec<usize> = (0..n).filter(|&j| x[i][j] != 0.0).collect();
            for &j in &on {
                gradient[j] += share * (p - f64::from(u8::from(y[i])));
                for &k in &on {
                    hessian[j][k] += share * p * (1.0 - p);
                }
            }
        }
        let step = solve(hessian, gradient);
        w.iter_mut().zip(&step).for_each(|(w, s)| *w -= s);
        if step.iter().all(|s| s.abs() < 1e-9) {
            break;
        }
    }
    w
}

/// Gaussian elimination with partial pivoting.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        let pivot = (i..n).max_by(|&p, &q| a[p][i].abs().total_cmp(&a[q][i].abs())).unwrap_or(i);
        a.swap(i, pivot);
        b.swap(i, pivot);
        let pivot_row = a[i].clone();
        for r in i + 1..n {
            let factor = a[r][i] / pivot_row[i];
            a[r].iter_mut().zip(&pivot_row).skip(i).for_each(|(x, p)| *x -= factor * p);
            b[r] -= factor * b[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|c| a[i][c] * b[c]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}
