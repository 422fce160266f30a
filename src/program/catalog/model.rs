//! What the catalog can say about a function or macro: one type per table of its files.

use serde::Deserialize;
use toml::Spanned;

pub use super::message::{MessageObject, MessageParam, OptionalPart};
pub use super::words::*;

/// Common to all entries.
pub trait Entry {
    fn names(&self) -> &Spanned<Vec<String>>;
    /// Holds even if the repository defines the name.
    fn force(&self) -> bool;
    /// Applies the file's `force` to an entry that does not set it.
    fn force_by_default(&mut self, force: bool);
    /// Validates what the types alone do not rule out.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Defines a table's type, including the keys common to all.
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
    /// Fills a buffer with external bytes.
    Source {
        kind: SourceKind,
        /// Points to the destination of the bytes.
        buf: Option<Arg>,
        /// Points to a pointer that is set to the bytes or the message object.
        buf_out: Option<Arg>,
        /// A message object that is filled, or the returned one.
        object: Option<Arg>,
        /// A `struct msghdr`, `struct mmsghdr` or `struct iovec`, or an array of them.
        iov: Option<Arg>,
        /// The size of `buf`.
        cap: Option<Arg>,
        /// The size of `buf` is their product.
        cap_product: Option<[Arg; 2]>,
        /// Points to where the length is stored.
        len_out: Option<Arg>,
        /// Points to the size before the call and the length after it.
        len_inout: Option<Arg>,
        ret: Received,
        error: Failure,
        /// NUL-terminates the stored bytes.
        #[serde(default)]
        terminates: bool,
        /// Confidence that the bytes come from outside: they may come from this machine.
        confidence: Option<Confidence>,
    }
    |s| {
        let where_to = [s.buf.is_some(), s.buf_out.is_some(), s.object.is_some(), s.iov.is_some()];
        one_of("`buf`, `buf_out`, `object` and `iov`", &where_to)
    }
}

entry! {
    /// Reads a number from message bytes.
    Extractor {
        /// In bits; 0 if not fixed.
        width: u8,
        /// A number to convert to host byte order.
        value: Option<Arg>,
        /// Points to the bytes.
        ptr: Option<Arg>,
        /// Holds the bytes and a position.
        object: Option<Arg>,
        /// Selects the element of `object`.
        element: Option<Arg>,
        /// Added to `ptr`.
        offset: Option<Arg>,
        /// Where the number is stored, by address or, for a macro, by name; otherwise it is returned.
        out: Option<Arg>,
        /// Points to the remaining length, which is decremented.
        remaining: Option<Arg>,
        /// Number of bytes by which `ptr` is advanced.
        advances: Option<u8>,
        /// The position in `object` does not change.
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
    /// Moves within a message object, with bounds checks.
    Cursor {
        does: Move,
        object: Arg,
        /// The number of bytes.
        len: Option<Arg>,
        /// The number of bytes, if it is fixed.
        size: Option<u8>,
        /// Source or destination of the bytes.
        data: Option<Arg>,
        on_short: Bounds,
        #[serde(default)]
        must_check: bool,
    }
    |c| needs("not both `len` and `size`", c.len.is_none() || c.size.is_none())
}

entry! {
    /// Returns a part of a message object.
    Accessor {
        object: Arg,
        gives: Part,
        /// The object has a position that readers move, so its parts do not match its fields.
        #[serde(default)]
        positioned: bool,
    }
}

entry! {
    /// Uses a size or a string in a way that makes a wrong one dangerous.
    Sink {
        kind: SinkKind,
        dst: Option<Arg>,
        src: Option<Arg>,
        /// In bytes; for `send` and `read`, those of `src`.
        size: Option<Arg>,
        /// Points to the size.
        size_at: Option<Arg>,
        /// Size of `src` in bytes, if it is not `size`.
        src_size: Option<Arg>,
        /// `size` counts elements of this many bytes; default 1, 0 if it depends on the types.
        #[serde(default = "one")]
        unit: u8,
        /// Points past the last usable byte: of `dst`, or of `src` for a decoder.
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
    /// Allocates memory.
    Allocator {
        size: Option<Arg>,
        size_product: Option<[Arg; 2]>,
        /// The argument that names the element type, if `size` counts elements.
        of: Option<Arg>,
        /// A string that is duplicated.
        string: Option<Arg>,
        /// What the memory is assigned to; otherwise it is returned.
        out: Option<Arg>,
        /// Memory that is resized, and freed unless the call fails.
        old: Option<Arg>,
        on_failure: OnFailure,
        #[serde(default)]
        zeroed: bool,
        /// Freed when the caller returns.
        #[serde(default)]
        stack: bool,
    }
}

entry! {
    /// Frees memory or releases an object.
    Free {
        arg: Arg,
        /// Frees it only if this was the last reference.
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
    /// Indicates by its return value whether the stored results are valid.
    MustCheck {
        error: Failure,
        /// Where results are stored; they are unset after a failure.
        #[serde(default)]
        outputs: Vec<Arg>,
        /// All arguments from this one on are outputs: `sscanf`.
        outputs_from: Option<Arg>,
        confidence: Option<Confidence>,
    }
}

entry! {
    /// Parses a number from text.
    NumberParser {
        text: Arg,
        /// The length of the text; otherwise it is NUL-terminated.
        len: Option<Arg>,
        /// The text is a counted string object, such as `pj_str_t` or `str`.
        #[serde(default)]
        counted: bool,
        /// Where the address after the number is stored.
        end: Option<Arg>,
        /// Where the number is stored; otherwise it is returned.
        out: Option<Arg>,
        base: Option<Arg>,
        detects: Detects,
        signed: bool,
        /// Accepts `-1` and returns a large number.
        #[serde(default)]
        accepts_minus: bool,
        #[serde(default)]
        float: bool,
    }
}

entry! {
    /// Reads these arguments up to their NUL.
    NeedsNul {
        args: Vec<Arg>,
        /// Treats a null pointer as an empty string.
        #[serde(default)]
        null_ok: bool,
    }
}

entry! {
    /// Stores or returns characters.
    Stores {
        /// The destination.
        dst: Arg,
        /// What it stores always ends in NUL.
        terminates: bool,
    }
}

entry! {
    /// Does not return.
    NoReturn {}
}

entry! {
    /// Asserts a condition.
    Assert {
        #[serde(default = "first")]
        cond: Arg,
        mode: AssertMode,
        /// The value that it returns if the condition is false.
        ret: Option<Arg>,
        /// The action that it takes if the condition is false.
        action: Option<Arg>,
    }
}

fn first() -> Arg {
    Arg::FIRST
}

entry! {
    /// Leaves the function if a condition is false or too few bytes are left.
    Guard {
        /// Continues if it is true.
        cond: Option<Arg>,
        /// Leaves if `left operator right` is true; all three are arguments.
        left: Option<Arg>,
        operator: Option<Arg>,
        right: Option<Arg>,
        /// Points to the bytes.
        ptr: Option<Arg>,
        /// The number of bytes required.
        len: Option<Arg>,
        /// The number of bytes required, if it is fixed.
        size: Option<u8>,
        /// The number of bytes required is the size of the object at `ptr`.
        #[serde(default)]
        whole: bool,
        /// The value that it returns.
        ret: Option<Arg>,
        /// The label that it jumps to.
        label: Option<Arg>,
        /// The action that it takes.
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
        /// Selects the element of `object`.
        element: Option<Arg>,
        len: Option<Arg>,
        /// The number of bytes, if it is fixed.
        size: Option<u8>,
        /// The number of bytes is the size of the object at `ptr`.
        #[serde(default)]
        whole: bool,
        /// `len` counts elements of this many bytes.
        times: Option<Arg>,
        /// Also consumes the bytes.
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
        /// The limited value, if the arguments have distinct roles.
        value: Option<Arg>,
    }
    |c| needs("`upper` or `lower`", !(c.upper.is_empty() && c.lower.is_empty()))
}

entry! {
    /// An operation that is retried after a failure.
    Retry {
        kind: RetryKind,
        confidence: Option<Confidence>,
    }
}

entry! {
    /// Waits for a given time.
    Delay {
        arg: Arg,
        unit: Unit,
    }
}

entry! {
    /// Waits for an event.
    Wait {
        timeout: Option<Arg>,
        unit: Option<Unit>,
    }
}

entry! {
    /// Generates a random number, e.g. for jitter.
    Random {
        /// Where it is stored; otherwise it is returned.
        out: Option<Arg>,
    }
}

entry! {
    /// Arms a timer.
    Timer {
        /// The timer.
        timer: Option<Arg>,
        /// The delay; its parts if there are several.
        delay: Vec<Arg>,
        unit: Unit,
        callback: Option<Arg>,
        /// Fires repeatedly.
        #[serde(default)]
        repeats: bool,
    }
}

entry! {
    /// Adds an item to a list or queue.
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
    /// Registers a function that is called on an event.
    Handler {
        /// The function; `None` if an object holds it.
        callback: Option<Arg>,
    }
}

entry! {
    /// May block the calling thread for long.
    Blocking {}
}

entry! {
    /// Locks or unlocks.
    Lock {
        does: LockKind,
        /// The lock, or the object that contains it.
        object: Arg,
    }
}

entry! {
    /// Prints or logs, and keeps none of its arguments.
    Log {
        #[serde(default = "log")]
        kind: LogKind,
        /// The format; `None` if there is none, or if it is inside a parenthesised argument.
        fmt: Option<Arg>,
    }
}

fn log() -> LogKind {
    LogKind::Log
}
