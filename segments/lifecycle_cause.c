#include "segments/lifecycle_cause.h"

#include <string.h>

struct lifecycle_cause
lifecycle_cause_find(const struct book *book, const char *when)
{
	struct lifecycle_cause cause = {.ncols = 0};
	const struct rule_field_use *uses;
	struct arena arena;
	struct rule *rule;
	int n = 0;

	arena_init(&arena);
	/* A rule that does not compile moves nobody, so nobody asks for its cause. */
	if (when != NULL &&
	    rule_compile(book_env(book, &arena, NULL, NULL), str_of(when),
		rule_type_basic(RULE_BOOL), NULL, &arena, &rule, NULL) == STW_OK)
		n = rule_fields(rule, &arena, &uses);
	for (int i = 0; i < n && cause.ncols < LIFECYCLE_CAUSE_MAX; i++) {
		int col = strcmp(uses[i].record, "Customer") == 0
			      ? table_find_column(book->customers, uses[i].field)
			      : -1;

		if (col >= 0)
			cause.cols[cause.ncols++] = col;
	}
	arena_fini(&arena);
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
