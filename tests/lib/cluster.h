/*
 * cluster.h - a PostgreSQL of its own for a test program, a database for each test.
 *
 * Purpose    main() calls test_cluster_start once, before libcheck forks. It takes the
 *            cluster that STW_TEST_CONNINFO names ("host=... user=...", as printed by
 *            db/cluster.sh conninfo), or starts a throwaway one (db/cluster.sh, --fast)
 *            that a watching process removes when this program ends, however it ends.
 * Errors     None: what fails here stops the program with a message.
 * Rules      Run from the top of the source tree. Databases are copies of one migrated
 *            template, so each costs tens of milliseconds.
 */
#ifndef STW_TESTS_LIB_CLUSTER_H
#define STW_TESTS_LIB_CLUSTER_H

#include "db/db.h"

struct test_db {
	struct db *db;
	char name[64];
	char conninfo[512];  /* as role steward, who owns the database */
	char superuser[512]; /* the same as postgres: for tampering */
};

void test_cluster_start(void);
/* Always a throwaway one: for tests that restart the server or change its settings. */
void test_cluster_start_own(void);
/* Stops that server, at once and without a word to its clients (crash) or in order, and
 * starts it again. */
void test_cluster_restart(bool crash);
/* A setting of that server which asks for a restart: "shared_buffers = '512MB'". */
void test_cluster_tune(const char *setting);

/* A fresh, migrated database and one connection to it. */
void test_db_open(struct test_db *t);
/* An empty one. */
void test_db_open_empty(struct test_db *t);
void test_db_close(struct test_db *t);

/* Another connection to the same database; db_close it. */
struct db *test_db_connect(const struct test_db *t);
/* Runs SQL as the superuser and stops the test on an error. */
void test_db_tamper(const struct test_db *t, const char *sql);
/* The single integer that a SELECT gives. */
int64_t test_db_number(const struct test_db *t, const char *sql);

#endif
