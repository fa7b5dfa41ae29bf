/*
 * tar.h - headers of a plain tar archive (POSIX ustar), written and read.
 *
 * Purpose    A member is a header of 512 bytes, the content, and zeros up to a multiple of
 *            512; two empty blocks end the archive. Regular files only, names of at most 99
 *            bytes. Pure: no I/O.
 * Errors     A header that is none, of another kind of member or with a wrong checksum is
 *            not accepted.
 */
#ifndef STW_ENGINE_TAR_H
#define STW_ENGINE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK    512
#define TAR_NAME_MAX 100                   /* with the NUL */
#define TAR_SIZE_MAX INT64_C(077777777777) /* eleven octal digits */

struct tar_member {
	char name[TAR_NAME_MAX];
	int64_t size;
};

/* mtime 0, mode 0600, nobody's: the same content gives the same bytes. */
void tar_header_write(const struct tar_member *member, unsigned char to[TAR_BLOCK]);
/* *end: an empty block, so that the archive ends here; *out is unset then. */
bool tar_header_read(
    const unsigned char from[TAR_BLOCK], struct tar_member *out, bool *end);
/* How many zeros follow content of this size. */
size_t tar_padding(int64_t size);

#endif
