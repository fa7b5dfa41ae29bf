#include "api/cli/cmd_queue_sim.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/push/queue_sim.h"

static atomic_bool stop;

static const char usage[] =
    "usage: steward queue-sim --journal FILE --secret-file FILE [options]\n"
    "An agent queue to push to: takes tasks over HTTP, and has agents that work them.\n"
    "  --listen ADDR:PORT   where to take tasks (127.0.0.1:0: any free port)\n"
    "  --port-file FILE     write the port there\n"
    "  --journal FILE       everything it sees, on disk before it answers\n"
    "  --checkpoints FILE   the ledger's exported checkpoints, to note with each push\n"
    "                       how far they reached when it came\n"
    "  --secret-file FILE   signing secrets, whsec_..., one a line (up to 8)\n"
    "  --secret whsec_...   one of them here, for all to see in the process list\n"
    "  --api URL            base URL of the API, for the agents\n"
    "  --token-file FILE    lines \"agent token [queue]\"\n"
    "  --agents N           at most N agents (all of the file)\n"
    "  --think-ms MS        how long a call lasts (50)\n"
    "  --slow-ms MS         wait before each request\n"
    "  --fail-rate P        share answered 500 without effect\n"
    "  --drop-rate P        share taken without an answer: the connection is cut\n"
    "  --late-rate P        share answered --late-ms late\n"
    "  --late-ms MS         (20000)\n"
    "  --seed S             for all that looks random (7)\n"
    "  --until-idle SEC     end when nothing came for SEC seconds and all is worked\n";

enum option_id {
	OPT_LISTEN = 1,
	OPT_PORT_FILE,
	OPT_JOURNAL,
	OPT_CHECKPOINTS,
	OPT_SECRET,
	OPT_SECRET_FILE,
	OPT_API,
	OPT_TOKEN_FILE,
	OPT_AGENTS,
	OPT_THINK,
	OPT_SLOW,
	OPT_FAIL,
	OPT_DROP,
	OPT_LATE,
	OPT_LATE_MS,
	OPT_SEED,
	OPT_IDLE,
	OPT_HELP,
};

static const struct option options[] = {
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"port-file", required_argument, NULL, OPT_PORT_FILE},
    {"journal", required_argument, NULL, OPT_JOURNAL},
    {"checkpoints", required_argument, NULL, OPT_CHECKPOINTS},
    {"secret", required_argument, NULL, OPT_SECRET},
    {"secret-file", required_argument, NULL, OPT_SECRET_FILE},
    {"api", required_argument, NULL, OPT_API},
    {"token-file", required_argument, NULL, OPT_TOKEN_FILE},
    {"agents", required_argument, NULL, OPT_AGENTS},
    {"think-ms", required_argument, NULL, OPT_THINK},
    {"slow-ms", required_argument, NULL, OPT_SLOW},
    {"fail-rate", required_argument, NULL, OPT_FAIL},
    {"drop-rate", required_argument, NULL, OPT_DROP},
    {"late-rate", required_argument, NULL, OPT_LATE},
    {"late-ms", required_argument, NULL, OPT_LATE_MS},
    {"seed", required_argument, NULL, OPT_SEED},
    {"until-idle", required_argument, NULL, OPT_IDLE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static enum stw_code
number_of(const char *name, const char *text, long max, long *out, struct stw_err *err)
{
	char *end;

	*out = strtol(text, &end, 10);
	if (text[0] == '\0' || *end != '\0' || *out < 0 || *out > max)
		return stw_fail(err, STW_INVALID,
		    "--%s %s: want a number from 0 to %ld", name, text, max);
	return STW_OK;
}

static enum stw_code
share_of(const char *name, const char *text, double *out, struct stw_err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (text[0] == '\0' || *end != '\0' || !(*out >= 0.0 && *out <= 1.0))
		return stw_fail(
		    err, STW_INVALID, "--%s %s: want a share from 0 to 1", name, text);
	return STW_OK;
}

static enum stw_code
option_int(const char *name, const char *text, long max, int *out, struct stw_err *err)
{
	long v;
	enum stw_code rc = number_of(name, text, max, &v, err);

	*out = (int)v;
	return rc;
}

static enum stw_code
secret_add(struct queue_sim_options *o, const char *text, struct stw_err *err)
{
	if (o->nsecrets == QUEUE_SIM_SECRETS)
		return stw_fail(
		    err, STW_INVALID, "--secret: more than %d", QUEUE_SIM_SECRETS);
	return webhook_secret_parse(str_of(text), &o->secrets[o->nsecrets++], err);
}

static enum stw_code
secrets_read(struct queue_sim_options *o, const char *path, struct stw_err *err)
{
	FILE *file = fopen(path, "re");
	enum stw_code rc = STW_OK;
	char line[256];

	if (file == NULL)
		return stw_fail(err, STW_NOT_FOUND, "%s: %s", path, strerror(errno));
	while (rc == STW_OK && fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] != '\0')
			rc = secret_add(o, line, err);
	}
	(void)fclose(file);
	return rc;
}

static enum stw_code
option_set(struct queue_sim_options *o, int id, const char *name, const char *text,
    struct stw_err *err)
{
	long v = 0;
	enum stw_code rc;

	switch ((enum option_id)id) {
	case OPT_LISTEN:
		o->listen = text;
		return STW_OK;
	case OPT_PORT_FILE:
		o->port_file = text;
		return STW_OK;
	case OPT_JOURNAL:
		o->journal = text;
		return STW_OK;
	case OPT_CHECKPOINTS:
		o->checkpoints = text;
		return STW_OK;
	case OPT_SECRET:
		return secret_add(o, text, err);
	case OPT_SECRET_FILE:
		return secrets_read(o, text, err);
	case OPT_API:
		o->api = text;
		return STW_OK;
	case OPT_TOKEN_FILE:
		o->token_file = text;
		return STW_OK;
	case OPT_AGENTS:
		return option_int(name, text, 1000, &o->agents, err);
	case OPT_THINK:
		return option_int(name, text, 3600000, &o->think_ms, err);
	case OPT_SLOW:
		return option_int(name, text, 600000, &o->slow_ms, err);
	case OPT_FAIL:
		return share_of(name, text, &o->fail_rate, err);
	case OPT_DROP:
		return share_of(name, text, &o->drop_rate, err);
	case OPT_LATE:
		return share_of(name, text, &o->late_rate, err);
	case OPT_LATE_MS:
		return option_int(name, text, 600000, &o->late_ms, err);
	case OPT_SEED:
		rc = number_of(name, text, INT32_MAX, &v, err);
		o->seed = (uint64_t)v;
		return rc;
	case OPT_IDLE:
		return option_int(name, text, 86400, &o->until_idle_sec, err);
	case OPT_HELP:
		break;
	}
	return stw_fail(err, STW_BUG, "queue-sim: option %d", id);
}

static void
on_signal(int number)
{
	(void)number;
	atomic_store(&stop, true);
}

int
cmd_queue_sim(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct queue_sim_options o;
	struct stw_err err = {0};
	enum stw_code rc = STW_OK;
	int id, at = 0;

	queue_sim_defaults(&o);
	optind = 1;
	while (rc == STW_OK && (id = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (id == OPT_HELP || id == '?') {
			(void)fputs(usage, id == OPT_HELP ? stdout : stderr);
			return id == OPT_HELP ? 0 : stw_code_exit(STW_INVALID);
		}
		rc = option_set(&o, id, options[at].name, optarg, &err);
	}
	if (rc == STW_OK && (o.journal == NULL || optind < argc))
		rc = stw_fail(&err, STW_INVALID, "queue-sim: %s",
		    o.journal == NULL ? "--journal is required" : "too many arguments");
	if (rc == STW_OK) {
		(void)sigaction(SIGTERM, &action, NULL);
		(void)sigaction(SIGINT, &action, NULL);
		rc = queue_sim_run(&o, &stop, &err);
	}
	if (rc != STW_OK)
		(void)fprintf(stderr, "steward: %s\n", err.text);
	for (size_t i = 0; i < o.nsecrets; i++)
		webhook_secret_wipe(&o.secrets[i]);
	return stw_code_exit(rc);
}
