/*
 * buf.h - a growing byte buffer, and a borrowed string with a length.
 *
 * Ownership  buf_init/buf_fini; the bytes belong to the buffer. A struct str borrows.
 * Errors     None, as arena.h. The bytes are always followed by a NUL.
 */
#ifndef STW_ENGINE_BUF_H
#define STW_ENGINE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *ptr; /* not NUL-terminated by contract */
	size_t len;
};

#define STR_LIT(s) ((struct str){"" s, sizeof(s) - 1})
#define STR_FMT(s) (int)(s).len, (s).ptr /* for "%.*s" */

struct str str_of(const char *s); /* NULL gives the empty string */
bool str_eq(struct str a, struct str b);
bool str_eq_c(struct str a, const char *b);
int str_cmp(struct str a, struct str b); /* byte order */
bool utf8_valid(struct str text);

struct buf {
	char *data;
	size_t len, cap;
};

void buf_init(struct buf *buf);
void buf_fini(struct buf *buf);
void buf_clear(struct buf *buf);
/* Room for `more` further bytes; the address of the first of them. */
char *buf_reserve(struct buf *buf, size_t more) __attribute__((returns_nonnull));
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_c(struct buf *buf, const char *s);
void buf_add_str(struct buf *buf, struct str s);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Lower-case hexadecimal. */
void buf_add_hex(struct buf *buf, const void *data, size_t len);

#endif
