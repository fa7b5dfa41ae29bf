#include "engine/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

struct str
str_of(const char *s)
{
	return (struct str){s == NULL ? "" : s, s == NULL ? 0 : strlen(s)};
}

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
str_eq_c(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

/* Length of the sequence that begins at p, 0 when it is not one. */
static size_t
utf8_length(const unsigned char *p, size_t left)
{
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xc2 ? 0
		     : p[0] < 0xe0 ? 2
		     : p[0] < 0xf0 ? 3
		     : p[0] < 0xf5 ? 4
				   : 0;

	if (len == 0 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (len == 3 &&
	    ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)))
		return 0;
	if (len == 4 &&
	    ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
		return 0;
	return len;
}

bool
utf8_valid(struct str text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	size_t i = 0;

	while (i < text.len) {
		size_t len = utf8_length(p + i, text.len - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

void
buf_init(struct buf *buf)
{
	*buf = (struct buf){0};
}

void
buf_fini(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

char *
buf_reserve(struct buf *buf, size_t more)
{
	size_t need;

	STW_ASSERT(more < SIZE_MAX / 2 - buf->len);
	need = buf->len + more + 1;
	if (need > buf->cap) {
		size_t cap = buf->cap < 64 ? 64 : buf->cap * 2;

		buf->cap = cap < need ? need : cap;
		buf->data = stw_xrealloc(buf->data, buf->cap);
	}
	buf->data[buf->len] = '\0';
	return buf->data + buf->len;
}

void
buf_add(struct buf *buf, const void *data, size_t len)
{
	char *to = buf_reserve(buf, len);

	if (len > 0)
		memcpy(to, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
buf_add_c(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

void
buf_add_str(struct buf *buf, struct str s)
{
	buf_add(buf, s.ptr, s.len);
}

void
buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void
buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	STW_ASSERT(len >= 0);
	(void)buf_reserve(buf, (size_t)len);
	va_start(ap, fmt);
	(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)len;
}

void
buf_add_hex(struct buf *buf, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = data;
	char *to = buf_reserve(buf, len * 2);

	for (size_t i = 0; i < len; i++) {
		to[2 * i] = digits[from[i] >> 4];
		to[2 * i + 1] = digits[from[i] & 15];
	}
	buf->len += len * 2;
	buf->data[buf->len] = '\0';
}
