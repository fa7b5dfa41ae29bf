#include "api/query_names.h"

#include <string.h>

#include <jansson.h>
#include <microhttpd.h>

#include "engine/embed.h"

#define NAMES_MAX 64

/* A parameter of the document, or the shared one that it refers to. */
static json_t *
parameter_of(json_t *doc, json_t *one)
{
	static const char prefix[] = "#/components/parameters/";
	const char *ref = json_string_value(json_object_get(one, "$ref"));
	json_t *shared;

	if (ref == NULL)
		return one;
	shared = json_object_get(json_object_get(doc, "components"), "parameters");
	return strncmp(ref, prefix, sizeof prefix - 1) == 0
		   ? json_object_get(shared, ref + sizeof prefix - 1)
		   : NULL;
}

static enum stw_code
names_of(json_t *doc, const struct route *route, struct arena *arena,
    const char *const **out, struct stw_err *err)
{
	static const char *const methods[METHODS] = {"get", "post", "put"};
	json_t *path = json_object_get(json_object_get(doc, "paths"), route->pattern);
	json_t *operation = json_object_get(path, methods[route->method]);
	json_t *list = json_object_get(operation, "parameters"), *one;
	const char **names =
	    arena_array(arena, json_array_size(list) + 1, sizeof *names);
	size_t i, n = 0;

	if (operation == NULL || json_array_size(list) > NAMES_MAX)
		return stw_fail(err, STW_BUG,
		    "api/openapi.json: no %s %s, or one with too much",
		    method_name(route->method), route->pattern);
	json_array_foreach(list, i, one)
	{
		json_t *p = parameter_of(doc, one);
		const char *in = json_string_value(json_object_get(p, "in"));
		const char *name = json_string_value(json_object_get(p, "name"));

		if (in == NULL || name == NULL)
			return stw_fail(err, STW_BUG,
			    "api/openapi.json: a parameter of %s has no name",
			    route->pattern);
		if (strcmp(in, "query") == 0)
			names[n++] = arena_strdup(arena, name);
	}
	names[n] = NULL;
	*out = names;
	return STW_OK;
}

enum stw_code
query_names_open(struct query_names *names, const struct route *routes, int count,
    struct stw_err *err)
{
	const struct embed_file *file = embed_find("api/openapi.json");
	json_t *doc = file == NULL ? NULL : json_loadb(file->data, file->len, 0, NULL);
	enum stw_code rc = STW_OK;

	arena_init(&names->arena);
	names->of = arena_array(&names->arena, (size_t)count + 1, sizeof *names->of);
	if (doc == NULL)
		rc = stw_fail(err, STW_BUG, "api/openapi.json cannot be read");
	for (int i = 0; i < count && rc == STW_OK; i++)
		rc = names_of(doc, &routes[i], &names->arena, &names->of[i], err);
	json_decref(doc);
	return rc;
}

void
query_names_close(struct query_names *names)
{
	if (names->of != NULL)
		arena_fini(&names->arena);
	names->of = NULL;
}

/* ---- a request ------------------------------------------------------------------------ */
struct look {
	struct api_request *req;
	const char *const *names;
	uint64_t seen; /* bits of names */
};

static const char *
listed(const char *const *names, struct arena *arena)
{
	const char *list = "";

	for (; *names != NULL; names++)
		list = arena_printf(
		    arena, "%s%s%s", list, list[0] == '\0' ? "" : ", ", *names);
	return list;
}

static void
refuse_name(const struct look *look, const char *name)
{
	if (!utf8_valid(str_of(name)))
		name = "?";
	if (look->names[0] == NULL)
		api_problem(look->req, 400, "UNKNOWN_PARAMETER", NULL,
		    "query parameter %.60s: this path takes none", name);
	else
		api_problem(look->req, 400, "UNKNOWN_PARAMETER", NULL,
		    "query parameter %.60s: there is no such one here; there are %s",
		    name, listed(look->names, &look->req->arena));
}

static enum MHD_Result
look_at(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct look *look = cls;
	int i = 0;

	(void)kind;
	while (look->names[i] != NULL && strcmp(look->names[i], name) != 0)
		i++;
	if (look->names[i] == NULL) {
		refuse_name(look, name);
		return MHD_NO;
	}
	if (value == NULL || (look->seen >> i & 1) != 0) {
		api_problem(look->req, 400, "INVALID_REQUEST", NULL,
		    value == NULL ? "query parameter %s: has no value"
				  : "query parameter %s: is there twice",
		    name);
		return MHD_NO;
	}
	look->seen |= (uint64_t)1 << i;
	return MHD_YES;
}

bool
query_names_check(const struct query_names *names, struct api_request *req)
{
	struct look look = {.req = req, .names = names->of[req->match.index]};

	(void)MHD_get_connection_values(
	    req->connection, MHD_GET_ARGUMENT_KIND, look_at, &look);
	return req->status == 0;
}
