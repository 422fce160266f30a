//! What names reveal about functions and values, where nothing else does.

use crate::checks::View;
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::preprocess::token::ident_end;

/// The name contains one of the words, ignoring case.
fn holds(name: &str, words: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    words.iter().any(|w| lower.contains(w))
}

pub fn is_error_word(word: &str) -> bool {
    holds(
        word,
        &[
            "err",
            "fail",
            "inval",
            "unknown",
            "unsupp",
            "notsup",
            "not_sup",
            "bad",
            "illegal",
            "abort",
            "unexpected",
            "unhandled",
        ],
    )
}

pub fn is_log_name(name: &str) -> bool {
    holds(
        name,
        &[
            "log", "print", "warn", "debug", "trace", "error", "dbg", "msg", "notice", "complain", "report", "diag",
            "usage", "assert",
        ],
    )
}

pub fn is_fatal_name(name: &str) -> bool {
    holds(name, &["usage", "exit", "die", "fatal", "abort", "panic", "bug", "unreach", "not_reached"])
}

/// The called function writes a message, judging by its name.
pub fn calls_log(body: &Body, call: ExprId) -> bool {
    body.callee(call).is_some_and(is_message_name)
}

/// Narrower than [`is_log_name`], which also accepts `send_msg`.
fn is_message_name(name: &str) -> bool {
    // `snprintf` and similar functions fill a buffer.
    if holds(name, &["sprint", "nprint"]) {
        return false;
    }
    holds(name, &["log", "print", "warn", "debug", "trace", "dbg", "notice", "complain", "diag"])
        || name.starts_with("LM_")
        || matches!(name, "error" | "perror" | "info" | "warning" | "err" | "ERR" | "ERROR" | "INFO" | "DEBUG" | "BUG")
        || holds(name, &["_err", "_error", "_info"])
}

/// The macro or function that the source names at the start of the statement.
pub fn written_name<'v>(view: &'v View, s: StmtId) -> &'v str {
    let code = &view.reading.code[view.function.body.stmt(s).span.range()];
    &code[..ident_end(code.as_bytes(), 0)]
}

/// The statement comes from a macro whose name says that it writes a message.
pub fn is_in_log_macro(view: &View, s: StmtId) -> bool {
    view.function.body.stmt(s).in_macro && is_message_name(written_name(view, s))
}

/// The call ends the lifetime of its argument: memory is freed, an object destroyed, a handle closed. The verb comes
/// last: `list_free(l)`, not `free_items(l)`, which leaves the list alive.
pub fn is_destroying_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["free", "destroy", "delete", "dispose"].iter().any(|verb| lower.ends_with(verb))
        || matches!(&*lower, "close" | "fclose" | "closesocket" | "pclose" | "closedir" | "dlclose")
}

/// The call releases its argument: it destroys it, drops a reference or unlocks it.
pub fn is_releasing_name(name: &str) -> bool {
    is_destroying_name(name) || holds(name, &["free", "unref", "_unlock", "release", "_put", "deref", "cleanup"])
}

/// The call takes ownership of its argument.
pub fn is_handing_over_name(name: &str) -> bool {
    holds(
        name,
        &[
            "queue", "add", "insert", "append", "push", "enq", "link", "attach", "register", "store", "send", "post",
            "give", "set_",
        ],
    )
}

/// The name of a function or macro that reports an error or a warning.
pub fn is_error_message_name(name: &str) -> bool {
    let bug = name.to_ascii_lowercase().ends_with("bug") && !holds(name, &["debug"]);
    is_message_name(name) && (bug || holds(name, &["err", "warn", "crit", "alert", "fatal"]))
}

/// Library functions that read or write through their pointer arguments: `memcpy`, `strlen` and similar ones.
pub fn reads_behind_pointers(name: &str) -> bool {
    ["str", "mem"].iter().any(|p| name.starts_with(p)) && name.len() <= 11 && !name.contains('_')
}

/// The null pointer, as written.
pub fn is_null(body: &Body, e: ExprId) -> bool {
    match body.expr(body.bare(e)).kind {
        ExprKind::Name(name) => matches!(body.names.text(name), "NULL" | "nullptr"),
        ExprKind::Number(text) => body.names.text(text) == "0",
        _ => false,
    }
}

/// The keyword of a jump.
pub fn jump_word(body: &Body, s: StmtId) -> &'static str {
    match body.stmt(s).kind {
        StmtKind::Continue => "continue",
        StmtKind::Goto(_) => "goto",
        _ => "break",
    }
}

/// Library functions that fill what an argument points to, with the index of that argument.
const FILLS: [(&str, usize); 13] = [
    ("strcpy", 0),
    ("strncpy", 0),
    ("strlcpy", 0),
    ("sprintf", 0),
    ("snprintf", 0),
    ("vsnprintf", 0),
    ("memcpy", 0),
    ("memmove", 0),
    ("memset", 0),
    ("fgets", 0),
    ("inet_ntop", 2),
    ("inet_pton", 2),
    ("getnameinfo", 2),
];

/// The library function called by `call` fills what `arg`, one of its arguments, points to.
pub fn writes_argument(body: &Body, call: ExprId, arg: ExprId) -> bool {
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
    let Some(name) = body.callee(call) else { return false };
    FILLS.iter().any(|(filler, at)| *filler == name && args.get(*at) == Some(&arg))
}
