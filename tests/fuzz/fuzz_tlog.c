/* The first byte picks what is read: a tile's path, a bundle, a proof file, or a file of a
 * published log in the place of a good one. What a parser accepts comes out of the
 * formatter byte for byte; no file but the right one makes the log whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine/tlog_audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES 300
#define FILES   8

static void
try_path(struct str input)
{
	struct tlog_tile tile;
	char path[TLOG_PATH_MAX];

	if (!tlog_tile_parse(input, &tile))
		return;
	tlog_tile_path(&tile, path);
	STW_ASSERT(str_eq_c(input, path));
}

static void
try_bundle(struct str input)
{
	struct str rest = input, entry;
	struct buf again;

	buf_init(&again);
	while (tlog_bundle_next(&rest, &entry))
		tlog_bundle_add(&again, entry);
	STW_ASSERT(again.len + rest.len == input.len);
	STW_ASSERT(again.len == 0 || memcmp(again.data, input.ptr, again.len) == 0);
	buf_fini(&again);
}

/* ---- a good log -------------------------------------------------------------------------- */
struct file {
	char path[TLOG_PATH_MAX];
	struct buf data;
};

static struct note_signer signer;
static struct file files[FILES];
static int nfiles;
static int replaced = -1; /* by input */
static struct str instead;

static enum stw_code
put(void *arg, const char *path, struct str data, struct stw_err *err)
{
	struct file *file = &files[nfiles++];

	(void)arg;
	(void)err;
	STW_ASSERT(nfiles <= FILES);
	(void)snprintf(file->path, sizeof file->path, "%s", path);
	buf_init(&file->data);
	buf_add_str(&file->data, data);
	return STW_OK;
}

static enum stw_code
get(void *arg, const char *path, struct buf *to, bool *found, struct stw_err *err)
{
	(void)arg;
	(void)err;
	buf_clear(to);
	*found = false;
	for (int i = 0; i < nfiles && !*found; i++) {
		*found = strcmp(files[i].path, path) == 0;
		if (*found && i == replaced)
			buf_add_str(to, instead);
		else if (*found)
			buf_add(to, files[i].data.data, files[i].data.len);
	}
	return STW_OK;
}

static void
make_log(void)
{
	const unsigned char seed[NOTE_SEED_BYTES] = {1};
	struct tlog_writer writer;
	struct merkle_hash root;
	struct buf text, note;
	struct stw_err err;

	if (nfiles > 0)
		return;
	STW_ASSERT(sodium_init() >= 0);
	STW_ASSERT(note_signer_init(&signer, NOTE_ED25519, STR_LIT("f.example"), seed,
		       &err) == STW_OK);
	tlog_writer_init(&writer, (struct tlog_sink){put, NULL});
	for (uint64_t i = 0; i < ENTRIES; i++)
		STW_ASSERT(tlog_writer_add(
			       &writer, (struct str){(char *)&i, 2}, &err) == STW_OK);
	STW_ASSERT(tlog_writer_flush(&writer, &err) == STW_OK);
	merkle_edge_root(&writer.edge, &root);
	buf_init(&text);
	buf_init(&note);
	checkpoint_format(STR_LIT("f.example"), ENTRIES, &root, &text);
	note_sign(&signer, (struct str){text.data, text.len}, &note);
	(void)put(NULL, "checkpoint", (struct str){note.data, note.len}, &err);
	tlog_writer_fini(&writer);
	buf_fini(&text);
	buf_fini(&note);
}

static void
try_log(int which, struct str input)
{
	const struct tlog_trust trust = {.log = &signer.verifier, .nlog = 1};
	const struct tlog_source source = {get, NULL};
	struct tlog_report report;
	struct stw_err err;
	bool same, is_checkpoint;

	make_log();
	replaced = which % nfiles;
	instead = input;
	same = str_eq(
	    (struct str){files[replaced].data.data, files[replaced].data.len}, input);
	is_checkpoint = strcmp(files[replaced].path, "checkpoint") == 0;
	STW_ASSERT(tlog_audit(&source, &trust, NULL, &report, &err) == STW_OK);
	/* A checkpoint may carry signature lines that nobody knows. */
	if (same)
		STW_ASSERT(report.finding[0] == '\0');
	else if (!is_checkpoint)
		STW_ASSERT(report.finding[0] != '\0');
	else if (report.finding[0] == '\0')
		STW_ASSERT(report.size == ENTRIES);
	replaced = -1;
}

static void
try_proof(struct str input)
{
	const struct tlog_trust trust = {.log = &signer.verifier, .nlog = 1};
	struct checkpoint checkpoint;
	struct tlog_proof proof;
	struct buf extra, again;
	struct stw_err err;
	size_t cosigned;

	make_log();
	if (tlog_proof_parse(input, &proof, &err) != STW_OK)
		return;
	buf_init(&extra);
	buf_init(&again);
	tlog_proof_extra(&proof, &extra);
	if (proof.extra.len == 0 || extra.len > 0) {
		tlog_proof_format((struct str){extra.data, extra.len}, proof.index,
		    &proof.path, proof.checkpoint, &again);
		STW_ASSERT(str_eq((struct str){again.data, again.len}, input));
	}
	/* Only what the log has under that number. */
	if (tlog_proof_check(&proof, (struct str){extra.data, extra.len}, &trust,
		&checkpoint, &cosigned, &err) == STW_OK)
		STW_ASSERT(proof.index < ENTRIES && extra.len == 2 &&
			   memcmp(extra.data, &proof.index, 2) == 0);
	buf_fini(&extra);
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input;

	if (size == 0)
		return 0;
	input = (struct str){(const char *)data + 1, size - 1};
	switch (data[0] & 3) {
	case 0:
		try_path(input);
		break;
	case 1:
		try_bundle(input);
		break;
	case 2:
		try_proof(input);
		break;
	default:
		try_log(data[0] >> 2, input);
	}
	return 0;
}
