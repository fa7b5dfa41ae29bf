#include "engine/tar.h"

#include <stdio.h>
#include <string.h>

#include "engine/err.h"

enum {
	NAME = 0,
	MODE = 100,
	SIZE = 124,
	TIME = 136,
	SUM = 148,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	PREFIX = 345
};

#define SUM_LEN  8
#define LINK_LEN 100

/* Of all bytes, those of the sum itself taken for blanks. */
static unsigned
sum_of(const unsigned char block[TAR_BLOCK])
{
	unsigned sum = 0;

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM && i < SUM + SUM_LEN ? ' ' : block[i];
	return sum;
}

static void
put(unsigned char *to, size_t size, const char *text)
{
	size_t len = strlen(text) + 1;

	STW_ASSERT(len <= size);
	memcpy(to, text, len);
}

void
tar_header_write(const struct tar_member *m, unsigned char to[TAR_BLOCK])
{
	static const unsigned char magic[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
	char text[24];

	STW_ASSERT(m->size >= 0 && m->size <= TAR_SIZE_MAX && m->name[0] != '\0');
	memset(to, 0, TAR_BLOCK);
	put(to + NAME, TAR_NAME_MAX, m->name);
	put(to + MODE, 8, "0000600");
	put(to + MODE + 8, 8, "0000000");
	put(to + MODE + 16, 8, "0000000");
	(void)snprintf(text, sizeof text, "%011llo", (unsigned long long)m->size);
	put(to + SIZE, 12, text);
	put(to + TIME, 12, "00000000000");
	to[TYPE] = '0';
	memcpy(to + MAGIC, magic, sizeof magic);
	(void)snprintf(text, sizeof text, "%06o", sum_of(to));
	put(to + SUM, SUM_LEN - 1, text);
	to[SUM + SUM_LEN - 1] = ' ';
}

/* Octal digits up to a NUL or a blank, at least one. */
static bool
octal(const unsigned char *from, size_t size, int64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < size && from[i] >= '0' && from[i] <= '7'; i++)
		*out = *out * 8 + (from[i] - '0');
	return i > 0 && i <= 11 && (i == size || from[i] == '\0' || from[i] == ' ');
}

static bool
is_zero(const unsigned char *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (from[i] != 0)
			return false;
	return true;
}

/* A prefix would put a member elsewhere than under the name that was looked at. */
bool
tar_header_read(const unsigned char from[TAR_BLOCK], struct tar_member *out, bool *end)
{
	static const unsigned char none[TAR_BLOCK];
	int64_t sum;

	*end = memcmp(from, none, TAR_BLOCK) == 0;
	if (*end)
		return true;
	*out = (struct tar_member){0};
	if (memcmp(from + MAGIC, "ustar", 5) != 0 || from[TYPE] != '0' ||
	    !octal(from + SUM, SUM_LEN, &sum) || sum != sum_of(from) ||
	    !octal(from + SIZE, 12, &out->size) || from[NAME] == '\0' ||
	    memchr(from + NAME, '\0', TAR_NAME_MAX) == NULL ||
	    !is_zero(from + LINK, LINK_LEN) ||
	    !is_zero(from + PREFIX, TAR_BLOCK - PREFIX))
		return false;
	memcpy(out->name, from + NAME, TAR_NAME_MAX);
	return true;
}

size_t
tar_padding(int64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}
