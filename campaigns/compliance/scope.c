/*
 * scope.c - does a rule apply to this contact?
 *
 * Most scopes are conjunctions of comparisons of purpose, channel, handler or checkpoint
 * with constants. Those are recognised once and tested here, so that planning a large
 * audience seldom enters the interpreter. What is recognised is left in the rule's text
 * as well: the interpreter alone gives the same answer (a test compares the two).
 */
#include <stddef.h>
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

enum scope_var {
	VAR_PURPOSE = 0,
	VAR_CHANNEL,
	VAR_HANDLER,
	VAR_CHECKPOINT,
	VAR_CALLER_ORG,
	VAR_INSTITUTION,
	VAR_STAGE,
	VAR_SUBJECT,
	VAR_DEBT,
	VAR_DIAL_MODE,
	VAR_WARM_CALL,
	VAR_RECORDER,
	VAR_SYNTHETIC,
	VAR_AUTODIALLED,
	VAR_PARTY,
	VAR_POINT,
	VAR_PRODUCT,
	VAR_NUMBER,
	VAR_CAMPAIGN,
	VAR_SCRIPT,
	VAR_RELATIONSHIP,
	VAR_COUNT,
};
#define VAR_PLAIN (VAR_CHECKPOINT + 1) /* those before it can be recognised */

static const char *const var_names[VAR_COUNT] = {"purpose", "channel", "handler",
    "checkpoint", "caller_org", "institution_country", "stage", "subject", "debt",
    "dial_mode", "warm_call", "recorder", "synthetic_voice", "autodialled", "party",
    "point", "product", "number", "campaign", "script", "relationship"};

/* purpose == "X", purpose != "X", purpose in ["X", "Y"] */
struct scope_term {
	enum scope_var var;
	bool negated;
	struct gate_strings words;
};

struct gate_scope {
	struct scope_term terms[8];
	int nterms;
	bool needs_rule; /* the terms are not all of it */
	struct rule *rule;
};

/* ---- fields of the records --------------------------------------------------------- */
enum scope_type { S_TEXT = 0, S_BOOL, S_INT, S_OPT_INT, S_DAY, S_TEXTS, S_STATE };

/* A member of struct gate_facts. */
struct scope_field {
	const char *name;
	enum scope_type type;
	size_t at;
	const char *unknown; /* S_TEXT: what stands for NULL; NULL: missing */
};

#define AT(member) offsetof(struct gate_facts, member)
#define FIELD(name, type, member)            \
	{                                    \
		name, type, AT(member), NULL \
	}

static const struct scope_field party_fields[] = {
    FIELD("country", S_TEXT, party.country), FIELD("province", S_TEXT, party.province),
    FIELD("state", S_TEXT, party.state), FIELD("places", S_TEXTS, party.places),
    {"kind", S_TEXT, AT(party.kind), "consumer"}, FIELD("dob", S_DAY, party.dob),
    FIELD("risk_rating", S_OPT_INT, party.risk_rating),
    FIELD("profiling_opt_out", S_BOOL, party.profiling_opt_out),
    FIELD("complaint_open", S_BOOL, party.complaint_open),
    FIELD("qualified_investor", S_BOOL, party.qualified_investor),
    FIELD("elder_approval", S_BOOL, party.elder_approval)};
static const struct scope_field point_fields[] = {
    FIELD("verified", S_BOOL, point.verified), FIELD("sharers", S_INT, point.sharers),
    FIELD("household", S_BOOL, point.household),
    FIELD("country", S_TEXT, point.country), FIELD("class", S_TEXT, point.point_class)};
/* `present` is made, not read: the first of its record. */
static const struct scope_field product_fields[] = {FIELD("present", S_BOOL, product),
    FIELD("code", S_TEXT, product.code), FIELD("class", S_TEXT, product.product_class),
    FIELD("risk", S_OPT_INT, product.risk),
    FIELD("regulator", S_TEXT, product.regulator),
    FIELD("dual_recording", S_BOOL, product.dual_recording),
    FIELD("qualified_only", S_BOOL, product.qualified_only),
    FIELD("amount", S_OPT_INT, product.amount_fen)};
static const struct scope_field number_fields[] = {
    FIELD("present", S_BOOL, number.present), FIELD("kind", S_TEXT, number.kind),
    FIELD("holder", S_TEXT, number.holder), FIELD("status", S_TEXT, number.status),
    FIELD("robot", S_BOOL, number.robot),
    FIELD("has_approval", S_BOOL, number.has_approval),
    FIELD("country", S_TEXT, number.country),
    FIELD("callback", S_STATE, number.callback), FIELD("label", S_TEXT, number.label),
    FIELD("attestation", S_TEXT, number.attestation)};
static const struct scope_field campaign_fields[] = {
    FIELD("approved", S_BOOL, campaign_approved),
    FIELD("active", S_BOOL, campaign_active),
    FIELD("uses_profile", S_BOOL, uses_profile),
    FIELD("sensitive", S_TEXTS, sensitive)};
static const struct scope_field script_fields[] = {
    FIELD("approved", S_BOOL, script.approved),
    FIELD("ai_disclosure", S_BOOL, script.ai_disclosure)};
static const struct scope_field relationship_fields[] = {
    FIELD("contract", S_BOOL, relationship.contract)};

static const struct {
	const char *name;
	const struct scope_field *fields;
	int nfields;
} records[VAR_COUNT] = {
    [VAR_PARTY] = {"Party", party_fields, (int)STW_ARRAY_LEN(party_fields)},
    [VAR_POINT] = {"Point", point_fields, (int)STW_ARRAY_LEN(point_fields)},
    [VAR_PRODUCT] = {"Product", product_fields, (int)STW_ARRAY_LEN(product_fields)},
    [VAR_NUMBER] = {"Number", number_fields, (int)STW_ARRAY_LEN(number_fields)},
    [VAR_CAMPAIGN] = {"Campaign", campaign_fields, (int)STW_ARRAY_LEN(campaign_fields)},
    [VAR_SCRIPT] = {"Script", script_fields, (int)STW_ARRAY_LEN(script_fields)},
    [VAR_RELATIONSHIP] = {"Relationship", relationship_fields,
	(int)STW_ARRAY_LEN(relationship_fields)},
};

/* Variables of the contact that are no records. */
static const struct scope_field plain_fields[VAR_COUNT] = {
    [VAR_CALLER_ORG] = FIELD("", S_TEXT, caller_org),
    [VAR_INSTITUTION] = FIELD("", S_TEXT, institution_country),
    [VAR_STAGE] = FIELD("", S_TEXT, stage),
    [VAR_SUBJECT] = FIELD("", S_TEXT, subject),
    [VAR_DEBT] = FIELD("", S_TEXT, debt),
    [VAR_WARM_CALL] = FIELD("", S_TEXT, warm_call),
    [VAR_RECORDER] = FIELD("", S_STATE, recorder),
    [VAR_SYNTHETIC] = FIELD("", S_BOOL, synthetic_voice),
    [VAR_AUTODIALLED] = FIELD("", S_BOOL, autodialled),
};

/* What an object of a scope stands for. */
struct scope_record {
	const struct gate_facts *facts;
	enum scope_var var;
};

static struct rule_value
text_or_missing(const char *s)
{
	return s != NULL ? rule_string(str_of(s)) : rule_missing();
}

/* No place known is not "in no place". */
static struct rule_value
texts_value(const struct gate_texts *texts, bool none_is_missing, struct arena *arena)
{
	struct rule_value *items =
	    arena_array(arena, (size_t)texts->count, sizeof *items);

	if (texts->count == 0 && none_is_missing)
		return rule_missing();
	for (int i = 0; i < texts->count; i++)
		items[i] = rule_string(str_of(texts->items[i]));
	return rule_list_of(items, (size_t)texts->count);
}

static struct rule_value
field_value(
    const struct gate_facts *facts, const struct scope_field *f, struct arena *arena)
{
	static const char *const states[] = {"unknown", "ok", "failed"};
	const void *at = (const char *)facts + f->at;

	switch (f->type) {
	case S_TEXT: {
		const char *s = *(const char *const *)at;

		return text_or_missing(s != NULL ? s : f->unknown);
	}
	case S_BOOL:
		return rule_bool(*(const bool *)at);
	case S_INT:
		return rule_int(*(const int *)at);
	case S_OPT_INT: {
		const struct gate_optional_int *i = at;

		return i->known ? rule_int(i->value) : rule_missing();
	}
	case S_DAY: {
		const struct gate_optional_day *day = at;

		return day->known ? rule_date(day->day) : rule_missing();
	}
	case S_TEXTS:
		return texts_value(at, at == &facts->party.places, arena);
	case S_STATE:
		return rule_string(str_of(states[*(const enum gate_state *)at]));
	}
	return rule_missing();
}

static void
record_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct scope_record *r = obj;
	const struct gate_facts *f = r->facts;

	(void)row;
	if (r->var == VAR_PRODUCT && field == 0)
		*out = rule_bool(f->product.code != NULL);
	else if (r->var == VAR_NUMBER && field != 0 && !f->number.present)
		*out = rule_missing();
	else
		*out = field_value(f, &records[r->var].fields[field], arena);
}

static const struct rule_object_ops record_ops = {.get = record_get};

/* ---- the environment --------------------------------------------------------------------- */
static const struct rule_type *
scope_type_of(enum scope_type type, struct arena *arena)
{
	switch (type) {
	case S_TEXT:
	case S_STATE:
		return rule_type_basic(RULE_STRING);
	case S_BOOL:
		return rule_type_basic(RULE_BOOL);
	case S_INT:
	case S_OPT_INT:
		return rule_type_basic(RULE_INT);
	case S_DAY:
		return rule_type_basic(RULE_DATE);
	case S_TEXTS:
		return rule_type_list(arena, rule_type_basic(RULE_STRING));
	}
	return NULL;
}

struct rule_env *
gate_scope_env(struct arena *arena)
{
	struct rule_env *env = rule_env_new(arena);

	for (int v = 0; v < VAR_COUNT; v++) {
		const struct rule_type *type =
		    scope_type_of(plain_fields[v].type, arena);

		if (records[v].fields != NULL) {
			struct rule_field *fields = arena_array(
			    arena, (size_t)records[v].nfields, sizeof *fields);

			for (int i = 0; i < records[v].nfields; i++) {
				fields[i].name = records[v].fields[i].name;
				fields[i].type =
				    scope_type_of(records[v].fields[i].type, arena);
			}
			type = rule_type_object(
			    arena, records[v].name, fields, records[v].nfields);
		}
		(void)rule_env_var(env, var_names[v], type);
	}
	return env;
}

static const char *const handler_words[] = {"agent", "robot"};
static const char *const checkpoint_words[] = {"P", "D", "C"};

static const char *
plain_value(const struct gate_case *c, enum scope_var var)
{
	switch ((int)var) {
	case VAR_PURPOSE:
		return c->purpose;
	case VAR_CHANNEL:
		return c->facts->channel;
	case VAR_HANDLER:
		return handler_words[c->facts->handler];
	case VAR_CHECKPOINT:
		return checkpoint_words[c->checkpoint];
	default:
		return NULL;
	}
}

static const char *const dial_words[] = {
    NULL, "manual", "preview", "progressive", "predictive"};

static const struct rule_value *
case_vars(struct gate_case *c)
{
	struct scope_record *objects;

	if (c->vars != NULL)
		return c->vars;
	c->vars = arena_array(c->arena, VAR_COUNT, sizeof *c->vars);
	objects = arena_array(c->arena, VAR_COUNT, sizeof *objects);
	for (int v = 0; v < VAR_COUNT; v++) {
		objects[v] = (struct scope_record){c->facts, (enum scope_var)v};
		if (records[v].fields != NULL) {
			c->vars[v].kind = RULE_V_OBJECT;
			c->vars[v].object.ops = &record_ops;
			c->vars[v].object.obj = &objects[v];
		} else if (v < VAR_PLAIN) {
			c->vars[v] = text_or_missing(plain_value(c, (enum scope_var)v));
		} else if (v == VAR_DIAL_MODE) {
			c->vars[v] = text_or_missing(dial_words[c->facts->dial_mode]);
		} else {
			c->vars[v] = field_value(c->facts, &plain_fields[v], c->arena);
		}
	}
	return c->vars;
}

/* ---- recognising plain comparisons ----------------------------------------------------- */
/* The text of a scope ends with two NUL: one step past its end can be read. */
static const char *
skip_space(const char *s)
{
	return s + strspn(s, " \n\t");
}

/* A plain "text". Past the end of the term where it is not closed. */
static const char *
take_text(const char *s, struct arena *arena, const char **out)
{
	size_t len;

	if (*s != '"')
		return NULL;
	len = strcspn(s + 1, "\"");
	*out = arena_strndup(arena, s + 1, len);
	return s + len + 2;
}

static bool
term_parse(const char *s, const char *end, struct arena *arena, struct scope_term *term)
{
	const char **words = arena_array(arena, 16, sizeof *words);
	int n = 0, var = 0;
	bool list;

	s = skip_space(s);
	for (; var < VAR_PLAIN; var++) {
		size_t len = strlen(var_names[var]);

		if (strncmp(s, var_names[var], len) == 0 &&
		    strspn(s + len, " !=") > 0) {
			s = skip_space(s + len);
			break;
		}
	}
	if (var == VAR_PLAIN)
		return false;
	term->var = (enum scope_var)var;
	term->negated = s[0] == '!';
	list = strncmp(s, "in ", 3) == 0;
	if (list)
		s = skip_space(s + 2);
	if (list ? *s != '[' : strncmp(s, "==", 2) != 0 && strncmp(s, "!=", 2) != 0)
		return false;
	s += list ? 1 : 2;
	do {
		if (n == 16)
			return false;
		s = take_text(skip_space(s), arena, &words[n++]);
		if (s == NULL)
			return false;
		s = skip_space(s);
	} while (list && *s++ == ',');
	if (list && s[-1] != ']')
		return false;
	term->words.items = words;
	term->words.count = n;
	return skip_space(s) == end;
}

/* What hides the structure of a text: escapes, comments, texts in three quotes. */
static bool
is_intricate(const char *text)
{
	return strchr(text, '\\') != NULL || strstr(text, "//") != NULL ||
	       strstr(text, "\"\"\"") != NULL || strstr(text, "'''") != NULL;
}

/* Splits at && outside of brackets and texts; anything that binds weaker than && (||,
 * the conditional) leaves the whole text to the interpreter. */
static void
terms_find(struct str text, struct arena *arena, struct gate_scope *scope)
{
	const char *s = arena_printf(arena, "%.*s%c", (int)text.len, text.ptr, '\0');
	const char *end = s + text.len, *from = s;
	int depth = 0;
	char quote = 0;

	scope->needs_rule = is_intricate(s);
	if (scope->needs_rule)
		return;
	for (; s <= end; s++) {
		if (s == end || (quote == 0 && depth == 0 && *s == '&')) {
			if (scope->nterms < (int)STW_ARRAY_LEN(scope->terms) &&
			    term_parse(from, s, arena, &scope->terms[scope->nterms]))
				scope->nterms++;
			else
				scope->needs_rule = true;
			from = s + 2;
			s++;
		} else if (quote != 0) {
			quote = *s == quote ? 0 : quote;
		} else if (*s == '"' || *s == '\'') {
			quote = *s;
		} else if (strchr("([{", *s) != NULL) {
			depth++;
		} else if (strchr(")]}", *s) != NULL) {
			depth--;
		} else if (depth == 0 && (*s == '|' || *s == '?')) {
			scope->nterms = 0;
			scope->needs_rule = true;
			return;
		}
	}
}

enum stw_code
gate_scope_compile(const struct rule_env *env, struct str text, struct arena *arena,
    struct gate_scope **out, struct stw_err *err)
{
	struct gate_scope *scope = arena_alloc(arena, sizeof *scope);
	enum stw_code rc;

	rc = rule_compile(
	    env, text, rule_type_basic(RULE_BOOL), NULL, arena, &scope->rule, err);
	if (rc != STW_OK)
		return rc;
	if (str_eq_c(text, "true"))
		scope->needs_rule = false;
	else
		terms_find(text, arena, scope);
	*out = scope;
	return STW_OK;
}

int
gate_scope_fields(const struct gate_scope *scope, struct arena *arena,
    const struct rule_field_use **out)
{
	return rule_fields(scope->rule, arena, out);
}

/* ---- asking ---------------------------------------------------------------------------- */
static bool
rule_true(const struct rule *rule, struct gate_case *c, stw_usec at, bool if_undecided)
{
	struct gate_zones zones = gate_case_zones(c);
	struct rule_eval_ctx ctx = {.vars = case_vars(c),
	    .now = at,
	    .zone = zones.count > 0 ? zones.items[0] : zone_utc(),
	    .arena = c->arena};
	bool undecided = false;
	bool yes = rule_eval_bool(rule, &ctx, &undecided);

	return undecided ? if_undecided : yes;
}

bool
gate_scope_applies_slow(
    const struct gate_scope *scope, struct gate_case *c, stw_usec at)
{
	return rule_true(scope->rule, c, at, true);
}

static bool
terms_hold(const struct gate_scope *scope, const struct gate_case *c)
{
	for (int i = 0; i < scope->nterms; i++) {
		const struct scope_term *term = &scope->terms[i];

		if (gate_strings_has(&term->words, plain_value(c, term->var)) ==
		    term->negated)
			return false;
	}
	return true;
}

bool
gate_scope_applies(const struct gate_scope *scope, struct gate_case *c, stw_usec at)
{
	return terms_hold(scope, c) &&
	       (!scope->needs_rule || gate_scope_applies_slow(scope, c, at));
}

bool
gate_scope_surely(const struct gate_scope *scope, struct gate_case *c, stw_usec at)
{
	return terms_hold(scope, c) &&
	       (!scope->needs_rule || rule_true(scope->rule, c, at, false));
}

bool
gate_expression_true(const struct rule *rule, struct gate_case *c, stw_usec at)
{
	return rule_true(rule, c, at, false);
}
