#include "segments/lifecycle_cause.h"

#include <ctype.h>
#include <string.h>

static bool
in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Past the literal or comment that begins here; p itself when none does. */
static const char *
skip_text(const char *p)
{
	char quote = *p;

	if (p[0] == '/' && p[1] == '/')
		return p + strcspn(p, "\n");
	if (quote != '"' && quote != '\'')
		return p;
	for (p++; *p != '\0' && *p != quote; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return *p == quote ? p + 1 : p;
}

static void
add(struct lifecycle_cause *cause, int col)
{
	if (col < 0 || cause->ncols == LIFECYCLE_CAUSE_MAX)
		return;
	for (int i = 0; i < cause->ncols; i++)
		if (cause->cols[i] == col)
			return;
	cause->cols[cause->ncols++] = col;
}

/* The name after "customer" and a dot; its length, 0: there is none. */
static size_t
field_after(const char *p, const char **name)
{
	size_t len = 0;

	p += strspn(p, " \t\r\n");
	if (*p != '.')
		return 0;
	p++;
	p += strspn(p, " \t\r\n");
	while (in_name(p[len]))
		len++;
	*name = p;
	return len;
}

struct lifecycle_cause
lifecycle_cause_find(const struct book *book, const char *when)
{
	static const char word[] = "customer";
	struct lifecycle_cause cause = {.ncols = 0};
	char name[64];
	const char *at;
	size_t len;

	for (const char *p = when == NULL ? "" : when; *p != '\0';) {
		const char *past = skip_text(p);

		if (past != p) {
			p = past;
			continue;
		}
		if (!in_name(*p)) {
			p++;
			continue;
		}
		len = 0;
		while (in_name(p[len]))
			len++;
		if (len == sizeof word - 1 && memcmp(p, word, len) == 0 &&
		    (p == when || p[-1] != '.')) {
			size_t n = field_after(p + len, &at);

			if (n > 0 && n < sizeof name) {
				memcpy(name, at, n);
				name[n] = '\0';
				add(&cause, table_find_column(book->customers, name));
			}
		}
		p += len;
	}
	return cause;
}

void
lifecycle_cause_print(const struct lifecycle_cause *cause, const struct book *book,
    size_t row, struct arena *arena, struct buf *to)
{
	struct rule_value customer = rule_row(book->customers, row);

	for (int i = 0; i < cause->ncols; i++) {
		struct rule_value value;

		customer.object.ops->get(customer.object.obj, customer.object.row,
		    cause->cols[i], arena, &value);
		buf_printf(to, "%scustomer.%s = ", i > 0 ? ", " : "",
		    book->customers->cols[cause->cols[i]].name);
		if (value.kind == RULE_V_ERROR)
			buf_add_c(to, "none");
		else
			rule_value_print(&value, to);
	}
}
