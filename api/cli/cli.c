#include "api/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/rule_messages.h"
#include "segments/suggest.h"

#define OPTS_MAX      24
#define TEXTS         32
#define TELL_TERMINAL (STW_USEC_SEC / 10)
#define TELL_FILE     (5 * STW_USEC_SEC)

/* ---- arguments --------------------------------------------------------------------- */
static enum stw_code
bad_usage(struct cli *cli, struct stw_err *err, const char *text)
{
	return stw_fail(err, STW_INVALID, "%s\nusage: steward %s", text, cli->usage);
}

static enum stw_code
set_option(struct cli *cli, const struct cli_opt *opt, char *value, struct stw_err *err)
{
	char *end;
	long long n;

	switch (opt->kind) {
	case CLI_TEXT:
		*(const char **)opt->to = value;
		return STW_OK;
	case CLI_SWITCH:
		*(bool *)opt->to = true;
		return STW_OK;
	case CLI_NUMBER:
		errno = 0;
		n = strtoll(value, &end, 10);
		if (end == value || *end != '\0' || errno != 0 || n < opt->min ||
		    n > opt->max)
			return stw_fail(err, STW_INVALID,
			    "--%s is a number from %" PRId64 " to %" PRId64
			    ", not \"%.40s\"",
			    opt->name, opt->min, opt->max, value);
		*(int64_t *)opt->to = n;
		return STW_OK;
	case CLI_INSTANT:
		if (stw_usec_parse(str_of(value), opt->to) != STW_OK)
			return stw_fail(err, STW_INVALID,
			    "--%s is an instant like 2026-11-23T10:00:00+08:00, not "
			    "\"%.40s\"",
			    opt->name, value);
		return STW_OK;
	}
	return bad_usage(cli, err, "?");
}

static enum stw_code
unknown_option(struct cli *cli, const char *name, const struct cli_opt *opts, int nopts,
    struct stw_err *err)
{
	const char *names[OPTS_MAX + SET_COUNT], *near;
	char text[200];
	int n = 0;

	for (int i = 0; i < nopts && n < OPTS_MAX; i++)
		names[n++] = opts[i].name;
	for (int i = 0; i < SET_COUNT; i++)
		names[n++] = setting_spec((enum setting_id)i)->name;
	near = name_suggest(str_of(name), names, n);
	if (near != NULL)
		(void)snprintf(text, sizeof text,
		    "there is no option --%.60s; did you mean --%s?", name, near);
	else
		(void)snprintf(text, sizeof text, "there is no option --%.60s", name);
	return bad_usage(cli, err, text);
}

/* Takes argv[*i], and its value when that is the next argument. */
static enum stw_code
take_option(
    struct cli *cli, int *i, const struct cli_opt *opts, int nopts, struct stw_err *err)
{
	char *arg = cli->argv[*i] + 2, *equals = strchr(arg, '='), *value = NULL;
	const struct cli_opt *opt = NULL;

	if (equals != NULL) {
		*equals = '\0';
		value = equals + 1;
	}
	for (int o = 0; o < nopts; o++)
		if (strcmp(opts[o].name, arg) == 0)
			opt = &opts[o];
	if (opt == NULL)
		return unknown_option(cli, arg, opts, nopts, err);
	if (opt->kind != CLI_SWITCH && value == NULL) {
		if (*i + 1 >= cli->argc)
			return stw_fail(err, STW_INVALID, "--%s needs a value", arg);
		value = cli->argv[++*i];
	}
	if (opt->kind == CLI_SWITCH && value != NULL)
		return stw_fail(err, STW_INVALID, "--%s takes no value", arg);
	return set_option(cli, opt, value, err);
}

enum stw_code
cli_parse(struct cli *cli, const struct cli_opt *opts, int nopts, int min, int max,
    struct stw_err *err)
{
	char text[80];
	bool open = true;
	int kept = 0;

	for (int i = 0; i < cli->argc; i++) {
		if (open && strcmp(cli->argv[i], "--") == 0) {
			open = false;
		} else if (open && strncmp(cli->argv[i], "--", 2) == 0) {
			enum stw_code rc = take_option(cli, &i, opts, nopts, err);

			if (rc != STW_OK)
				return rc;
		} else {
			cli->argv[kept++] = cli->argv[i];
		}
	}
	cli->argc = kept;
	if (kept < min) {
		(void)snprintf(text, sizeof text,
		    "too few words: %d of at least %d that this needs", kept, min);
		return bad_usage(cli, err, text);
	}
	if (kept > max)
		return bad_usage(cli, err, "too many words");
	return STW_OK;
}

/* "check", "eval" or "plan" */
static void
list_words(struct buf *to, const char *const *words, int count)
{
	for (int i = 0; i < count; i++) {
		if (i > 0)
			buf_add_c(to, i + 1 < count ? ", " : " or ");
		buf_printf(to, "\"%s\"", words[i]);
	}
}

int
cli_verb(struct cli *cli, const char *const *verbs, int count, struct stw_err *err)
{
	const char *near;
	struct buf text;

	for (int i = 0; i < count && cli->argc > 0; i++) {
		if (strcmp(verbs[i], cli->argv[0]) == 0) {
			cli->argv++;
			cli->argc--;
			return i;
		}
	}
	buf_init(&text);
	if (cli->argc > 0 && strncmp(cli->argv[0], "--", 2) != 0) {
		near = name_suggest(str_of(cli->argv[0]), verbs, count);
		buf_printf(&text, "\"%.40s\" is not ", cli->argv[0]);
		list_words(&text, verbs, count);
		if (near != NULL)
			buf_printf(&text, "; did you mean \"%s\"?", near);
	} else {
		buf_add_c(&text, "say what to do: ");
		list_words(&text, verbs, count);
	}
	(void)bad_usage(cli, err, text.data);
	buf_fini(&text);
	return -1;
}

/* ---- files ---------------------------------------------------------------------------- */
enum stw_code
cli_read_file(
    struct cli *cli, const char *path, size_t max, struct str *out, struct stw_err *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	enum stw_code rc = STW_OK;
	struct buf text;

	if (file == NULL)
		return stw_fail(err, errno == ENOENT ? STW_NOT_FOUND : STW_INVALID,
		    "cannot read %.200s: %s", path, strerror(errno));
	buf_init(&text);
	while (rc == STW_OK) {
		size_t n = fread(buf_reserve(&text, 65536), 1, 65536, file);

		if (n == 0)
			break;
		text.len += n;
		if (text.len > max)
			rc = stw_fail(err, STW_INVALID,
			    "%.200s is longer than %zu bytes", path, max);
	}
	if (rc == STW_OK && ferror(file) != 0)
		rc = stw_fail(
		    err, STW_INVALID, "cannot read %.200s: %s", path, strerror(errno));
	if (!standard)
		(void)fclose(file);
	if (rc == STW_OK) {
		out->ptr =
		    arena_strndup(&cli->arena, text.len > 0 ? text.data : "", text.len);
		out->len = text.len;
		cli->where = standard ? "standard input" : path;
	}
	buf_fini(&text);
	return rc;
}

/* ---- printing --------------------------------------------------------------------------- */
static char *
text_next(void)
{
	static char texts[TEXTS][64];
	static int at;

	at = (at + 1) % TEXTS;
	return texts[at];
}

const char *
cli_count(int64_t n)
{
	char digits[24], *to = text_next();
	int len = snprintf(digits, sizeof digits, "%" PRId64, n < 0 ? -n : n), o = 0;

	if (n < 0)
		to[o++] = '-';
	for (int i = 0; i < len; i++) {
		to[o++] = digits[i];
		if ((len - 1 - i) % 3 == 0 && i + 1 < len)
			to[o++] = ',';
	}
	to[o] = '\0';
	return to;
}

const char *
cli_secs(stw_usec usec)
{
	char *to = text_next();

	(void)snprintf(to, 64, "%" PRId64 ".%02" PRId64 " s", usec / STW_USEC_SEC,
	    usec % STW_USEC_SEC / 10000);
	return to;
}

const char *
cli_time(const struct app *app, stw_usec at)
{
	char *to = text_next(), day[STW_DAY_TEXT];
	struct zone_local local;

	if (at == STW_USEC_MAX || at == STW_USEC_NEVER)
		return "-";
	local = zone_local(app->zone, at);
	(void)snprintf(to, 64, "%s %02d:%02d:%02d", stw_day_format(local.day, day),
	    local.minute / 60, local.minute % 60,
	    (int)(local.usec % STW_USEC_MIN / STW_USEC_SEC));
	return to;
}

bool
cli_wants_zh(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < STW_ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return rule_message_wants_zh(value);
	}
	return false;
}

/* Three bytes and more in UTF-8 from U+1100 on: Chinese, its signs, full width. What little
 * else is there (quotes, arrows, dashes) is narrow. */
int
cli_width(const char *text)
{
	int width = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if ((*p & 0xc0) == 0x80)
			continue;
		width += *p >= 0xe3 || (*p == 0xe1 && p[1] >= 0x84) ? 2 : 1;
	}
	return width;
}

void
cli_cell(const char *text, int width)
{
	(void)printf(
	    "%s%*s", text, width > cli_width(text) ? width - cli_width(text) : 0, "");
}

static struct {
	stw_usec told;
	bool line_open;
} progress_state;

static void
tell(void *arg, const char *what, int64_t done, int64_t total)
{
	bool terminal = isatty(STDERR_FILENO) != 0;
	stw_usec now = stw_monotonic();

	(void)arg;
	if (now - progress_state.told < (terminal ? TELL_TERMINAL : TELL_FILE))
		return;
	/* The first word of a short job is not worth a line in a file. */
	if (!terminal && progress_state.told == 0) {
		progress_state.told = now;
		return;
	}
	progress_state.told = now;
	(void)fflush(stdout); /* one file may hold both */
	(void)fprintf(stderr, terminal ? "\r\033[K    %s %s" : "    %s %s", what,
	    cli_count(done));
	if (total > 0)
		(void)fprintf(stderr, " of %s", cli_count(total));
	if (!terminal)
		(void)fputc('\n', stderr);
	progress_state.line_open = terminal;
}

struct progress
cli_progress(void)
{
	progress_state.told = 0;
	return (struct progress){.tell = tell, .arg = NULL};
}

void
cli_progress_end(void)
{
	if (progress_state.line_open)
		(void)fputs("\r\033[K", stderr);
	progress_state.line_open = false;
}
