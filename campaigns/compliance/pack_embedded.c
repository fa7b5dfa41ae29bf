/*
 * pack_embedded.c - which packs are in the binary: the newest version of each.
 */
#include <pthread.h>
#include <string.h>

#include "campaigns/compliance/gate_priv.h"
#include "engine/embed.h"

#define PACKS     "campaigns/compliance/packs/"
#define MAX_PACKS 64

static pthread_once_t packs_once = PTHREAD_ONCE_INIT;
static struct pack_info packs_newest[MAX_PACKS];
static int packs_count;

static void
packs_note(const struct embed_file *file)
{
	const char *id = file->name + strlen(PACKS);
	const char *slash = strchr(id, '/');
	const char *end = slash != NULL ? strchr(slash + 1, '/') : NULL;
	struct pack_files files;
	struct arena arena;
	char *name, *version;
	int i = 0;

	if (end == NULL || strcmp(end, "/pack.json") != 0)
		return;
	arena_init(&arena);
	name = arena_strndup(&arena, id, (size_t)(slash - id));
	version = arena_strndup(&arena, slash + 1, (size_t)(end - slash - 1));
	while (i < packs_count && strcmp(packs_newest[i].pack, name) != 0)
		i++;
	if (i < MAX_PACKS &&
	    (i == packs_count ||
		pack_version_cmp(packs_newest[i].version, version) < 0) &&
	    pack_files_embedded(name, version, &arena, &files, NULL) == STW_OK) {
		struct pack_info *info = &packs_newest[i];
		struct pack pack;
		bool read = pack_read_files(&files, &arena, &pack, NULL) == STW_OK;

		/* kept for the life of the process */
		info->pack = stw_xstrdup(name);
		info->version = stw_xstrdup(version);
		pack_files_hash(&files, info->hash_hex);
		info->nrules = read ? pack.nrules : 0;
		info->off = read && pack.off;
		if (i == packs_count)
			packs_count++;
	}
	arena_fini(&arena);
}

static void
packs_find(void)
{
	const struct embed_file *file;
	size_t at = 0;

	while ((file = embed_next(PACKS, &at)) != NULL)
		packs_note(file);
}

int
ruleset_embedded(struct pack_info *out, int max)
{
	pthread_once(&packs_once, packs_find);
	for (int i = 0; i < packs_count && i < max; i++)
		out[i] = packs_newest[i];
	return packs_count < max ? packs_count : max;
}
