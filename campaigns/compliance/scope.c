/*
 * scope.c - does a rule apply to this contact?
 *
 * Most scopes are conjunctions of comparisons of purpose, channel, handler or checkpoint
 * with constants. Those are recognised once and tested here, so that planning a large
 * audience seldom enters the interpreter. What is recognised is left in the rule's text
 * as well: the interpreter alone gives the same answer (a test compares the two).
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

enum scope_var {
	VAR_PURPOSE = 0,
	VAR_CHANNEL,
	VAR_HANDLER,
	VAR_CHECKPOINT,
	VAR_CALLER_ORG,
	VAR_PARTY,
	VAR_POINT,
	VAR_PRODUCT,
	VAR_NUMBER,
	VAR_CAMPAIGN,
	VAR_SCRIPT,
	VAR_COUNT,
};
#define VAR_PLAIN (VAR_CHECKPOINT + 1) /* those before it can be recognised */

static const char *const var_names[VAR_COUNT] = {"purpose", "channel", "handler",
    "checkpoint", "caller_org", "party", "point", "product", "number", "campaign",
    "script"};

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
struct scope_field {
	const char *name;
	enum rule_kind kind;
};

enum { PARTY_COUNTRY, PARTY_PROVINCE, PARTY_DOB, PARTY_RATING, PARTY_OPT_OUT };
static const struct scope_field party_fields[] = {{"country", RULE_STRING},
    {"province", RULE_STRING}, {"dob", RULE_DATE}, {"risk_rating", RULE_INT},
    {"profiling_opt_out", RULE_BOOL}};

enum { POINT_VERIFIED, POINT_SHARERS };
static const struct scope_field point_fields[] = {
    {"verified", RULE_BOOL}, {"sharers", RULE_INT}};

enum { PRODUCT_PRESENT, PRODUCT_CODE, PRODUCT_CLASS, PRODUCT_RISK };
static const struct scope_field product_fields[] = {{"present", RULE_BOOL},
    {"code", RULE_STRING}, {"class", RULE_STRING}, {"risk", RULE_INT}};

enum { NUM_PRESENT, NUM_KIND, NUM_HOLDER, NUM_STATUS, NUM_ROBOT, NUM_APPROVAL };
static const struct scope_field number_fields[] = {{"present", RULE_BOOL},
    {"kind", RULE_STRING}, {"holder", RULE_STRING}, {"status", RULE_STRING},
    {"robot", RULE_BOOL}, {"has_approval", RULE_BOOL}};

enum { CAMPAIGN_F_APPROVED, CAMPAIGN_F_ACTIVE, CAMPAIGN_F_PROFILE };
static const struct scope_field campaign_fields[] = {
    {"approved", RULE_BOOL}, {"active", RULE_BOOL}, {"uses_profile", RULE_BOOL}};

enum { SCRIPT_APPROVED, SCRIPT_LABEL };
static const struct scope_field script_fields[] = {
    {"approved", RULE_BOOL}, {"ai_disclosure", RULE_BOOL}};

static struct rule_value
text_or_missing(const char *s)
{
	return s != NULL ? rule_string(str_of(s)) : rule_missing();
}

static struct rule_value
int_or_missing(struct gate_optional_int v)
{
	return v.known ? rule_int(v.value) : rule_missing();
}

static void
party_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct gate_party *p = &((const struct gate_facts *)obj)->party;

	(void)row;
	(void)arena;
	switch (field) {
	case PARTY_COUNTRY:
		*out = text_or_missing(p->country);
		break;
	case PARTY_PROVINCE:
		*out = text_or_missing(p->province);
		break;
	case PARTY_DOB:
		*out = p->dob.known ? rule_date(p->dob.day) : rule_missing();
		break;
	case PARTY_RATING:
		*out = int_or_missing(p->risk_rating);
		break;
	case PARTY_OPT_OUT:
		*out = rule_bool(p->profiling_opt_out);
		break;
	default:
		*out = rule_missing();
		break;
	}
}

static void
point_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct gate_contact_point *p = &((const struct gate_facts *)obj)->point;

	(void)row;
	(void)arena;
	*out = field == POINT_VERIFIED ? rule_bool(p->verified) : rule_int(p->sharers);
}

static void
product_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct gate_product *p = &((const struct gate_facts *)obj)->product;

	(void)row;
	(void)arena;
	switch (field) {
	case PRODUCT_PRESENT:
		*out = rule_bool(p->code != NULL);
		break;
	case PRODUCT_CODE:
		*out = text_or_missing(p->code);
		break;
	case PRODUCT_CLASS:
		*out = text_or_missing(p->product_class);
		break;
	default:
		*out = int_or_missing(p->risk);
		break;
	}
}

static void
number_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct gate_number *n = &((const struct gate_facts *)obj)->number;

	(void)row;
	(void)arena;
	if (field == NUM_PRESENT) {
		*out = rule_bool(n->present);
		return;
	}
	if (!n->present) {
		*out = rule_missing();
		return;
	}
	switch (field) {
	case NUM_KIND:
		*out = text_or_missing(n->kind);
		break;
	case NUM_HOLDER:
		*out = text_or_missing(n->holder);
		break;
	case NUM_STATUS:
		*out = text_or_missing(n->status);
		break;
	case NUM_ROBOT:
		*out = rule_bool(n->robot);
		break;
	default:
		*out = rule_bool(n->has_approval);
		break;
	}
}

static void
campaign_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct gate_facts *f = obj;

	(void)row;
	(void)arena;
	*out = rule_bool(field == CAMPAIGN_F_APPROVED ? f->campaign_approved
			 : field == CAMPAIGN_F_ACTIVE ? f->campaign_active
						      : f->uses_profile);
}

static void
script_get(
    const void *obj, size_t row, int field, struct arena *arena, struct rule_value *out)
{
	const struct gate_script *s = &((const struct gate_facts *)obj)->script;

	(void)row;
	(void)arena;
	*out = rule_bool(field == SCRIPT_APPROVED ? s->approved : s->ai_disclosure);
}

static const struct rule_object_ops party_ops = {.get = party_get};
static const struct rule_object_ops point_ops = {.get = point_get};
static const struct rule_object_ops product_ops = {.get = product_get};
static const struct rule_object_ops number_ops = {.get = number_get};
static const struct rule_object_ops campaign_ops = {.get = campaign_get};
static const struct rule_object_ops script_ops = {.get = script_get};

static const struct {
	const char *name;
	const struct scope_field *fields;
	int nfields;
	const struct rule_object_ops *ops;
} records[VAR_COUNT] = {
    [VAR_PARTY] = {"Party", party_fields, (int)STW_ARRAY_LEN(party_fields), &party_ops},
    [VAR_POINT] = {"Point", point_fields, (int)STW_ARRAY_LEN(point_fields), &point_ops},
    [VAR_PRODUCT] = {"Product", product_fields, (int)STW_ARRAY_LEN(product_fields),
	&product_ops},
    [VAR_NUMBER] = {"Number", number_fields, (int)STW_ARRAY_LEN(number_fields),
	&number_ops},
    [VAR_CAMPAIGN] = {"Campaign", campaign_fields, (int)STW_ARRAY_LEN(campaign_fields),
	&campaign_ops},
    [VAR_SCRIPT] = {"Script", script_fields, (int)STW_ARRAY_LEN(script_fields),
	&script_ops},
};

struct rule_env *
gate_scope_env(struct arena *arena)
{
	struct rule_env *env = rule_env_new(arena);

	for (int v = 0; v < VAR_COUNT; v++) {
		const struct rule_type *type = rule_type_basic(RULE_STRING);

		if (records[v].fields != NULL) {
			struct rule_field *fields = arena_array(
			    arena, (size_t)records[v].nfields, sizeof *fields);

			for (int i = 0; i < records[v].nfields; i++) {
				fields[i].name = records[v].fields[i].name;
				fields[i].type =
				    rule_type_basic(records[v].fields[i].kind);
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
		return c->facts->caller_org;
	}
}

static const struct rule_value *
case_vars(struct gate_case *c)
{
	if (c->vars != NULL)
		return c->vars;
	c->vars = arena_array(c->arena, VAR_COUNT, sizeof *c->vars);
	for (int v = 0; v < VAR_COUNT; v++) {
		if (records[v].ops != NULL) {
			c->vars[v].kind = RULE_V_OBJECT;
			c->vars[v].object.ops = records[v].ops;
			c->vars[v].object.obj = c->facts;
		} else {
			c->vars[v] = text_or_missing(plain_value(c, (enum scope_var)v));
		}
	}
	return c->vars;
}

/* ---- recognising plain comparisons ----------------------------------------------------- */
static const char *
skip_space(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\n' || *s == '\t'))
		s++;
	return s;
}

/* A plain "text" without escapes. */
static const char *
take_text(const char *s, const char *end, struct arena *arena, const char **out)
{
	const char *close;

	if (s >= end || *s != '"')
		return NULL;
	close = memchr(s + 1, '"', (size_t)(end - s - 1));
	if (close == NULL || memchr(s, '\\', (size_t)(close - s)) != NULL)
		return NULL;
	*out = arena_strndup(arena, s + 1, (size_t)(close - s - 1));
	return close + 1;
}

static bool
term_parse(const char *s, const char *end, struct arena *arena, struct scope_term *term)
{
	const char **words = arena_array(arena, 16, sizeof *words);
	int n = 0, var = 0;
	bool list = false;

	s = skip_space(s, end);
	for (; var < VAR_PLAIN; var++) {
		size_t len = strlen(var_names[var]);

		if ((size_t)(end - s) > len && memcmp(s, var_names[var], len) == 0 &&
		    strchr(" !=", s[len]) != NULL) {
			s = skip_space(s + len, end);
			break;
		}
	}
	if (var == VAR_PLAIN || end - s < 3)
		return false;
	term->var = (enum scope_var)var;
	term->negated = s[0] == '!';
	if (memcmp(s, "in ", 3) == 0) {
		s = skip_space(s + 2, end);
		list = true;
		if (s >= end || *s++ != '[')
			return false;
	} else if (memcmp(s, "==", 2) == 0 || memcmp(s, "!=", 2) == 0) {
		s += 2;
	} else {
		return false;
	}
	do {
		if (n == 16)
			return false;
		s = take_text(skip_space(s, end), end, arena, &words[n++]);
		if (s == NULL)
			return false;
		s = skip_space(s, end);
	} while (list && s < end && *s == ',' && s++ != NULL);
	if (list && (s >= end || *s++ != ']'))
		return false;
	term->words.items = words;
	term->words.count = n;
	return skip_space(s, end) == end;
}

/* Splits at && outside of brackets and texts; anything that binds weaker than && (||,
 * the conditional) leaves the whole text to the interpreter. */
static void
terms_find(struct str text, struct arena *arena, struct gate_scope *scope)
{
	const char *s = text.ptr, *end = text.ptr + text.len, *from = s;
	int depth = 0;
	char quote = 0;

	scope->needs_rule = memchr(text.ptr, '\\', text.len) != NULL;
	if (scope->needs_rule)
		return;
	for (; s <= end; s++) {
		if (s == end || (quote == 0 && depth == 0 && end - s > 1 &&
				    s[0] == '&' && s[1] == '&')) {
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

/* ---- asking ---------------------------------------------------------------------------- */
static bool
rule_true(const struct rule *rule, struct gate_case *c, stw_usec at, bool if_undecided)
{
	const struct gate_party *party = &c->facts->party;
	struct rule_eval_ctx ctx = {.vars = case_vars(c),
	    .now = at,
	    .zone = party->nzones > 0 ? party->zones[0] : zone_utc(),
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

bool
gate_scope_applies(const struct gate_scope *scope, struct gate_case *c, stw_usec at)
{
	for (int i = 0; i < scope->nterms; i++) {
		const struct scope_term *term = &scope->terms[i];

		if (gate_strings_has(&term->words, plain_value(c, term->var)) ==
		    term->negated)
			return false;
	}
	return !scope->needs_rule || gate_scope_applies_slow(scope, c, at);
}

bool
gate_expression_true(const struct rule *rule, struct gate_case *c, stw_usec at)
{
	return rule_true(rule, c, at, false);
}
