//! The node kinds that lowering distinguishes, resolved once from the grammar's ids.

use std::sync::LazyLock;

macro_rules! kinds {
    ($($kind:ident = $name:literal,)*) => {
        /// A node kind of the grammar, or `Other`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            Other,
            Error,
            $($kind,)*
        }

        const NAMES: &[(&str, Kind)] = &[$(($name, Kind::$kind),)*];
    };
}

kinds! {
    TranslationUnit = "translation_unit",
    FunctionDefinition = "function_definition",
    Compound = "compound_statement",
    ExpressionStatement = "expression_statement",
    Declaration = "declaration",
    TypeDefinition = "type_definition",
    InitDeclarator = "init_declarator",
    PointerDeclarator = "pointer_declarator",
    ArrayDeclarator = "array_declarator",
    FunctionDeclarator = "function_declarator",
    ParenthesizedDeclarator = "parenthesized_declarator",
    AttributedDeclarator = "attributed_declarator",
    ParameterList = "parameter_list",
    StorageClass = "storage_class_specifier",
    StructSpecifier = "struct_specifier",
    UnionSpecifier = "union_specifier",
    EnumSpecifier = "enum_specifier",
    TypeDescriptor = "type_descriptor",
    MacroType = "macro_type_specifier",
    If = "if_statement",
    Else = "else_clause",
    While = "while_statement",
    Do = "do_statement",
    For = "for_statement",
    Switch = "switch_statement",
    Case = "case_statement",
    Labeled = "labeled_statement",
    Goto = "goto_statement",
    Break = "break_statement",
    Continue = "continue_statement",
    Return = "return_statement",
    AttributedStatement = "attributed_statement",
    SehTry = "seh_try_statement",
    SehExcept = "seh_except_clause",
    SehFinally = "seh_finally_clause",
    SehLeave = "seh_leave_statement",
    Identifier = "identifier",
    FieldIdentifier = "field_identifier",
    StatementIdentifier = "statement_identifier",
    TypeIdentifier = "type_identifier",
    Number = "number_literal",
    Char = "char_literal",
    String = "string_literal",
    Concatenated = "concatenated_string",
    True = "true",
    False = "false",
    Null = "null",
    Call = "call_expression",
    ArgumentList = "argument_list",
    Field = "field_expression",
    Subscript = "subscript_expression",
    Unary = "unary_expression",
    Pointer = "pointer_expression",
    Update = "update_expression",
    Binary = "binary_expression",
    Assignment = "assignment_expression",
    Conditional = "conditional_expression",
    Comma = "comma_expression",
    Cast = "cast_expression",
    Sizeof = "sizeof_expression",
    Alignof = "alignof_expression",
    Offsetof = "offsetof_expression",
    Parenthesized = "parenthesized_expression",
    CompoundLiteral = "compound_literal_expression",
    InitializerList = "initializer_list",
    InitializerPair = "initializer_pair",
    Generic = "generic_expression",
    Extension = "extension_expression",
    Asm = "gnu_asm_expression",
    AsmGotoList = "gnu_asm_goto_list",
    AsmInput = "gnu_asm_input_operand",
    AsmOutput = "gnu_asm_output_operand",
    AsmInputList = "gnu_asm_input_operand_list",
    AsmOutputList = "gnu_asm_output_operand_list",
}

/// The id of ERROR nodes in every grammar, set by the library.
const ERROR: u16 = u16::MAX;

static BY_ID: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let language: tree_sitter::Language = tree_sitter_c::LANGUAGE.into();
    (0..language.node_kind_count())
        .map(|id| {
            let named = language.node_kind_is_named(id as u16);
            let name = language.node_kind_for_id(id as u16).unwrap_or("");
            NAMES.iter().find(|(known, _)| named && *known == name).map_or(Kind::Other, |&(_, kind)| kind)
        })
        .collect()
});

impl Kind {
    pub fn of(node: tree_sitter::Node) -> Kind {
        match node.kind_id() {
            ERROR => Kind::Error,
            id => BY_ID.get(id as usize).copied().unwrap_or(Kind::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_exists_in_the_grammar() {
        for &(name, kind) in NAMES {
            assert!(BY_ID.contains(&kind), "{name} is no node kind of this grammar");
        }
    }
}
