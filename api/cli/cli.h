/*
 * cli.h - what the commands of `steward` share.
 *
 * Purpose    One table of commands (main.c); each command is a function that gets its
 *            arguments and the app. Errors go back to main, which prints them once and
 *            turns them into the exit status.
 * Rules      Results to standard output, progress and errors to standard error.
 */
#ifndef STW_API_CLI_CLI_H
#define STW_API_CLI_CLI_H

#include <stdio.h>

#include "api/app.h"
#include "segments/progress.h"

struct cli {
	struct app app;
	struct arena arena;
	int argc; /* after the command's name; cli_parse leaves the positionals */
	char **argv;
	const char *usage;
	/* The document that an error's line and column are in; NULL: none. */
	const char *where;
};

typedef enum stw_code (*cli_fn)(struct cli *cli, struct stw_err *err);

enum cli_opt_kind { CLI_TEXT = 0, CLI_NUMBER, CLI_SWITCH, CLI_INSTANT };

struct cli_opt {
	const char *name; /* "customers" for --customers */
	enum cli_opt_kind kind;
	void *to;         /* const char *, int64_t, bool, stw_usec */
	int64_t min, max; /* NUMBER */
};

/* Options anywhere, "--name value" or "--name=value"; what is left are the positionals,
 * min to max of them. Unknown options are INVALID, with the nearest known one. */
enum stw_code cli_parse(struct cli *cli, const struct cli_opt *opts, int nopts, int min,
    int max, struct stw_err *err) STW_MUST_USE;
/* The first positional as one of the words; its index, and it is taken off. -1 with *err
 * filled when it is none. */
int cli_verb(struct cli *cli, const char *const *verbs, int count, struct stw_err *err);

/* A whole file, "-" for standard input; at most max bytes. In cli->arena. */
enum stw_code cli_read_file(struct cli *cli, const char *path, size_t max,
    struct str *out, struct stw_err *err) STW_MUST_USE;

/* "1,234,567", in one of a few static buffers: for printf. */
const char *cli_count(int64_t n);
/* "0.42 s" */
const char *cli_secs(stw_usec usec);
/* The instant in the institution's zone: "2026-11-23 10:00:00". */
const char *cli_time(const struct app *app, stw_usec at);
/* Chinese is asked for, by LC_ALL, LC_MESSAGES or LANG. */
bool cli_wants_zh(void);
/* Text in columns of a terminal, where a Chinese character takes two: printed, followed by
 * blanks up to the width; and how wide it is. */
void cli_cell(const char *text, int width);
int cli_width(const char *text);
/* Progress on standard error: one line that moves on a terminal, a line every few seconds
 * elsewhere. */
struct progress cli_progress(void);
void cli_progress_end(void);

/* The commands. */
enum stw_code cmd_version(struct cli *cli, struct stw_err *err);
enum stw_code cmd_settings(struct cli *cli, struct stw_err *err);
enum stw_code cmd_migrate(struct cli *cli, struct stw_err *err);
enum stw_code cmd_clock(struct cli *cli, struct stw_err *err);
enum stw_code cmd_doctor(struct cli *cli, struct stw_err *err);
enum stw_code cmd_sample(struct cli *cli, struct stw_err *err);
enum stw_code cmd_import(struct cli *cli, struct stw_err *err);
enum stw_code cmd_imports(struct cli *cli, struct stw_err *err);
enum stw_code cmd_book(struct cli *cli, struct stw_err *err);
enum stw_code cmd_rule(struct cli *cli, struct stw_err *err);
enum stw_code cmd_trait(struct cli *cli, struct stw_err *err);
enum stw_code cmd_lifecycle(struct cli *cli, struct stw_err *err);
enum stw_code cmd_stage(struct cli *cli, struct stw_err *err);
enum stw_code cmd_stages(struct cli *cli, struct stw_err *err);
enum stw_code cmd_segments(struct cli *cli, struct stw_err *err);
enum stw_code cmd_segment(struct cli *cli, struct stw_err *err);
enum stw_code cmd_plan(struct cli *cli, struct stw_err *err);
enum stw_code cmd_dispatch(struct cli *cli, struct stw_err *err);
enum stw_code cmd_run(struct cli *cli, struct stw_err *err);
enum stw_code cmd_report(struct cli *cli, struct stw_err *err);
enum stw_code cmd_gate(struct cli *cli, struct stw_err *err);
enum stw_code cmd_pack(struct cli *cli, struct stw_err *err);
enum stw_code cmd_campaign(struct cli *cli, struct stw_err *err);
enum stw_code cmd_connector(struct cli *cli, struct stw_err *err);
enum stw_code cmd_queue(struct cli *cli, struct stw_err *err);
enum stw_code cmd_consent(struct cli *cli, struct stw_err *err);
enum stw_code cmd_override(struct cli *cli, struct stw_err *err);
enum stw_code cmd_registry(struct cli *cli, struct stw_err *err);
enum stw_code cmd_contact(struct cli *cli, struct stw_err *err);
enum stw_code cmd_household(struct cli *cli, struct stw_err *err);
enum stw_code cmd_party(struct cli *cli, struct stw_err *err);
enum stw_code cmd_export(struct cli *cli, struct stw_err *err);
enum stw_code cmd_phone(struct cli *cli, struct stw_err *err);
enum stw_code cmd_number(struct cli *cli, struct stw_err *err);
enum stw_code cmd_setup(struct cli *cli, struct stw_err *err);
enum stw_code cmd_token(struct cli *cli, struct stw_err *err);
enum stw_code cmd_ledger(struct cli *cli, struct stw_err *err);
enum stw_code cmd_witness(struct cli *cli, struct stw_err *err);
enum stw_code cmd_erase(struct cli *cli, struct stw_err *err);
enum stw_code cmd_attempt(struct cli *cli, struct stw_err *err);
enum stw_code cmd_complaint(struct cli *cli, struct stw_err *err);
enum stw_code cmd_bundle(struct cli *cli, struct stw_err *err);
enum stw_code cmd_review(struct cli *cli, struct stw_err *err);
enum stw_code cmd_retention(struct cli *cli, struct stw_err *err);
enum stw_code cmd_slot(struct cli *cli, struct stw_err *err);
enum stw_code cmd_keys(struct cli *cli, struct stw_err *err);
enum stw_code cmd_serve(struct cli *cli, struct stw_err *err);

#endif
