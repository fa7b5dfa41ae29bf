/* steward witness: cosigns checkpoints of logs it knows; no database. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/cli.h"
#include "api/cli/trust.h"
#include "api/server.h"
#include "api/witness_http.h"
#include "engine/log.h"

static atomic_bool stop;

static void
on_signal(int number)
{
	(void)number;
	atomic_store(&stop, true);
}

static enum stw_code
write_port(const char *path, int port, struct stw_err *err)
{
	FILE *file;
	bool good;

	if (path[0] == '\0')
		return STW_OK;
	file = fopen(path, "we");
	good = file != NULL && fprintf(file, "%d\n", port) > 0;
	if (file != NULL && fclose(file) != 0)
		good = false;
	return good ? STW_OK
		    : stw_fail(err, STW_INVALID, "cannot write %s: %s", path,
			  strerror(errno));
}

static enum stw_code
serve(struct cli *cli, struct witness *witness, struct stw_err *err)
{
	const struct settings *s = cli->app.settings;
	struct sigaction action = {.sa_handler = on_signal};
	enum stw_code rc;
	int fd = -1;
	int port;

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	rc = listen_open(setting_text(s, SET_LISTEN), &fd, &port, err);
	if (rc == STW_OK)
		rc = write_port(setting_text(s, SET_PORT_FILE), port, err);
	if (rc != STW_OK) {
		if (fd >= 0)
			(void)close(fd);
		return rc;
	}
	log_event(LOG_INFO, "witness", "listen=%s port=%d", setting_text(s, SET_LISTEN),
	    port);
	return witness_serve(witness, fd, &stop, err);
}

static void
print_key(const struct witness *witness)
{
	struct buf text;

	buf_init(&text);
	note_verifier_format(witness_verifier(witness), &text);
	(void)printf("%s\n", text.data);
	buf_fini(&text);
}

enum stw_code
cmd_witness(struct cli *cli, struct stw_err *err)
{
	const char *key = NULL, *name = NULL, *state = NULL, *logs = NULL;
	bool only_key = false;
	const struct cli_opt opts[] = {{"key-file", CLI_TEXT, &key, 0, 0},
	    {"name", CLI_TEXT, &name, 0, 0}, {"state", CLI_TEXT, &state, 0, 0},
	    {"logs", CLI_TEXT, &logs, 0, 0},
	    {"print-key", CLI_SWITCH, &only_key, 0, 0}};
	struct note_verifier verifiers[WITNESS_LOGS];
	struct witness *witness;
	size_t count = 0;
	enum stw_code rc;

	rc = cli_parse(cli, opts, (int)STW_ARRAY_LEN(opts), 0, 0, err);
	if (rc != STW_OK)
		return rc;
	if (key == NULL || state == NULL || (logs == NULL && !only_key))
		return stw_fail(err, STW_INVALID, "usage: steward %s", cli->usage);
	if (mkdir(state, 0700) != 0 && errno != EEXIST)
		return stw_fail(
		    err, STW_INVALID, "cannot make %s: %s", state, strerror(errno));
	if (logs != NULL)
		rc = trust_keys(
		    logs, NOTE_ED25519, verifiers, WITNESS_LOGS, &count, err);
	if (rc == STW_OK)
		rc = witness_open(key, name, state, verifiers, count, &witness, err);
	if (rc != STW_OK)
		return rc;
	if (only_key)
		print_key(witness);
	else
		rc = serve(cli, witness, err);
	witness_close(witness);
	return rc;
}
