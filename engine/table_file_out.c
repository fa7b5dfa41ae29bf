/* Writing a table file: into "PATH.new", which takes the place of PATH when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/crc32c.h"
#include "engine/table_file_priv.h"
#include "engine/table_priv.h"

#define OUT_PIECE ((size_t)1 << 20)

struct table_file_out {
	char *path, *temporary;
	int fd;
	uint32_t kind;
	uint64_t at; /* bytes given so far */
	struct buf pending;
	struct file_section *sections;
	size_t nsections, cap;
	int error; /* errno of the first write that failed */
};

/* ---- bytes ----------------------------------------------------------------------- */
static void
write_all(struct table_file_out *out, const char *data, size_t size)
{
	while (size > 0 && out->error == 0) {
		ssize_t n = write(out->fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			out->error = n < 0 ? errno : EIO;
			return;
		}
		data += n;
		size -= (size_t)n;
	}
}

static void
flush(struct table_file_out *out)
{
	if (out->pending.len > 0)
		write_all(out, out->pending.data, out->pending.len);
	buf_clear(&out->pending);
}

static void
add_bytes(struct table_file_out *out, const void *data, size_t size)
{
	out->at += size;
	if (size >= OUT_PIECE) {
		flush(out);
		write_all(out, data, size);
		return;
	}
	buf_add(&out->pending, data, size);
	if (out->pending.len >= OUT_PIECE)
		flush(out);
}

static void
align(struct table_file_out *out)
{
	static const char zeros[FILE_ALIGN];

	if (out->at % FILE_ALIGN != 0)
		add_bytes(out, zeros, FILE_ALIGN - out->at % FILE_ALIGN);
}

static void
begin_section(struct table_file_out *out, uint32_t tag)
{
	align(out);
	if (out->nsections == out->cap) {
		out->cap = out->cap == 0 ? 256 : out->cap * 2;
		out->sections =
		    stw_xrealloc(out->sections, out->cap * sizeof *out->sections);
	}
	out->sections[out->nsections++] =
	    (struct file_section){.tag = tag, .at = out->at};
}

static void
add_to_section(struct table_file_out *out, const void *data, size_t size)
{
	struct file_section *section = &out->sections[out->nsections - 1];

	section->crc = crc32c(section->crc, data, size);
	section->size += size;
	add_bytes(out, data, size);
}

void
table_file_put(struct table_file_out *out, uint32_t tag, const void *data, size_t size)
{
	begin_section(out, tag);
	add_to_section(out, data, size);
}

/* ---- tables ---------------------------------------------------------------------- */
static size_t
rows_of_chunk(size_t rows, size_t k)
{
	size_t left = rows - k * TABLE_CHUNK;

	return left < TABLE_CHUNK ? left : TABLE_CHUNK;
}

static void
copy_name(char to[FILE_NAME], const char *name)
{
	STW_ASSERT(strlen(name) < FILE_NAME);
	memset(to, 0, FILE_NAME);
	(void)snprintf(to, FILE_NAME, "%s", name);
}

static void
put_dict(struct table_file_out *out, const struct col_dict *dict)
{
	uint64_t start = 0;

	begin_section(out, TAG_STARTS);
	for (uint32_t code = 0; code < dict->count; code++) {
		add_to_section(out, &start, sizeof start);
		start += col_dict_get(dict, code).len + 1;
	}
	add_to_section(out, &start, sizeof start);
	begin_section(out, TAG_BYTES);
	for (uint32_t code = 0; code < dict->count; code++) {
		struct str s = col_dict_get(dict, code);

		add_to_section(out, s.ptr, s.len);
		add_to_section(out, "", 1);
	}
	table_file_put(out, TAG_SLOTS, dict->slots, dict->nslots * sizeof *dict->slots);
}

/* Bits past the last row are zero in the file. */
static void
put_valid(struct table_file_out *out, const uint64_t *valid, size_t rows)
{
	uint64_t last;

	begin_section(out, TAG_VALID);
	add_to_section(out, valid, rows / 64 * sizeof *valid);
	if (rows % 64 == 0)
		return;
	last = valid[rows / 64] & ((UINT64_C(1) << rows % 64) - 1);
	add_to_section(out, &last, sizeof last);
}

static void
put_pack(struct table_file_out *out, enum col_type type, const struct col_pack *pack)
{
	begin_section(out, TAG_CHUNKS);
	for (size_t k = 0; k < pack->nchunks; k++) {
		const struct col_chunk *c = &pack->chunks[k];
		const struct file_chunk chunk = {.base = c->base,
		    .step = c->step,
		    .min = c->min,
		    .max = c->max,
		    .missing = c->missing,
		    .width = c->width,
		    .low_bits = c->low_bits};

		add_to_section(out, &chunk, sizeof chunk);
	}
	begin_section(out, TAG_DATA);
	for (size_t k = 0; k < pack->nchunks; k++)
		add_to_section(out, pack->chunks[k].data,
		    chunk_data_bytes(
			type, pack->chunks[k].width, rows_of_chunk(pack->rows, k)));
	for (size_t k = 0; k < pack->nchunks; k++)
		add_to_section(out, pack->chunks[k].low,
		    chunk_low_bytes(
			pack->chunks[k].width, rows_of_chunk(pack->rows, k)));
}

static void
put_column(struct table_file_out *out, const struct column *col)
{
	struct file_column column = {.type = (uint32_t)col->type};

	STW_ASSERT(col->pack != NULL);
	copy_name(column.name, col->name);
	memcpy(column.currency, col->currency, sizeof column.currency);
	if (col->dict != NULL) {
		column.strings = col->dict->count;
		column.slots = col->dict->nslots;
	}
	table_file_put(out, TAG_COLUMN, &column, sizeof column);
	put_pack(out, col->type, col->pack);
	if (col->pack->missing > 0)
		put_valid(out, col->valid, col->pack->rows);
	if (col->dict != NULL)
		put_dict(out, col->dict);
}

void
table_file_put_table(struct table_file_out *out, const struct table *table, int ncols)
{
	struct file_table head = {.rows = table->rows,
	    .ncols = (uint32_t)ncols,
	    .nchildren = (uint32_t)table->nchildren};

	STW_ASSERT(ncols > 0 && ncols <= table->ncols && ncols <= FILE_COLS);
	copy_name(head.name, table->name);
	table_file_put(out, TAG_TABLE, &head, sizeof head);
	for (int c = 0; c < ncols; c++)
		put_column(out, &table->cols[c]);
	for (int c = 0; c < table->nchildren; c++) {
		const struct table_child *child = &table->children[c];

		table_file_put(out, TAG_OFFSETS, child->offsets,
		    (table->rows + 1) * sizeof *child->offsets);
		table_file_put_table(out, child->table, child->table->ncols);
	}
}

/* ---- the file -------------------------------------------------------------------- */
enum stw_code
table_file_create(
    const char *path, uint32_t kind, struct table_file_out **out, struct stw_err *err)
{
	static const struct file_head blank;
	struct table_file_out *file = stw_xalloc(sizeof *file);
	struct buf name;

	buf_init(&name);
	buf_printf(&name, "%s.new", path);
	file->path = stw_xstrdup(path);
	file->temporary = stw_xstrdup(name.data);
	buf_fini(&name);
	file->kind = kind;
	buf_init(&file->pending);
	/* What a crash has left goes; two writers of one name never share a file. */
	(void)unlink(file->temporary);
	file->fd = open(file->temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->fd < 0) {
		enum stw_code rc = stw_fail(err,
		    errno == ENOSPC || errno == EIO ? STW_TEMPFAIL : STW_INVALID,
		    "cannot write %.200s: %s", file->temporary, strerror(errno));

		*out = NULL;
		table_file_abort(file);
		return rc;
	}
	add_bytes(file, &blank, sizeof blank); /* its place */
	*out = file;
	return STW_OK;
}

static void
out_free(struct table_file_out *out)
{
	buf_fini(&out->pending);
	free(out->sections);
	free(out->path);
	free(out->temporary);
	free(out);
}

void
table_file_abort(struct table_file_out *out)
{
	if (out == NULL)
		return;
	if (out->fd >= 0) {
		(void)close(out->fd);
		(void)unlink(out->temporary);
	}
	out_free(out);
}

/* A rename is kept by the directory, which has to reach the disk too. */
static bool
sync_directory(const char *path)
{
	char *copy = stw_xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return ok;
}

/* Directory, then the head in its place. */
static void
finish(struct table_file_out *out)
{
	size_t size = out->nsections * sizeof *out->sections;
	struct file_head head = {.order = FILE_ORDER,
	    .version = TABLE_FILE_VERSION,
	    .kind = out->kind,
	    .nsections = (uint32_t)out->nsections};

	align(out);
	head.directory = out->at;
	head.directory_crc = crc32c(0, out->sections, size);
	add_bytes(out, out->sections, size);
	flush(out);
	head.size = out->at;
	memcpy(head.magic, FILE_MAGIC, sizeof head.magic);
	head.head_crc = crc32c(0, &head, offsetof(struct file_head, head_crc));
	if (out->error == 0 &&
	    pwrite(out->fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
		out->error = errno != 0 ? errno : EIO;
}

enum stw_code
table_file_commit(struct table_file_out *out, uint64_t *bytes, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	finish(out);
	if (out->error == 0 && fsync(out->fd) != 0)
		out->error = errno;
	if (out->error == 0 && rename(out->temporary, out->path) != 0)
		out->error = errno;
	if (out->error != 0) {
		rc = stw_fail(err, STW_TEMPFAIL, "cannot write %.200s: %s", out->path,
		    strerror(out->error));
		table_file_abort(out);
		return rc;
	}
	if (close(out->fd) != 0 || !sync_directory(out->path))
		rc = stw_fail(err, STW_TEMPFAIL, "cannot write %.200s: %s", out->path,
		    strerror(errno));
	if (bytes != NULL)
		*bytes = out->at;
	out_free(out);
	return rc;
}
