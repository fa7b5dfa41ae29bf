/*
 * import_world.h - what the tests of imports share: a database, a directory of files, runs.
 *
 * Purpose    Each test has a database and an empty directory of its own; put writes a file
 *            into it, run imports it as mapping.json says.
 * Ownership  import_setup and import_teardown around each test; what file_text gives is freed by
 *            the caller.
 * Errors     None: what does not hold fails the test. run gives the import's own, and err.
 */
#ifndef STW_TESTS_LIB_IMPORT_WORLD_H
#define STW_TESTS_LIB_IMPORT_WORLD_H

#include <stdio.h>

#include <check.h>

#include "db/seal.h"
#include "segments/import.h"
#include "tests/lib/cluster.h"

#define AS_OF (INT64_C(1795399200) * STW_USEC_SEC) /* 2026-11-23T02:00:00Z */

extern struct test_db t;
extern struct stw_err err;
extern struct seal_keys *keys;
extern char dir[64];
extern struct import_result result;

void import_setup(void);
void import_teardown(void);
/* One case of the fixture above, to which add adds its tests. For main(). */
int import_test_main(const char *name, void (*add)(TCase *tc));

void put(const char *name, const char *text);
void put_bytes(const char *name, const void *data, size_t len);
/* The bytes of a file below dir, NUL behind them. */
char *file_text(const char *name);
enum stw_code run_with(struct import_opts opts);
enum stw_code run(int64_t max_errors, FILE *messages);
int64_t number(const char *sql);

/* Customers, holdings and consents, and a mapping for them. */
void put_small(void);
/* Three customers, imported. */
void put_customers(void);

/* Parts of mappings. */
#define HEAD(name)                                                 \
	"{\"name\": \"" name                                       \
	"\", \"currency\": \"CNY\", \"zone\": \"Asia/Shanghai\", " \
	"\"region\": \"CN\", \"files\": ["
#define HOLDINGS(rest)                                                          \
	"{\"file\": \"h.csv\", \"target\": \"holding\", " rest "\"columns\": {" \
	"\"customer\": \"row.owner\", \"holding_ref\": \"row.ref\", "           \
	"\"kind\": \"row.kind\", \"amount\": \"row.amount\"}}"
#define KEYS(file, target, columns)                             \
	"{\"file\": \"" file "\", \"target\": \"" target "\", " \
	"\"mode\": \"delete\", \"columns\": {" columns "}}"

#endif
