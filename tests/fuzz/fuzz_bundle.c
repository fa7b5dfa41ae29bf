/* The first byte picks the parser: the manifest of a bundle, or the header of a member of its
 * archive. What is accepted keeps its promises: names stay inside, a header comes out of the
 * writer as one that says the same. */
#include <stdint.h>
#include <string.h>

#include "api/bundle_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_manifest(struct str input)
{
	struct bundle_manifest m;
	struct stw_err err = {0};
	struct arena arena;

	arena_init(&arena);
	if (bundle_manifest_read(input, &arena, &m, &err) == STW_OK) {
		STW_ASSERT(m.nfiles > 0 && m.bundle_id != NULL);
		for (size_t i = 0; i < m.nfiles; i++) {
			STW_ASSERT(bundle_name_ok(m.files[i].name));
			STW_ASSERT(strstr(m.files[i].name, "..") != m.files[i].name);
			STW_ASSERT(
			    bundle_manifest_find(&m, m.files[i].name) == &m.files[i]);
		}
	} else {
		STW_ASSERT(err.text[0] != '\0' && m.nfiles == 0);
	}
	arena_fini(&arena);
}

static void
try_header(struct str input)
{
	unsigned char block[TAR_BLOCK] = {0}, again[TAR_BLOCK];
	struct tar_member m, same;
	bool end;

	memcpy(block, input.ptr, input.len < TAR_BLOCK ? input.len : TAR_BLOCK);
	if (!tar_header_read(block, &m, &end) || end)
		return;
	STW_ASSERT(m.size >= 0 && m.size <= TAR_SIZE_MAX);
	tar_header_write(&m, again);
	STW_ASSERT(tar_header_read(again, &same, &end) && !end);
	STW_ASSERT(same.size == m.size && strcmp(same.name, m.name) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input;

	if (size == 0)
		return 0;
	input = (struct str){(const char *)data + 1, size - 1};
	if ((data[0] & 1) == 0)
		try_manifest(input);
	else
		try_header(input);
	return 0;
}
