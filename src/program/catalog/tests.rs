use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::model::*;
use super::*;
use crate::program::Program;
use crate::source::{FileId, SourceFile};

fn with(text: &str) -> Result<Arc<Catalog>, CatalogError> {
    Catalog::with(&[("my.toml".to_owned(), text.to_owned())])
}

/// The error for an invalid file.
fn wrong(text: &str) -> String {
    with(text).expect_err("wrong").to_string()
}

fn at(arg: Option<Arg>) -> Option<usize> {
    arg.and_then(Arg::index)
}

#[test]
fn the_embedded_catalog_loads() {
    let catalog = Catalog::load(FILES, &[]).unwrap_or_else(|e| panic!("{e}"));
    for (pattern, _) in &catalog.patterns {
        load::compiles(pattern.trim_start_matches("re:")).unwrap_or_else(|e| panic!("{e}"));
    }
    for param in &catalog.message_params {
        for pattern in [&param.function, &param.buf, &param.len] {
            load::compiles(pattern.get_ref()).unwrap_or_else(|e| panic!("{e}"));
        }
    }
    catalog.pattern_set().expect("all patterns together");
    assert!(catalog.sizes().iter().all(|(_, n)| *n > 0), "a table is empty: {:?}", catalog.sizes());
}

#[test]
fn every_file_of_the_folder_is_embedded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/catalog");
    let names = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name());
    let names: BTreeSet<String> = names.map(|n| n.to_string_lossy().into_owned()).collect();
    let embedded: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.into_iter().filter(|n| n.ends_with(".toml")).collect::<BTreeSet<_>>(), embedded);
}

#[test]
fn sources_and_what_takes_bytes_out_of_them() {
    let catalog = Catalog::embedded();
    let recv = catalog.source("recv").expect("known");
    assert_eq!(
        (at(recv.buf), at(recv.cap), recv.ret, recv.error),
        (Some(1), Some(2), Received::Length, Failure::MinusOne)
    );
    let pj = catalog.source("pj_sock_recvfrom").expect("known");
    assert_eq!((at(pj.len_inout), pj.ret), (Some(2), Received::Status));
    assert_eq!(catalog.source("ogs_pfcp_recvfrom").expect("known").object, Some(Arg::RESULT));

    let n2s = catalog.extractor("n2s").expect("known");
    assert_eq!((n2s.width, at(n2s.ptr), at(n2s.out), n2s.advances), (16, Some(0), Some(1), Some(2)));
    assert_eq!(catalog.extractor("GET_BE_U_4").expect("known").bounds, Bounds::Longjmp);
    assert_eq!(at(catalog.extractor("GETVAL16H").expect("known").offset), Some(1));

    let pull = catalog.cursor("msgb_pull").expect("known");
    assert_eq!((pull.does, at(pull.len), pull.on_short), (Move::Take, Some(1), Bounds::Aborts));
    assert_eq!(catalog.accessor("msgb_l3len").expect("known").gives, Part::Length);
    assert!(catalog.message_objects().iter().any(|o| o.types == ["pj_str_t"] && o.length_signed));
    assert_eq!(catalog.message_pair("decode_header", "buf", "buflen"), Some(Confidence::Medium));
    assert_eq!(catalog.message_pair("decode_header", "name", "buflen"), None);
}

#[test]
fn sizes_and_strings() {
    let catalog = Catalog::embedded();
    let bcopy = catalog.sink("bcopy").expect("known");
    assert_eq!((bcopy.kind, at(bcopy.dst), at(bcopy.src), at(bcopy.size)), (SinkKind::Copy, Some(1), Some(0), Some(2)));
    let snprintf = catalog.sink("snprintf").expect("known");
    assert_eq!((at(snprintf.size), at(snprintf.fmt), snprintf.ret), (Some(1), Some(2), Some(Written::WouldBeLength)));
    let calloc = catalog.allocator("calloc").expect("known");
    assert!(calloc.zeroed && calloc.size_product.is_some() && calloc.on_failure == OnFailure::Null);
    assert_eq!(catalog.allocator("switch_zmalloc").expect("known").on_failure, OnFailure::Abort);
    assert!(catalog.free("TALLOC_FREE").expect("known").clears);
    assert_eq!(catalog.may_null("strchr").expect("known").reason, NullReason::NotFound);
    assert_eq!(catalog.may_null("strtok_r").expect("known").reason, NullReason::NoToken);
    let strtol = catalog.number_parser("strtol").expect("known");
    assert_eq!((at(strtol.end), strtol.detects, strtol.signed), (Some(1), Detects::EndAndErrno, true));
    assert_eq!(catalog.needs_nul("strcmp").expect("known").args.len(), 2);
    assert!(!catalog.stores("strncpy").expect("known").terminates);
    assert_eq!(at(catalog.must_check("sscanf").expect("known").outputs_from), Some(2));
}

#[test]
fn guards_and_control() {
    let catalog = Catalog::embedded();
    assert_eq!(catalog.assert("ogs_assert").expect("known").mode, AssertMode::AlwaysAbort);
    assert_eq!(catalog.assert("PJ_ASSERT_RETURN").expect("known").mode, AssertMode::DebugAbortReleaseReturn);
    assert_eq!(catalog.assert("static_assert").expect("known").mode, AssertMode::CompileTime);
    assert_eq!(catalog.assert("MY_ASSERT_MSG").expect("by a pattern").mode, AssertMode::Infer);
    assert_eq!(catalog.guard("ND_TCHECK_2").expect("known").size, Some(2));
    assert_eq!(at(catalog.length_test("TLVP_PRES_LEN").expect("known").element), Some(1));
    assert_eq!(catalog.clamp("min_t").expect("known").upper.len(), 2);
    assert!(catalog.noreturn("longjmp").is_some() && catalog.noreturn("ogs_fatal").is_none());
    assert!(catalog.noreturn_names().any(|name| name == "osmo_panic"));
    assert_eq!(catalog.delay("usleep").expect("known").unit, Unit::Us);
    assert_eq!(catalog.retry("SSL_connect").expect("known").kind, RetryKind::Handshake);
    assert_eq!(catalog.lock("pthread_mutex_unlock").expect("known").does, LockKind::Unlock);
    assert!(catalog.push("msgb_enqueue").is_some_and(|p| !p.bounded));
    assert_eq!(at(catalog.log("ast_log").expect("known").fmt), Some(1));
    for name in ["timer", "random", "wait", "handler", "blocking"] {
        assert!(catalog.sizes().iter().any(|(table, n)| *table == name && *n > 0), "{name}");
    }
}

#[test]
fn a_model_holds_all_that_is_known_of_a_name() {
    let catalog = Catalog::embedded();
    let recv = catalog.model("recv").expect("known");
    assert!(recv.source().is_some() && recv.must_check().is_some() && recv.wait().is_some());
    assert!(recv.noreturn().is_none() && catalog.model("no_such_function_here").is_none());
    // Twice: the second answer comes from the cache.
    for _ in 0..2 {
        assert_eq!(catalog.extractor("proto_read_u16").expect("by a pattern").width, 16);
    }
}

#[test]
fn the_repository_s_own_definition_beats_what_is_not_forced() {
    let text =
        "static int send(struct m *m, int k) { return k; }\n#define min(a, b) a\nchar *strchr(char *s, int c) { }\n";
    let files = [("a.c", text), ("b.c", "int x;\n")].map(|(path, text)| SourceFile::new(path, text.into()));
    let program = Program::new(&files, &|| {});
    assert!(program.model("send", FileId(0)).is_none());
    assert!(program.model("send", FileId(1)).is_some(), "another file's static function is not meant");
    assert!(program.model("min", FileId(0)).is_none());
    assert!(program.model("strchr", FileId(0)).and_then(|m| m.may_null()).is_some(), "forced");
    assert!(program.model("recv", FileId(0)).is_some());
}

#[test]
fn users_add_and_override_by_name() {
    let catalog = with(
        "forget = [\"panic\"]\n\
         [[source]]\nnames = [\"radio_rx\"]\nkind = \"device\"\nbuf = 0\ncap = 1\nret = \"length\"\nerror = \"negative\"\n\
         [[assert]]\nnames = [\"ast_assert\"]\nmode = \"always_abort\"\n\
         [[noreturn]]\nnames = [\"re:die_[a-z]+\"]\n",
    )
    .expect("right");
    assert_eq!(at(catalog.source("radio_rx").expect("added").buf), Some(0));
    assert_eq!(catalog.assert("ast_assert").expect("known").mode, AssertMode::AlwaysAbort);
    assert!(catalog.noreturn("panic").is_none() && catalog.noreturn("die_now").is_some());
    assert!(catalog.noreturn("XXdie_now").is_none() && catalog.noreturn("die_now2").is_none());
    assert!(catalog.sink("memcpy").is_some(), "the rest is still there");
    let twice = [("a", "always_abort"), ("b", "log_only")]
        .map(|(path, mode)| (path.to_owned(), format!("[[assert]]\nnames = [\"CHK\"]\nmode = \"{mode}\"\n")));
    assert_eq!(Catalog::with(&twice).expect("right").assert("CHK").expect("known").mode, AssertMode::LogOnly);
}

#[test]
fn errors_name_the_place_and_what_is_allowed() {
    let is = |text: &str, parts: &[&str]| {
        let message = wrong(text);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    };
    is("\n[[sinks]]\nnames = []\n", &["my.toml:2: ", "unknown field `sinks`", "`sink`"]);
    is("[[may_null]]\nnames = [\"f\"]\nreazon = \"alloc\"\n", &["my.toml:3: ", "`reazon`", "`reason`"]);
    is("[[may_null]]\nnames = [\"f\"]\nreason = \"why\"\n", &["my.toml:3: ", "`reason`", "`not_found`", "`exhausted`"]);
    is("[[may_null]]\nnames = [\"f\"]\n", &["my.toml:1: ", "missing field `reason`"]);
    is("[[free]]\nnames = [\"f\"]\narg = 99\n", &["my.toml:3: `arg`", "99", "0 to 15, or -1"]);
    is("[[free]]\nnames = [\"f\"]\narg = \"0\"\n", &["my.toml:3: `arg`", "string", "an argument's position"]);
    is(
        "[[sink]]\nnames = [\"f\"]\nkind = \"copy\"\ndst = 0\n",
        &["my.toml:2: ", "[[sink]] needs `dst`, `src` and `size`"],
    );
    is("[[noreturn]]\nnames = [\"re:die(\"]\n", &["my.toml:2: ", "`die(` is no regular expression", "unclosed group"]);
    is("[[noreturn]]\nnames = [\"re:a)|(b\"]\n", &["my.toml:2: ", "no regular expression"]);
    is("[[noreturn]]\nnames = [\"exit()\"]\n", &["my.toml:2: ", "`exit()` is no name of C", "`re:`"]);
    is("[[noreturn]]\nnames = []\n", &["my.toml:2: ", "[[noreturn]] has no names"]);
    is("[[noreturn]]\nnames = [\"f\", \"f\"]\n", &["my.toml:2: ", "has `f` twice"]);
    is("[[noreturn]]\nnames = [\"f\"\n", &["my.toml:2"]);
}
