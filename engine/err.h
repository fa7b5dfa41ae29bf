/*
 * err.h - how a function says that its work could not be done.
 *
 * Purpose    One result code and one place for the message. A verdict ("no, this
 *            contact is not allowed") is an answer, never an error; a broken
 *            invariant is a bug and stops the process (STW_ASSERT).
 * Ownership  struct stw_err is the caller's; it owns no memory.
 * Errors     Fallible functions return enum stw_code, are STW_MUST_USE and take
 *            struct stw_err * last (it may be NULL). Libraries fill it, only the
 *            edges (command line, HTTP, dispatch loop) log it, once.
 */
#ifndef STW_ENGINE_ERR_H
#define STW_ENGINE_ERR_H

#define STW_MUST_USE     __attribute__((warn_unused_result))
#define STW_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define STW_NORETURN     __attribute__((noreturn))
#define STW_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * INVALID   wrong input: do not retry, tell whoever wrote it.
 * NOT_FOUND the thing named does not exist (or is not the caller's to see).
 * CONFLICT  somebody was first; read again, then decide.
 * DENIED    the caller may not do this.
 * TEMPFAIL  outside trouble (database, network, disk): retry later.
 * BUG       an answer from a lower layer that cannot be.
 */
enum stw_code {
	STW_OK = 0,
	STW_INVALID,
	STW_NOT_FOUND,
	STW_CONFLICT,
	STW_DENIED,
	STW_TEMPFAIL,
	STW_BUG,
};

struct stw_err {
	enum stw_code code;
	int line, column; /* 1-based place in a rule, document or CSV file; 0: none */
	char text[480];   /* names the thing and the value, never a person's data */
};

/* Fills *err (which may be NULL) and returns code, so that a caller can return it. */
enum stw_code stw_fail(struct stw_err *err, enum stw_code code, const char *fmt, ...)
    STW_PRINTF(3, 4);

/* The same with a place in the input. */
enum stw_code stw_fail_at(struct stw_err *err, enum stw_code code, int line, int column,
    const char *fmt, ...) STW_PRINTF(5, 6);

/* Puts "context: " before the text that is already there; keeps code and place. */
enum stw_code stw_err_prefix(
    struct stw_err *err, enum stw_code code, const char *fmt, ...) STW_PRINTF(3, 4);

/* "invalid", "not_found", ... for logs. */
const char *stw_code_name(enum stw_code code);

/* Process exit status for the command line: 0, 2 wrong input, 3 not found, 4 conflict
 * or denied, 75 try again later, 70 bug (the last two as in sysexits.h). */
int stw_code_exit(enum stw_code code);

STW_NORETURN void stw_assert_failed(const char *expr, const char *file, int line);

/* Stays in release builds: leases expire, so the queue survives a restart. */
#define STW_ASSERT(expr) \
	((expr) ? (void)0 : stw_assert_failed(#expr, __FILE__, __LINE__))

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time; this tells it what these return. */
#	define stw_fail(err, code, ...) \
		((void)(stw_fail)((err), (code), __VA_ARGS__), (code))
#	define stw_fail_at(err, code, ...) \
		((void)(stw_fail_at)((err), (code), __VA_ARGS__), (code))
#	define stw_err_prefix(err, code, ...) \
		((void)(stw_err_prefix)((err), (code), __VA_ARGS__), (code))
#endif

#endif
