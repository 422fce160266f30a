//! The words that catalog files use: positions of arguments, and what a key may say.

use std::fmt::{self, Formatter};

use serde::{Deserialize, Deserializer, de};

/// Arguments past this one are a slip of the pen.
const MAX_ARG: i8 = 15;

/// An argument, counted from 0; [`Arg::RESULT`] is the returned value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arg(i8);

impl Arg {
    pub const RESULT: Arg = Arg(-1);
    pub const FIRST: Arg = Arg(0);

    /// The position among a call's arguments; none for the returned value.
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

/// Where an entry's positions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// ISO C, POSIX, or a library's manual.
    Std,
    /// The project's source.
    Src,
    /// Experience; to be confirmed.
    Exp,
}

/// How surely what an entry says holds of a call by that name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// The enums of the tables: in the files, their variants are written in snake case.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $variant:ident,)* })*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$meta])* $variant,)* })*
    };
}

words! {
    /// How a returned value says that a call failed.
    Failure {
        Negative,
        MinusOne,
        NonZero,
        Zero,
        ZeroOrNegative,
        Null,
        /// Fewer than asked for: `fread`, `sscanf`.
        Fewer,
        /// A structure's code: asn1c's decoders.
        Code,
    }

    SourceKind { Socket, Tls, Sctp, Rtp, Fd, File, Stream, Device, Message, }

    /// What a source returns.
    Received {
        /// The number of bytes received.
        Length,
        /// The number of items, or of messages.
        Count,
        /// Whether it went well; the length is elsewhere.
        Status,
        /// The buffer, or nothing.
        Pointer,
        /// A message object, or nothing.
        Object,
    }

    /// What reading past the end of the data does.
    Bounds {
        Unchecked,
        ReturnsZero,
        ReturnsNull,
        ReturnsError,
        /// Reads what there is and returns how much that was.
        ReturnsLess,
        Aborts,
        /// Jumps or throws.
        Longjmp,
        /// Leaves by the `goto` or `return` of the macro.
        Leaves,
        SetsError,
        /// To be told from its definition.
        Infer,
    }

    /// What a cursor does with a message object.
    Move {
        /// Takes bytes off its head: `msgb_pull`.
        Take,
        /// Takes bytes off its tail: `msgb_get`.
        TakeEnd,
        /// Appends bytes: `msgb_put`.
        Put,
        /// Prepends bytes: `msgb_push`.
        PutHead,
        /// Looks without moving.
        Peek,
        /// Moves without looking.
        Skip,
    }

    /// What an accessor gives of a message object.
    Part {
        /// The address of its bytes.
        Data,
        /// The address behind its last byte.
        End,
        /// The bytes from the cursor to the end, or all that are filled.
        Length,
        /// The bytes that could still be written.
        Space,
        /// The bytes it could hold.
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
        /// Reads by a format: `%s` without a width writes without a limit.
        Scan,
        /// Hands `size` bytes out of the process.
        Send,
        /// Decodes into at most `size` bytes.
        Decode,
        /// Decodes into a buffer whose size it is not told.
        DecodeUnbounded,
    }

    /// What a sink's returned length means.
    Written {
        /// The length that a large enough buffer would have taken: may be beyond its size.
        WouldBeLength,
        /// What was written.
        WrittenLength,
        /// Where to go on writing.
        NewCursor,
        /// How much of the input was read.
        ConsumedLength,
        /// How many conversions were made.
        Count,
    }

    OnFailure { Null, Abort, Throw, Error, }

    /// Why a null pointer comes back.
    NullReason {
        /// What was looked for is not there.
        NotFound,
        /// There are no more tokens.
        NoToken,
        /// The input is malformed.
        ParseFailure,
        /// No memory.
        Alloc,
        /// A pool of fixed size is empty.
        Exhausted,
    }

    /// How a number parser says that the text is no number.
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
        /// To be told from its definition.
        Infer,
    }

    OnFail {
        Goto,
        Return,
        GotoOrReturn,
        Longjmp,
        GotoOrLongjmp,
        /// To be told from its definition.
        Infer,
    }

    RetryKind { Connect, Handshake, Send, Register, Resolve, Start, }

    Unit { S, Ms, Us, Ns, Ticks, Timespec, Timeval, Other, }

    LockKind { Lock, TryLock, Unlock, }

    /// What happens to a log function's output is no affair of the rules; what it does with its arguments is.
    LogKind { Log, Print, }
}
