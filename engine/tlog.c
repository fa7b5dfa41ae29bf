#include "engine/tlog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine/arena.h"

#define PROOF_FIRST_LINE "c2sp.org/tlog-proof@v1\n"
#define EXTRA_KEY        "extra "
#define INDEX_KEY        "index "

/* ---- paths -------------------------------------------------------------------------- */
static size_t
put_groups(uint64_t n, char *to)
{
	uint64_t groups[7]; /* 2^63 has 19 digits */
	char *at = to;
	int count = 0;

	do
		groups[count++] = n % 1000;
	while ((n /= 1000) > 0);
	while (--count > 0)
		at += sprintf(at, "x%03" PRIu64 "/", groups[count]);
	at += sprintf(at, "%03" PRIu64, groups[0]);
	return (size_t)(at - to);
}

void
tlog_tile_path(const struct tlog_tile *tile, char out[TLOG_PATH_MAX])
{
	size_t at;

	STW_ASSERT(tile->width >= 1 && tile->width <= TLOG_WIDTH);
	STW_ASSERT(tile->level >= TLOG_ENTRIES && tile->level < TLOG_LEVELS);
	if (tile->level == TLOG_ENTRIES)
		at = (size_t)sprintf(out, "tile/entries/");
	else
		at = (size_t)sprintf(out, "tile/%d/", tile->level);
	at += put_groups(tile->n, out + at);
	if (tile->width < TLOG_WIDTH)
		(void)sprintf(out + at, ".p/%d", tile->width);
}

static bool
take(struct str *rest, const char *word)
{
	size_t len = strlen(word);

	if (rest->len < len || memcmp(rest->ptr, word, len) != 0)
		return false;
	rest->ptr += len;
	rest->len -= len;
	return true;
}

static bool
take_digits(struct str *rest, int count, uint64_t *value)
{
	if (rest->len < (size_t)count)
		return false;
	for (int i = 0; i < count; i++) {
		if (rest->ptr[i] < '0' || rest->ptr[i] > '9')
			return false;
		if (*value > (INT64_MAX - 9) / 10)
			return false;
		*value = *value * 10 + (uint64_t)(rest->ptr[i] - '0');
	}
	rest->ptr += count;
	rest->len -= (size_t)count;
	return true;
}

/* Reads generously; what it gives is only believed when it makes the same path again. */
static bool
read_tile(struct str rest, struct tlog_tile *out)
{
	uint64_t level = 0, width = 0;

	*out = (struct tlog_tile){.level = TLOG_ENTRIES, .width = TLOG_WIDTH};
	if (!take(&rest, "tile/"))
		return false;
	if (!take(&rest, "entries/")) {
		if (!take_digits(&rest, 1, &level) || !take(&rest, "/") ||
		    level >= TLOG_LEVELS)
			return false;
		out->level = (int)level;
	}
	while (take(&rest, "x"))
		if (!take_digits(&rest, 3, &out->n) || !take(&rest, "/"))
			return false;
	if (!take_digits(&rest, 3, &out->n))
		return false;
	if (take(&rest, ".p/")) {
		if (rest.len < 1 || rest.len > 3 ||
		    !take_digits(&rest, (int)rest.len, &width) || width < 1 ||
		    width >= TLOG_WIDTH)
			return false;
		out->width = (int)width;
	}
	return rest.len == 0;
}

bool
tlog_tile_parse(struct str path, struct tlog_tile *out)
{
	char again[TLOG_PATH_MAX];

	if (path.len >= TLOG_PATH_MAX || !read_tile(path, out))
		return false;
	tlog_tile_path(out, again);
	return str_eq_c(path, again);
}

uint64_t
tlog_level_size(uint64_t size, int level)
{
	return level <= 0 ? size : size >> (8 * level);
}

struct tlog_tile
tlog_tile_at(uint64_t size, int level, uint64_t n)
{
	uint64_t hashes = tlog_level_size(size, level);
	struct tlog_tile tile = {.level = level, .n = n};

	if (n < hashes / TLOG_WIDTH)
		tile.width = TLOG_WIDTH;
	else if (n == hashes / TLOG_WIDTH)
		tile.width = (int)(hashes % TLOG_WIDTH);
	return tile;
}

/* ---- bundles ------------------------------------------------------------------------- */
void
tlog_bundle_add(struct buf *to, struct str entry)
{
	STW_ASSERT(entry.len <= TLOG_ENTRY_MAX);
	buf_add_char(to, (char)(unsigned char)(entry.len >> 8));
	buf_add_char(to, (char)(unsigned char)(entry.len & 0xff));
	buf_add_str(to, entry);
}

bool
tlog_bundle_next(struct str *rest, struct str *entry)
{
	size_t len;

	if (rest->len < 2)
		return false;
	len = (size_t)(unsigned char)rest->ptr[0] << 8 | (unsigned char)rest->ptr[1];
	if (rest->len - 2 < len)
		return false;
	*entry = (struct str){rest->ptr + 2, len};
	rest->ptr += 2 + len;
	rest->len -= 2 + len;
	return true;
}

/* ---- base64 ---------------------------------------------------------------------------- */
void
tlog_base64_add(struct buf *to, const void *data, size_t len)
{
	size_t need = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	char *at = buf_reserve(to, need);

	(void)sodium_bin2base64(at, need, data, len, sodium_base64_VARIANT_ORIGINAL);
	to->len += need - 1; /* its NUL is also the buffer's */
}

/* The alphabet is checked here: libsodium 1.0.18 takes some bytes above 0x7f for letters. */
static bool
decode(struct str text, unsigned char *out, size_t cap, size_t *len)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '+' || c == '/' || c == '='))
			return false;
	}
	return sodium_base642bin(out, cap, text.ptr, text.len, NULL, len, NULL,
		   sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool
tlog_hash_parse(struct str text, struct merkle_hash *out)
{
	size_t len;

	return decode(text, out->b, sizeof out->b, &len) && len == sizeof out->b;
}

/* ---- one entry's proof ------------------------------------------------------------------ */
void
tlog_proof_format(struct str extra, uint64_t index, const struct merkle_proof *path,
    struct str checkpoint, struct buf *to)
{
	buf_add_c(to, PROOF_FIRST_LINE);
	if (extra.len > 0) {
		buf_add_c(to, EXTRA_KEY);
		tlog_base64_add(to, extra.ptr, extra.len);
		buf_add_char(to, '\n');
	}
	buf_printf(to, INDEX_KEY "%" PRIu64 "\n", index);
	for (int i = 0; i < path->count; i++) {
		tlog_base64_add(to, path->hashes[i].b, MERKLE_HASH_BYTES);
		buf_add_char(to, '\n');
	}
	buf_add_char(to, '\n');
	buf_add_str(to, checkpoint);
}

static bool
next_line(struct str *rest, struct str *line)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct str){rest->ptr, (size_t)(end - rest->ptr)};
	rest->ptr = end + 1;
	rest->len -= line->len + 1;
	return true;
}

static bool
read_index(struct str line, uint64_t *out)
{
	*out = 0;
	if (!take(&line, INDEX_KEY) || line.len == 0 || line.len > 19 ||
	    (line.len > 1 && line.ptr[0] == '0'))
		return false;
	return take_digits(&line, (int)line.len, out);
}

static bool
read_extra(struct str line, struct str *out)
{
	unsigned char *bytes;
	size_t len;
	bool good;

	if (!take(&line, EXTRA_KEY) || line.len == 0)
		return false;
	bytes = stw_xalloc(line.len);
	good = decode(line, bytes, line.len, &len);
	free(bytes);
	*out = line;
	return good;
}

enum stw_code
tlog_proof_parse(struct str text, struct tlog_proof *out, struct stw_err *err)
{
	struct tlog_proof got = {.extra = STR_LIT("")};
	struct str rest = text;
	struct str line;
	int number = 2;

	*out = got;
	if (text.len > TLOG_PROOF_BYTES || !take(&rest, PROOF_FIRST_LINE))
		return stw_fail(err, STW_INVALID,
		    "not a proof: its first line is not c2sp.org/tlog-proof@v1");
	if (!next_line(&rest, &line))
		return stw_fail_at(err, STW_INVALID, number, 1, "the proof ends here");
	if (line.len >= strlen(EXTRA_KEY) &&
	    memcmp(line.ptr, EXTRA_KEY, strlen(EXTRA_KEY)) == 0) {
		if (!read_extra(line, &got.extra))
			return stw_fail_at(err, STW_INVALID, number, 7,
			    "the extra data is not base64");
		number++;
		if (!next_line(&rest, &line))
			return stw_fail_at(
			    err, STW_INVALID, number, 1, "the proof ends here");
	}
	if (!read_index(line, &got.index))
		return stw_fail_at(
		    err, STW_INVALID, number, 1, "want \"index\" and a number");
	for (;;) {
		number++;
		if (!next_line(&rest, &line))
			return stw_fail_at(err, STW_INVALID, number, 1,
			    "the proof ends before its checkpoint");
		if (line.len == 0)
			break;
		if (got.path.count == MERKLE_PROOF_MAX ||
		    !tlog_hash_parse(line, &got.path.hashes[got.path.count]))
			return stw_fail_at(err, STW_INVALID, number, 1,
			    "not a hash in base64, or one too many");
		got.path.count++;
	}
	got.checkpoint = rest;
	*out = got;
	return STW_OK;
}

void
tlog_proof_extra(const struct tlog_proof *proof, struct buf *to)
{
	unsigned char *at =
	    (unsigned char *)buf_reserve(to, proof->extra.len + 1); /* never more */
	size_t len = 0;

	if (!decode(proof->extra, at, proof->extra.len, &len))
		return;
	to->len += len;
	to->data[to->len] = '\0';
}

/* ---- writing ----------------------------------------------------------------------------- */
void
tlog_writer_init(struct tlog_writer *writer, struct tlog_sink sink)
{
	memset(writer, 0, sizeof *writer);
	writer->sink = sink;
	buf_init(&writer->bundle);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_init(&writer->tiles[i]);
}

void
tlog_writer_fini(struct tlog_writer *writer)
{
	buf_fini(&writer->bundle);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_fini(&writer->tiles[i]);
}

static enum stw_code
put(struct tlog_writer *writer, int level, uint64_t n, int width,
    const struct buf *data, struct stw_err *err)
{
	const struct tlog_tile tile = {level, n, width};
	char path[TLOG_PATH_MAX];

	tlog_tile_path(&tile, path);
	return writer->sink.put(
	    writer->sink.arg, path, (struct str){data->data, data->len}, err);
}

/* Puts out the tiles that entry number edge.size - 1 has filled. */
static enum stw_code
close_full(struct tlog_writer *writer, struct stw_err *err)
{
	uint64_t size = writer->edge.size;
	enum stw_code rc;

	if (size % TLOG_WIDTH != 0)
		return STW_OK;
	rc = put(writer, TLOG_ENTRIES, size / TLOG_WIDTH - 1, TLOG_WIDTH,
	    &writer->bundle, err);
	buf_clear(&writer->bundle);
	for (int level = 0; rc == STW_OK && level < TLOG_LEVELS; level++) {
		uint64_t hashes = tlog_level_size(size, level);

		if (writer->tiles[level].len != TLOG_WIDTH * MERKLE_HASH_BYTES)
			break;
		rc = put(writer, level, hashes / TLOG_WIDTH - 1, TLOG_WIDTH,
		    &writer->tiles[level], err);
		buf_clear(&writer->tiles[level]);
	}
	return rc;
}

enum stw_code
tlog_writer_add(struct tlog_writer *writer, struct str entry, struct stw_err *err)
{
	struct merkle_hash nodes[MERKLE_TILES];
	struct merkle_hash leaf;
	int above;

	if (entry.len > TLOG_ENTRY_MAX)
		return stw_fail(err, STW_INVALID,
		    "entry %" PRIu64 " has %zu bytes; a bundle takes at most %d",
		    writer->edge.size, entry.len, TLOG_ENTRY_MAX);
	merkle_leaf(entry, &leaf);
	tlog_bundle_add(&writer->bundle, entry);
	buf_add(&writer->tiles[0], leaf.b, sizeof leaf.b);
	above = merkle_edge_add_tiles(&writer->edge, &leaf, nodes);
	for (int i = 0; i < above; i++)
		buf_add(&writer->tiles[i + 1], nodes[i].b, sizeof nodes[i].b);
	return close_full(writer, err);
}

enum stw_code
tlog_writer_flush(struct tlog_writer *writer, struct stw_err *err)
{
	uint64_t size = writer->edge.size;
	enum stw_code rc = STW_OK;

	if (size % TLOG_WIDTH != 0)
		rc = put(writer, TLOG_ENTRIES, size / TLOG_WIDTH,
		    (int)(size % TLOG_WIDTH), &writer->bundle, err);
	for (int level = 0; rc == STW_OK && level < TLOG_LEVELS; level++) {
		uint64_t hashes = tlog_level_size(size, level);

		if (hashes % TLOG_WIDTH != 0)
			rc = put(writer, level, hashes / TLOG_WIDTH,
			    (int)(hashes % TLOG_WIDTH), &writer->tiles[level], err);
	}
	return rc;
}

/* The hashes of an open tile are perfect subtrees of one size: added to an edge of their
 * own they give the roots of the levels above. */
static void
resume_level(struct tlog_writer *writer, int level, uint64_t hashes)
{
	struct merkle_edge part = {0};
	struct merkle_hash hash;

	for (uint64_t i = 0; i < hashes; i++) {
		memcpy(hash.b, writer->tiles[level].data + i * sizeof hash.b,
		    sizeof hash.b);
		merkle_edge_add(&part, &hash);
	}
	for (int bit = 0; bit < 8; bit++)
		if ((hashes >> bit & 1) != 0)
			writer->edge.roots[8 * level + bit] = part.roots[bit];
}

bool
tlog_writer_resume(struct tlog_writer *writer, uint64_t size)
{
	if (size % TLOG_WIDTH != 0)
		return false;
	writer->edge = (struct merkle_edge){.size = size};
	for (int level = 0; level < TLOG_LEVELS; level++) {
		uint64_t hashes = tlog_level_size(size, level) % TLOG_WIDTH;

		if (writer->tiles[level].len != hashes * MERKLE_HASH_BYTES)
			return false;
		if (8 * level + 8 > MERKLE_LEVELS && hashes >= 128)
			return false; /* past 2^63 entries */
		resume_level(writer, level, hashes);
	}
	return true;
}
