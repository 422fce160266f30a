use super::*;
use crate::source::SourceFile;

fn program(files: &[(&str, &str)]) -> Program {
    let file = |(path, text): &(&str, &str)| SourceFile::new((*path).to_owned(), text.as_bytes().to_vec());
    Program::new(&files.iter().map(file).collect::<Vec<_>>(), &|| {})
}

/// A type in short notation: `*u8`, `[4]i32`, `struct s`.
fn words(types: Types, ty: &Type) -> String {
    match ty {
        Type::Unknown => "?".into(),
        Type::Void => "void".into(),
        Type::Bool => "bool".into(),
        Type::Int { bits, signed } => format!("{}{bits}", if *signed { "i" } else { "u" }),
        Type::Float { bits } => format!("f{bits}"),
        Type::Pointer(to) => format!("*{}", words(types, to)),
        Type::Array(of, None) => format!("[]{}", words(types, of)),
        Type::Array(of, Some(n)) => format!("[{n}]{}", words(types, of)),
        Type::Function(returns) => format!("fn {}", words(types, returns)),
        Type::Struct(id) => {
            let body = types.index.body(id.first);
            format!("struct {}", body.tag.as_deref().or(body.alias.as_deref()).unwrap_or("-"))
        }
    }
}

/// What a declaration text declares in `a.c`, whose contents are `text`.
fn declared(text: &str, declaration: &str) -> String {
    let program = program(&[("a.c", text)]);
    let types = program.types();
    words(types, &types.of_declaration(declaration, Scope::of(FileId(0))))
}

fn constant(text: &str, expression: &str) -> Option<i64> {
    program(&[("a.c", text)]).types().constant(expression, Scope::of(FileId(0)))
}

/// Size and members of a type, as `8: a@0 i32, b@4 u8:3`.
fn layout(text: &str, declaration: &str, members: &str) -> String {
    let program = program(&[("a.c", text)]);
    let types = program.types();
    let ty = types.of_declaration(declaration, Scope::of(FileId(0)));
    let number = |n: Option<u64>| n.map_or("?".into(), |n| n.to_string());
    let Type::Struct(id) = ty else { return words(types, &ty) };
    let members = members.split_whitespace().map(|name| match types.field(id, name) {
        None => format!("{name} -"),
        Some(field) => {
            let bits = field.bits.map_or(String::new(), |bits| format!(":{bits}"));
            format!("{name}@{} {}{bits}", number(field.offset), words(types, &field.ty))
        }
    });
    let members: Vec<String> = members.collect();
    format!("{}: {}", number(types.size_of(&ty)), members.join(", "))
}

#[test]
fn declarations_as_text() {
    for (text, expected) in [
        ("int x", "i32"),
        ("unsigned x", "u32"),
        ("long unsigned int x", "u64"),
        ("short", "i16"),
        ("const char *p", "*i8"),
        ("char const * const *argv", "**i8"),
        ("uint8_t mac[6]", "[6]u8"),
        ("int a[2][3]", "[2][3]i32"),
        ("int *a[4]", "[4]*i32"),
        ("int (*a)[4]", "*[4]i32"),
        ("int (*cb)(int, void *)", "*fn i32"),
        ("char *(*cb[3])(void)", "[3]*fn *i8"),
        ("void (*signal(int s, void (*f)(int)))(int)", "fn *fn void"),
        ("struct none *p", "*?"),
        ("enum color c", "u32"),
        ("enum sign c", "i32"),
        ("size_t", "u64"),
        ("bool flag", "bool"),
        ("u_int8_t x", "u8"),
        ("double d", "f64"),
        ("long double d", "f128"),
        ("va_list ap", "[1]struct -"),
        ("FILE *f", "*?"),
        ("struct s v", "struct s"),
        ("struct s *next, *last", "*struct s"),
        ("t v", "struct s"),
        ("tp v", "*struct s"),
        ("char buf[sizeof(struct s) + 2 * N]", "[40]i8"),
        ("char buf[n]", "[]i8"),
        ("char buf[]", "[]i8"),
        ("register int i", "i32"),
        ("static const uint16_t API x", "u16"),
        ("API uint16_t x", "u16"),
        ("uint16_t API *x", "*u16"),
        ("API unsigned const x", "u32"),
        ("GIVES(char *) x", "*i8"),
        ("EXPORT(char *) f(void)", "fn *i8"),
        ("__attribute__((unused)) int x", "i32"),
        ("int x __attribute__((aligned(8)))", "i32"),
        ("typeof(x) y", "?"),
        ("_Atomic int x", "i32"),
        ("_Atomic(int) x", "i32"),
        ("void (WINAPI *f)(int)", "*fn void"),
        ("short_alias x", "i16"),
        ("x", "?"),
        ("", "?"),
        ("*", "?"),
        ("int ((", "fn i32"),
    ] {
        let context = "#define N 8\n#define GIVES(x) extern x\n#define short_alias short\n
            enum sign { MINUS = -1, PLUS };\n
            struct s { int a[6]; };\ntypedef struct s t, *tp;";
        assert_eq!(declared(context, text), expected, "{text}");
    }
}

#[test]
fn constants() {
    let text = "#define N 16\n#define M (N * 2)\n#define SQUARE(x) ((x) * (x))\n#define SUM N + 1\n#define SELF SELF\n
        enum e { A, B = 5, C, D = N | 1, E };\nstruct s { char a[3]; int b; uint8_t c[N]; };\n
        static const char *names[] = { \"a\", \"b\", \"c\", };\nuint16_t table[N];\nchar text[] = \"four\";\n
        #define COUNT(x) (sizeof(x) / sizeof((x)[0]))\n#define MIN(a, b) ((a) < (b) ? (a) : (b))\nint f(void);";
    for (expression, expected) in [
        ("1 + 2 * 3", Some(7)),
        ("(1 + 2) * 3", Some(9)),
        ("10 - 4 - 3", Some(3)),
        ("-N + M", Some(16)),
        ("SUM * 2", Some(18)),
        ("SQUARE(N + 1)", Some(289)),
        ("MIN(N, 5)", Some(5)),
        ("A", Some(0)),
        ("C", Some(6)),
        ("E", Some(18)),
        ("1 << 4 | 1", Some(17)),
        ("~0u >> 31", Some(1)),
        ("0 ? 1 : 2", Some(2)),
        ("N > 8 && M != 3", Some(1)),
        ("unknown && 0", Some(0)),
        ("!N", Some(0)),
        ("'a'", Some(97)),
        ("'\\n'", Some(10)),
        ("'\\xff'", Some(-1)),
        ("'\\0'", Some(0)),
        ("(uint8_t)0x1ff", Some(255)),
        ("(unsigned char)-1", Some(255)),
        ("(int)4000000000", Some(-294967296)),
        ("sizeof(int)", Some(4)),
        ("sizeof(struct s)", Some(24)),
        ("sizeof(struct s *)", Some(8)),
        ("sizeof(char[N])", Some(16)),
        ("sizeof (int) * 2", Some(8)),
        ("sizeof \"abc\"", Some(4)),
        ("sizeof(\"abc\" \"de\\n\")", Some(7)),
        ("sizeof(((struct s *)0)->c)", Some(16)),
        ("sizeof(table)", Some(32)),
        ("sizeof table[0]", Some(2)),
        ("COUNT(table)", Some(16)),
        ("COUNT(names)", Some(3)),
        ("sizeof(text)", Some(5)),
        ("sizeof(local)", Some(10)),
        ("sizeof(local[0])", Some(1)),
        ("sizeof(f())", Some(4)),
        ("offsetof(struct s, b)", Some(4)),
        ("offsetof(struct s, c[3])", Some(11)),
        ("_Alignof(struct s)", Some(4)),
        ("UINT16_MAX + 1", Some(65536)),
        ("INET6_ADDRSTRLEN", Some(46)),
        ("true", Some(1)),
        ("1 / 0", None),
        ("1 % 0", None),
        ("1 << 99", None),
        ("unknown", None),
        ("SELF", None),
        ("N N", None),
        ("f()", None),
        ("(", None),
        ("", None),
        ("1.5", None),
        ("x = 3", None),
        ("99999999999999999999999", None),
        ("~0ull", None),
    ] {
        let program = program(&[("a.c", text)]);
        let char_array = Type::Array(Arc::new(Type::Int { bits: 8, signed: true }), Some(10));
        let locals = |name: &str| (name == "local").then(|| char_array.clone());
        let scope = Scope { file: FileId(0), locals: &locals };
        assert_eq!(program.types().constant(expression, scope), expected, "{expression}");
    }
}

#[test]
fn layouts() {
    for (body, members, expected) in [
        ("char a; int b;", "a b c", "8: a@0 i8, b@4 i32, c -"),
        ("char a; short b; char c;", "b c", "6: b@2 i16, c@4 i8"),
        ("char a; double b;", "b", "16: b@8 f64"),
        ("char *p, c; int a[3], **q;", "p c a q", "32: p@0 *i8, c@8 i8, a@12 [3]i32, q@24 **i32"),
        ("int a; char tail[];", "tail", "4: tail@4 []i8"),
        ("int a; char tail[0];", "tail", "4: tail@4 []i8"),
        ("int a; char tail[1];", "tail", "8: tail@4 []i8"),
        ("int a; char inner[1]; int b;", "inner", "12: inner@4 [1]i8"),
        ("int a : 3, b : 5; char c;", "a b c", "4: a@0 i32:3, b@0 i32:5, c@1 i8"),
        ("uint8_t a : 4, b : 4; uint16_t c;", "a b c", "4: a@0 u8:4, b@0 u8:4, c@2 u16"),
        ("int a : 30; int b : 3;", "b", "8: b@4 i32:3"),
        ("char a; int : 0; char b;", "b", "5: b@4 i8"),
        ("uint8_t a; uint16_t b : 9;", "b", "4: b@2 u16:9"),
        ("union { int i; char c[6]; } u; struct { char x; short y; } in;", "u in", "12: u@0 struct -, in@8 struct -"),
        ("char c; union { int i; struct { char x, y; }; };", "i y", "8: i@4 i32, y@5 i8"),
        ("int (*cb)(struct s *, int); int n : 2;", "cb n", "16: cb@0 *fn i32, n@8 i32:2"),
        ("char a; int b __attribute__((packed)); int c;", "b c", "12: b@1 i32, c@8 i32"),
        ("char a; char b __attribute__((aligned(4)));", "b", "8: b@4 i8"),
        ("_Alignas(8) char a; char b;", "b", "8: b@1 i8"),
        ("char a[N]; int b;", "a b", "20: a@0 [16]i8, b@16 i32"),
        ("enum { X, Y } kind; enum z q;", "kind q", "8: kind@0 u32, q@4 u32"),
        ("struct s *next; struct other *other;", "next other", "16: next@0 *struct s, other@8 *?"),
        (
            "struct in_addr a; struct sockaddr_in6 b; time_t t;",
            "a b",
            "40: a@0 struct in_addr, b@4 struct sockaddr_in6",
        ),
        // Unknown parts are not guessed.
        ("char a; unknown_t b; int c;", "a b c", "?: a@0 i8, b@? ?, c@? i32"),
        ("char a; UNKNOWN_MEMBERS; int c;", "a c", "?: a@0 i8, c@4 i32"),
        ("LIST_ENTRY(s) link; int c;", "link c", "?: link@0 ?, c@? i32"),
        ("char a[unknown]; int c;", "a c", "?: a@0 []i8, c@? i32"),
        ("struct s again; int c;", "again c", "?: again@0 struct s, c@? i32"),
        ("char a\n#include \"x.h\"\n; int b;", "b", "?: b@4 i32"),
        ("PAIR(int, x) PAIR(char, y)", "x y", "12: x@0 [2]i32, y@8 [2]i8"),
        ("", "", "0: "),
    ] {
        let text = format!("#define N 16\n#define PAIR(t, n) t n[2];\nstruct s {{ {body} }};");
        assert_eq!(layout(&text, "struct s", members), expected, "{body}");
    }
}

#[test]
fn packed_structures() {
    for (text, expected) in [
        ("struct s { char a; int b; } __attribute__((packed));", "5: b@1 i32"),
        ("struct __attribute__((__packed__)) s { char a; int b; };", "5: b@1 i32"),
        ("#define PACKED __attribute__((packed))\nstruct s { char a; int b; } PACKED;", "5: b@1 i32"),
        ("struct s { char a; int b; } PACKED v;", "5: b@1 i32"),
        ("struct PACKED s { char a; int b; };", "5: b@1 i32"),
        ("typedef struct s { char a; int b; } __attribute__((packed)) s;", "5: b@1 i32"),
        ("#pragma pack(push, 1)\nstruct s { char a; int b; };\n#pragma pack(pop)", "5: b@1 i32"),
        ("#pragma pack(2)\nstruct s { char a; int b; };", "6: b@2 i32"),
        ("#pragma pack(1)\n#pragma pack()\nstruct s { char a; int b; };", "8: b@4 i32"),
        ("#ifdef _WIN32\n#pragma pack(1)\n#endif\nstruct s { char a; int b; };", "8: b@4 i32"),
        ("struct s { char a; int b; } __attribute__((packed, aligned(4)));", "8: b@1 i32"),
        ("struct s { uint8_t a : 4; uint16_t b : 12; } __attribute__((packed));", "2: b@0 u16:12"),
        ("struct in { int x; }; struct s { char a; struct in b; } __attribute__((packed));", "5: b@1 struct in"),
    ] {
        assert_eq!(layout(text, "struct s", "b"), expected, "{text}");
    }
}

#[test]
fn where_structures_are_defined() {
    for (text, declaration, expected) in [
        ("typedef struct { int a; } t;", "t", "4: a@0 i32"),
        ("typedef struct tag { int a; } t;", "struct tag", "4: a@0 i32"),
        ("struct s { int a; } v, *p;", "struct s", "4: a@0 i32"),
        ("struct outer { struct inner { int a; } in; };", "struct inner", "4: a@0 i32"),
        ("void f(void) { struct s { int a; } v; }", "struct s", "4: a@0 i32"),
        ("void f(void) { struct { int a; } v; }", "struct { int a; } v", "4: a@0 i32"),
        (
            "void f(void) { union { int a; char b[4]; } __attribute__((packed)) v; }",
            "union { int a; char b[4]; } __attribute__((packed)) v",
            "4: a@0 i32",
        ),
        ("struct s *f(struct s *p) { return p; } struct s { int a; };", "struct s", "4: a@0 i32"),
        ("extern \"C\" {\nstruct s { int a; };\n}", "struct s", "4: a@0 i32"),
        ("#define HEAD(name, type) struct name { struct type *a; }\nHEAD(list, item);", "struct list", "8: a@0 *?"),
        ("#define DEFINE struct s { int a; };\nDEFINE\nint x;", "struct s", "4: a@0 i32"),
        (
            "#ifdef __cplusplus\n#define BEGIN extern \"C\" {\n#else\n#define BEGIN\n#endif\nBEGIN\nstruct s { int a; };",
            "struct s",
            "4: a@0 i32",
        ),
        ("MODULE(\"x\")\nstruct s { int a; };", "struct s", "4: a@0 i32"),
        ("struct s { int a; } table[] = { { 1 }, { 2 } };", "struct s", "4: a@0 i32"),
        ("union s { int a; char b[9]; };", "union s", "12: a@0 i32"),
    ] {
        assert_eq!(layout(text, declaration, "a"), expected, "{text}");
    }
}

#[test]
fn of_several_definitions_the_nearest_counts() {
    let files = [
        ("a.c", "#include \"a.h\"\nstruct own { char a[1]; int x; };"),
        ("a.h", "struct own { char a[2]; int x; }; struct inc { char a[3]; int x; }; typedef short num;"),
        (
            "b.h",
            "struct own { char a[4]; int x; }; struct inc { char a[5]; int x; }; typedef long num;\n
                 struct far { char a[6]; int x; };",
        ),
        ("c.h", "struct far { char a[7]; int x; }; struct in_addr { int a; };"),
    ];
    let program = program(&files);
    let types = program.types();
    let a = |text: &str, file: u32| {
        let Type::Struct(id) = types.of_declaration(text, Scope::of(FileId(file))) else { return "none".to_owned() };
        types.field(id, "a").map_or("no".into(), |field| words(types, &field.ty))
    };
    assert_eq!(a("struct own", 0), "[1]i8");
    assert_eq!(a("struct own", 1), "[2]i8");
    assert_eq!(a("struct inc", 0), "[3]i8");
    assert_eq!(a("struct inc", 2), "[5]i8");
    // Neither is near: the greater length is the weaker claim, and differing sizes give none.
    assert_eq!(a("struct far", 0), "[7]i8");
    assert_eq!(types.size_of(&types.of_declaration("struct far", Scope::of(FileId(0)))), Some(12));
    assert_eq!(types.size_of(&types.of_declaration("struct inc", Scope::of(FileId(3)))), None);
    assert_eq!(words(types, &types.of_declaration("num", Scope::of(FileId(0)))), "i16");
    assert_eq!(words(types, &types.of_declaration("num", Scope::of(FileId(3)))), "?");
    // The standard definition takes precedence over those of other files.
    assert_eq!(a("struct in_addr", 0), "no");
    assert_eq!(a("struct in_addr", 3), "i32");
}

#[test]
fn both_arms_of_an_if_are_definitions() {
    let text = "#ifdef X\n#define N 8\n#else\n#define N 32\n#endif\nstruct s { char a[N]; int b; };\n
        #ifdef LITTLE\ntypedef struct { uint8_t lo : 3, hi : 5; uint8_t z; } h;\n#else\n
        typedef struct { uint8_t hi : 5, lo : 3; uint8_t z; } h;\n#endif\n
        struct t {\n#ifdef BIG\n uint8_t x : 4, y : 4;\n#else\n uint8_t y : 4, x : 4;\n#endif\n uint16_t z;\n};\n
        struct u { int a;\n#ifdef MORE\n int more;\n#endif\n int z; };\n
        #if A\ntypedef int id;\n#elif B\ntypedef long id;\n#endif\n
        #ifdef _WIN32\ntypedef void *sock;\n#else\ntypedef int sock;\n#endif\n
        #ifndef GUARD\nint kept(void);\n#endif";
    assert_eq!(constant(text, "N"), None);
    assert_eq!(constant(text, "N > 4"), Some(1));
    assert_eq!(layout(text, "struct s", "a b"), "?: a@0 [32]i8, b@? i32");
    assert_eq!(layout(text, "h", "lo hi z"), "2: lo@0 u8:3, hi@0 u8:5, z@1 u8");
    assert_eq!(layout(text, "struct t", "x y z"), "4: x@0 u8:4, y@0 u8:4, z@2 u16");
    assert_eq!(layout(text, "struct u", "a more z"), "?: a@0 i32, more@4 i32, z@? i32");
    let nested = "struct s {\n#ifdef A\n int a;\n#endif\n struct { int x; } in; struct {\n#ifdef A\n int y;\n#else\n long y;\n#endif\n int z; } out; };";
    let inner = |member: &str, name: &str| {
        let program = program(&[("a.c", nested)]);
        let types = program.types();
        let Type::Struct(s) = types.of_declaration("struct s", Scope::of(FileId(0))) else { return "none".into() };
        let Some(Field { ty: Type::Struct(inner), .. }) = types.field(s, member) else { return "no structure".into() };
        types.field(inner, name).map_or("no".to_owned(), |field| words(types, &field.ty))
    };
    assert_eq!(inner("in", "x"), "i32");
    assert_eq!(inner("out", "y"), "?");
    assert_eq!(inner("out", "z"), "i32");
    assert_eq!(declared(text, "id x"), "?");
    assert_eq!(declared(text, "sock x"), "i32");
}

#[test]
fn variables_and_functions() {
    let files = [
        ("a.c", "#include \"a.h\"\nstatic char own[4]; int named[N];\nint f(const char *s, struct s *p, int n[3]) { return 0; }
            static short hidden(void) { return 1; }\nstatic const uint8_t list[] = { 1, 2, [7] = 3 };\nint old(a, b) int a; char *b; { return 0; }"),
        ("a.h", "#define N 3\nextern char text[];\nAPI(unsigned) g(void);\nchar *h(const char *, ...), *i(int (*)(int), uint8_t mac[6]);\nextern struct s v;\n
            struct s { int a; }; static inline long in_header(void) { return 1; }\nint f(const char *s, struct s *p, int n[3]);"),
        ("b.c", "static int own[9]; char text[] = \"\\x41\\101\\n\"; int *hidden(void) { return 0; }\nvoid strlen(int);
            #define PAIR 1, 2\nint pairs[] = { PAIR, 3 }, three[] = { 1, f(1, 2), { 3, 4 } };"),
    ];
    let program = program(&files);
    let types = program.types();
    let show = |ty: Option<Type>| ty.map_or("none".into(), |ty| words(types, &ty));
    let global = |name: &str, file: u32| show(types.global(name, FileId(file)));
    let returns = |name: &str, file: u32| show(types.returns(name, FileId(file)));
    let parameters = |name: &str, file: u32| match types.parameters(name, FileId(file)) {
        None => "none".into(),
        Some(all) => all.iter().map(|ty| words(types, ty)).collect::<Vec<_>>().join(", "),
    };
    assert_eq!(global("own", 0), "[4]i8");
    assert_eq!(global("own", 2), "[9]i32");
    assert_eq!(global("own", 1), "none");
    assert_eq!(global("named", 2), "[3]i32");
    assert_eq!(global("text", 0), "[]i8");
    assert_eq!(global("text", 2), "[4]i8");
    assert_eq!(global("v", 2), "struct s");
    assert_eq!(global("list", 0), "[]u8");
    assert_eq!(global("pairs", 2), "[]i32");
    assert_eq!(global("three", 2), "[3]i32");
    assert_eq!(global("none", 0), "none");
    assert_eq!(returns("f", 0), "i32");
    assert_eq!(returns("hidden", 0), "i16");
    assert_eq!(returns("hidden", 2), "*i32");
    assert_eq!(returns("hidden", 1), "*i32");
    assert_eq!(returns("g", 0), "u32");
    assert_eq!(returns("h", 0), "*i8");
    assert_eq!(returns("i", 0), "*i8");
    assert_eq!(returns("in_header", 0), "i64");
    assert_eq!(returns("in_header", 2), "none");
    assert_eq!(returns("ntohs", 0), "u16");
    assert_eq!(returns("strlen", 0), "u64");
    assert_eq!(returns("strlen", 2), "void");
    assert_eq!(parameters("f", 2), "*i8, *struct s, [3]i32");
    assert_eq!(parameters("g", 0), "");
    assert_eq!(parameters("h", 0), "*i8");
    assert_eq!(parameters("i", 0), "*fn i32, [6]u8");
    assert_eq!(parameters("memcpy", 0), "*void, *void, u64");
    assert_eq!(parameters("old", 0), "?, ?");
    assert_eq!(parameters("none", 0), "none");
}

#[test]
fn a_structure_may_be_hidden_from_its_header() {
    let files = [
        ("a.h", "struct s; typedef struct s s_t; struct user { struct s *p; };"),
        ("a.c", "#include \"a.h\"\nstruct s { char a[2]; };"),
        ("b.c", "#include \"a.h\"\nstruct s { char a[8]; };"),
    ];
    let program = program(&files);
    let types = program.types();
    let a = |text: &str, file: u32| {
        let Type::Struct(mut id) = types.of_declaration(text, Scope::of(FileId(file))) else {
            return "none".to_owned();
        };
        if let Some(Field { ty: Type::Pointer(to), .. }) = types.field(id, "p")
            && let Type::Struct(pointee) = *to
        {
            id = pointee;
        }
        types.field(id, "a").map_or("no".into(), |field| words(types, &field.ty))
    };
    assert_eq!(a("s_t", 1), "[2]i8");
    for (text, file) in [("s_t", 2), ("struct user", 2)] {
        assert_eq!(a(text, file), "[8]i8", "{text}");
    }
    assert_eq!(a("struct user", 1), "[2]i8");
}

#[test]
fn hostile_text_ends_in_good_time() {
    let start = std::time::Instant::now();
    assert_eq!(declared("typedef a b; typedef b a;", "a x"), "?");
    assert_eq!(declared("typedef t t;", "t x"), "?");
    let chain: String = (0..5_000).map(|i| format!("typedef t{i} *t{};", i + 1)).collect();
    assert!(declared(&format!("typedef int t0;{chain}"), "t5000 x").starts_with("***"));
    let nest: String = (0..3_000).map(|i| format!("struct s{} {{ struct s{i} a; int b; }};", i + 1)).collect();
    assert_eq!(layout(&format!("struct s0 {{ int z; }}; {nest}"), "struct s3000", "b"), "12004: b@12000 i32");
    assert_eq!(layout("struct a { struct b b; }; struct b { struct a a[2]; };", "struct b", "a"), "?: a@0 [2]struct a");
    let ring =
        "struct a { char x[sizeof(struct b)]; }; struct b { char y[sizeof(((struct a *)0)->x) + sizeof(struct a)]; };";
    assert_eq!(layout(ring, "struct a", "x"), "?: x@0 []i8");
    assert_eq!(constant("extern char a[sizeof(b)]; extern char b[sizeof(a)];", "sizeof(a)"), None);
    assert_eq!(constant("enum e { A = B + 0, B = A + 0 };", "A"), None);
    let wide: String = (0..10_000).map(|i| format!("int f{i};")).collect();
    assert_eq!(layout(&format!("struct s {{ {wide} }};"), "struct s", "f9999"), "40000: f9999@39996 i32");
    for text in [
        &*format!("int {}x;", "*".repeat(100_000)),
        &format!("int {}x{};", "(".repeat(50_000), ")".repeat(50_000)),
        &format!("int x{};", "[1]".repeat(50_000)),
        &"struct s { ".repeat(50_000),
        &format!("{}int x;{}", "struct { ".repeat(20_000), "} a;".repeat(20_000)),
        &"a ".repeat(200_000),
        &"A(".repeat(100_000),
        &"typedef struct ".repeat(50_000),
        &"const ".repeat(200_000),
        &format!("void f(void) {{ {} }}", "struct { ".repeat(50_000)),
        &format!("int x[] = {{ {} }};", "{".repeat(100_000)),
        "struct { int a : 99; int b : -1; } x; struct s { char a[-1]; char b[0x7fffffffffffffff]; char c[99999999999999]; };",
    ] {
        let program = program(&[("a.c", text)]);
        let types = program.types();
        types.global("x", FileId(0));
        if let Type::Struct(id) = types.of_declaration("struct s", Scope::of(FileId(0))) {
            types.field(id, "a");
        }
        types.of_declaration(text, Scope::of(FileId(0)));
        types.constant(text, Scope::of(FileId(0)));
    }
    let doubling: String = (0..40).map(|i| format!("#define M{} (M{i} + M{i})\n", i + 1)).collect();
    assert_eq!(constant(&format!("#define M0 1\n{doubling}"), "M40"), None);
    let either: String = (0..20)
        .map(|i| {
            format!("#if X{i}\n#define E{0} (E{i} + E{i} + 1)\n#else\n#define E{0} (E{i} + E{i} + 2)\n#endif\n", i + 1)
        })
        .collect();
    assert_eq!(constant(&format!("#define E0 1\n{either}"), "E20"), None);
    assert_eq!(constant("", &"(".repeat(100_000)), None);
    assert_eq!(constant("", &"-".repeat(100_000)), None);
    assert_eq!(constant("", &format!("1{}", " + 1".repeat(1_000))), Some(1001));
    assert_eq!(constant("", &"1 ? ".repeat(50_000)), None);
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
}
