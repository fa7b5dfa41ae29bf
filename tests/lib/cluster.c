#include "tests/lib/cluster.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "db/migrate.h"
#include "db/seal.h"

static struct {
	char base[400]; /* conninfo of the cluster, without a database */
	char dir[256];  /* of the throwaway cluster; empty: somebody else's cluster */
	pid_t owner;    /* libcheck's children run atexit handlers as well */
	pid_t watcher;
	int alive; /* closed by our end, which is what the watcher waits for */
	char template[64];
	int count;
} cluster;

STW_NORETURN STW_PRINTF(1, 2) static void stop(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fprintf(stderr, "tests/lib/cluster: ");
	(void)vfprintf(stderr, fmt, ap);
	(void)fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

static void
drop_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* Runs SQL on a connection of its own; the number that its last statement gave. */
static int64_t
run_sql(const char *conninfo, const char *sql)
{
	PGconn *pg = PQconnectdb(conninfo);
	int64_t number = 0;
	PGresult *res;

	if (PQstatus(pg) != CONNECTION_OK)
		stop("%s", PQerrorMessage(pg));
	(void)PQsetNoticeProcessor(pg, drop_notice, NULL);
	res = PQexec(pg, sql);
	if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) > 0)
		number = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	else if (PQresultStatus(res) != PGRES_COMMAND_OK &&
		 PQresultStatus(res) != PGRES_TUPLES_OK)
		stop("%s: %s", sql, PQresultErrorMessage(res));
	PQclear(res);
	PQfinish(pg);
	return number;
}

static void
on_database(char *to, size_t cap, const char *name, const char *user)
{
	int n = snprintf(to, cap, "%s dbname=%s%s%s", cluster.base, name,
	    user == NULL ? "" : " user=", user == NULL ? "" : user);

	if (n < 0 || (size_t)n >= cap)
		stop("conninfo is too long");
}

/* ---- the throwaway cluster ------------------------------------------------------- */
/* Reads until nobody of our program holds the other end, then clears away. Survives
 * what kills us, kill -9 too. */
STW_NORETURN static void
watch(int end)
{
	char byte;

	(void)setsid();
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	while (read(end, &byte, 1) > 0)
		continue;
	(void)execl("/bin/sh", "sh", "-c",
	    "sh db/cluster.sh destroy \"$1\"; rm -rf \"$1\"", "sh", cluster.dir,
	    (char *)NULL);
	_exit(127);
}

static void
start_watcher(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		stop("pipe2 failed");
	(void)fflush(NULL);
	cluster.watcher = fork();
	if (cluster.watcher < 0)
		stop("fork failed");
	if (cluster.watcher == 0) {
		(void)close(ends[1]);
		watch(ends[0]);
	}
	(void)close(ends[0]);
	cluster.alive = ends[1];
}

static void
start_throwaway(void)
{
	const char *tmp = getenv("TMPDIR");
	char command[600];
	FILE *out;

	(void)snprintf(cluster.dir, sizeof cluster.dir, "%s/stw-test-XXXXXX",
	    tmp == NULL || strlen(tmp) > 100 ? "/tmp" : tmp);
	if (mkdtemp(cluster.dir) == NULL)
		stop("mkdtemp %s failed", cluster.dir);
	/* Run by root, the server is user postgres and has to get through. */
	(void)chmod(cluster.dir, 0711);
	start_watcher();
	(void)snprintf(command, sizeof command,
	    "sh db/cluster.sh start '%s' --fast && sh db/cluster.sh conninfo '%s'",
	    cluster.dir, cluster.dir);
	out = popen(command, "re");
	if (out == NULL || fgets(cluster.base, sizeof cluster.base, out) == NULL)
		stop("no cluster: db/cluster.sh start failed");
	(void)pclose(out);
	cluster.base[strcspn(cluster.base, "\n")] = '\0';
}

/* A database cannot go while a slot is left in it; a reader may be just going. */
static void
drop_slots(const char *admin, const char *name)
{
	char sql[300];

	for (int tries = 0; tries < 200; tries++) {
		(void)snprintf(sql, sizeof sql,
		    "SELECT count(CASE WHEN active THEN pg_terminate_backend(active_pid)::text "
		    "ELSE pg_drop_replication_slot(slot_name)::text || 'x' END) + count(*) "
		    "FROM pg_replication_slots WHERE database = '%s'",
		    name);
		if (run_sql(admin, sql) == 0)
			return;
		(void)usleep(10000);
	}
	stop("a replication slot of %s does not go", name);
}

static void
drop_database(const char *name)
{
	char admin[512];
	char sql[200];

	on_database(admin, sizeof admin, "postgres", "postgres");
	drop_slots(admin, name);
	(void)snprintf(
	    sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
	(void)run_sql(admin, sql);
}

/* A database that a failed test leaves in a borrowed cluster goes with that cluster. */
static void
finish(void)
{
	if (getpid() != cluster.owner)
		return;
	if (cluster.dir[0] == '\0') {
		drop_database(cluster.template);
		return;
	}
	(void)close(cluster.alive);
	(void)waitpid(cluster.watcher, NULL, 0);
}

static void
create_database(const char *name, const char *template)
{
	char admin[512];
	char sql[300];

	on_database(admin, sizeof admin, "postgres", "postgres");
	/* Without fsync, copying files is several times faster than logging each page. */
	(void)snprintf(sql, sizeof sql,
	    "CREATE DATABASE %s OWNER steward TEMPLATE %s STRATEGY file_copy", name,
	    template);
	(void)run_sql(admin, sql);
}

static void
make_template(void)
{
	char conninfo[512];
	struct stw_err err;
	struct db *db;

	(void)snprintf(cluster.template, sizeof cluster.template, "t_%d_template",
	    (int)cluster.owner);
	drop_database(cluster.template);
	create_database(cluster.template, "template0");
	on_database(conninfo, sizeof conninfo, cluster.template, NULL);
	if (db_open(conninfo, &db, &err) != STW_OK)
		stop("%s", err.text);
	if (db_migrate(db, NULL, &err) != STW_OK)
		stop("line %d: %s", err.line, err.text);
	db_close(db);
}

static void
start(const char *given)
{
	STW_ASSERT(cluster.owner == 0);
	cluster.owner = getpid();
	if (atexit(finish) != 0)
		stop("atexit failed");
	if (given == NULL || given[0] == '\0')
		start_throwaway();
	else
		(void)snprintf(cluster.base, sizeof cluster.base, "%s", given);
	make_template();
}

void
test_cluster_start(void)
{
	start(getenv("STW_TEST_CONNINFO"));
}

void
test_cluster_start_own(void)
{
	start(NULL);
}

void
test_cluster_tune(const char *setting)
{
	char admin[512], sql[200];

	on_database(admin, sizeof admin, "postgres", "postgres");
	(void)snprintf(sql, sizeof sql, "ALTER SYSTEM SET %s", setting);
	(void)run_sql(admin, sql);
	test_cluster_restart(false);
}

void
test_cluster_restart(bool crash)
{
	char command[800];

	STW_ASSERT(cluster.dir[0] != '\0');
	(void)snprintf(command, sizeof command,
	    "pid=$(sh db/cluster.sh status '%s' | sed 's/.*pid=\\([0-9]*\\).*/\\1/') && "
	    "kill -%s \"$pid\" && while kill -0 \"$pid\" 2>/dev/null; do sleep 0.05; done; "
	    "sh db/cluster.sh start '%s' 2>/dev/null",
	    cluster.dir, crash ? "QUIT" : "INT", cluster.dir);
	if (system(command) != 0)
		stop("the cluster does not restart");
}

/* ---- databases ------------------------------------------------------------------- */
/* One for the process, under which entries commit; a world with keys of its own sets them. */
static const struct seal_keys *
keys_of_process(void)
{
	static struct seal_keys *keys;
	static char path[64];
	struct stw_err err;

	if (keys != NULL)
		return keys;
	(void)snprintf(path, sizeof path, "/tmp/stw-commit-%d", (int)getpid());
	if (seal_keys_open(path, true, &keys, &err) != STW_OK)
		stop("%s", err.text);
	(void)unlink(path);
	return keys;
}

static void
open_copy(struct test_db *t, const char *template)
{
	struct stw_err err;

	if (cluster.owner == 0)
		stop("main() has to call test_cluster_start first");
	memset(t, 0, sizeof *t);
	(void)snprintf(t->name, sizeof t->name, "t_%d_%d_%d", (int)cluster.owner,
	    (int)getpid(), cluster.count++);
	drop_database(t->name);
	create_database(t->name, template);
	on_database(t->conninfo, sizeof t->conninfo, t->name, NULL);
	on_database(t->superuser, sizeof t->superuser, t->name, "postgres");
	if (db_open(t->conninfo, &t->db, &err) != STW_OK)
		stop("%s", err.text);
	db_keys_set(t->db, keys_of_process());
}

void
test_db_open(struct test_db *t)
{
	open_copy(t, cluster.template);
}

void
test_db_open_empty(struct test_db *t)
{
	open_copy(t, "template0");
}

void
test_db_close(struct test_db *t)
{
	db_close(t->db);
	t->db = NULL;
	drop_database(t->name);
}

struct db *
test_db_connect(const struct test_db *t)
{
	struct stw_err err;
	struct db *db;

	if (db_open(t->conninfo, &db, &err) != STW_OK)
		stop("%s", err.text);
	db_keys_set(db, t->db != NULL ? db_keys(t->db) : keys_of_process());
	return db;
}

void
test_db_tamper(const struct test_db *t, const char *sql)
{
	(void)run_sql(t->superuser, sql);
}

int64_t
test_db_number(const struct test_db *t, const char *sql)
{
	return run_sql(t->superuser, sql);
}
