#include "engine/rule_text.h"

#include "engine/rule_priv.h"

/* One line of text; at most width characters. */
static void
print_line(struct str text, size_t width, struct buf *to)
{
	bool blank = false;
	size_t shown = 0;

	for (size_t at = 0; at < text.len;) {
		size_t from = at;
		uint32_t cp = utf8_next(text, &at);

		if (cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r') {
			blank = true;
			continue;
		}
		if (shown >= width) {
			buf_add_c(to, "...");
			return;
		}
		if (blank && shown > 0)
			buf_add_char(to, ' ');
		shown += blank && shown > 0 ? 2 : 1;
		blank = false;
		buf_add(to, text.ptr + from, at - from);
	}
}

void
rule_explanation_print(
    const struct rule_explanation *explanation, size_t width, struct buf *to)
{
	for (int i = 0; i < explanation->count; i++) {
		const struct rule_explain_node *n = &explanation->nodes[i];

		buf_printf(to, "%*s", n->depth * 2, "");
		print_line(n->text, width, to);
		buf_add_c(to, " = ");
		rule_value_print(&n->value, to);
		buf_add_char(to, '\n');
	}
	if (explanation->count == 0) { /* a rule that is one literal */
		rule_value_print(&explanation->result, to);
		buf_add_char(to, '\n');
	}
}

void
rule_value_text(const struct rule_value *v, struct buf *to)
{
	char text[STW_DAY_TEXT];

	switch (v->kind) {
	case RULE_V_ERROR:
		if (!v->error.missing)
			rule_value_print(v, to);
		break;
	case RULE_V_STRING:
		buf_add_str(to, v->s);
		break;
	case RULE_V_UINT:
		buf_printf(to, "%llu", (unsigned long long)v->u);
		break;
	case RULE_V_DOUBLE:
		double_format(v->d, to);
		break;
	case RULE_V_TIMESTAMP:
		timestamp_format(v, to);
		break;
	case RULE_V_DATE:
		buf_add_c(to, stw_day_format((stw_day)v->i, text));
		break;
	case RULE_V_DURATION:
		duration_format(v, to);
		break;
	case RULE_V_MONEY:
		money_format(v->money.minor, v->money.currency, to);
		buf_printf(to, " %s", v->money.currency);
		break;
	case RULE_V_OPTIONAL:
		if (v->opt != NULL)
			rule_value_text(v->opt, to);
		break;
	case RULE_V_BOOL:
	case RULE_V_INT:
	case RULE_V_BYTES:
	case RULE_V_NULL:
	case RULE_V_TYPE:
	case RULE_V_LIST:
	case RULE_V_MAP:
	case RULE_V_OBJECT:
	case RULE_V_SET:
		rule_value_print(v, to);
		break;
	}
}

const char *
rule_value_type(const struct rule_value *v)
{
	return value_type_name(v);
}
