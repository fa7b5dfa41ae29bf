/* steward export: rows into a file, its manifest beside it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/cli/cli.h"
#include "api/export.h"

static enum stw_code
write_failed(const char *path, struct stw_err *err)
{
	return stw_fail(
	    err, STW_TEMPFAIL, "cannot write %.300s: %s", path, strerror(errno));
}

/* Readable by its owner only: masked, but still about people. */
static enum stw_code
open_new(const char *path, FILE **out, struct stw_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	*out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (*out != NULL)
		return STW_OK;
	if (fd >= 0)
		(void)close(fd);
	return write_failed(path, err);
}

static enum stw_code
copy_rows(struct export_job *job, FILE *file, const char *path, struct stw_err *err)
{
	static char piece[65536];
	size_t n = 1;
	enum stw_code rc = STW_OK;

	while (rc == STW_OK && n > 0) {
		rc = export_read(job, piece, sizeof piece, &n, err);
		if (rc == STW_OK && fwrite(piece, 1, n, file) != n)
			rc = write_failed(path, err);
	}
	return rc;
}

static enum stw_code
write_manifest(const struct export_job *job, const char *path, struct stw_err *err)
{
	json_t *manifest = export_manifest(job);
	FILE *file = NULL;
	enum stw_code rc = open_new(path, &file, err);

	if (rc == STW_OK && (json_dumpf(manifest, file, JSON_INDENT(1)) != 0 ||
				fputc('\n', file) == EOF))
		rc = write_failed(path, err);
	if (file != NULL && fclose(file) != 0 && rc == STW_OK)
		rc = write_failed(path, err);
	json_decref(manifest);
	return rc;
}

/* The file has its name only when it is whole. */
static enum stw_code
export_to(struct cli *cli, struct export_job *job, struct db *db, const char *path,
    struct stw_err *err)
{
	const char *part = arena_printf(&cli->arena, "%s.part", path);
	struct stw_err second = {0};
	FILE *file = NULL;
	enum stw_code rc = export_start(job, db, err), ended;

	if (rc == STW_OK)
		rc = open_new(part, &file, err);
	if (rc == STW_OK)
		rc = copy_rows(job, file, part, err);
	if (file != NULL && fclose(file) != 0 && rc == STW_OK)
		rc = write_failed(part, err);
	ended = export_finish(job, rc == STW_OK ? err : &second);
	if (rc == STW_OK)
		rc = ended;
	if (rc == STW_OK)
		rc = write_manifest(
		    job, arena_printf(&cli->arena, "%s.manifest.json", path), err);
	if (rc == STW_OK && rename(part, path) != 0)
		rc = write_failed(path, err);
	if (rc != STW_OK && file != NULL)
		(void)unlink(part);
	return rc;
}

static enum stw_code
kind_named(const char *name, const struct export_kind **out, struct stw_err *err)
{
	struct buf names;

	*out = export_kind_find(name);
	if (*out != NULL)
		return STW_OK;
	buf_init(&names);
	for (int i = 0; export_kind_at(i) != NULL; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", export_kind_at(i)->name);
	(void)stw_fail(err, STW_INVALID, "there is no export \"%.40s\"; there are %s",
	    name, names.data);
	buf_fini(&names);
	return STW_INVALID;
}

enum stw_code
cmd_export(struct cli *cli, struct stw_err *err)
{
	struct export_job job = {
	    .role = "admin", .filter = {.from = STW_USEC_NEVER, .to = STW_USEC_MAX}};
	const char *path = NULL, *format = "ndjson";
	const struct cli_opt opts[] = {{"out", CLI_TEXT, &path, 0, 0},
	    {"format", CLI_TEXT, &format, 0, 0}, {"bom", CLI_SWITCH, &job.bom, 0, 0},
	    {"segment", CLI_TEXT, &job.filter.segment, 0, 0},
	    {"stage", CLI_TEXT, &job.filter.stage, 0, 0},
	    {"from", CLI_INSTANT, &job.filter.from, 0, 0},
	    {"to", CLI_INSTANT, &job.filter.to, 0, 0},
	    {"by", CLI_TEXT, &job.actor, 0, 0},
	    {"approved-by", CLI_TEXT, &job.approver, 0, 0},
	    {"purpose", CLI_TEXT, &job.purpose, 0, 0}};
	struct db *db;
	enum stw_code rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 1, 1, err);

	if (rc == STW_OK && (path == NULL || job.actor == NULL))
		rc = stw_fail(err, STW_INVALID, "--out and --by are needed");
	if (rc == STW_OK && job.approver != NULL &&
	    (strcmp(job.approver, job.actor) == 0 || job.purpose == NULL))
		rc = stw_fail(err, STW_INVALID,
		    "--approved-by is somebody else than --by, and needs --purpose");
	if (rc == STW_OK && !export_format_parse(format, &job.format))
		rc = stw_fail(err, STW_INVALID, "--format: ndjson or csv is wanted");
	if (rc == STW_OK)
		rc = kind_named(cli->argv[0], &job.kind, err);
	if (rc == STW_OK)
		rc = app_db(&cli->app, &db, err);
	if (rc != STW_OK)
		return rc;
	job.now = app_now(&cli->app);
	job.rows_alone = setting_int(cli->app.settings, SET_EXPORT_ROWS_ALONE);
	rc = export_to(cli, &job, db, path, err);
	if (rc == STW_OK)
		(void)printf("%s rows, %s bytes, sha256 %s\n", cli_count(job.nrows),
		    cli_count(job.nbytes), job.sha256);
	return rc;
}
