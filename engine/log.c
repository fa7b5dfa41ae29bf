#include "engine/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/time.h"

#define STAMP_BYTES 64

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

/* JOURNAL_STREAM is the device and inode of what the service manager handed out; somebody
 * may have sent stderr elsewhere since. */
static bool
journal_reads(void)
{
	const char *told = getenv("JOURNAL_STREAM");
	char is[64];
	struct stat st;

	if (told == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	(void)snprintf(is, sizeof is, "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	return strcmp(told, is) == 0;
}

/* Three digits always, so that lines sort and align. "": the reader stamps them. */
static void
stamp(char to[STAMP_BYTES])
{
	struct stw_clock clock;
	stw_usec now;
	char second[STW_USEC_TEXT];

	to[0] = '\0';
	if (journal_reads())
		return;
	clock_set_real(&clock);
	now = clock_now(&clock);
	(void)stw_usec_format(now - now % STW_USEC_SEC, second);
	(void)snprintf(to, STAMP_BYTES, "%.*s.%03dZ ", (int)strcspn(second, "Z"),
	    second, (int)(now % STW_USEC_SEC / 1000));
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[1200], at[STAMP_BYTES];
	va_list ap;
	int n;

	if ((int)level < atomic_load(&log_min))
		return;
	stamp(at);
	n = snprintf(line, sizeof line, "%s%s %s ", at, level_names[level], event);
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
