/*
 * tamper_log.c - published logs, changed in twelve ways by somebody who knows how they
 * are made: each change is found and the first bad entry named; clean logs never alarm.
 *
 *   tamper_log [--runs N] [--clean N] [--seed N]
 *
 * Everything is in memory. Where the forger changes entries, the cover-up is drawn too:
 * only the bundle; the tile of leaf hashes with it; all tiles; all tiles and a checkpoint
 * signed with the log's own key. Somebody outside has kept the newest checkpoint, and
 * some of the older ones. A failing run prints its seed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine/arena.h"
#include "engine/tlog_audit.h"

#define ORIGIN  "bank.example/outreach"
#define MOST    2100  /* entries of most logs */
#define LARGE   67000 /* of a few: three levels of tiles */
#define HISTORY 5
#define FILES   1200

/* ---- chance: splitmix64 -------------------------------------------------------------- */
static uint64_t state;

static uint64_t
draw(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t
below(uint64_t n)
{
	return draw() % n;
}

/* ---- files in memory ------------------------------------------------------------------- */
struct file {
	char path[TLOG_PATH_MAX];
	struct buf data;
};

struct disk {
	struct file files[FILES];
	int count;
};

static struct file *
disk_find(struct disk *disk, const char *path)
{
	for (int i = disk->count - 1; i >= 0; i--)
		if (strcmp(disk->files[i].path, path) == 0)
			return &disk->files[i];
	return NULL;
}

static enum stw_code
disk_put(void *arg, const char *path, struct str data, struct stw_err *err)
{
	struct disk *disk = arg;
	struct file *file = disk_find(disk, path);

	(void)err;
	if (file == NULL) {
		STW_ASSERT(disk->count < FILES);
		file = &disk->files[disk->count++];
		(void)snprintf(file->path, sizeof file->path, "%s", path);
		buf_init(&file->data);
	}
	buf_clear(&file->data);
	buf_add_str(&file->data, data);
	return STW_OK;
}

static enum stw_code
disk_get(void *arg, const char *path, struct buf *to, bool *found, struct stw_err *err)
{
	const struct file *file = disk_find(arg, path);

	(void)err;
	buf_clear(to);
	*found = file != NULL;
	if (*found)
		buf_add(to, file->data.data, file->data.len);
	return STW_OK;
}

static void
disk_drop(struct disk *disk, const char *path)
{
	struct file *file = disk_find(disk, path);

	STW_ASSERT(file != NULL);
	buf_fini(&file->data);
	memmove(file, file + 1,
	    (size_t)(disk->files + disk->count - file - 1) * sizeof *file);
	disk->count--;
}

static void
disk_clear(struct disk *disk)
{
	for (int i = 0; i < disk->count; i++)
		buf_fini(&disk->files[i].data);
	disk->count = 0;
}

/* ---- logs ------------------------------------------------------------------------------ */
struct log {
	struct buf *entries; /* in the order that the forger gives them */
	uint64_t size;
};

static struct note_signer own, foreign;
static struct disk disk;
static struct buf pool[LARGE + 2];
static struct buf order[LARGE + 2];
static struct tlog_known history[HISTORY]; /* the checkpoints there were, in order */
static struct buf notes[HISTORY];
static size_t nhistory;

static void
fill_entry(struct buf *entry, uint64_t index)
{
	size_t len = below(8) == 0 ? below(900) : below(120);

	buf_clear(entry);
	buf_printf(entry, "%" PRIu64 ":", index);
	while (len-- > 0)
		buf_add_char(entry, (char)(draw() & 0xff));
}

static void
sign(const struct note_signer *signer, uint64_t size, const struct merkle_hash *root,
    struct buf *note)
{
	struct buf text;

	buf_init(&text);
	buf_clear(note);
	checkpoint_format(STR_LIT(ORIGIN), size, root, &text);
	note_sign(signer, (struct str){text.data, text.len}, note);
	buf_fini(&text);
}

static void
put_checkpoint(const struct buf *note)
{
	(void)disk_put(&disk, "checkpoint", (struct str){note->data, note->len}, NULL);
}

/* Writes all files of the log and gives its root; partial tiles of `stops` stay. */
static void
publish(const struct log *log, const uint64_t *stops, size_t nstops,
    struct merkle_hash *roots)
{
	struct tlog_writer writer;
	struct stw_err err;
	size_t next = 0;

	tlog_writer_init(&writer, (struct tlog_sink){disk_put, &disk});
	for (uint64_t i = 0; i <= log->size; i++) {
		while (next < nstops && stops[next] == i) {
			STW_ASSERT(tlog_writer_flush(&writer, &err) == STW_OK);
			merkle_edge_root(&writer.edge, &roots[next++]);
		}
		if (i == log->size)
			break;
		STW_ASSERT(tlog_writer_add(&writer,
			       (struct str){log->entries[i].data, log->entries[i].len},
			       &err) == STW_OK);
	}
	STW_ASSERT(next == nstops);
	tlog_writer_fini(&writer);
}

/* A log with a history, as it was before anybody touched it. */
static struct log
make_log(bool large)
{
	struct log log = {order, 0};
	uint64_t stops[HISTORY];
	struct merkle_hash roots[HISTORY];

	log.size = large ? 66000 + below(1000) : 2 + below(MOST - 2);
	for (uint64_t i = 0; i < log.size; i++) {
		fill_entry(&pool[i], i);
		order[i] = pool[i];
	}
	nhistory = 1 + below(HISTORY);
	for (size_t i = 0; i < nhistory; i++)
		stops[i] = i + 1 == nhistory ? log.size : 1 + below(log.size);
	for (size_t i = 1; i < nhistory; i++) /* in order, each once */
		for (size_t k = i; k > 0 && stops[k] < stops[k - 1]; k--) {
			uint64_t t = stops[k];

			stops[k] = stops[k - 1];
			stops[k - 1] = t;
		}
	for (size_t i = 1; i < nhistory;)
		if (stops[i] == stops[i - 1]) {
			memmove(
			    &stops[i], &stops[i + 1], (--nhistory - i) * sizeof *stops);
		} else {
			i++;
		}
	publish(&log, stops, nhistory, roots);
	for (size_t i = 0; i < nhistory; i++) {
		history[i] = (struct tlog_known){stops[i], roots[i]};
		sign(&own, stops[i], &roots[i], &notes[i]);
	}
	put_checkpoint(&notes[nhistory - 1]);
	return log;
}

/* The last kept checkpoint at or below an entry: what it proves. */
static uint64_t
sure(const struct tlog_known *known, size_t count, uint64_t entry)
{
	uint64_t size = 0;

	for (size_t i = 0; i < count; i++)
		if (known[i].size <= entry)
			size = known[i].size;
	return size;
}

/* ---- cover-ups ---------------------------------------------------------------------------- */
enum cover { BUNDLE_ONLY, BUNDLE_AND_TILE, ALL_TILES, SIGNED_AGAIN, COVERS };

static struct str
bytes(const struct buf *b)
{
	return (struct str){b->data, b->len};
}

/* Puts the bundles of the log in place; with leaves their tiles of hashes, too. */
static void
put_bundles(const struct log *log, bool leaves)
{
	struct buf bundle, tile;
	struct merkle_hash leaf;
	char path[TLOG_PATH_MAX];

	buf_init(&bundle);
	buf_init(&tile);
	for (uint64_t i = 0; i < log->size; i++) {
		struct tlog_tile at =
		    tlog_tile_at(log->size, TLOG_ENTRIES, i / TLOG_WIDTH);

		tlog_bundle_add(&bundle, bytes(&log->entries[i]));
		merkle_leaf(bytes(&log->entries[i]), &leaf);
		buf_add(&tile, leaf.b, sizeof leaf.b);
		if ((int)(i % TLOG_WIDTH) + 1 != at.width)
			continue;
		tlog_tile_path(&at, path);
		(void)disk_put(&disk, path, bytes(&bundle), NULL);
		at.level = 0;
		tlog_tile_path(&at, path);
		if (leaves)
			(void)disk_put(&disk, path, bytes(&tile), NULL);
		buf_clear(&bundle);
		buf_clear(&tile);
	}
	buf_fini(&bundle);
	buf_fini(&tile);
}

/* The forger puts the changed log in place. Returns the first entry that can be named. */
static uint64_t
cover_up(const struct log *log, uint64_t honest_size, uint64_t first, enum cover how,
    const struct tlog_known *known, size_t nknown)
{
	uint64_t proved = sure(known, nknown, first);
	uint64_t tile = first / TLOG_WIDTH * TLOG_WIDTH;
	struct merkle_hash root;
	struct buf note;

	switch (how) {
	case BUNDLE_ONLY:
		put_bundles(log, false);
		return first;
	case BUNDLE_AND_TILE:
		put_bundles(log, true);
		/* An open tile is held by nothing but the root of them all; and where
		 * the last of them was changed, none of them holds. */
		STW_ASSERT(log->size == honest_size);
		for (uint64_t i = honest_size / TLOG_WIDTH * TLOG_WIDTH;
		     i < honest_size; i++)
			if (log->entries[i].data != pool[i].data)
				return proved;
		return tile > proved ? tile : proved;
	case ALL_TILES:
	case SIGNED_AGAIN:
		publish(log, &log->size, 1, &root);
		if (how == SIGNED_AGAIN) {
			buf_init(&note);
			sign(&own, log->size, &root, &note);
			put_checkpoint(&note);
			buf_fini(&note);
		}
		return proved;
	case COVERS:
		break;
	}
	abort();
}

/* No entry, but: what shorter files still prove decides; there is no older checkpoint. */
#define SHORT_FILES (-3)
#define NO_OLDER    (-4)

/* ---- the twelve ------------------------------------------------------------------------------ */
enum klass {
	FLIP,
	DELETE,
	INSERT,
	SWAP,
	TAIL_CUT,
	FORK,
	RE_SIGN,
	RENUMBER,
	TILE_EDIT,
	KEY_SWAP,
	REPLAY,
	ROLLBACK,
	CLASSES
};

static const char *const names[CLASSES] = {"flip", "delete", "insert", "swap",
    "tail cut", "fork", "re-sign", "renumber", "tile edit", "key swap",
    "replayed checkpoint", "rollback"};

static struct buf forged[4]; /* entries that the forger makes up */

/* Flips one bit of a bundle file, of a length or of an entry. */
static int64_t
flip(const struct log *log)
{
	uint64_t n = below((log->size + TLOG_WIDTH - 1) / TLOG_WIDTH);
	const struct tlog_tile tile = tlog_tile_at(log->size, TLOG_ENTRIES, n);
	uint64_t entry = n * TLOG_WIDTH;
	char path[TLOG_PATH_MAX];
	struct file *file;
	uint64_t at;

	tlog_tile_path(&tile, path);
	file = disk_find(&disk, path);
	at = below(file->data.len);
	file->data.data[at] = (char)(file->data.data[at] ^ 1 << below(8));
	while (at >= 2 + log->entries[entry].len)
		at -= 2 + log->entries[entry++].len;
	return (int64_t)entry;
}

static void
shift(struct log *log, uint64_t at, int by)
{
	if (by < 0)
		memmove(&log->entries[at], &log->entries[at + 1],
		    (log->size - at - 1) * sizeof *log->entries);
	else
		memmove(&log->entries[at + 1], &log->entries[at],
		    (log->size - at) * sizeof *log->entries);
	log->size = by < 0 ? log->size - 1 : log->size + 1;
}

/* Changes the order of entries in memory; gives the first that is another one now. */
static uint64_t
rearrange(enum klass klass, struct log *log)
{
	uint64_t i = below(log->size - 1);
	uint64_t k = i + 1 + below(log->size - i - 1);
	struct buf t;

	if (klass == DELETE) {
		shift(log, i, -1);
		return i;
	}
	if (klass == INSERT) {
		fill_entry(&forged[0], i);
		shift(log, i, 1);
		log->entries[i] = forged[0];
		return i;
	}
	t = log->entries[i];
	if (klass == SWAP)
		log->entries[i] = log->entries[k];
	else /* RENUMBER: the first of a stretch becomes its last */
		memmove(&log->entries[i], &log->entries[i + 1],
		    (k - i) * sizeof *log->entries);
	log->entries[k] = t;
	return i;
}

static int64_t
move_entries(
    enum klass klass, struct log *log, const struct tlog_known *known, size_t nknown)
{
	uint64_t honest = log->size;
	enum cover how = (enum cover)below(COVERS);
	uint64_t first = rearrange(klass, log);
	uint64_t proved;

	/* With another number of entries than the checkpoint says, a forger who does not
	 * sign cannot even make the last files: their names tell the width. One who
	 * keeps the number drops or makes up the last entry. */
	if (log->size < honest && (how != SIGNED_AGAIN)) {
		fill_entry(&forged[1], honest);
		log->entries[log->size++] = forged[1];
	} else if (log->size > honest && how != SIGNED_AGAIN) {
		log->size--;
	}
	proved = cover_up(log, honest, first, how, known, nknown);
	/* Signed, shorter than what was kept, and nothing kept in between: all that shows
	 * is where it ends. */
	if (how == SIGNED_AGAIN && log->size < known[nknown - 1].size &&
	    sure(known, nknown, log->size) == sure(known, nknown, first))
		return (int64_t)log->size;
	return (int64_t)proved;
}

static int64_t
tail_cut(struct log *log)
{
	uint64_t last = (log->size - 1) / TLOG_WIDTH;
	const struct tlog_tile tile = tlog_tile_at(log->size, TLOG_ENTRIES, last);
	char path[TLOG_PATH_MAX];
	struct merkle_hash root;
	struct buf note;

	log->size -= 1 + below(log->size - 1);
	switch (below(3)) {
	case 0: /* the file only */
		tlog_tile_path(&tile, path);
		disk_drop(&disk, path);
		return (int64_t)(last * TLOG_WIDTH);
	case 1: /* all of a shorter log but the checkpoint */
		disk_clear(&disk);
		publish(log, &log->size, 1, &root);
		put_checkpoint(&notes[nhistory - 1]);
		return SHORT_FILES;
	default: /* and a signed checkpoint */
		disk_clear(&disk);
		publish(log, &log->size, 1, &root);
		buf_init(&note);
		sign(&own, log->size, &root, &note);
		put_checkpoint(&note);
		buf_fini(&note);
		return (int64_t)log->size;
	}
}

static int64_t
fork_log(struct log *log, const struct tlog_known *known, size_t nknown)
{
	uint64_t first = below(log->size);
	struct merkle_hash root;
	struct buf note;

	for (uint64_t i = first; i < log->size; i++) {
		fill_entry(&pool[i], i + 1000000);
		log->entries[i] = pool[i];
	}
	if (below(2) == 0) { /* and it grows */
		fill_entry(&forged[2], log->size);
		log->entries[log->size++] = forged[2];
	}
	disk_clear(&disk);
	publish(log, &log->size, 1, &root);
	buf_init(&note);
	sign(&own, log->size, &root, &note);
	put_checkpoint(&note);
	buf_fini(&note);
	return (int64_t)sure(known, nknown, first);
}

static int64_t
sign_anew(struct log *log, bool change, const struct tlog_known *known, size_t nknown)
{
	uint64_t first = below(log->size);
	struct merkle_hash root;
	struct buf note;

	if (change) {
		fill_entry(&forged[3], first + 5000000);
		log->entries[first] = forged[3];
	}
	publish(log, &log->size, 1, &root);
	buf_init(&note);
	sign(&foreign, log->size, &root, &note);
	put_checkpoint(&note);
	buf_fini(&note);
	return change ? (int64_t)sure(known, nknown, first) : -1;
}

static int64_t
edit_tile(const struct log *log)
{
	int level = 0;
	struct tlog_tile tile;
	char path[TLOG_PATH_MAX];
	struct file *file;
	uint64_t at, hashes;

	while (tlog_level_size(log->size, level + 1) > 0 && below(2) == 0)
		level++;
	hashes = tlog_level_size(log->size, level);
	tile = tlog_tile_at(
	    log->size, level, below((hashes + TLOG_WIDTH - 1) / TLOG_WIDTH));
	tlog_tile_path(&tile, path);
	file = disk_find(&disk, path);
	at = below(file->data.len);
	file->data.data[at] = (char)(file->data.data[at] ^ 1 << below(8));
	hashes = tile.n * TLOG_WIDTH + at / MERKLE_HASH_BYTES;
	return (int64_t)(hashes << (8 * level));
}

/* An older state that was honest then: its checkpoint over the files of today, or all its
 * files. */
static int64_t
go_back(struct log *log, bool whole)
{
	size_t old = nhistory > 1 ? below(nhistory - 1) : 0;
	struct merkle_hash root;

	if (nhistory == 1)
		return NO_OLDER;
	if (whole) {
		log->size = history[old].size;
		disk_clear(&disk);
		publish(log, &log->size, 1, &root);
	}
	put_checkpoint(&notes[old]);
	return (int64_t)history[old].size;
}

static int64_t
tamper(enum klass klass, struct log *log, const struct tlog_known *known, size_t nknown)
{
	switch (klass) {
	case FLIP:
		return flip(log);
	case DELETE:
	case INSERT:
	case SWAP:
	case RENUMBER:
		return move_entries(klass, log, known, nknown);
	case TAIL_CUT:
		return tail_cut(log);
	case FORK:
		return fork_log(log, known, nknown);
	case RE_SIGN:
		return sign_anew(log, true, known, nknown);
	case TILE_EDIT:
		return edit_tile(log);
	case KEY_SWAP:
		return sign_anew(log, false, known, nknown);
	case REPLAY:
		return go_back(log, false);
	case ROLLBACK:
		return go_back(log, true);
	case CLASSES:
		break;
	}
	abort();
}

/* ---- running ------------------------------------------------------------------------------- */
static struct tlog_report
audit(const struct tlog_known *known, size_t nknown)
{
	const struct tlog_source source = {disk_get, &disk};
	const struct tlog_trust trust = {
	    .log = &own.verifier, .nlog = 1, .known = known, .nknown = nknown};
	struct tlog_report report;
	struct stw_err err;

	if (tlog_audit(&source, &trust, NULL, &report, &err) != STW_OK) {
		(void)fprintf(stderr, "tamper_log: %s\n", err.text);
		exit(EXIT_FAILURE);
	}
	return report;
}

/* Of the history somebody kept the newest, and each other with a chance of a half. */
static size_t
keep(struct tlog_known *known, bool newest)
{
	size_t count = 0;

	for (size_t i = 0; i < nhistory; i++)
		if ((i + 1 == nhistory && newest) || below(2) == 0)
			known[count++] = history[i];
	return count;
}

static bool
clean_run(uint64_t seed, bool large)
{
	struct tlog_known known[HISTORY];
	struct tlog_report report;

	state = seed;
	disk_clear(&disk);
	(void)make_log(large);
	report = audit(known, keep(known, false));
	if (report.finding[0] == '\0' && report.first_bad == -1)
		return true;
	(void)printf("FALSE ALARM seed %" PRIu64 ": %s\n", seed, report.finding);
	return false;
}

/* The last, partial bundle of a shorter log has another name; what was kept of entries in
 * it proves nothing then. */
static bool
cut_is_named(const struct tlog_report *report, const struct log *log,
    const struct tlog_known *known, size_t nknown)
{
	uint64_t whole = log->size / TLOG_WIDTH * TLOG_WIDTH;

	return report->first_bad >= (int64_t)sure(known, nknown, whole) &&
	       report->first_bad <= (int64_t)log->size;
}

/* 1 found, 0 missed, -1 not possible with this log. */
static int
tampered_run(uint64_t seed, enum klass klass, bool large)
{
	struct tlog_known known[HISTORY];
	struct tlog_report report;
	struct log log;
	size_t nknown;
	int64_t want;
	bool good;

	state = seed;
	disk_clear(&disk);
	log = make_log(large);
	nknown = keep(known, true);
	want = tamper(klass, &log, known, nknown);
	if (want == NO_OLDER)
		return -1;
	report = audit(known, nknown);
	good = report.finding[0] != '\0' &&
	       (want == SHORT_FILES ? cut_is_named(&report, &log, known, nknown)
				    : report.first_bad == want);
	if (!good)
		(void)printf("MISSED %s seed %" PRIu64 " size %" PRIu64
			     ": want %" PRId64 ", got %" PRId64 " '%s'\n",
		    names[klass], seed, log.size, want, report.first_bad,
		    report.finding);
	return good ? 1 : 0;
}

static int64_t
option(int argc, char **argv, const char *name, int64_t fallback)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return strtoll(argv[i + 1], NULL, 10);
	return fallback;
}

int
main(int argc, char **argv)
{
	int64_t runs = option(argc, argv, "--runs", 1200);
	int64_t clean = option(argc, argv, "--clean", 1200);
	uint64_t seed = (uint64_t)option(argc, argv, "--seed", 1);
	unsigned char seeds[2][NOTE_SEED_BYTES] = {{1}, {2}};
	int64_t found[CLASSES] = {0};
	int64_t bad = 0;
	struct stw_err err;

	STW_ASSERT(sodium_init() >= 0);
	STW_ASSERT(note_signer_init(
		       &own, NOTE_ED25519, STR_LIT(ORIGIN), seeds[0], &err) == STW_OK);
	STW_ASSERT(note_signer_init(&foreign, NOTE_ED25519, STR_LIT(ORIGIN), seeds[1],
		       &err) == STW_OK);
	for (int64_t i = 0; i < clean; i++)
		bad +=
		    clean_run(seed * 1000000007 + (uint64_t)i, i % 500 == 499) ? 0 : 1;
	for (int64_t i = 0; i < runs;) {
		enum klass klass = (enum klass)(i % CLASSES);
		int rc = tampered_run(seed * 7777777, klass, i % 500 == 499);

		seed++;
		if (rc < 0)
			continue;
		found[klass] += rc;
		bad += rc == 0 ? 1 : 0;
		i++;
	}
	for (int k = 0; k < CLASSES; k++)
		(void)printf("%-20s %6" PRId64 " found\n", names[k], found[k]);
	(void)printf("%" PRId64 " clean and %" PRId64 " changed logs, %" PRId64
		     " judged wrongly\n",
	    clean, runs, bad);
	return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
