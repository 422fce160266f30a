//! The vocabulary of catalog files: argument positions and the values of keys.

use std::fmt::{self, Formatter};

use serde::{Deserialize, Deserializer, de};

/// An argument position beyond this is a typo.
const MAX_ARG: i8 = 15;

/// An argument position, 0-based; [`Arg::RESULT`] is the return value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arg(i8);

impl Arg {
    pub const RESULT: Arg = Arg(-1);
    pub const FIRST: Arg = Arg(0);

    /// The position among a call's arguments; `None` for the return value.
    pub fn index(self) -> Option<usize> {
        usize::try_from(self.0).ok()
    }
}

impl<'de> Deserialize<'de> for Arg {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Arg, D::Error> {
        from.deserialize_i64(ArgVisitor)
    }
}

struct ArgVisitor;

impl de::Visitor<'_> for ArgVisitor {
    type Value = Arg;

    fn expecting(&self, to: &mut Formatter) -> fmt::Result {
        write!(to, "an argument's position (0 to {MAX_ARG}, or -1 for the returned value)")
    }

    fn visit_i64<E: de::Error>(self, position: i64) -> Result<Arg, E> {
        match i8::try_from(position) {
            Ok(position @ -1..=MAX_ARG) => Ok(Arg(position)),
            _ => Err(E::invalid_value(de::Unexpected::Signed(position), &self)),
        }
    }
}

/// The source of an entry's argument positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// ISO C, POSIX, or a library's manual.
    Std,
    /// The project's source.
    Src,
    /// Experience; to be verified.
    Exp,
}

/// The confidence that an entry applies to a call, given only the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// The enums of the tables: their variants are written in snake case in the files.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $variant:ident,)* })*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$meta])* $variant,)* })*
    };
}

words! {
    /// How the return value indicates failure.
    Failure {
        Negative,
        MinusOne,
        NonZero,
        Zero,
        ZeroOrNegative,
        Null,
        /// Fewer than requested: `fread`, `sscanf`.
        Fewer,
        /// The code in a returned structure: asn1c's decoders.
        Code,
    }

    SourceKind { Socket, Tls, Sctp, Rtp, Fd, File, Stream, Device, Message, }

    /// What a source returns.
    Received {
        /// The number of bytes received.
        Length,
        /// The number of items, or of messages.
        Count,
        /// Success or failure; the length is elsewhere.
        Status,
        /// The buffer, or null.
        Pointer,
        /// A message object, or null.
        Object,
    }

    /// The effect of reading past the end of the data.
    Bounds {
        Unchecked,
        ReturnsZero,
        ReturnsNull,
        ReturnsError,
        /// Reads what is available and returns how much that was.
        ReturnsLess,
        Aborts,
        /// Jumps or throws.
        Longjmp,
        /// Leaves through the macro's `goto` or `return`.
        Leaves,
        SetsError,
        /// To be inferred from the definition.
        Infer,
    }

    /// What a cursor does with a message object.
    Move {
        /// Takes bytes off the head: `msgb_pull`.
        Take,
        /// Takes bytes off the tail: `msgb_get`.
        TakeEnd,
        /// Appends bytes: `msgb_put`.
        Put,
        /// Prepends bytes: `msgb_push`.
        PutHead,
        /// Reads without moving.
        Peek,
        /// Moves without reading.
        Skip,
    }

    /// What an accessor returns of a message object.
    Part {
        /// The address of the bytes.
        Data,
        /// The address past the last byte.
        End,
        /// The bytes from the cursor to the end, or all bytes in use.
        Length,
        /// The bytes that can still be written.
        Space,
        /// The bytes that it can hold.
        Capacity,
    }

    SinkKind {
        /// Copies `size` bytes.
        Copy,
        /// Writes `size` bytes of one value.
        Fill,
        /// Reads `size` bytes.
        Read,
        /// Copies a string of any length.
        StringCopy,
        /// Copies a string of at most `size` bytes and terminates it.
        StringCopyBounded,
        /// Copies a string of at most `size` bytes and may leave it unterminated.
        StringCopyUnterminated,
        /// Prints without a limit.
        Format,
        /// Prints at most `size` bytes.
        FormatBounded,
        /// Reads by a format: `%s` without a width writes without limit.
        Scan,
        /// Sends `size` bytes out of the process.
        Send,
        /// Decodes into at most `size` bytes.
        Decode,
        /// Decodes into a buffer of unknown size.
        DecodeUnbounded,
    }

    /// The meaning of a sink's return value.
    Written {
        /// The length that a large enough buffer would have taken: may exceed its size.
        WouldBeLength,
        /// The number of bytes written.
        WrittenLength,
        /// The position at which to continue writing.
        NewCursor,
        /// The number of input bytes consumed.
        ConsumedLength,
        /// The number of conversions made.
        Count,
    }

    OnFailure { Null, Abort, Throw, Error, }

    /// Why a null pointer is returned.
    NullReason {
        /// The searched item does not exist.
        NotFound,
        /// There are no more tokens.
        NoToken,
        /// The input is malformed.
        ParseFailure,
        /// Out of memory.
        Alloc,
        /// A pool of fixed size is empty.
        Exhausted,
    }

    /// How a number parser reports that the text is not a number.
    Detects {
        /// It does not.
        Nothing,
        /// By where it stopped.
        End,
        /// By where it stopped, and `errno` for a range error.
        EndAndErrno,
        /// By its returned value.
        Status,
    }

    AssertMode {
        AlwaysAbort,
        /// Aborts in debug builds; what a release does is unknown.
        DebugAbort,
        DebugAbortReleaseReturn,
        DebugAbortReleaseNoop,
        AlwaysReturn,
        LogOnly,
        /// Checked by the compiler.
        CompileTime,
        /// Part of a test.
        Test,
        /// To be inferred from the definition.
        Infer,
    }

    OnFail {
        Goto,
        Return,
        GotoOrReturn,
        Longjmp,
        GotoOrLongjmp,
        /// To be inferred from the definition.
        Infer,
    }

    RetryKind { Connect, Handshake, Send, Register, Resolve, Start, }

    Unit { S, Ms, Us, Ns, Ticks, Timespec, Timeval, Other, }

    LockKind { Lock, TryLock, Unlock, }

    /// Distinguishes log functions from other printing functions; the rules care about their arguments, not the output.
    LogKind { Log, Print, }
}
