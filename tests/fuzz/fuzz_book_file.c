/* A saved book whose checksums are right and whose contents are anything: it is refused, or
 * every cell of it can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/table_file.h"
#include "segments/book_file.h"
#include "tests/lib/table_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct book_file_want any = {.max_age = -1};
	void *copy = aligned_alloc(64, (size + 64) / 64 * 64);
	struct stw_err err = {0};
	struct book *book;

	STW_ASSERT(copy != NULL);
	memcpy(copy, data, size);
	table_file_seal(copy, size);
	if (book_file_open_memory(copy, size, &any, &book, &err) == STW_OK) {
		(void)table_walk(book->customers);
		for (size_t r = 0; r < book->customers->rows; r++)
			STW_ASSERT(book_find(book, book_bucket_of(book, r),
				       book->customer_id[r]) == r);
		book_free(book);
	} else {
		STW_ASSERT(err.text[0] != '\0');
	}
	free(copy);
	return 0;
}
