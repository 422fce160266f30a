//! Naming heuristics: the best evidence available where headers are missing.

fn ends_with_any(name: &str, words: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    words.iter().any(|word| lower.ends_with(word))
}

/// The name suggests a byte count.
pub fn is_length(name: &str) -> bool {
    ends_with_any(name, &["len", "length", "size", "left", "remain", "remaining", "avail", "nbytes", "octets", "bytes"])
        || matches!(name, "n" | "sz" | "cnt" | "l" | "count" | "cb")
        || name.ends_with("_sz")
}

/// A parameter that is a length by its name. Elsewhere, a total may be of anything.
pub fn is_length_of_parameter(name: &str) -> bool {
    is_length(name) || name == "total"
}

/// The name suggests a pointer past the last byte.
pub fn is_end(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(&*lower, "end" | "max" | "limit" | "lim" | "last" | "stop" | "ep" | "eob" | "eom" | "eod" | "tail")
        || lower.ends_with("_end")
        || lower.ends_with("end") && lower.len() <= 8
        || lower.ends_with("endptr")
        || lower.ends_with("snapend")
        || lower.ends_with("_tail")
        || lower.starts_with("end_")
        || lower.ends_with("_max")
}

/// The name suggests an element count.
pub fn is_count(name: &str) -> bool {
    ends_with_any(name, &["cnt", "count", "_num", "nelem"]) || name.starts_with("num_") || name.starts_with("n_")
}

/// The name suggests a pointer to bytes whose length is in a neighbouring field.
pub fn is_data(name: &str) -> bool {
    matches!(
        name,
        "data"
            | "buf"
            | "buffer"
            | "ptr"
            | "payload"
            | "body"
            | "bytes"
            | "base"
            | "octets"
            | "content"
            | "val"
            | "value"
            | "str"
            | "text"
            | "s"
            | "p"
            | "v"
            | "iov_base"
    )
}

/// Candidate length fields for a field that points to bytes, likeliest first.
pub fn lengths_of(data: &str) -> Vec<String> {
    let own = ["len", "_len", "length", "_length", "size", "_size", "sz", "_sz", "Len", "Length", "Size"];
    let own = own.map(|end| format!("{data}{end}"));
    let mut all: Vec<String> = match data {
        "s" | "ptr" => vec!["len".into(), "slen".into()],
        "p" | "v" => vec!["l".into()],
        _ => Vec::new(),
    };
    all.extend(own);
    if let Some(stem) =
        data.strip_suffix("_base").or_else(|| data.strip_suffix("_buf")).or_else(|| data.strip_suffix("_data"))
    {
        all.push(format!("{stem}_len"));
    }
    if is_data(data) {
        all.extend(["len", "length", "datalen", "data_len", "size"].map(String::from));
    }
    all
}

/// The length is named after the data field: `planes` and `planes_size`.
pub fn is_own_length(data: &str, length: &str) -> bool {
    data.len() > 1 && length.len() > data.len() && length.starts_with(data)
}

/// `data` and `datalen`, `in` and `in_len`, `hdr_ptr` and `hdr_len`.
pub fn named_for(data: &str, len: &str) -> bool {
    let (data, len) = (data.to_ascii_lowercase(), len.to_ascii_lowercase());
    let own = |data: &str| data.len() >= 2 && len.len() > data.len() && len.starts_with(data);
    // `data_ptr` and `data_len`
    own(&data) || ["_ptr", "ptr", "_p", "_start", "_buf"].iter().any(|end| data.strip_suffix(end).is_some_and(own))
}

/// The name suggests a pointer to an object of the program, whatever its declared type.
pub fn is_handle(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(&*lower, "self" | "this" | "priv" | "opaque" | "cookie" | "state")
        || ["handle", "ctx", "context"].iter().any(|word| lower.ends_with(word))
}

pub fn is_message(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["pkt", "packet", "pdu", "msg", "frame", "payload", "datagram", "octets", "wire", "raw"]
        .iter()
        .any(|word| lower.contains(word))
}

pub fn is_decoder(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "parse",
        "decode",
        "unpack",
        "deserial",
        "unmarshal",
        "dissect",
        "recv",
        "receive",
        "_rx",
        "rx_",
        "input",
        "handle",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// A call that decodes a number from bytes: `read_u16`, `read_uint24`, `get_be32`.
pub fn reads_number(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let widths = ["8", "16", "24", "32", "64"];
    let stem = lower.trim_end_matches(['b', 'l', 'e', 'n', 's', '_']);
    reads(name) && widths.iter().any(|width| stem.ends_with(width))
}

/// A call that stores what it reads, by its name.
pub fn reads(name: &str) -> bool {
    name.to_ascii_lowercase().split('_').any(|word| word == "read" || word == "unpack")
}

/// A predicate, by its name, for a null or empty string.
pub fn asks_for_empty(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("strlen_zero")
        || ends_with_any(&lower, &["zstr", "is_empty", "isempty", "strempty", "str_empty", "or_empty", "empty_string"])
}

/// A string copy that takes the size of its destination.
pub fn is_bounded_copy(callee: &str) -> bool {
    ["strn", "strl", "snprintf", "copy_string"].iter().any(|part| callee.contains(part)) && !callee.contains("ncat")
}

/// A lookup, by its name: the length of its result is up to whoever stored it.
pub fn is_looked_up(call: &str) -> bool {
    let name = call.split('(').next().unwrap_or("").trim();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name && ["get", "find", "lookup", "header", "attr"].iter().any(|word| name.contains(word))
}

/// A call that makes room in its argument.
pub fn makes_room(call: &str) -> bool {
    let lower = call.to_ascii_lowercase();
    let words =
        ["alloc", "grow", "resize", "reserve", "ensure", "space", "room", "extend", "expand", "enlarge", "size"];
    words.iter().any(|word| lower.contains(word))
}

/// A call that copies or looks something up: the returned pointer refers to existing data.
pub fn hands_back(call: &str) -> bool {
    let lower = call.to_ascii_lowercase();
    let words =
        ["cpy", "copy", "append", "find", "search", "lookup", "parse", "skip", "chr", "cat", "print", "read", "write"];
    words.iter().any(|word| lower.contains(word))
}

/// A call that returns a copy or the remainder of the string it is given.
pub fn is_duplicated(call: &str) -> bool {
    let name = call.split('(').next().unwrap_or("").trim().to_ascii_lowercase();
    ["strdup", "strndup", "str_dup", "strip", "trim", "skip_blank", "skip_space"].iter().any(|word| name.contains(word))
}

/// Two calls that return the data and the length of the same object: `data(x)`, `length(x)`.
pub fn is_accessor_pair(data: &str, length: &str) -> bool {
    let (Some((data, of)), Some((length, other))) = (data.split_once('('), length.split_once('(')) else {
        return false;
    };
    let is_name = |name: &str| name.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // The length of an address is determined by its family.
    let is_address = |name: &str| name.contains("addr");
    of == other
        && data != length
        && !is_address(length)
        && is_name(data)
        && is_name(length)
        && is_length(length)
        && !is_length(data)
}

/// A call that returns a position in the string it is given.
pub fn is_searched(call: &str) -> bool {
    let name = call.split('(').next().unwrap_or("").trim();
    ["strchr", "strrchr", "strstr", "strcasestr", "strpbrk", "strchrnul", "strtok", "strtok_r", "strsep"]
        .contains(&name)
}

/// Named like a constant or a macro, in upper case.
pub fn is_shouting(name: &str) -> bool {
    name.len() > 2 && !name.bytes().any(|b| b.is_ascii_lowercase())
}
