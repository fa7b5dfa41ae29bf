/* Reads the trait catalogue: a document of the binary, but checked like any other. */
#include <string.h>

#include <jansson.h>

#include "engine/embed.h"
#include "segments/suggest.h"
#include "segments/trait.h"
#include "segments/unpack_json.h"

#define MAX_TEXT 200 /* bytes */

static const struct {
	const char *name;
	enum col_type type;
} types[] = {{"bool", COL_BOOL}, {"int", COL_INT}, {"double", COL_DOUBLE},
    {"string", COL_STRING}, {"date", COL_DATE}, {"timestamp", COL_TIMESTAMP},
    {"money", COL_MONEY}};

static const char *const sensitivities[] = {
    [TRAIT_SENSITIVE] = "sensitive",
    [TRAIT_PERSONAL] = "personal",
    [TRAIT_ORDINARY] = "ordinary",
};

const char *
trait_type_name(enum col_type type)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(types); i++) {
		if (types[i].type == type)
			return types[i].name;
	}
	return "none";
}

const char *
trait_sensitivity_name(enum trait_sensitivity of)
{
	return sensitivities[of];
}

enum col_type
trait_type_find(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	}
	return COL_NONE;
}

static bool
sensitivity_parse(const char *name, enum trait_sensitivity *out)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(sensitivities); i++) {
		if (strcmp(sensitivities[i], name) == 0) {
			*out = (enum trait_sensitivity)i;
			return true;
		}
	}
	return false;
}

enum stw_code
trait_words_parse(
    struct trait *out, const char *type, const char *sensitivity, struct stw_err *err)
{
	out->type = trait_type_find(type);
	if (out->type == COL_NONE)
		return stw_fail(err, STW_INVALID,
		    "trait %s.%s: no type \"%.40s\"; it is bool, int, double, string, "
		    "date, timestamp or money",
		    out->of, out->name, type);
	if (!sensitivity_parse(sensitivity, &out->sensitivity))
		return stw_fail(err, STW_INVALID,
		    "trait %s.%s: sensitivity is sensitive, personal or ordinary",
		    out->of, out->name);
	return STW_OK;
}

static const char *
copy_or_null(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strdup(arena, text);
}

static enum stw_code
trait_parse(json_t *item, size_t at, struct arena *arena, struct trait *out,
    struct stw_err *err)
{
	const char *of, *name, *type, *source, *sensitivity, *zh, *en;
	const char *unit = NULL, *rule = NULL;
	char said[UNPACK_FAULT];
	json_error_t fault;

	if (json_unpack_ex(item, &fault, JSON_STRICT,
		"{s:s, s:s, s:s, s?s, s:s, s:s, s:s, s:s, s?s}", "of", &of, "name",
		&name, "type", &type, "unit", &unit, "source", &source, "sensitivity",
		&sensitivity, "zh", &zh, "en", &en, "rule", &rule) != 0)
		return stw_fail(err, STW_INVALID, "traits[%zu]: %s", at,
		    unpack_fault(fault.text, said));
	*out = (struct trait){
	    .of = arena_strdup(arena, of),
	    .name = arena_strdup(arena, name),
	    .unit = copy_or_null(arena, unit),
	    .source = arena_strdup(arena, source),
	    .zh = arena_strdup(arena, zh),
	    .en = arena_strdup(arena, en),
	    .rule = copy_or_null(arena, rule),
	};
	if (rule != NULL && strcmp(of, "customer") != 0)
		return stw_fail(err, STW_INVALID,
		    "trait %s.%s: only traits of customers are derived by a rule", of,
		    name);
	return trait_words_parse(out, type, sensitivity, err);
}

static bool
text_fits(const char *text)
{
	return text[0] != '\0' && strlen(text) <= MAX_TEXT;
}

/* *name: of where the document came from; NULL: the document's own. */
static enum stw_code
check_name(const char *own_name, const char **name, struct stw_err *err)
{
	if (*name != NULL && own_name != NULL && strcmp(*name, own_name) != 0)
		return stw_fail(err, STW_INVALID,
		    "name: the document is of %.63s, and %.63s is to be saved",
		    own_name, *name);
	if (*name == NULL)
		*name = own_name;
	if (*name == NULL)
		return stw_fail(err, STW_INVALID, "name: is missing");
	if (!code_valid(str_of(*name)))
		return stw_fail(err, STW_INVALID,
		    "a trait's name: small letters, digits and _, at most 63, a letter "
		    "first");
	return STW_OK;
}

static enum stw_code
check_source(
    const char *name, const char *source, const char *rule, struct stw_err *err)
{
	bool fed = strcmp(source, "feed") == 0;

	if (!fed && strcmp(source, "derived") != 0)
		return stw_fail(err, STW_INVALID,
		    "trait %s: source is \"derived\" (by a rule) or \"feed\"", name);
	if (fed && rule != NULL)
		return stw_fail(err, STW_INVALID,
		    "trait %s: its values come from a feed, so it has no rule", name);
	if (!fed && rule == NULL)
		return stw_fail(err, STW_INVALID,
		    "trait %s: rule is missing; a trait whose values a feed brings says "
		    "\"source\": \"feed\"",
		    name);
	return STW_OK;
}

enum stw_code
trait_document_parse(struct str json, const char *name, struct arena *arena,
    struct trait *out, struct stw_err *err)
{
	const char *type, *sensitivity, *zh, *en, *rule = NULL, *unit = NULL;
	const char *own_name = NULL, *source = "derived";
	char said[UNPACK_FAULT];
	json_error_t fault;
	json_t *root;
	enum stw_code rc;

	*out = (struct trait){0};
	if (json.len > TRAIT_MAX_DOCUMENT)
		return stw_fail(err, STW_INVALID, "the trait is longer than 64 KiB");
	root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &fault);
	if (root == NULL)
		return stw_fail_at(
		    err, STW_INVALID, fault.line, fault.column, "%s", fault.text);
	if (json_unpack_ex(root, &fault, JSON_STRICT,
		"{s?s, s:s, s?s, s?s, s:s, s:s, s:s, s?s}", "name", &own_name, "type",
		&type, "unit", &unit, "source", &source, "sensitivity", &sensitivity,
		"zh", &zh, "en", &en, "rule", &rule) != 0) {
		rc = stw_fail(err, STW_INVALID, "trait %s: %s",
		    name == NULL ? "" : name, unpack_fault(fault.text, said));
		goto done;
	}
	rc = check_name(own_name, &name, err);
	if (rc == STW_OK)
		rc = check_source(name, source, rule, err);
	if (rc != STW_OK)
		goto done;
	if (!text_fits(zh) || !text_fits(en) || (unit != NULL && !text_fits(unit))) {
		rc = stw_fail(err, STW_INVALID,
		    "trait %s: zh, en and unit have 1 to %d bytes", name, MAX_TEXT);
		goto done;
	}
	*out = (struct trait){
	    .of = "customer",
	    .name = arena_strdup(arena, name),
	    .unit = copy_or_null(arena, unit),
	    .source = rule == NULL ? "feed" : "derived",
	    .zh = arena_strdup(arena, zh),
	    .en = arena_strdup(arena, en),
	    .rule = copy_or_null(arena, rule),
	    .own = true,
	};
	rc = trait_words_parse(out, type, sensitivity, err);
done:
	json_decref(root);
	return rc;
}

enum stw_code
trait_catalogue_parse(struct str json, struct arena *arena, struct trait_catalogue *out,
    struct stw_err *err)
{
	json_error_t fault;
	json_t *root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &fault);
	json_t *items, *item;
	struct trait *traits;
	enum stw_code rc = STW_OK;
	size_t at;
	int n = 0;

	*out = (struct trait_catalogue){0};
	if (root == NULL)
		return stw_fail_at(
		    err, STW_INVALID, fault.line, fault.column, "%s", fault.text);
	items = json_object_get(root, "traits");
	if (!json_is_array(items)) {
		rc = stw_fail(err, STW_INVALID, "traits: an array is wanted");
		goto done;
	}
	traits = arena_array(arena, json_array_size(items), sizeof *traits);
	json_array_foreach(items, at, item)
	{
		rc = trait_parse(item, at, arena, &traits[n], err);
		if (rc != STW_OK)
			goto done;
		*out = (struct trait_catalogue){traits, n};
		if (trait_find(out, traits[n].of, traits[n].name) != NULL) {
			rc = stw_fail(err, STW_INVALID, "trait %s.%s is declared twice",
			    traits[n].of, traits[n].name);
			goto done;
		}
		n++;
	}
	*out = (struct trait_catalogue){traits, n};
done:
	if (rc != STW_OK)
		*out = (struct trait_catalogue){0};
	json_decref(root);
	return rc;
}

enum stw_code
trait_catalogue_builtin(
    struct arena *arena, struct trait_catalogue *out, struct stw_err *err)
{
	const struct embed_file *file = embed_find("segments/traits.json");

	STW_ASSERT(file != NULL);
	return trait_catalogue_parse(
	    (struct str){file->data, file->len}, arena, out, err);
}
