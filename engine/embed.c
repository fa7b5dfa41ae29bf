#include "engine/embed.h"

#include <string.h>

const struct embed_file *
embed_find(const char *name)
{
	for (size_t i = 0; i < embed_count; i++)
		if (strcmp(embed_files[i].name, name) == 0)
			return &embed_files[i];
	return NULL;
}

const struct embed_file *
embed_next(const char *prefix, size_t *at)
{
	size_t len = strlen(prefix);

	while (*at < embed_count) {
		const struct embed_file *file = &embed_files[(*at)++];

		if (strncmp(file->name, prefix, len) == 0)
			return file;
	}
	return NULL;
}
