//! What the catalog can say of a function or macro: one type a table of its files.

use serde::Deserialize;
use toml::Spanned;

pub use super::message::{MessageObject, MessageParam, OptionalPart};
pub use super::words::*;

/// What every entry has.
pub trait Entry {
    fn names(&self) -> &Spanned<Vec<String>>;
    /// Holds even where the repository defines the name.
    fn force(&self) -> bool;
    /// What the file says of `force`, for an entry that says nothing.
    fn force_by_default(&mut self, force: bool);
    /// What the types alone do not rule out.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// A table's type, with the keys that all have.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* } $($check:expr)?) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            names: Spanned<Vec<String>>,
            force: Option<bool>,
            pub prov: Option<Provenance>,
            pub note: Option<String>,
            $($(#[$meta])* pub $field: $type,)*
        }

        impl Entry for $name {
            fn names(&self) -> &Spanned<Vec<String>> {
                &self.names
            }

            fn force(&self) -> bool {
                self.force == Some(true)
            }

            fn force_by_default(&mut self, force: bool) {
                self.force = self.force.or(Some(force));
            }

            $(fn check(&self) -> Result<(), String> {
                let check: fn(&$name) -> Result<(), String> = $check;
                check(self)
            })?
        }
    };
}

fn one_of(what: &str, given: &[bool]) -> Result<(), String> {
    match given.iter().filter(|g| **g).count() {
        1 => Ok(()),
        _ => Err(format!("needs exactly one of {what}")),
    }
}

fn needs(what: &str, given: bool) -> Result<(), String> {
    if given { Ok(()) } else { Err(format!("needs {what}")) }
}

entry! {
    /// Fills a buffer with bytes from outside.
    Source {
        kind: SourceKind,
        /// Points to where the bytes go.
        buf: Option<Arg>,
        /// Points to a pointer that is set to the bytes, or to the message object.
        buf_out: Option<Arg>,
        /// A message object that is filled, or the one returned.
        object: Option<Arg>,
        /// A `struct msghdr`, `struct mmsghdr` or `struct iovec`, or an array of them.
        iov: Option<Arg>,
        /// The size of `buf`.
        cap: Option<Arg>,
        /// The size of `buf` is their product.
        cap_product: Option<[Arg; 2]>,
        /// Points to where the length goes.
        len_out: Option<Arg>,
        /// Points to the size before and the length after.
        len_inout: Option<Arg>,
        ret: Received,
        error: Failure,
        /// Terminates what it stores as a string.
        #[serde(default)]
        terminates: bool,
        /// What is read may come from this machine.
        confidence: Option<Confidence>,
    }
    |s| {
        let where_to = [s.buf.is_some(), s.buf_out.is_some(), s.object.is_some(), s.iov.is_some()];
        one_of("`buf`, `buf_out`, `object` and `iov`", &where_to)
    }
}

entry! {
    /// Reads a number out of message bytes.
    Extractor {
        /// In bits; 0 if it is not fixed.
        width: u8,
        /// A number that is put into the host's order.
        value: Option<Arg>,
        /// Points to the bytes.
        ptr: Option<Arg>,
        /// Holds the bytes and a position.
        object: Option<Arg>,
        /// Says which element of `object`.
        element: Option<Arg>,
        /// Added to `ptr`.
        offset: Option<Arg>,
        /// Where the number goes, by address or, for a macro, by name; else it is returned.
        out: Option<Arg>,
        /// Points to the length left, and is lowered.
        remaining: Option<Arg>,
        /// Bytes that `ptr` is moved by.
        advances: Option<u8>,
        /// The position in `object` stays where it is.
        #[serde(default)]
        peeks: bool,
        #[serde(default)]
        signed: bool,
        bounds: Bounds,
        confidence: Option<Confidence>,
    }
    |e| {
        one_of("`value`, `ptr` and `object`", &[e.value.is_some(), e.ptr.is_some(), e.object.is_some()])?;
        needs("a `width` of 0, 8, 16, 24, 32, 48 or 64", matches!(e.width, 0 | 8 | 16 | 24 | 32 | 48 | 64))
    }
}

entry! {
    /// Moves in a message object, checking bounds.
    Cursor {
        does: Move,
        object: Arg,
        /// How many bytes.
        len: Option<Arg>,
        /// How many bytes, where it is always the same.
        size: Option<u8>,
        /// Where the bytes come from or go to.
        data: Option<Arg>,
        on_short: Bounds,
        #[serde(default)]
        must_check: bool,
    }
    |c| needs("not both `len` and `size`", c.len.is_none() || c.size.is_none())
}

entry! {
    /// Gives a part of a message object.
    Accessor {
        object: Arg,
        gives: Part,
        /// The object has a position that readers move: its parts are not what its fields say.
        #[serde(default)]
        positioned: bool,
    }
}

entry! {
    /// Uses a size or a string in a way that a wrong one makes dangerous.
    Sink {
        kind: SinkKind,
        dst: Option<Arg>,
        src: Option<Arg>,
        /// Bytes; for `send` and `read`, those of `src`.
        size: Option<Arg>,
        /// Points to the size.
        size_at: Option<Arg>,
        /// Bytes of `src`, where they are not `size`.
        src_size: Option<Arg>,
        /// `size` counts elements of this many bytes; 1 if nothing is said, 0 if it depends on the types.
        #[serde(default = "one")]
        unit: u8,
        /// Points behind the last byte that may be used: of `dst`, or of `src` for a decoder.
        end: Option<Arg>,
        fmt: Option<Arg>,
        ret: Option<Written>,
        error: Option<Failure>,
    }
    |s| {
        use SinkKind::*;
        let (dst, src, fmt) = (s.dst.is_some(), s.src.is_some(), s.fmt.is_some());
        let size = s.size.is_some() || s.size_at.is_some() || s.end.is_some();
        match s.kind {
            Copy | StringCopyUnterminated => needs("`dst`, `src` and `size`", dst && src && size),
            Fill => needs("`dst` and `size`", dst && size),
            Read | Send => needs("`src` and `size`", src && size),
            StringCopy | StringCopyBounded | DecodeUnbounded => needs("`dst` and `src`", dst && src),
            Decode => needs("`dst`, `src` and `size`", dst && src && size),
            Format => needs("`dst` and `fmt`", dst && fmt),
            FormatBounded => needs("`dst`, `fmt` and `size` or `end`", dst && fmt && size),
            Scan => needs("`fmt`", fmt),
        }
    }
}

fn one() -> u8 {
    1
}

entry! {
    /// Gives memory.
    Allocator {
        size: Option<Arg>,
        size_product: Option<[Arg; 2]>,
        /// What the memory is counted in, where `size` counts elements of a type: the type's argument.
        of: Option<Arg>,
        /// A string that is duplicated.
        string: Option<Arg>,
        /// What the memory is assigned to; else it is returned.
        out: Option<Arg>,
        /// Memory that is resized, and given back unless the call fails.
        old: Option<Arg>,
        on_failure: OnFailure,
        #[serde(default)]
        zeroed: bool,
        /// Gone when the caller returns.
        #[serde(default)]
        stack: bool,
    }
}

entry! {
    /// Gives memory or an object back.
    Free {
        arg: Arg,
        /// Gives it back only if this was the last reference.
        #[serde(default)]
        counted: bool,
        /// Sets the pointer to null.
        #[serde(default)]
        clears: bool,
    }
}

entry! {
    /// May return a null pointer.
    MayNull {
        reason: NullReason,
    }
}

entry! {
    /// Says by its result whether what it stored holds.
    MustCheck {
        error: Failure,
        /// Where results go, which are unset after a failure.
        #[serde(default)]
        outputs: Vec<Arg>,
        /// Outputs are all arguments from this one on: `sscanf`.
        outputs_from: Option<Arg>,
        confidence: Option<Confidence>,
    }
}

entry! {
    /// Reads a number out of text.
    NumberParser {
        text: Arg,
        /// The length of the text; else it ends in NUL.
        len: Option<Arg>,
        /// The text is a counted string object, such as `pj_str_t` or `str`.
        #[serde(default)]
        counted: bool,
        /// Where the address behind the number goes.
        end: Option<Arg>,
        /// Where the number goes; else it is returned.
        out: Option<Arg>,
        base: Option<Arg>,
        detects: Detects,
        signed: bool,
        /// Takes `-1` and gives a large number.
        #[serde(default)]
        accepts_minus: bool,
        #[serde(default)]
        float: bool,
    }
}

entry! {
    /// Reads these arguments to their NUL.
    NeedsNul {
        args: Vec<Arg>,
        /// Takes a null pointer for an empty string.
        #[serde(default)]
        null_ok: bool,
    }
}

entry! {
    /// Stores or returns characters.
    Stores {
        /// Where they go.
        dst: Arg,
        /// What it stores ends in NUL, whatever it was given.
        terminates: bool,
    }
}

entry! {
    /// Control does not come back.
    NoReturn {}
}

entry! {
    /// Asserts a condition.
    Assert {
        #[serde(default = "first")]
        cond: Arg,
        mode: AssertMode,
        /// What it returns if the condition is false.
        ret: Option<Arg>,
        /// What it does if the condition is false.
        action: Option<Arg>,
    }
}

fn first() -> Arg {
    Arg::FIRST
}

entry! {
    /// Leaves where a condition is false or too few bytes are left.
    Guard {
        /// Goes on if it is true.
        cond: Option<Arg>,
        /// Leaves if `left operator right`, all three given as arguments, is true.
        left: Option<Arg>,
        operator: Option<Arg>,
        right: Option<Arg>,
        /// Points to the bytes.
        ptr: Option<Arg>,
        /// How many bytes have to be there.
        len: Option<Arg>,
        /// How many bytes have to be there, where it is always the same.
        size: Option<u8>,
        /// The bytes that have to be there are those of the object at `ptr`.
        #[serde(default)]
        whole: bool,
        /// What it returns.
        ret: Option<Arg>,
        /// The label that it goes to.
        label: Option<Arg>,
        /// What it does.
        action: Option<Arg>,
        on_fail: OnFail,
        confidence: Option<Confidence>,
    }
}

entry! {
    /// Is true if enough bytes are left.
    LengthTest {
        /// Points to the bytes.
        ptr: Option<Arg>,
        /// Holds the bytes.
        object: Option<Arg>,
        /// Says which element of `object`.
        element: Option<Arg>,
        len: Option<Arg>,
        /// As many bytes as that, where it is always the same.
        size: Option<u8>,
        /// As many bytes as the object at `ptr` has.
        #[serde(default)]
        whole: bool,
        /// `len` counts elements of that many bytes.
        times: Option<Arg>,
        /// And takes them.
        #[serde(default)]
        takes: bool,
    }
    |t| {
        one_of("`ptr` and `object`", &[t.ptr.is_some(), t.object.is_some()])?;
        one_of("`len`, `size` and `whole`", &[t.len.is_some(), t.size.is_some(), t.whole])
    }
}

entry! {
    /// Limits a value.
    Clamp {
        /// The result is at most each of these.
        #[serde(default)]
        upper: Vec<Arg>,
        /// The result is at least each of these.
        #[serde(default)]
        lower: Vec<Arg>,
        /// What is limited, where the arguments have roles.
        value: Option<Arg>,
    }
    |c| needs("`upper` or `lower`", !(c.upper.is_empty() && c.lower.is_empty()))
}

entry! {
    /// Does what is done again when it failed.
    Retry {
        kind: RetryKind,
        confidence: Option<Confidence>,
    }
}

entry! {
    /// Waits for a time.
    Delay {
        arg: Arg,
        unit: Unit,
    }
}

entry! {
    /// Waits for something to happen.
    Wait {
        timeout: Option<Arg>,
        unit: Option<Unit>,
    }
}

entry! {
    /// Gives a random number, such as for jitter.
    Random {
        /// Where it goes; else it is returned.
        out: Option<Arg>,
    }
}

entry! {
    /// Arms a timer.
    Timer {
        /// The timer.
        timer: Option<Arg>,
        /// After how long; parts of it if there are several.
        delay: Vec<Arg>,
        unit: Unit,
        callback: Option<Arg>,
        /// Goes off again and again.
        #[serde(default)]
        repeats: bool,
    }
}

entry! {
    /// Puts something into a list or queue.
    Push {
        list: Arg,
        item: Arg,
        /// Fails when the queue is full.
        bounded: bool,
        /// Waits while the queue is full.
        #[serde(default)]
        blocking: bool,
        #[serde(default)]
        must_check: bool,
    }
}

entry! {
    /// Names a function that is called when something happens.
    Handler {
        /// The function; none if an object holds it.
        callback: Option<Arg>,
    }
}

entry! {
    /// May keep the calling thread for long.
    Blocking {}
}

entry! {
    /// Locks or unlocks.
    Lock {
        does: LockKind,
        /// The lock, or what holds it.
        object: Arg,
    }
}

entry! {
    /// Prints or logs, and keeps nothing that it is given.
    Log {
        #[serde(default = "log")]
        kind: LogKind,
        /// The format; none if there is none, or if it stands in the parentheses of an argument.
        fmt: Option<Arg>,
    }
}

fn log() -> LogKind {
    LogKind::Log
}
