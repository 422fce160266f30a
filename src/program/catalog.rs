//! Library functions that never return, for names that the repository does not define itself.

pub const NORETURN: &[&str] = &[
    "abort", "exit", "_exit", "_Exit", "quick_exit", "longjmp", "_longjmp", "siglongjmp", "__builtin_unreachable",
    "__builtin_trap", "__assert_fail", "__assert", "__assert_func", "__assert_rtn", "__assert_perror_fail",
    "pthread_exit", "thrd_exit", "err", "errx", "verr", "verrx", "unreachable", "__assume", "__debugbreak", "_assert",
    "g_assert_not_reached", "g_error", "g_assertion_message", "g_assertion_message_expr", "g_thread_exit", "g_abort",
    "__stack_chk_fail", "__fortify_fail", "__chk_fail", "rte_panic", "rte_exit", "panic", "Perl_croak", "croak",
    "luaL_error", "luaL_argerror", "lua_error", "luaL_typerror", "luaL_typeerror", "ExitProcess", "ExitThread",
    "FatalExit", "execv_or_die", "png_error", "error_at_line_exit", "argp_usage", "poptPrintUsageExit", "usage_exit",
    "Tcl_Panic", "Tcl_Exit", "rb_raise", "rb_exc_raise", "rb_bug", "Py_FatalError", "zend_bailout", "g_return_if_reached",
];
