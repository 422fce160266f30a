use super::*;

/// The strictest GCC level that accepts the comment (4 to 1).
fn level(comment: &str) -> u8 {
    let styles = [CommentStyle::Any, CommentStyle::Loose, CommentStyle::Keyword, CommentStyle::Strict];
    let accepted = styles.iter().take_while(|style| style.accepts(comment)).count() as u8;
    // Each level accepts everything that a stricter one does, and no comment is an attribute.
    assert_eq!(styles.iter().filter(|style| style.accepts(comment)).count() as u8, accepted, "{comment}");
    assert!(!CommentStyle::Attribute.accepts(comment));
    accepted
}

#[test]
fn gcc_level_4() {
    for comment in [
        "/*-fallthrough*/",
        "//-fallthrough",
        "/*@fallthrough@*/",
        "/*lint -fallthrough*/",
        "/*lint -fallthrough \t*/",
        "/*FALLTHROUGH*/",
        "/* FALLTHROUGH */",
        "/* FALLTHRU */",
        "// FALLTHROUGH",
        "//FALLTHRU\r\n",
    ] {
        assert_eq!(level(comment), 4, "{comment}");
    }
}

#[test]
fn gcc_level_3() {
    for comment in [
        "/* fall through */",
        "/* FALL THRU */",
        "/* Fall Through */",
        "/* Fall through. */",
        "/* fallthru */",
        "/* Fallthrough */",
        "/* Fall-through */",
        "/* Fall-Through */",
        "/* falls through */",
        "/* FALLS THROUGH */",
        "/* Falls Thru! */",
        "// fall through",
        "// fall through\r",
        "/* else fall through */",
        "/* else, fall through */",
        "/* Else fall through */",
        "/* ELSE, FALL-THRU */",
        "/* intentional fall through */",
        "/* Intentionally fall through */",
        "/* INTENTIONALLY FALL THROUGH */",
        "/* ... fall through ... */",
        "/*\tfall through!\t*/",
        "/* fall through - why */",
        "/* fall through -- a * and a / */",
        "/* FALLTHROUGH - why */",
        "/* FALLTHROUGH. */",
    ] {
        assert_eq!(level(comment), 3, "{comment}");
    }
}

#[test]
fn gcc_level_2() {
    for comment in [
        "/* fall through to X */",
        "/* fall through: why */",
        "/* fallthrough; */",
        "/* fall through intentionally */",
        "/* $FALL-THROUGH$ */",
        "/* ... and falls --- \t thru */",
        "/*\n * fall through\n */",
        "/* fall through\n */",
        "/** fall through */",
        "/// fall through",
        "/* (fall through) */",
        "/* -fallthrough */",
        "/*-fallthrough */",
        "/*@fallthrough@ */",
        "/* lint -fallthrough */",
        "/* fall  through */",
        "/* falls-through */",
        "/* fallsthrough */",
        "/* fALL THROUGH */",
        "/* FALL through */",
        "/* else FALL THROUGH */",
        "/* else Fall through */",
        "/* intentionally, fall through */",
        "/* do not fall through */",
        "/* fall through - why\n */",
    ] {
        assert_eq!(level(comment), 2, "{comment}");
    }
}

#[test]
fn gcc_level_1() {
    for comment in [
        "/* falling through */",
        "/* no break */",
        "/* NOTREACHED */",
        "/* fall\n through */",
        "/* fall_through */",
        "/* fall though */",
        "/* FALLTRHU */",
        "/**/",
        "//",
        "/*/",
        "/*",
    ] {
        assert_eq!(level(comment), 1, "{comment}");
    }
}

#[test]
fn intent_in_all_its_spellings() {
    for comment in [
        "/* fall through */",
        "/* FALLTHROUGH */",
        "/* FALL THRU */",
        "/*FALLTHROUGH*/",
        "/* Fall through. */",
        "/* Fallthru */",
        "/* fall right through */",
        "/* fallthrough; */",
        "/* else fall through */",
        "/* FALLTRHU */",
        "/* fall though */",
        "/* This purposely flows through so ... */",
        "/* Intentionally dropping through here... */",
        "/* drop into promote */",
        "//PASS THRU",
        "// pass thru",
        "//break;",
        "// break;",
        "/* break; */",
        "/* done = 1; break; */",
        "// Falls through",
        "//**** fall through to ... 'a'",
        "/* (fall through) */",
        "/* ELSE FALL THROUGH */",
        "/* $FALL-THROUGH$ */",
        "/*lint -fallthrough */",
        "/*-fallthrough*/",
        "/*@fallthrough@*/",
        "/* no break */",
        "/* NO BREAK */",
        "/* nobreak */",
        "/* no-break */",
        "/* there is no break here */",
        "/* falling through */",
        "/* falls into the next case */",
        "/* fall down to default */",
        "/* fall_through */",
        "/*\n * fall\n * through\n */",
        "/* without break */",
        "/* break omitted */",
        "/* break is missing on purpose */",
        "/* break intentional */",
        "/* pass it through into the default case */",
        "/* carry on with the next */",
        "/* carries on */",
        "/* runs into the next */",
        "/* we want to fall through here */",
        "/* if not found, fall through */",
        "/* Don't stop: fall through */",
        "/* must not fall through to A; falls through to B */",
    ] {
        assert!(states_intent(comment), "{comment}");
    }
}

#[test]
fn negations_and_doubts_are_no_intent() {
    for comment in [
        "/* don't fall through */",
        "/* Don\u{2019}t fall through! */",
        "/* dont fall through */",
        "/* do not fall through */",
        "/* must not fall through */",
        "/* XXX shouldn't we fall through */",
        "/* shouldn't we fall through? */",
        "/* should not be allowed; never falls through */",
        "/* cannot fall through */",
        "/* not supposed to fall through */",
        "/* avoid falling through */",
        "/* return instead of falling through */",
        "/* without falling through */",
        "/* no fall through */",
        "/* missing break? */",
        "/* missing break */",
        "/* break missing? */",
        "/* no break? */",
        "/* fall through? */",
        "/* fall through here? */",
        "/* Static analysis warns of no break here. No idea if this is correct or not */",
        "/* fall through, not sure why */",
    ] {
        assert!(!states_intent(comment), "{comment}");
    }
}

#[test]
fn other_comments_are_no_intent() {
    for comment in [
        "/**/",
        "//",
        "/* handle the rest */",
        "/* rainfall into the sea */",
        "/* NOTREACHED */",
        "/* break the loop */",
        "/* line break */",
        "/* false */",
        "/* passes the test */",
        "/* dropped packets */",
        "/* overrun in the buffer */",
        "/* case T_G726: cap = OO_G726; break; */",
        "// default: break;",
    ] {
        assert!(!states_intent(comment), "{comment}");
    }
}

#[test]
fn long_comments_cost_their_length() {
    let comment = format!("/* {} */", "don't fall through ".repeat(50_000));
    assert!(!states_intent(&comment));
}

#[test]
fn unreachable() {
    for comment in [
        "/* NOTREACHED */",
        "/*NOTREACHED*/",
        "/* NOT REACHED */",
        "/* not reached */",
        "/* NOT_REACHED */",
        "/* never reached */",
        "/* NORETURN */",
        "/* fatalerror does not return */",
        "/* doesn't return. */",
        "/* exec() never returns (see above) */",
        "/* never returns */",
        "/* never returns to here */",
    ] {
        assert!(states_unreachable(comment), "{comment}");
    }
    for comment in
        ["/**/", "/* does not return NULL */", "/* never returns more than 4 */", "/* return */", "/* fall through */"]
    {
        assert!(!states_unreachable(comment), "{comment}");
    }
}

#[test]
fn names() {
    for name in [
        "fallthrough",
        "FALLTHROUGH",
        "__fallthrough",
        "_FALLTHROUGH",
        "av_fallthrough",
        "ZSTD_FALLTHROUGH",
        "ACPI_FALLTHROUGH",
        "QEMU_FALLTHROUGH",
        "ND_FALL_THROUGH",
        "LLVM_FALLTHROUGH",
        "LLVM_C_FALLTHROUGH",
        "G_GNUC_FALLTHROUGH",
        "WUFFS_BASE__FALLTHROUGH",
        "NS_FALLTHROUGH",
        "FALLTHROUGH_INTENDED",
        "XXH_FALLTHROUGH",
        "BOOST_FALLTHROUGH",
        "Q_FALLTHROUGH",
        "FALLTHRU",
        "deliberate_fall_through",
        "fallthrough_intended",
        "NO_BREAK",
        "BCTBX_NO_BREAK",
        "NOBREAK",
    ] {
        assert!(is_fallthrough_name(name), "{name}");
    }
    for name in
        ["", "break", "BREAK_IF", "fall", "through", "PIANO_BREAK", "no_break_flag", "fall through", "FALLTHROUGH()"]
    {
        assert!(!is_fallthrough_name(name), "{name}");
    }
}
