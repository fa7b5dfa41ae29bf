#include "engine/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang_analyzer__
#	undef stw_fail
#	undef stw_fail_at
#	undef stw_err_prefix
#endif

static void
err_set(struct stw_err *err, enum stw_code code, int line, int column, const char *fmt,
    va_list ap)
{
	if (err == NULL)
		return;
	err->code = code;
	err->line = line;
	err->column = column;
	(void)vsnprintf(err->text, sizeof err->text, fmt, ap);
}

enum stw_code
stw_fail(struct stw_err *err, enum stw_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_set(err, code, 0, 0, fmt, ap);
	va_end(ap);
	return code;
}

enum stw_code
stw_fail_at(
    struct stw_err *err, enum stw_code code, int line, int column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_set(err, code, line, column, fmt, ap);
	va_end(ap);
	return code;
}

enum stw_code
stw_err_prefix(struct stw_err *err, enum stw_code code, const char *fmt, ...)
{
	char old[sizeof err->text];
	char head[160];
	va_list ap;

	if (err == NULL)
		return code;
	va_start(ap, fmt);
	(void)vsnprintf(head, sizeof head, fmt, ap);
	va_end(ap);
	memcpy(old, err->text, sizeof old);
	old[sizeof old - 1] = '\0';
	(void)snprintf(err->text, sizeof err->text, "%s: %.*s", head,
	    (int)(sizeof err->text - sizeof head - 3), old);
	err->code = code;
	return code;
}

const char *
stw_code_name(enum stw_code code)
{
	switch (code) {
	case STW_OK:
		return "ok";
	case STW_INVALID:
		return "invalid";
	case STW_NOT_FOUND:
		return "not_found";
	case STW_CONFLICT:
		return "conflict";
	case STW_DENIED:
		return "denied";
	case STW_TEMPFAIL:
		return "tempfail";
	case STW_BUG:
		return "bug";
	}
	return "bug";
}

int
stw_code_exit(enum stw_code code)
{
	switch (code) {
	case STW_OK:
		return 0;
	case STW_INVALID:
		return 2;
	case STW_NOT_FOUND:
		return 3;
	case STW_CONFLICT:
	case STW_DENIED:
		return 4;
	case STW_TEMPFAIL:
		return 75;
	case STW_BUG:
		return 70;
	}
	return 70;
}

void
stw_assert_failed(const char *expr, const char *file, int line)
{
	(void)fprintf(stderr, "steward: bug: %s (%s:%d)\n", expr, file, line);
	abort();
}
