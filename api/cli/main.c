/*
 * main.c - the command line: one table of commands, one place where errors are printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "api/cli/cli.h"
#include "api/cli/cmd_queue_sim.h"
#include "engine/log.h"
#include "segments/suggest.h"

extern char **environ;

struct command {
	const char *name;
	const char *usage; /* after "steward " */
	const char *help;
	cli_fn run;
	int (*foreign)(int argc, char **argv); /* reads its own arguments */
};

static enum stw_code cmd_help(struct cli *cli, struct stw_err *err);

static const struct command commands[] = {
    {"help", "help [COMMAND]", "what there is, or one command", cmd_help, NULL},
    {"version", "version", "the version of this binary", cmd_version, NULL},
    {"settings", "settings", "every setting, its value and where it came from",
	cmd_settings, NULL},
    {"doctor", "doctor", "look at database, schema, keys and packs; say what to do",
	cmd_doctor, NULL},
    {"migrate", "migrate", "bring the database to the schema this binary needs",
	cmd_migrate, NULL},
    {"clock", "clock [--latest-workday]", "the business clock, or a start for a demo",
	cmd_clock, NULL},
    {"sample", "sample --out DIR [--customers N] [--seed S] [--as-of INSTANT]",
	"write a made-up wealth book with its import mapping", cmd_sample, NULL},
    {"import",
	"import [check] DIR | import [check] MAPPING --data DIR [--max-errors N] [--dry-run] "
	"[--rejects DIR] [--redo DIR] [--close-all] [--by WHO]",
	"load the bank's files by a mapping document", cmd_import, NULL},
    {"imports", "imports [RUN] [--limit N] | imports give-up RUN --by WHO",
	"what was imported, or one run by file with its rejected rows; one that ended "
	"early is not waited for any more",
	cmd_imports, NULL},
    {"book",
	"book count | stat [--file FILE] [--connections N] [--json] | save FILE [--connections N] | "
	"open FILE [--json]",
	"rows of the database; what the book in memory holds, by table and column; save it "
	"to a file; check such a file",
	cmd_book, NULL},
    {"rule",
	"rule check|eval|explain|format RULE|@FILE [--customer REF] | rule eval --ndjson | "
	"rule sql RULE|@FILE [--count] | rule plan RULE|@FILE ...",
	"check a rule, count whom it matches, show how it comes out for one, lay it out",
	cmd_rule, NULL},
    {"trait",
	"trait list | show TRAIT | add NAME --type TYPE --sensitivity WORD --zh TEXT "
	"--en TEXT [--unit TEXT] [--rule TEXT] --by WHO | save NAME FILE|- --by WHO | retire NAME --by WHO | "
	"limit TRAIT [--max-missing PERCENT|none] [--max-rise PERCENT|none] "
	"[--max-drift X|none] [--max-age-hours N|none] [--by WHO] | accept TRAIT --by WHO",
	"what is known of a customer, the bank's own traits, limits of the data",
	cmd_trait, NULL},
    {"lifecycle",
	"lifecycle list [CODE] | show CODE [--version N] | show --shipped | "
	"validate|preview FILE [--json] | validate|preview CODE --version N [--json] | "
	"create FILE --by WHO | submit|approve|activate CODE --version N --by WHO | "
	"reject CODE --version N --by WHO --why TEXT | promises",
	"lifecycle models: look at one before it counts, and bring it into force",
	cmd_lifecycle, NULL},
    {"stage", "stage why REF [--json]",
	"why a customer is in a stage, and what would move them out", cmd_stage, NULL},
    {"stages", "stages [--wait]", "refresh lifecycle stages and print them", cmd_stages,
	NULL},
    {"segments", "segments [--wait]", "refresh stages and segments and print them",
	cmd_segments, NULL},
    {"segment",
	"segment list | show CODE | upload CODE FILE|- --zh NAME --en NAME --by WHO "
	"[--mode replace|add|remove] [--skip-unknown] [--allow-empty] | retire CODE --by WHO "
	"| overlap | growth CODE [--days N] | moves CODE [--limit N]",
	"segments, uploaded lists, how they overlap and grow, who came and went",
	cmd_segment, NULL},
    {"plan", "plan [--dry-run] [--wait]",
	"refresh, then plan the active campaigns; dry: say what that would do",
	cmd_plan, NULL},
    {"dispatch", "dispatch [--limit-sec N]", "push due tasks to their queues",
	cmd_dispatch, NULL},
    {"run", "run [--queue URL] [--wait] [--wait-sec N]",
	"one tick: book, stages, segments, plan, dispatch; prints the funnel", cmd_run,
	NULL},
    {"report", "report", "what happened: runs, reasons, tasks, outcomes", cmd_report,
	NULL},
    {"campaign",
	"campaign list | validate FILE | create FILE --by WHO | approve CODE --by WHO "
	"[--version N] | activate|pause CODE --by WHO | simulate CODE [--version N]",
	"campaigns and their versions, and what one would do now", cmd_campaign, NULL},
    {"gate",
	"gate decide (--facts FILE [--json] | --ndjson) [--packs cn,house] [--at T] "
	"[--checkpoint P|D|C]",
	"decide one contact from a facts document, or one a line", cmd_gate, NULL},
    {"connector",
	"connector list | show NAME | test FILE|NAME [--settings FILE] [--secret FILE] "
	"[--url URL] [--send [--count N]] | versions [NAME] | put FILE|NAME --by WHO | "
	"activate NAME --version N --by WHO",
	"how queues of a contact centre are spoken to; check such a document, try it out",
	cmd_connector, NULL},
    {"queue",
	"queue list | show CODE | set CODE --by WHO [--kind K] [--url URL] [--secret FILE] "
	"[--connector NAME | --native] [--settings FILE] [--dedupes yes|no] "
	"[--concurrency N] [--timeout-ms N] [--tries N] [--ca FILE] [--client-cert FILE "
	"--client-key FILE] [--no-tls] | enable|disable CODE --why TEXT --by WHO",
	"queues that tasks are pushed to, and how each is spoken to", cmd_queue, NULL},
    {"pack",
	"pack list | show [PACK] | check DIR | test [DIR | PACK VERSION] | diff PACK FROM TO "
	"| load DIR --by WHO | submit PACK VERSION --by WHO [--from T] | approve PACK "
	"VERSION --by WHO | reject PACK VERSION --by WHO --why TEXT",
	"rule packs: those of this binary, of a directory and in force", cmd_pack,
	NULL},
    {"consent",
	"consent grant|withdraw|expire|refuse REF --purpose P --channel C --form F --by "
	"WHO [--evidence E [--evidence-sha256 H]] [--notice V] [--ref R] | evidence E "
	"[FILE] --by WHO",
	"record consent of one customer; note what evidence hashes to", cmd_consent,
	NULL},
    {"override",
	"override waiting | list [--state S] | show ID | request DECISION CODE --until T "
	"--why TEXT --by WHO [--rule R] [--any-campaign] [--any-number] | approve ID --by "
	"WHO | reject|withdraw ID --why TEXT --by WHO",
	"who waits for a person's decision, and what persons allow", cmd_override,
	NULL},
    {"registry",
	"registry list | define CODE --kind K --country C --name-zh N --name-en N "
	"--fresh-days N | load CODE FILE --obtained T [--names area,number] | answer CODE "
	"NUMBER --answer A | query CODE [--url U --form F [--secret-file F] [--timeout-ms N] "
	"[--per-second N] [--off]] | up|down CODE | causes | cause C --effect E ... ; --by WHO",
	"do-not-call registries, their files, answers and how they are asked; carriers' causes",
	cmd_registry, NULL},
    {"contact",
	"contact list REF | history REF --point N | set REF --point N --state S --how H "
	"--by WHO [--evidence E]",
	"contact points of a customer, masked, and what is known about them",
	cmd_contact, NULL},
    {"party",
	"party hours REF [--windows \"mon-fri 09:00-12:00; sat 10:00-11:30\"|none --by WHO] | "
	"holders REF [--holders H1=3,H2|none --by WHO]",
	"when a customer asked to be contacted, who holds accounts with the customer",
	cmd_party, NULL},
    {"household",
	"household suggest | open [--limit N] [--after H] | show REF | declare|confirm|reject|leave REF --household H "
	"--by WHO [--role R]",
	"households of a customer, and what is suggested", cmd_household, NULL},
    {"export",
	"export customers|members|tasks|decisions|consents|stages|number_use --out FILE --by WHO "
	"[--format ndjson|csv] [--bom] [--segment CODE] [--stage S] [--from T] [--to T] "
	"[--approved-by WHO_ELSE --purpose CASE]",
	"rows into a file with its manifest, masked and on record", cmd_export, NULL},
    {"phone", "phone [--region CC] [--lang zh|en] [--count] [NUMBER...]",
	"what the numbering plans say about numbers; of standard input, one a line",
	cmd_phone, NULL},
    {"number",
	"number list [--pool P] [--state S] | show NUMBER | register FILE|- | change NUMBER "
	"FILE|- | matrix FILE|- | policy FILE|- | activate|resume|recall|suspend NUMBER  "
	"(all: --by WHO --why TEXT [--from INSTANT]) | proposals [--state S] | "
	"approve|reject|withdraw PROPOSAL --by WHO [--why TEXT] | "
	"ledger import FILE --carrier NAME --by WHO [--as-of DAY] [--names NAME=ORG,...] "
	"[--all] | "
	"ledger diff [--all] [--carrier NAME] | ledger settle DIFFERENCE --by WHO --why TEXT | "
	"calls FILE --source NAME | health [--apply] | usage [NUMBER] [--days N] | "
	"forecast [--days N] | outside [--days N]",
	"caller numbers: registry, the carrier's list, health, use, what was really sent",
	cmd_number, NULL},
    {"setup", "setup --demo [--tokens FILE] [--queue URL]",
	"keys, packs, model, segments, numbers, scripts, queues, campaigns, tokens",
	cmd_setup, NULL},
    {"token",
	"token create --role ROLE --subject WHO [--queue CODE] [--days N] | revoke "
	"KEY_ID | revoke --subject WHO",
	"tokens for the API", cmd_token, NULL},
    {"erase", "erase CUSTOMER --reason R --case REF --by WHO --confirmed-by WHO_ELSE",
	"destroy a customer's key and all that identifies the customer, for ever",
	cmd_erase, NULL},
    {"attempt",
	"attempt search --by WHO [--case REF] [--customer REF | --phone-stdin] [--agent A] "
	"[--campaign C] [--number N] [--code R] [--outcome O] [--disposition D] [--from T] "
	"[--to T] [--limit N] [--json]",
	"dial attempts with what came of them; a number called is read from standard input",
	cmd_attempt, NULL},
    {"complaint",
	"complaint list [--state S] [--overdue] [--limit N] | show ID | trace ID [--from T] "
	"[--to T]  (all: --by WHO [--case REF] [--json])",
	"complaints, what was done about them, and the contacts they can be about",
	cmd_complaint, NULL},
    {"bundle",
	"bundle make DIR|FILE.tar --by WHO --case REF [--complaint ID | --customer REF | "
	"--phone-stdin | --campaign CODE] [--from T] [--to T] [--approved-by WHO_ELSE] | "
	"verify DIR|FILE.tar --key VKEY|FILE [--witness VKEY|FILE] [--quorum N] "
	"[--receipt FILE] [--allow-unproven N]",
	"what an auditor is handed about one scope, with its proofs; check such a bundle",
	cmd_bundle, NULL},
    {"review",
	"review list [--limit N] | draw [--from T] [--to T] [--seed HEX] [--plan FILE|-] | "
	"show DRAW [ITEM] [--state S] [--agent A] [--after N] [--limit N] | again DRAW | "
	"verdict DRAW ITEM pass|minor|major|critical --answers FILE|- [--note TEXT] "
	"[--hold agent|script|number] | final DRAW ITEM VERDICT | reply DRAW ITEM --text TEXT "
	"| agreement [--from T] [--to T] | release AGENT --case REF  "
	"(all: --by WHO [--case REF] [--json])",
	"draws of contacts to review, verdicts of one or two, how far they agree",
	cmd_review, NULL},
    {"retention",
	"retention show [--json] | run --by WHO [--batch N] | run --dry-run [--json]",
	"what is kept until when, by which rule; what is over goes, on record",
	cmd_retention, NULL},
    {"slot", "slot list | drop NAME",
	"replication slots of the change stream, and the log that they keep", cmd_slot,
	NULL},
    {"keys", "keys list | rotate kek|index [--resume] | remove kek|index VERSION",
	"the keys that seal personal data: what uses them, and their exchange",
	cmd_keys, NULL},
    {"ledger",
	"ledger seal | verify [--dir DIR | --proof FILE [--entry FILE]] [--key VKEY|FILE] "
	"[--witness VKEY|FILE] [--quorum N] [--checkpoints FILE] | export DIR | "
	"prove INDEX|ID [--out FILE] | key [rotate|retire] | "
	"replay DECISION|--since T [--until T] [--campaign C] [--ndjson] | "
	"whatif --pack DIR DECISION|--since T [--until T] [--campaign C] [--ndjson]",
	"sequence, publish, prove and check the ledger; decide again", cmd_ledger,
	NULL},
    {"witness",
	"witness --key-file FILE --state DIR --logs VKEY|FILE [--name NAME] [--print-key]",
	"cosign checkpoints of other machines' ledgers over HTTP; needs no database",
	cmd_witness, NULL},
    {"serve", "serve", "the API, the console, dispatch and the ledger, until SIGTERM",
	cmd_serve, NULL},
    {"queue-sim", "queue-sim --help", "an agent queue to push to, with agents", NULL,
	cmd_queue_sim},
};

#define COMMANDS ((int)STW_ARRAY_LEN(commands))

static const struct command *
find_command(const char *name, struct stw_err *err)
{
	const char *names[STW_ARRAY_LEN(commands)], *near;

	for (int i = 0; i < COMMANDS; i++) {
		names[i] = commands[i].name;
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	near = name_suggest(str_of(name), names, COMMANDS);
	if (near != NULL)
		(void)stw_fail(err, STW_INVALID,
		    "there is no command \"%.40s\"; did you mean \"%s\"?", name, near);
	else
		(void)stw_fail(err, STW_INVALID,
		    "there is no command \"%.40s\"; `steward help` lists them", name);
	return NULL;
}

static enum stw_code
cmd_help(struct cli *cli, struct stw_err *err)
{
	const struct command *one;

	if (cli->argc > 0) {
		one = find_command(cli->argv[0], err);
		if (one == NULL)
			return STW_INVALID;
		(void)printf("usage: steward %s\n%s\n", one->usage, one->help);
		return STW_OK;
	}
	(void)printf("usage: steward COMMAND [--SETTING VALUE ...] [ARGUMENTS]\n\n");
	for (int i = 0; i < COMMANDS; i++)
		(void)printf("  %-10s %s\n", commands[i].name, commands[i].help);
	(void)printf("\n`steward help COMMAND` says more; `steward settings` lists the "
		     "settings.\n");
	return STW_OK;
}

/* "steward: file:line:column: text". */
static void
print_error(const struct cli *cli, const struct stw_err *err)
{
	cli_progress_end();
	(void)fputs("steward: ", stderr);
	if (err->line > 0 && cli->where != NULL)
		(void)fprintf(stderr, "%s:%d:%d: ", cli->where, err->line, err->column);
	else if (err->line > 0)
		(void)fprintf(stderr, "%d:%d: ", err->line, err->column);
	(void)fprintf(stderr, "%s\n", err->text);
}

static enum stw_code
run_command(struct cli *cli, const struct command *command, int argc, char **argv,
    struct stw_err *err)
{
	struct settings settings;
	enum log_level level;
	enum stw_code rc;

	settings_init(&settings);
	rc = settings_load(&settings, &argc, argv, environ, err);
	if (rc == STW_OK)
		rc = log_level_parse(setting_text(&settings, SET_LOG_LEVEL), &level);
	if (rc == STW_OK) {
		log_set_level(level);
		rc = app_init(&cli->app, &settings, err);
	}
	if (rc == STW_OK) {
		/* argv[0] is the program, argv[1] the command. */
		cli->argc = argc - 2;
		cli->argv = argv + 2;
		cli->usage = command->usage;
		rc = command->run(cli, err);
		if (rc == STW_OK && (fflush(stdout) != 0 || ferror(stdout) != 0))
			rc = stw_fail(err, STW_TEMPFAIL, "cannot write the result");
	}
	app_fini(&cli->app);
	settings_fini(&settings);
	return rc;
}

int
main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	const struct command *command;
	struct stw_err err = {0};
	struct cli cli = {0};
	enum stw_code rc;

	/* What is in memory may be somebody's name or a key: a crash leaves none of it on
	 * the disk. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	/* Line by line, so that progress on stderr stays in its place in a log. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		(void)cmd_help(&cli, &err);
		return argc < 2 ? stw_code_exit(STW_INVALID) : 0;
	}
	command = find_command(argv[1], &err);
	if (command != NULL && command->foreign != NULL)
		return command->foreign(argc - 1, argv + 1);
	if (command != NULL && argc > 2 && strcmp(argv[2], "--help") == 0) {
		(void)printf("usage: steward %s\n%s\n", command->usage, command->help);
		return 0;
	}
	arena_init(&cli.arena);
	rc = command == NULL ? STW_INVALID
			     : run_command(&cli, command, argc, argv, &err);
	if (rc != STW_OK)
		print_error(&cli, &err);
	arena_fini(&cli.arena);
	return stw_code_exit(rc);
}
