#include "engine/tlog_audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_BUNDLES 64
#define HASH             MERKLE_HASH_BYTES

struct audit {
	const struct tlog_source *source;
	const struct tlog_trust *trust;
	struct tlog_report *report;
	uint64_t claimed;        /* size that the checkpoint names, believed or not */
	uint64_t size;           /* entries to read */
	struct merkle_hash root; /* that they have to have */
	bool believed;           /* the checkpoint is signed as it has to be */
	bool anchored;           /* root is signed, or was kept */
	char distrust[120];      /* why it is not believed */

	struct merkle_edge edge;
	struct buf calc[TLOG_LEVELS]; /* computed: level 0 of one tile, others whole */
	struct buf file, tile;
	bool stopped; /* a bundle is missing */

	uint64_t sure;     /* entries that a kept checkpoint proves */
	size_t next_known; /* of trust->known */

	/* The first tile hash that differs from what its entries give. */
	bool differs;
	uint64_t diff_at, diff_end; /* entries below that hash */
	char diff_text[120];
	/* The first bundle that is missing or no bundle. */
	bool broken;
	uint64_t broken_at;
	char broken_text[120];
};

STW_PRINTF(3, 4)
static void
find(struct audit *a, int64_t index, const char *fmt, ...)
{
	va_list ap;

	if (a->report->finding[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(a->report->finding, sizeof a->report->finding, fmt, ap);
	va_end(ap);
	a->report->first_bad = index;
}

/* ---- files --------------------------------------------------------------------------- */
static enum stw_code
get(const struct tlog_source *source, const struct tlog_tile *tile, struct buf *to,
    bool *found, struct stw_err *err)
{
	char path[TLOG_PATH_MAX];

	tlog_tile_path(tile, path);
	return source->get(source->arg, path, to, found, err);
}

/* The exact file, else a wider one: the full one may have replaced it, or the log has
 * grown since. *width is that of the file. */
static enum stw_code
get_wide(const struct tlog_source *source, uint64_t log_size,
    const struct tlog_tile *tile, struct buf *to, bool *found, int *width,
    struct stw_err *err)
{
	const int grown = tlog_tile_at(log_size, tile->level, tile->n).width;
	const int widths[] = {tile->width, TLOG_WIDTH, grown};
	struct tlog_tile at = *tile;
	enum stw_code rc = STW_OK;

	*found = false;
	for (size_t i = 0; rc == STW_OK && !*found && i < STW_ARRAY_LEN(widths); i++) {
		if (i > 0 && widths[i] <= tile->width)
			continue;
		at.width = *width = widths[i];
		rc = get(source, &at, to, found, err);
	}
	return rc;
}

enum stw_code
tlog_tile_get(const struct tlog_source *source, uint64_t log_size,
    const struct tlog_tile *tile, struct buf *to, bool *found, struct stw_err *err)
{
	int width;
	enum stw_code rc = get_wide(source, log_size, tile, to, found, &width, err);

	if (rc != STW_OK || !*found)
		return rc;
	*found = to->len == (size_t)width * HASH;
	if (*found)
		to->len = (size_t)tile->width * HASH;
	return STW_OK;
}

enum stw_code
tlog_tiles_read(
    void *arg, int level, uint64_t index, struct merkle_hash *out, struct stw_err *err)
{
	const struct tlog_tiles *tiles = arg;
	int tile_level = level / 8;
	uint64_t first = index << (level % 8); /* hash of the tile's level */
	struct tlog_tile tile =
	    tlog_tile_at(tiles->size, tile_level, first / TLOG_WIDTH);
	struct merkle_edge edge = {0};
	struct merkle_hash hash;
	char path[TLOG_PATH_MAX];
	enum stw_code rc;
	struct buf data;
	bool found;

	STW_ASSERT(tile.width > 0);
	buf_init(&data);
	rc = tlog_tile_get(tiles->source, tiles->size, &tile, &data, &found, err);
	if (rc == STW_OK &&
	    (!found || data.len < (first % TLOG_WIDTH + (UINT64_C(1) << (level % 8))) *
				      HASH)) {
		tlog_tile_path(&tile, path);
		rc = stw_fail(err, STW_INVALID, "%s is missing or too short", path);
	}
	for (uint64_t i = 0; rc == STW_OK && i < UINT64_C(1) << (level % 8); i++) {
		memcpy(hash.b, data.data + (first % TLOG_WIDTH + i) * HASH, HASH);
		merkle_edge_add(&edge, &hash);
	}
	if (rc == STW_OK)
		merkle_edge_root(&edge, out);
	buf_fini(&data);
	return rc;
}

/* ---- checkpoints ------------------------------------------------------------------------ */
enum stw_code
tlog_checkpoint_open(struct str note, const struct tlog_trust *trust,
    struct checkpoint *out, size_t *cosigned, struct stw_err *err)
{
	bool held[NOTE_SIGNATURES_MAX];
	struct stw_err ignored;
	enum stw_code rc;
	struct str text;

	*cosigned = 0;
	*out = (struct checkpoint){0};
	STW_ASSERT(trust->nwitnesses <= NOTE_SIGNATURES_MAX);
	rc = note_open(note, trust->log, trust->nlog, &text, err);
	if (rc == STW_OK)
		rc = checkpoint_parse(text, out, err);
	if (rc != STW_OK)
		return rc;
	if (!str_eq_c(out->origin, trust->log[0].name))
		return stw_fail(err, STW_INVALID, "checkpoint of another log, %.*s",
		    STR_FMT(out->origin));
	memset(held, 0, sizeof held);
	/* A cosignature that does not hold counts as none; the quorum decides. */
	if (trust->nwitnesses > 0 &&
	    note_open_held(note, trust->witnesses, trust->nwitnesses, &text, held,
		&ignored) != STW_OK)
		memset(held, 0, sizeof held);
	for (size_t i = 0; i < trust->nwitnesses; i++)
		*cosigned += held[i] ? 1 : 0;
	if (*cosigned < trust->quorum)
		return stw_fail(err, STW_INVALID,
		    "cosigned by %zu of the witnesses, want %zu", *cosigned,
		    trust->quorum);
	return STW_OK;
}

enum stw_code
tlog_proof_check(const struct tlog_proof *proof, struct str entry,
    const struct tlog_trust *trust, struct checkpoint *out, size_t *cosigned,
    struct stw_err *err)
{
	struct merkle_hash leaf;
	enum stw_code rc;

	rc = tlog_checkpoint_open(proof->checkpoint, trust, out, cosigned, err);
	if (rc != STW_OK)
		return rc;
	merkle_leaf(entry, &leaf);
	if (!merkle_check_inclusion(
		&leaf, proof->index, out->size, &proof->path, &out->root))
		return stw_fail(err, STW_INVALID,
		    "the proof does not show this entry as number %" PRIu64
		    " of the log's %" PRIu64,
		    proof->index, out->size);
	return STW_OK;
}

/* Sets size and root to read against. A checkpoint that is not believed is a finding; then
 * the newest kept one is what remains. */
static enum stw_code
read_checkpoint(struct audit *a, struct stw_err *err)
{
	const struct tlog_trust *trust = a->trust;
	const struct tlog_known *newest =
	    trust->nknown > 0 ? &trust->known[trust->nknown - 1] : NULL;
	struct checkpoint checkpoint;
	struct stw_err why;
	enum stw_code rc;
	struct str text;
	bool found;

	rc = a->source->get(a->source->arg, "checkpoint", &a->file, &found, err);
	if (rc != STW_OK)
		return rc;
	if (!found)
		rc = stw_fail(&why, STW_INVALID, "there is none");
	else
		rc = tlog_checkpoint_open((struct str){a->file.data, a->file.len},
		    trust, &checkpoint, &a->report->cosigned, &why);
	if (rc == STW_OK) {
		a->claimed = a->size = checkpoint.size;
		a->root = checkpoint.root;
		a->anchored = a->believed = true;
		a->report->size = checkpoint.size;
		return STW_OK;
	}
	(void)snprintf(a->distrust, sizeof a->distrust, "checkpoint: %.100s", why.text);
	if (found && note_text((struct str){a->file.data, a->file.len}, &text) &&
	    checkpoint_parse(text, &checkpoint, &why) == STW_OK)
		a->claimed = checkpoint.size;
	if (newest != NULL) {
		a->size = newest->size;
		a->root = newest->root;
		a->anchored = true;
	}
	return STW_OK;
}

/* ---- entries and tiles ----------------------------------------------------------------- */
static void
note_difference(struct audit *a, const struct tlog_tile *tile, const struct buf *calc,
    size_t calc_at, bool missing)
{
	uint64_t span = UINT64_C(1) << (8 * tile->level);
	char path[TLOG_PATH_MAX];
	uint64_t hash = 0;

	while (!missing && hash + 1 < (uint64_t)tile->width &&
	       memcmp(a->tile.data + hash * HASH, calc->data + calc_at + hash * HASH,
		   HASH) == 0)
		hash++;
	hash += tile->n * TLOG_WIDTH;
	if (a->differs && a->diff_at <= hash * span)
		return;
	tlog_tile_path(tile, path);
	a->differs = true;
	a->diff_at = hash * span;
	a->diff_end = a->diff_at + span;
	(void)snprintf(a->diff_text, sizeof a->diff_text, "%s %s", path,
	    missing ? "is missing or is no tile" : "is not what its entries give");
}

/* Holds the last `width` computed hashes of the level against the file. */
static enum stw_code
check_tile(struct audit *a, int level, uint64_t hashes, struct stw_err *err)
{
	const struct tlog_tile tile = {
	    level, (hashes - 1) / TLOG_WIDTH, (int)((hashes - 1) % TLOG_WIDTH) + 1};
	const struct buf *calc = &a->calc[level];
	size_t len = (size_t)tile.width * HASH;
	enum stw_code rc;
	bool found;

	rc = tlog_tile_get(a->source, a->claimed, &tile, &a->tile, &found, err);
	if (rc != STW_OK)
		return rc;
	if (!found)
		note_difference(a, &tile, calc, calc->len - len, true);
	else if (memcmp(a->tile.data, calc->data + calc->len - len, len) != 0)
		note_difference(a, &tile, calc, calc->len - len, false);
	return STW_OK;
}

static void
meet_known(struct audit *a)
{
	const struct tlog_trust *trust = a->trust;
	struct merkle_hash root;

	while (a->next_known < trust->nknown &&
	       trust->known[a->next_known].size <= a->edge.size) {
		const struct tlog_known *known = &trust->known[a->next_known];

		merkle_edge_root(&a->edge, &root);
		if (known->size < a->edge.size || !merkle_hash_eq(&root, &known->root))
			break;
		a->sure = known->size;
		a->report->known++;
		a->next_known++;
	}
}

static enum stw_code
add_leaf(struct audit *a, const struct merkle_hash *leaf, struct stw_err *err)
{
	struct merkle_hash nodes[MERKLE_TILES];
	enum stw_code rc = STW_OK;
	int above;

	buf_add(&a->calc[0], leaf->b, HASH);
	above = merkle_edge_add_tiles(&a->edge, leaf, nodes);
	if (above > 0)
		rc = check_tile(a, 0, a->edge.size, err);
	for (int i = 0; rc == STW_OK && i < above; i++) {
		buf_add(&a->calc[i + 1], nodes[i].b, HASH);
		if (tlog_level_size(a->edge.size, i + 1) % TLOG_WIDTH == 0)
			rc = check_tile(
			    a, i + 1, tlog_level_size(a->edge.size, i + 1), err);
	}
	meet_known(a);
	return rc;
}

static void
break_at(struct audit *a, uint64_t index, const char *path, const char *what)
{
	if (a->broken)
		return;
	a->broken = true;
	a->broken_at = index;
	(void)snprintf(a->broken_text, sizeof a->broken_text, "%s %s", path, what);
}

/* One bundle. An entry that is not there counts as one that fits nothing. */
static enum stw_code
read_bundle(struct audit *a, uint64_t n, struct stw_err *err)
{
	const struct tlog_tile tile = tlog_tile_at(a->size, TLOG_ENTRIES, n);
	struct merkle_hash leaf;
	struct str rest, entry;
	char path[TLOG_PATH_MAX];
	enum stw_code rc;
	bool found, cut = false;
	int width;

	tlog_tile_path(&tile, path);
	rc = get_wide(a->source, a->claimed, &tile, &a->file, &found, &width, err);
	if (rc != STW_OK)
		return rc;
	if (!found) {
		break_at(a, n * TLOG_WIDTH, path, "is missing");
		a->stopped = true;
		return STW_OK;
	}
	buf_clear(&a->calc[0]);
	rest = (struct str){a->file.data, a->file.len};
	for (int i = 0; rc == STW_OK && i < tile.width; i++) {
		cut = cut || !tlog_bundle_next(&rest, &entry);
		if (cut) {
			break_at(a, n * TLOG_WIDTH + (uint64_t)i, path,
			    "has too few entries");
			memset(&leaf, 0, sizeof leaf);
		} else {
			merkle_leaf(entry, &leaf);
		}
		rc = add_leaf(a, &leaf, err);
	}
	/* What a wider file has more belongs to a later checkpoint. */
	for (int i = tile.width; i < width && rest.len > 0; i++)
		if (!tlog_bundle_next(&rest, &entry))
			break;
	if (rest.len > 0)
		break_at(a, n * TLOG_WIDTH + (uint64_t)tile.width, path,
		    "has more than its entries");
	return rc;
}

static enum stw_code
read_all(struct audit *a, void (*progress)(int64_t, int64_t), struct stw_err *err)
{
	uint64_t bundles = (a->size + TLOG_WIDTH - 1) / TLOG_WIDTH;
	enum stw_code rc = STW_OK;

	meet_known(a);
	for (uint64_t n = 0; rc == STW_OK && n < bundles && !a->stopped; n++) {
		rc = read_bundle(a, n, err);
		if (progress != NULL && n % PROGRESS_BUNDLES == 0)
			progress((int64_t)a->edge.size, (int64_t)a->size);
	}
	for (int level = 0; rc == STW_OK && level < TLOG_LEVELS; level++) {
		uint64_t hashes = tlog_level_size(a->edge.size, level);

		if (hashes % TLOG_WIDTH != 0)
			rc = check_tile(a, level, hashes, err);
	}
	return rc;
}

/* ---- which entry is bad? ------------------------------------------------------------------ */
static const char *
calc_hash(const struct audit *a, int level, uint64_t index)
{
	return (index + 1) * HASH <= a->calc[level].len
		   ? a->calc[level].data + index * HASH
		   : NULL;
}

/* Do the open tiles of the log give its root? Then each of their hashes is proved. */
static enum stw_code
open_tiles_hold(struct audit *a, bool *holds, struct stw_err *err)
{
	struct merkle_edge edge = {.size = a->size};
	struct merkle_hash hash, root;

	*holds = false;
	for (int level = 0; level < TLOG_LEVELS; level++) {
		uint64_t hashes = tlog_level_size(a->size, level);
		const struct tlog_tile tile =
		    tlog_tile_at(a->size, level, hashes / TLOG_WIDTH);
		struct merkle_edge part = {0};
		enum stw_code rc;
		bool found;

		if (tile.width == 0)
			continue;
		rc = tlog_tile_get(a->source, a->claimed, &tile, &a->tile, &found, err);
		if (rc != STW_OK || !found)
			return rc;
		for (int i = 0; i < tile.width; i++) {
			memcpy(hash.b, a->tile.data + i * HASH, HASH);
			merkle_edge_add(&part, &hash);
		}
		for (int bit = 0; bit < 8 && 8 * level + bit < MERKLE_LEVELS; bit++)
			if ((tile.width >> bit & 1) != 0)
				edge.roots[8 * level + bit] = part.roots[bit];
	}
	merkle_edge_root(&edge, &root);
	*holds = merkle_hash_eq(&root, &a->root);
	return STW_OK;
}

/* The first of a proved tile's hashes that the entries do not give; width: none. */
static enum stw_code
first_unlike(struct audit *a, const struct tlog_tile *tile, struct merkle_hash *proved,
    int *unlike, struct stw_err *err)
{
	struct merkle_hash leaf;
	struct str rest, entry;
	enum stw_code rc = STW_OK;
	bool found = true;
	int width;

	if (tile->level == 0) {
		const struct tlog_tile bundle = {TLOG_ENTRIES, tile->n, tile->width};

		rc = get_wide(
		    a->source, a->claimed, &bundle, &a->file, &found, &width, err);
		if (rc != STW_OK)
			return rc;
	}
	rest = found ? (struct str){a->file.data, a->file.len} : STR_LIT("");
	for (*unlike = 0; *unlike < tile->width; ++*unlike) {
		const char *calc;

		memcpy(proved->b, a->tile.data + *unlike * HASH, HASH);
		if (tile->level > 0) {
			calc = calc_hash(
			    a, tile->level, tile->n * TLOG_WIDTH + (uint64_t)*unlike);
		} else if (tlog_bundle_next(&rest, &entry)) {
			merkle_leaf(entry, &leaf);
			calc = (const char *)leaf.b;
		} else {
			calc = NULL;
		}
		if (calc == NULL || memcmp(calc, proved->b, HASH) != 0)
			break;
	}
	return rc;
}

static void
tile_root(const struct buf *tile, struct merkle_hash *out)
{
	struct merkle_edge edge = {0};
	struct merkle_hash hash;

	for (size_t at = 0; at < tile->len; at += HASH) {
		memcpy(hash.b, tile->data + at, HASH);
		merkle_edge_add(&edge, &hash);
	}
	merkle_edge_root(&edge, out);
}

/* Down from a proved hash of a level that the entries do not give, as long as the tiles
 * below are proved by it. *at is the first entry that may be bad. */
static enum stw_code
descend(struct audit *a, int level, uint64_t index, struct merkle_hash proved,
    uint64_t *at, struct stw_err *err)
{
	while (level > 0) {
		const struct tlog_tile tile = {level - 1, index, TLOG_WIDTH};
		struct merkle_hash root;
		enum stw_code rc;
		int unlike;
		bool found;

		*at = index << (8 * level);
		rc = tlog_tile_get(a->source, a->claimed, &tile, &a->tile, &found, err);
		if (rc != STW_OK || !found)
			return rc;
		tile_root(&a->tile, &root);
		if (!merkle_hash_eq(&root, &proved))
			return STW_OK;
		rc = first_unlike(a, &tile, &proved, &unlike, err);
		if (rc != STW_OK || unlike == tile.width)
			return rc;
		level--;
		index = index * TLOG_WIDTH + (uint64_t)unlike;
	}
	*at = index;
	return STW_OK;
}

static enum stw_code
locate(struct audit *a, uint64_t *at, struct stw_err *err)
{
	enum stw_code rc;
	bool holds;

	*at = a->sure;
	rc = open_tiles_hold(a, &holds, err);
	if (rc != STW_OK || !holds)
		return rc;
	for (int level = TLOG_LEVELS - 1; level >= 0; level--) {
		uint64_t hashes = tlog_level_size(a->size, level);
		const struct tlog_tile tile =
		    tlog_tile_at(a->size, level, hashes / TLOG_WIDTH);
		struct merkle_hash proved;
		bool found;
		int unlike;

		if (tile.width == 0)
			continue;
		rc = tlog_tile_get(a->source, a->claimed, &tile, &a->tile, &found, err);
		if (rc == STW_OK && !found)
			return STW_OK;
		if (rc == STW_OK)
			rc = first_unlike(a, &tile, &proved, &unlike, err);
		if (rc != STW_OK)
			return rc;
		if (unlike == tile.width)
			continue;
		rc = descend(
		    a, level, tile.n * TLOG_WIDTH + (uint64_t)unlike, proved, at, err);
		if (*at < a->sure)
			*at = a->sure; /* a kept checkpoint proves more */
		return rc;
	}
	return STW_OK;
}

/* The entries do not give the root that was signed or kept. */
static enum stw_code
judge_bad_root(struct audit *a, struct stw_err *err)
{
	enum stw_code rc;
	uint64_t at;

	rc = locate(a, &at, err);
	if (rc != STW_OK)
		return rc;
	if (a->broken && a->broken_at <= at)
		find(a, (int64_t)a->broken_at, "%s", a->broken_text);
	/* A tile before the bad entry was changed, too. */
	if (a->differs && a->diff_end <= at)
		find(a, (int64_t)a->diff_at, "%s", a->diff_text);
	find(a, (int64_t)at,
	    "entry %" PRIu64
	    " is the first that is not what the checkpoint of size %" PRIu64 " covers",
	    at, a->size);
	return STW_OK;
}

static enum stw_code
judge(struct audit *a, struct stw_err *err)
{
	const struct tlog_trust *trust = a->trust;
	struct merkle_hash root;

	merkle_edge_root(&a->edge, &root);
	a->report->root = root;
	if (a->anchored &&
	    (a->stopped || a->edge.size != a->size || !merkle_hash_eq(&root, &a->root)))
		return judge_bad_root(a, err);
	if (a->differs)
		find(a, (int64_t)a->diff_at, "%s", a->diff_text);
	if (a->broken)
		find(a, (int64_t)a->broken_at, "%s", a->broken_text);
	if (!a->believed) {
		/* What was kept proves this much. */
		find(a, a->sure > 0 && a->claimed <= a->sure ? -1 : (int64_t)a->sure,
		    "%s", a->distrust);
		return STW_OK;
	}
	if (a->next_known == trust->nknown)
		return STW_OK;
	if (trust->known[a->next_known].size > a->edge.size)
		find(a, (int64_t)a->edge.size,
		    "the log ends at %" PRIu64
		    " entries, but a checkpoint of size %" PRIu64 " was kept",
		    a->edge.size, trust->known[a->next_known].size);
	else
		find(a, (int64_t)a->sure,
		    "an entry from %" PRIu64 " on is not what it was when the "
		    "checkpoint of size %" PRIu64 " was kept",
		    a->sure, trust->known[a->next_known].size);
	return STW_OK;
}

enum stw_code
tlog_audit(const struct tlog_source *source, const struct tlog_trust *trust,
    void (*progress)(int64_t done, int64_t total), struct tlog_report *out,
    struct stw_err *err)
{
	struct audit a = {.source = source, .trust = trust, .report = out};
	enum stw_code rc;

	*out = (struct tlog_report){.first_bad = -1};
	buf_init(&a.file);
	buf_init(&a.tile);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_init(&a.calc[i]);
	rc = read_checkpoint(&a, err);
	if (rc == STW_OK)
		rc = read_all(&a, progress, err);
	if (rc == STW_OK)
		rc = judge(&a, err);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_fini(&a.calc[i]);
	buf_fini(&a.tile);
	buf_fini(&a.file);
	return rc;
}
