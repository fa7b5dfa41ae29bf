/* steward segment: what segments there are, uploaded lists, and reports over members. */
#include <stdlib.h>
#include <string.h>

#include "api/cli/cli.h"
#include "api/segment_change.h"
#include "segments/segment_list_store.h"
#include "segments/segment_report_store.h"
#include "segments/suggest.h"

#define LIST_MAX_BYTES ((size_t)256 << 20)

/* ---- list and show ---------------------------------------------------------------------- */
static enum stw_code
segment_list_print(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct segment_info *infos;
	enum stw_code rc;
	int n;

	rc = segment_store_list(db, false, &cli->arena, &infos, &n, err);
	if (rc != STW_OK)
		return rc;
	(void)printf("%-32s %-9s %8s %12s %12s  %s\n", "segment", "kind", "version",
	    "members", "undecided", "as of");
	for (int i = 0; i < n; i++) {
		const struct segment_info *s = &infos[i];
		bool counted = s->as_of != STW_USEC_NEVER;

		(void)printf("%-32s %-9s %8d %12s %12s  %s%s\n", s->def.code,
		    segment_kind_name(s->def.kind), s->def.version,
		    counted ? cli_count(s->matched) : "-",
		    counted ? cli_count(s->undecided) : "-",
		    counted ? cli_time(&cli->app, s->as_of) : "-",
		    s->failure != NULL ? "  FAILED" : "");
	}
	return STW_OK;
}

static enum stw_code
segment_show(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct segment_info s;
	enum stw_code rc = segment_store_get(db, cli->argv[0], &cli->arena, &s, err);

	if (rc != STW_OK)
		return rc;
	(void)printf("%s version %d (%s, %s)\n    %s\n    %s\n", s.def.code,
	    s.def.version, segment_kind_name(s.def.kind), s.state, s.def.name_zh,
	    s.def.name_en);
	if (s.def.rule[0] != '\0')
		(void)printf("    %-20s %s\n", "rule", s.def.rule);
	(void)printf(
	    "    %-20s %s, %s\n", "by", s.author, cli_time(&cli->app, s.updated_at));
	if (s.as_of != STW_USEC_NEVER)
		(void)printf("    %-20s %s\n    %-20s %s\n    %-20s %s in, %s out\n"
			     "    %-20s %s\n",
		    "members", cli_count(s.matched), "undecided",
		    cli_count(s.undecided), "last moves", cli_count(s.entered),
		    cli_count(s.left), "as of", cli_time(&cli->app, s.as_of));
	if (s.failure != NULL)
		(void)printf("    %-20s %s: %s\n", "NOT EVALUATED",
		    cli_time(&cli->app, s.failed_at), s.failure);
	return STW_OK;
}

/* ---- reports ------------------------------------------------------------------------------ */
/* Segments without members would make the table wide and say nothing. */
static enum stw_code
segment_overlap_print(struct cli *cli, struct db *db, struct stw_err *err)
{
	struct segment_overlap o;
	enum stw_code rc = segment_overlap(db, &cli->arena, &o, err);
	int *shown, n = 0;

	if (rc != STW_OK)
		return rc;
	shown = arena_array(&cli->arena, (size_t)o.count, sizeof *shown);
	for (int i = 0; i < o.count; i++) {
		if (o.customers[i * o.count + i] > 0)
			shown[n++] = i;
	}
	(void)printf(
	    "customers in both; in the row's segment on the diagonal; segments "
	    "without members are left out\n%36s",
	    "");
	for (int i = 0; i < n; i++)
		(void)printf(" %9d", i + 1);
	(void)printf("\n");
	for (int i = 0; i < n; i++) {
		(void)printf("%3d %-32.32s", i + 1, o.segments[shown[i]].def.code);
		for (int j = 0; j < n; j++)
			(void)printf(" %9s",
			    cli_count(o.customers[shown[i] * o.count + shown[j]]));
		(void)printf("\n");
	}
	return STW_OK;
}

static enum stw_code
segment_growth(struct cli *cli, struct db *db, int64_t days, struct stw_err *err)
{
	struct segment_day *items;
	char day[STW_DAY_TEXT];
	enum stw_code rc;
	int n;

	rc = segment_days(db, cli->argv[0], (int)days, &cli->arena, &items, &n, err);
	if (rc != STW_OK)
		return rc;
	(void)printf("%-12s %8s %12s %12s %12s %12s\n", "day", "version", "members",
	    "undecided", "in", "out");
	for (int i = 0; i < n; i++)
		(void)printf("%-12s %8d %12s %12s %12s %12s\n",
		    stw_day_format(items[i].day, day), items[i].version,
		    cli_count(items[i].matched), cli_count(items[i].undecided),
		    cli_count(items[i].entered), cli_count(items[i].left));
	if (n == 0)
		(void)printf("no evaluation yet: steward segments\n");
	return STW_OK;
}

static enum stw_code
segment_moves_print(struct cli *cli, struct db *db, int64_t limit, struct stw_err *err)
{
	const struct segment_move_filter filter = {.code = cli->argv[0],
	    .from = STW_USEC_NEVER,
	    .before = STW_USEC_MAX,
	    .limit = (int)limit};
	struct segment_move *moves;
	enum stw_code rc;
	int n;

	rc = segment_moves_list(db, &filter, &cli->arena, &moves, &n, err);
	if (rc != STW_OK)
		return rc;
	for (int i = 0; i < n; i++)
		(void)printf("%-20s %-8s %s\n", cli_time(&cli->app, moves[i].at),
		    moves[i].entered ? "entered" : "left",
		    moves[i].ref == NULL ? "(erased)" : moves[i].ref);
	if (n == 0)
		(void)printf("nobody entered or left\n");
	return STW_OK;
}

/* ---- uploads ------------------------------------------------------------------------------- */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The line without the blanks around it; what is left of the text. */
static struct str
next_line(struct str *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);
	size_t len = end == NULL ? text->len : (size_t)(end - text->ptr);
	struct str line = {text->ptr, len};

	len += end != NULL;
	*text = (struct str){text->ptr + len, text->len - len};
	while (line.len > 0 && is_blank(line.ptr[line.len - 1]))
		line.len--;
	while (line.len > 0 && is_blank(line.ptr[0]))
		line = (struct str){line.ptr + 1, line.len - 1};
	return line;
}

/* A reference a line; a byte order mark, blanks around it and empty lines are passed over. */
static enum stw_code
read_refs(
    struct cli *cli, struct str text, struct segment_list *list, struct stw_err *err)
{
	size_t cap = 1, n = 0, *lines;
	struct str *refs;

	if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
		text = (struct str){text.ptr + 3, text.len - 3};
	for (size_t i = 0; i < text.len; i++)
		cap += text.ptr[i] == '\n';
	refs = arena_array(&cli->arena, cap, sizeof *refs);
	lines = arena_array(&cli->arena, cap, sizeof *lines);
	for (size_t line = 1; text.len > 0; line++) {
		struct str ref = next_line(&text);

		if (ref.len == 0)
			continue;
		if (!utf8_valid(ref) || memchr(ref.ptr, '\0', ref.len) != NULL)
			return stw_fail_at(err, STW_INVALID, (int)line, 1,
			    "this is not UTF-8: save the file as that, for instance "
			    "with iconv -f GB18030 -t UTF-8, or -f UTF-16");
		if (ref.len > 64)
			return stw_fail_at(err, STW_INVALID, (int)line, 1,
			    "a customer's reference has 1 to 64 bytes, one a line");
		refs[n] = ref;
		lines[n++] = line;
	}
	list->refs = refs;
	list->lines = lines;
	list->count = n;
	return STW_OK;
}

struct upload_texts {
	const char *zh, *en, *mode, *by;
	bool skip_unknown, allow_empty;
};

static enum stw_code
segment_upload(struct cli *cli, struct db *db, const struct upload_texts *texts,
    struct stw_err *err)
{
	struct segment_list list = {.code = cli->argv[0],
	    .name_zh = texts->zh,
	    .name_en = texts->en,
	    .skip_unknown = texts->skip_unknown,
	    .allow_empty = texts->allow_empty};
	struct segment_list_result result;
	struct str text;
	enum stw_code rc;

	if (!code_valid(str_of(list.code)))
		return stw_fail(err, STW_INVALID,
		    "a code: small letters, digits and _, at most 63, a letter first");
	if (list.name_zh == NULL || list.name_en == NULL || texts->by == NULL)
		return stw_fail(
		    err, STW_INVALID, "--zh NAME, --en NAME and --by WHO are needed");
	if (texts->mode != NULL && !segment_list_mode_parse(texts->mode, &list.mode))
		return stw_fail(err, STW_INVALID,
		    "--mode is replace, add or remove, not \"%.40s\"", texts->mode);
	rc = cli_read_file(cli, cli->argv[1], LIST_MAX_BYTES, &text, err);
	if (rc == STW_OK)
		rc = read_refs(cli, text, &list, err);
	if (rc == STW_OK)
		rc = segment_list_put(
		    db, &list, texts->by, app_now(&cli->app), &result, err);
	if (rc != STW_OK)
		return rc;
	(void)printf(
	    "%s version %d: %s on the list (%s added, %s taken off, %s unknown "
	    "skipped); the next tick makes them members\n",
	    list.code, result.version, cli_count(result.entries),
	    cli_count(result.added), cli_count(result.removed),
	    cli_count(result.unknown));
	return STW_OK;
}

static enum stw_code
segment_retire(struct cli *cli, struct db *db, const char *by, struct stw_err *err)
{
	enum stw_code rc;

	if (by == NULL)
		return stw_fail(err, STW_INVALID, "--by WHO is needed");
	rc = segment_change_retire(db, cli->argv[0], by, app_now(&cli->app), err);
	if (rc == STW_OK)
		(void)printf("segment %s is retired: it has no members any more\n",
		    cli->argv[0]);
	return rc;
}

enum verb { LIST = 0, SHOW, UPLOAD, RETIRE, OVERLAP, GROWTH, MOVES, VERBS };

enum stw_code
cmd_segment(struct cli *cli, struct stw_err *err)
{
	static const char *const verbs[VERBS] = {
	    "list", "show", "upload", "retire", "overlap", "growth", "moves"};
	static const int words[VERBS] = {0, 1, 2, 1, 0, 1, 1};
	struct upload_texts texts = {0};
	int64_t days = 30, limit = 50;
	const struct cli_opt upload_opts[] = {{"zh", CLI_TEXT, &texts.zh, 0, 0},
	    {"en", CLI_TEXT, &texts.en, 0, 0}, {"mode", CLI_TEXT, &texts.mode, 0, 0},
	    {"by", CLI_TEXT, &texts.by, 0, 0},
	    {"skip-unknown", CLI_SWITCH, &texts.skip_unknown, 0, 0},
	    {"allow-empty", CLI_SWITCH, &texts.allow_empty, 0, 0}};
	const struct cli_opt retire_opts[] = {{"by", CLI_TEXT, &texts.by, 0, 0}};
	const struct cli_opt growth_opts[] = {{"days", CLI_NUMBER, &days, 1, 3660}};
	const struct cli_opt moves_opts[] = {{"limit", CLI_NUMBER, &limit, 1, 10000}};
	const struct cli_opt *opts[VERBS] = {[UPLOAD] = upload_opts,
	    [RETIRE] = retire_opts,
	    [GROWTH] = growth_opts,
	    [MOVES] = moves_opts};
	static const int nopts[VERBS] = {
	    [UPLOAD] = 6, [RETIRE] = 1, [GROWTH] = 1, [MOVES] = 1};
	int verb = cli_verb(cli, verbs, VERBS, err);
	struct db *db;
	enum stw_code rc;

	if (verb < 0)
		return STW_INVALID;
	rc = cli_parse(cli, opts[verb], nopts[verb], words[verb], words[verb], err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	switch ((enum verb)verb) {
	case LIST:
		return segment_list_print(cli, db, err);
	case SHOW:
		return segment_show(cli, db, err);
	case UPLOAD:
		return segment_upload(cli, db, &texts, err);
	case RETIRE:
		return segment_retire(cli, db, texts.by, err);
	case OVERLAP:
		return segment_overlap_print(cli, db, err);
	case GROWTH:
		return segment_growth(cli, db, days, err);
	case MOVES:
		return segment_moves_print(cli, db, limit, err);
	case VERBS:
		break;
	}
	return STW_BUG;
}
