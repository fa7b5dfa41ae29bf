#include "engine/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic int log_min = LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void
log_set_level(enum log_level level)
{
	atomic_store(&log_min, (int)level);
}

enum stw_code
log_level_parse(const char *text, enum log_level *out)
{
	for (int i = 0; i < (int)STW_ARRAY_LEN(level_names); i++)
		if (strcmp(text, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return STW_OK;
		}
	return STW_INVALID;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[1200];
	va_list ap;
	int n;

	if ((int)level < atomic_load(&log_min))
		return;
	n = snprintf(line, sizeof line, "%s %s ", level_names[level], event);
	if (n < 0 || (size_t)n >= sizeof line - 2)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
	va_end(ap);
	/* A line break inside a value must not start a forged line. */
	for (char *p = line; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	n = (int)strlen(line);
	line[n++] = '\n';
	/* Nowhere is left to complain when stderr is gone. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

void
log_err(enum log_level level, const char *event, const struct stw_err *err)
{
	if (err->line > 0)
		log_event(level, event, "code=%s at=%d:%d text=\"%s\"",
		    stw_code_name(err->code), err->line, err->column, err->text);
	else
		log_event(level, event, "code=%s text=\"%s\"", stw_code_name(err->code),
		    err->text);
}
