#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "campaigns/campaign.h"

struct doc {
	json_t *root;
	const struct rule_env *env;
	struct arena *arena;
	struct stw_err *err;
};

/* The keys a document may have; anything else is a slip of the pen worth naming. */
static const char *const root_keys[] = {"code", "name", "purpose", "product",
    "uses_profile", "sensitive", "stage", "subject", "priority", "hold_out_bp",
    "audience", "trigger", "occurrence", "value", "step", "description", NULL};
static const char *const step_keys[] = {"code", "channel", "handler", "queue",
    "number_pool", "script", "window", "valid_days", "needs", "dial_mode", NULL};
static const char *const purposes[] = {"MARKETING", "SERVICE", "RISK_ALERT",
    "LEGAL_NOTICE", "COMPLAINT_REPLY", "SURVEY", "CONSENT_REQUEST", "COLLECTION", NULL};
static const char *const channels[] = {"VOICE", "SMS", NULL};
static const char *const handlers[] = {"agent", "robot", NULL};
static const char *const stages[] = {"INVITE", "SALE", NULL};
static const char *const agent_modes[] = {
    "manual", "preview", "progressive", "predictive", NULL};
static const char *const robot_modes[] = {"progressive", "predictive", NULL};

static bool
one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static enum stw_code
check_keys(
    const struct doc *d, json_t *object, const char *where, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (!one_of(key, known))
			return stw_fail(
			    d->err, STW_INVALID, "%s/%s: no such field", where, key);
	}
	return STW_OK;
}

static enum stw_code
get_text(const struct doc *d, json_t *object, const char *where, const char *key,
    bool required, const char **out)
{
	json_t *value = json_object_get(object, key);

	*out = NULL;
	if (value == NULL || json_is_null(value))
		return required ? stw_fail(d->err, STW_INVALID, "%s/%s: is missing",
				      where, key)
				: STW_OK;
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > 16384)
		return stw_fail(d->err, STW_INVALID,
		    "%s/%s: must be a text of 1 to 16384 bytes", where, key);
	*out = arena_strdup(d->arena, json_string_value(value));
	return STW_OK;
}

static enum stw_code
get_word(const struct doc *d, json_t *object, const char *where, const char *key,
    const char *const *words, const char **out)
{
	enum stw_code rc = get_text(d, object, where, key, true, out);
	struct buf list;

	if (rc != STW_OK || one_of(*out, words))
		return rc;
	buf_init(&list);
	for (int i = 0; words[i] != NULL; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : ", ", words[i]);
	rc = stw_fail(d->err, STW_INVALID, "%s/%s: '%s' is not one of %s", where, key,
	    *out, list.data);
	buf_fini(&list);
	return rc;
}

/* A word that may be left out; the gate reads it from the stored document. */
static enum stw_code
check_word(const struct doc *d, json_t *object, const char *where, const char *key,
    const char *const *words)
{
	const char *word;

	return json_object_get(object, key) == NULL
		   ? STW_OK
		   : get_word(d, object, where, key, words, &word);
}

static enum stw_code
get_int(const struct doc *d, json_t *object, const char *where, const char *key, int lo,
    int hi, int fallback, int *out)
{
	json_t *value = json_object_get(object, key);

	*out = fallback;
	if (value == NULL)
		return STW_OK;
	if (!json_is_integer(value) || json_integer_value(value) < lo ||
	    json_integer_value(value) > hi)
		return stw_fail(d->err, STW_INVALID,
		    "%s/%s: must be a whole number %d to %d", where, key, lo, hi);
	*out = (int)json_integer_value(value);
	return STW_OK;
}

static enum stw_code
get_rule(const struct doc *d, const char *key, enum rule_kind want, bool required,
    struct rule **out)
{
	const char *text;
	enum stw_code rc = get_text(d, d->root, "", key, required, &text);

	*out = NULL;
	if (rc != STW_OK || text == NULL)
		return rc;
	rc = rule_compile(
	    d->env, str_of(text), rule_type_basic(want), NULL, d->arena, out, d->err);
	if (rc != STW_OK)
		return stw_err_prefix(d->err, rc, "/%s", key);
	return STW_OK;
}

static bool
minutes_parse(const char *text, int *out)
{
	int h, m;

	if (strlen(text) != 5 || text[2] != ':')
		return false;
	for (int i = 0; i < 5; i++)
		if (i != 2 && (text[i] < '0' || text[i] > '9'))
			return false;
	h = (text[0] - '0') * 10 + (text[1] - '0');
	m = (text[3] - '0') * 10 + (text[4] - '0');
	*out = h * 60 + m;
	return m < 60 && *out <= 24 * 60;
}

static enum stw_code
get_window(const struct doc *d, json_t *step, struct campaign_step *out)
{
	static const char *const keys[] = {"from", "to", NULL};
	json_t *window = json_object_get(step, "window");
	const char *from, *to;
	enum stw_code rc;

	out->window_from = 0;
	out->window_to = 24 * 60;
	if (window == NULL)
		return STW_OK;
	if (!json_is_object(window))
		return stw_fail(d->err, STW_INVALID,
		    "/step/window: must be {\"from\": \"09:30\", \"to\": \"17:30\"}");
	rc = check_keys(d, window, "/step/window", keys);
	if (rc == STW_OK)
		rc = get_text(d, window, "/step/window", "from", true, &from);
	if (rc == STW_OK)
		rc = get_text(d, window, "/step/window", "to", true, &to);
	if (rc != STW_OK)
		return rc;
	if (!minutes_parse(from, &out->window_from) ||
	    !minutes_parse(to, &out->window_to))
		return stw_fail(d->err, STW_INVALID,
		    "/step/window: times are written 09:30, up to 24:00");
	if (out->window_from >= out->window_to)
		return stw_fail(d->err, STW_INVALID,
		    "/step/window: from %s must be before to %s", from, to);
	return STW_OK;
}

static bool
is_need(json_t *value)
{
	size_t len = json_string_length(value);

	return json_is_string(value) && len >= 1 && len <= 40 &&
	       strspn(json_string_value(value),
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		   len;
}

static enum stw_code
check_need_words(const struct doc *d, json_t *needs, const char *key)
{
	json_t *list = json_object_get(needs, key), *one;
	size_t i;

	if (list != NULL && !json_is_array(list))
		return stw_fail(
		    d->err, STW_INVALID, "/step/needs/%s: must be a list", key);
	json_array_foreach(list, i, one)
	{
		if (!is_need(one))
			return stw_fail(d->err, STW_INVALID,
			    "/step/needs/%s/%zu: must be a word of 1 to 40 letters",
			    key, i);
	}
	return STW_OK;
}

/* What an agent must bring: the matching reads it from the stored document. */
static enum stw_code
check_needs(const struct doc *d, json_t *step)
{
	static const char *const keys[] = {"skills", "languages", "licences", NULL};
	static const char *const skill_keys[] = {"code", "level", NULL};
	json_t *needs = json_object_get(step, "needs"), *skills, *one;
	size_t i;
	int level;
	enum stw_code rc;

	if (needs == NULL)
		return STW_OK;
	if (!json_is_object(needs))
		return stw_fail(d->err, STW_INVALID,
		    "/step/needs: must be {\"skills\": [{\"code\": \"fund_sales\", "
		    "\"level\": 2}], \"languages\": [], \"licences\": []}");
	rc = check_keys(d, needs, "/step/needs", keys);
	if (rc == STW_OK)
		rc = check_need_words(d, needs, "languages");
	if (rc == STW_OK)
		rc = check_need_words(d, needs, "licences");
	skills = json_object_get(needs, "skills");
	if (rc == STW_OK && skills != NULL && !json_is_array(skills))
		rc =
		    stw_fail(d->err, STW_INVALID, "/step/needs/skills: must be a list");
	json_array_foreach(skills, i, one)
	{
		if (rc == STW_OK)
			rc = check_keys(d, one, "/step/needs/skills", skill_keys);
		if (rc == STW_OK && !is_need(json_object_get(one, "code")))
			rc = stw_fail(d->err, STW_INVALID,
			    "/step/needs/skills/%zu: must have a code, a word of 1 to 40 "
			    "letters",
			    i);
		if (rc == STW_OK)
			rc = get_int(
			    d, one, "/step/needs/skills", "level", 1, 5, 1, &level);
	}
	return rc;
}

static enum stw_code
get_step(const struct doc *d, struct campaign_step *out)
{
	json_t *step = json_object_get(d->root, "step");
	enum stw_code rc;

	if (!json_is_object(step))
		return stw_fail(d->err, STW_INVALID,
		    "/step: is missing: say channel, handler, queue, number_pool and script");
	rc = check_keys(d, step, "/step", step_keys);
	if (rc == STW_OK)
		rc = get_text(d, step, "/step", "code", true, &out->code);
	if (rc == STW_OK)
		rc = get_word(d, step, "/step", "channel", channels, &out->channel);
	if (rc == STW_OK)
		rc = get_word(d, step, "/step", "handler", handlers, &out->handler);
	if (rc == STW_OK)
		rc = get_text(d, step, "/step", "queue", true, &out->queue);
	if (rc == STW_OK)
		rc = get_text(d, step, "/step", "number_pool", true, &out->pool);
	if (rc == STW_OK)
		rc = get_text(d, step, "/step", "script", true, &out->script);
	if (rc == STW_OK)
		rc =
		    get_int(d, step, "/step", "valid_days", 1, 90, 3, &out->valid_days);
	if (rc == STW_OK)
		rc = get_window(d, step, out);
	if (rc == STW_OK)
		rc = check_needs(d, step);
	if (rc == STW_OK)
		rc = check_word(d, step, "/step", "dial_mode",
		    strcmp(out->handler, "robot") == 0 ? robot_modes : agent_modes);
	return rc;
}

/* ---- what starts it ---------------------------------------------------------------- */
static const char *const trigger_words[] = {
    "segment_entered", "segment_left", "stage_entered", "date", "event", NULL};
/* The member that says what, of each word; a stage is checked by trigger_store.h. */
static const char *const trigger_members[] = {
    "segment", "segment", "stage", "trait", "kind"};

static bool
plain_word(const char *text)
{
	return text[0] >= 'a' && text[0] <= 'z' && strlen(text) <= 63 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

/* The rule that reads what the trigger reads: an unknown segment or trait does not compile. */
static enum stw_code
trigger_rule(const struct doc *d, const char *where, struct trigger *out)
{
	enum rule_kind want = RULE_BOOL;
	struct rule *rule = NULL;
	const char *text;
	enum stw_code rc;

	switch (out->on) {
	case TRIGGER_SEGMENT_ENTERED:
	case TRIGGER_SEGMENT_LEFT:
		text = arena_printf(
		    d->arena, "customer.ref in segment(\"%s\")", out->what);
		break;
	case TRIGGER_STAGE_ENTERED:
		text = "has(customer.stage)";
		break;
	case TRIGGER_DATE:
		text = arena_printf(d->arena, "customer.%s", out->what);
		want = RULE_DATE;
		break;
	case TRIGGER_EVENT:
		text = "interactions.exists(i, has(i.kind))";
		break;
	case TRIGGER_NONE:
	case TRIGGERS:
	default:
		return STW_OK;
	}
	rc = rule_compile(
	    d->env, str_of(text), rule_type_basic(want), NULL, d->arena, &rule, d->err);
	out->rule = rule;
	if (rc != STW_OK && d->err != NULL)
		d->err->line = d->err->column = 0; /* of a rule that nobody wrote */
	return rc == STW_OK ? rc : stw_err_prefix(d->err, rc, "%s", where);
}

static enum stw_code
get_trigger(const struct doc *d, struct trigger *out)
{
	json_t *trigger = json_object_get(d->root, "trigger");
	const char *keys[] = {"on", NULL, "within_days", NULL, NULL};
	const char *word, *where;
	enum stw_code rc;
	int at = 0;

	if (trigger == NULL)
		return STW_OK;
	if (!json_is_object(trigger))
		return stw_fail(d->err, STW_INVALID,
		    "/trigger: must be an object such as {\"on\": \"segment_entered\", "
		    "\"segment\": \"vip\"}");
	rc = get_word(d, trigger, "/trigger", "on", trigger_words, &word);
	if (rc != STW_OK)
		return rc;
	while (strcmp(trigger_words[at], word) != 0)
		at++;
	out->on = (enum trigger_on)(at + 1);
	STW_ASSERT(strcmp(trigger_name(out->on), word) == 0);
	keys[1] = trigger_members[at];
	keys[3] = out->on == TRIGGER_DATE ? "offset_days" : NULL;
	rc = check_keys(d, trigger, "/trigger", keys);
	if (rc == STW_OK)
		rc = get_text(d, trigger, "/trigger", keys[1], true, &out->what);
	where = arena_printf(d->arena, "/trigger/%s", keys[1]);
	if (rc == STW_OK && !plain_word(out->what))
		rc = stw_fail(d->err, STW_INVALID,
		    "%s: lower-case letters, digits and _, a letter first, up to 63",
		    where);
	if (rc == STW_OK)
		rc = get_int(
		    d, trigger, "/trigger", "within_days", 1, 90, 7, &out->within_days);
	if (rc == STW_OK && out->on == TRIGGER_DATE)
		rc = get_int(d, trigger, "/trigger", "offset_days", -366, 366, 0,
		    &out->offset_days);
	return rc == STW_OK ? trigger_rule(d, where, out) : rc;
}

/* One of the two says what makes one contact differ from the next. */
static enum stw_code
get_occurrence(const struct doc *d, struct campaign *out)
{
	bool triggered = out->trigger.on != TRIGGER_NONE;

	if (triggered && json_object_get(d->root, "occurrence") != NULL)
		return stw_fail(d->err, STW_INVALID,
		    "/occurrence: leave it out: with a trigger, each time it happens is an "
		    "occurrence");
	return get_rule(d, "occurrence", RULE_STRING, !triggered, &out->occurrence);
}

static enum stw_code
get_names(const struct doc *d, struct campaign *out)
{
	static const char *const keys[] = {"zh", "en", NULL};
	json_t *name = json_object_get(d->root, "name");
	enum stw_code rc;

	if (!json_is_object(name))
		return stw_fail(d->err, STW_INVALID,
		    "/name: must be {\"zh\": \"...\", \"en\": \"...\"}");
	rc = check_keys(d, name, "/name", keys);
	if (rc == STW_OK)
		rc = get_text(d, name, "/name", "zh", true, &out->name_zh);
	if (rc == STW_OK)
		rc = get_text(d, name, "/name", "en", true, &out->name_en);
	return rc;
}

static enum stw_code
get_code(const struct doc *d, struct campaign *out)
{
	enum stw_code rc = get_text(d, d->root, "", "code", true, &out->code);
	size_t len;

	if (rc != STW_OK)
		return rc;
	len = strlen(out->code);
	if (len > 63 || out->code[0] < 'a' || out->code[0] > 'z' ||
	    strspn(out->code, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
		return stw_fail(d->err, STW_INVALID,
		    "/code: '%.80s': lower-case letters, digits and _, a letter first, up to 63",
		    out->code);
	return STW_OK;
}

static enum stw_code
get_flag(const struct doc *d, const char *key, bool *out)
{
	json_t *value = json_object_get(d->root, key);

	*out = json_is_true(value);
	if (value != NULL && !json_is_boolean(value))
		return stw_fail(d->err, STW_INVALID, "/%s: must be true or false", key);
	return STW_OK;
}

/* Packs name the kinds, so any word may be one. */
#define SENSITIVE_MAX 16

static enum stw_code
get_sensitive(const struct doc *d, struct campaign *out)
{
	json_t *list = json_object_get(d->root, "sensitive");
	const char **kinds;

	if (list == NULL)
		return STW_OK;
	if (!json_is_array(list) || json_array_size(list) > SENSITIVE_MAX)
		return stw_fail(d->err, STW_INVALID,
		    "/sensitive: must be a list of up to %d kinds, such as "
		    "[\"financial_account\"]",
		    SENSITIVE_MAX);
	kinds = arena_array(d->arena, json_array_size(list), sizeof *kinds);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *kind = json_string_value(json_array_get(list, i));

		if (kind == NULL || !plain_word(kind))
			return stw_fail(d->err, STW_INVALID,
			    "/sensitive/%zu: lower-case letters, digits and _, a letter "
			    "first, up to 63",
			    i);
		kinds[i] = arena_strdup(d->arena, kind);
	}
	out->sensitive = kinds;
	out->nsensitive = (int)json_array_size(list);
	return STW_OK;
}

/* What the contact is for within its purpose; the gate reads both from the stored document. */
static enum stw_code
check_stage_and_subject(const struct doc *d)
{
	const char *subject;
	enum stw_code rc = check_word(d, d->root, "", "stage", stages);

	if (rc == STW_OK)
		rc = get_text(d, d->root, "", "subject", false, &subject);
	if (rc == STW_OK && subject != NULL && !plain_word(subject))
		rc = stw_fail(d->err, STW_INVALID,
		    "/subject: lower-case letters, digits and _, a letter first, up to 63");
	return rc;
}

static enum stw_code
get_all(const struct doc *d, struct campaign *out)
{
	enum stw_code rc = check_keys(d, d->root, "", root_keys);

	if (rc == STW_OK)
		rc = get_code(d, out);
	if (rc == STW_OK)
		rc = get_names(d, out);
	if (rc == STW_OK)
		rc = get_word(d, d->root, "", "purpose", purposes, &out->purpose);
	if (rc == STW_OK)
		rc = get_text(d, d->root, "", "product", false, &out->product);
	if (rc == STW_OK)
		rc = get_flag(d, "uses_profile", &out->uses_profile);
	if (rc == STW_OK)
		rc = get_sensitive(d, out);
	if (rc == STW_OK)
		rc = check_stage_and_subject(d);
	if (rc == STW_OK)
		rc = get_int(d, d->root, "", "priority", 0, 1000, 500, &out->priority);
	if (rc == STW_OK)
		rc = get_int(
		    d, d->root, "", "hold_out_bp", 0, 5000, 0, &out->hold_out_bp);
	if (rc == STW_OK)
		rc = get_rule(d, "audience", RULE_BOOL, true, &out->audience);
	if (rc == STW_OK)
		rc = get_trigger(d, &out->trigger);
	if (rc == STW_OK)
		rc = get_occurrence(d, out);
	if (rc == STW_OK)
		rc = get_rule(d, "value", RULE_INT, false, &out->value);
	if (rc == STW_OK)
		rc = get_step(d, &out->step);
	return rc;
}

enum stw_code
campaign_parse(struct str text, const struct rule_env *env, struct arena *arena,
    struct campaign *out, struct buf *canonical, struct stw_err *err)
{
	struct doc d = {.env = env, .arena = arena, .err = err};
	struct campaign campaign = {0};
	unsigned char hash[crypto_hash_sha256_BYTES];
	json_error_t where;
	char *sorted;
	enum stw_code rc;

	memset(out, 0, sizeof *out);
	if (text.len > 256 * 1024)
		return stw_fail(
		    err, STW_INVALID, "a campaign document has at most 256 KiB");
	d.root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &where);
	if (d.root == NULL)
		return stw_fail_at(err, STW_INVALID, where.line, where.column,
		    "not JSON: %s", where.text);
	if (!json_is_object(d.root)) {
		json_decref(d.root);
		return stw_fail(
		    err, STW_INVALID, "a campaign document is a JSON object");
	}
	rc = get_all(&d, &campaign);
	if (rc == STW_OK) {
		sorted = json_dumps(d.root, JSON_SORT_KEYS | JSON_COMPACT);
		STW_ASSERT(sorted != NULL);
		crypto_hash_sha256(hash, (const unsigned char *)sorted, strlen(sorted));
		(void)sodium_bin2hex(
		    campaign.hash_hex, sizeof campaign.hash_hex, hash, sizeof hash);
		if (canonical != NULL)
			buf_add_c(canonical, sorted);
		free(sorted);
		*out = campaign;
	}
	json_decref(d.root);
	return rc;
}

static bool
copy_text(json_t *object, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	to[0] = '\0';
	if (text == NULL)
		return true;
	if (strlen(text) >= size)
		return false;
	memcpy(to, text, strlen(text) + 1);
	return true;
}

enum stw_code
campaign_refs_read(struct str document, struct campaign_refs *out, struct stw_err *err)
{
	json_error_t where;
	json_t *root = json_loadb(document.ptr, document.len, 0, &where);
	json_t *step = json_object_get(root, "step");
	bool ok;

	if (root == NULL)
		return stw_fail_at(err, STW_INVALID, where.line, where.column,
		    "not JSON: %s", where.text);
	ok = copy_text(step, "queue", out->queue, sizeof out->queue) &&
	     copy_text(step, "number_pool", out->pool, sizeof out->pool) &&
	     copy_text(step, "script", out->script, sizeof out->script) &&
	     copy_text(root, "product", out->product, sizeof out->product);
	json_decref(root);
	return ok ? STW_OK
		  : stw_fail(
			err, STW_INVALID, "/step: a name is longer than 127 bytes");
}

bool
campaign_holds_out(const struct campaign *campaign, struct str customer_ref)
{
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES];
	uint32_t draw;

	if (campaign->hold_out_bp == 0)
		return false;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(
	    &state, (const unsigned char *)campaign->code, strlen(campaign->code) + 1);
	crypto_hash_sha256_update(
	    &state, (const unsigned char *)customer_ref.ptr, customer_ref.len);
	crypto_hash_sha256_final(&state, hash);
	draw = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
	       (uint32_t)hash[2] << 8 | hash[3];
	/* 2^32 / 10000 leaves a bias of 2e-6, far below what any hold-out can measure. */
	return draw % 10000 < (uint32_t)campaign->hold_out_bp;
}
