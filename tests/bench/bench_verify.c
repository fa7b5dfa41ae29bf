/*
 * bench_verify.c - how long it takes to verify a published log, without a database.
 *
 *   bench_verify [--entries N] [--rounds N] [--dir DIR]
 *
 * Publishes a log of N entries like those of decisions into a directory and verifies it
 * as `steward ledger verify --dir` does. Prints the wall and the processor time of each
 * round. With --dir the log stays there, and its key in DIR.key.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "db/entry_json.h"
#include "db/ledger_dir.h"
#include "engine/uuid.h"

#define NOW    INT64_C(1795399200000000)
#define ORIGIN "bench.example/ledger"

static const char *dir;

static void
must(const char *what, bool good)
{
	if (good)
		return;
	(void)fprintf(stderr, "bench_verify: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- a log ------------------------------------------------------------------------------- */
static enum stw_code
put(void *arg, const char *path, struct str data, struct stw_err *err)
{
	char full[400];
	FILE *file;

	(void)arg;
	(void)err;
	(void)snprintf(full, sizeof full, "%s/%s", dir, path);
	for (char *at = strchr(full + strlen(dir) + 1, '/'); at != NULL;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		must(full, mkdir(full, 0755) == 0 || errno == EEXIST);
		*at = '/';
	}
	file = fopen(full, "we");
	must(full, file != NULL && fwrite(data.ptr, 1, data.len, file) == data.len &&
		       fclose(file) == 0);
	return STW_OK;
}

static void
write_log(const struct note_signer *signer, long entries)
{
	struct tlog_writer writer;
	struct merkle_hash root;
	struct buf entry, text, note;
	char id[UUID_TEXT];
	struct stw_err err;

	buf_init(&entry);
	buf_init(&text);
	buf_init(&note);
	tlog_writer_init(&writer, (struct tlog_sink){put, NULL});
	for (long i = 0; i < entries; i++) {
		const struct entry_field fields[] = {ENTRY_TEXT("gate", "P"),
		    ENTRY_TEXT("outcome", i % 3 == 0 ? "ALLOW" : "BLOCK"),
		    ENTRY_TEXT("primary", i % 3 == 0 ? NULL : "CALLING_HOURS"),
		    ENTRY_TEXT("record_hmac",
			"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")};
		struct uuid uuid = uuid_new(NOW + i);

		buf_clear(&entry);
		entry_write("decision", uuid_format(&uuid, id), NOW + i, fields,
		    (int)STW_ARRAY_LEN(fields), &entry);
		must("entry", tlog_writer_add(&writer,
				  (struct str){entry.data, entry.len}, &err) == STW_OK);
	}
	must("flush", tlog_writer_flush(&writer, &err) == STW_OK);
	merkle_edge_root(&writer.edge, &root);
	checkpoint_format(STR_LIT(ORIGIN), (uint64_t)entries, &root, &text);
	note_sign(signer, (struct str){text.data, text.len}, &note);
	(void)put(NULL, "checkpoint", (struct str){note.data, note.len}, &err);
	tlog_writer_fini(&writer);
	buf_fini(&entry);
	buf_fini(&text);
	buf_fini(&note);
}

/* ---- verified ------------------------------------------------------------------------------ */
static double
seconds(clockid_t clock)
{
	struct timespec at;

	must("clock", clock_gettime(clock, &at) == 0);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void
verify(const struct note_verifier *key)
{
	const struct tlog_trust trust = {.log = key, .nlog = 1};
	const struct tlog_source source = ledger_dir_source(dir);
	double wall = seconds(CLOCK_MONOTONIC),
	       processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct tlog_report report;
	struct stw_err err;

	must("verify", tlog_audit(&source, &trust, NULL, &report, &err) == STW_OK);
	must(report.finding, report.finding[0] == '\0');
	wall = seconds(CLOCK_MONOTONIC) - wall;
	processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
	(void)printf("verified: %" PRIu64
		     " entries in %.2f s (%.0f a second), %.2f s of processor time\n",
	    report.size, wall, (double)report.size / wall, processor);
}

static const char *
option(int argc, char **argv, const char *name, const char *fallback)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return fallback;
}

int
main(int argc, char **argv)
{
	static const unsigned char seed[32] = {1};
	long entries = strtol(option(argc, argv, "--entries", "1000000"), NULL, 10);
	long rounds = strtol(option(argc, argv, "--rounds", "3"), NULL, 10);
	char temporary[] = "/tmp/stw-verify-XXXXXX", command[120], path[400];
	struct note_signer signer;
	struct stw_err err;
	struct buf key;
	FILE *file;

	dir = option(argc, argv, "--dir", NULL);
	if (entries < 1 || rounds < 1)
		return 2;
	if (dir == NULL)
		dir = mkdtemp(temporary);
	must("directory", dir != NULL && (mkdir(dir, 0755) == 0 || errno == EEXIST));
	must("sodium", sodium_init() >= 0);
	must("key", note_signer_init(
			&signer, NOTE_ED25519, STR_LIT(ORIGIN), seed, &err) == STW_OK);
	write_log(&signer, entries);
	for (long r = 0; r < rounds; r++)
		verify(&signer.verifier);
	if (dir == temporary) {
		(void)snprintf(command, sizeof command, "rm -rf %s", temporary);
		return system(command) == 0 ? 0 : 1;
	}
	(void)snprintf(path, sizeof path, "%s.key", dir);
	file = fopen(path, "we");
	buf_init(&key);
	note_verifier_format(&signer.verifier, &key);
	must(path,
	    file != NULL && fprintf(file, "%s\n", key.data) > 0 && fclose(file) == 0);
	buf_fini(&key);
	return 0;
}
