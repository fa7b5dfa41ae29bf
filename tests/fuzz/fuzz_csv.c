/* The first byte picks the format. Whatever is read must read the same after it has been
 * written out with every field quoted. Of lines of JSON the first must be what jansson
 * takes for an object, and the other way round. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/err.h"
#include "segments/csv.h"
#include "segments/csv_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_field(struct buf *to, struct str s, bool first)
{
	if (!first)
		buf_add_char(to, ',');
	buf_add_char(to, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			buf_add_char(to, '"');
		buf_add_char(to, s.ptr[i]);
	}
	buf_add_char(to, '"');
}

/* Every good record; false when there was a bad one. */
static bool
write_out(struct csv *csv, struct buf *to)
{
	struct stw_err err;
	bool more = true;

	for (int i = 0; i < csv_columns(csv); i++)
		write_field(to, str_of(csv_column_name(csv, i)), i == 0);
	buf_add_char(to, '\n');
	while (more) {
		if (csv_next(csv, &more, &err) != STW_OK) {
			STW_ASSERT(err.text[0] != '\0');
			if (!csv_can_continue(csv))
				return false;
			more = true;
			continue;
		}
		if (!more)
			break;
		STW_ASSERT(csv_line(csv) >= 1);
		for (int i = 0; i < csv_columns(csv); i++)
			write_field(to, csv_field(csv, i), i == 0);
		buf_add_char(to, '\n');
	}
	return true;
}

static enum stw_code
any_leaf(void *user, struct str path, size_t at, struct stw_err *err)
{
	const struct buf *values = user;

	(void)err;
	STW_ASSERT(path.len <= CSV_JSON_PATH);
	STW_ASSERT(at <= values->len);
	return STW_OK;
}

/* Our limits, and numbers that jansson cannot hold, are where the two may differ. */
static void
compare_json(const char *data, size_t size)
{
	const char *end = memchr(data, '\n', size);
	struct str line = {data, end != NULL ? (size_t)(end - data) : size};
	struct stw_err err = {0};
	json_error_t why;
	struct buf values;
	bool ours, theirs;
	json_t *v;

	if (!utf8_valid(line) || memchr(line.ptr, '\0', line.len) != NULL)
		return;
	buf_init(&values);
	ours = csv_json_walk(line, &values, any_leaf, &values, &err) == STW_OK;
	v = json_loadb(line.ptr, line.len, JSON_DECODE_INT_AS_REAL, &why);
	theirs = json_is_object(v);
	STW_ASSERT(ours == theirs || (ours && strstr(why.text, "overflow") != NULL) ||
		   (theirs && (strstr(err.text, "deeply") != NULL ||
				  strstr(err.text, "too long") != NULL)));
	json_decref(v);
	buf_fini(&values);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const encodings[] = {
	    NULL, "GB18030", "ISO-8859-2", "UTF-16"};
	static const char *const names[] = {"a", "b"};
	static const struct csv_format plain = {0};
	struct csv_format format = {
	    .max_record = 4096, .max_columns = 16, .max_rows = 1000};
	struct csv *csv, *again;
	struct buf first, second;

	if (size == 0)
		return 0;
	format.delimiter = (data[0] & 1) != 0 ? ';' : ',';
	format.trim = (data[0] & 2) != 0;
	format.quote = (data[0] & 4) != 0 ? '\n' : '"';
	format.encoding = encodings[data[0] >> 3 & 3];
	if ((data[0] & 32) != 0) {
		format.no_header = true;
		format.names = names;
		format.nnames = 2;
	}
	if ((data[0] & 64) != 0) {
		format.json = true;
		format.names = names;
		format.nnames = 2;
		compare_json((const char *)data + 1, size - 1);
	}
	if (csv_open_memory("fuzz", data + 1, size - 1, &format, &csv, NULL) != STW_OK)
		return 0;
	buf_init(&first);
	buf_init(&second);
	/* A record of one empty field is a blank line to the reader: out of the round trip. */
	if (write_out(csv, &first) && csv_columns(csv) > 1) {
		STW_ASSERT(csv_open_memory("again", first.data, first.len, &plain,
			       &again, NULL) == STW_OK);
		STW_ASSERT(write_out(again, &second));
		STW_ASSERT(first.len == second.len &&
			   memcmp(first.data, second.data, first.len) == 0);
		csv_close(again);
	}
	csv_close(csv);
	buf_fini(&first);
	buf_fini(&second);
	return 0;
}
