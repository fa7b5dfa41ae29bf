#include "campaigns/compliance/pack_check.h"

#include "campaigns/compliance/gate_priv.h"

static enum stw_code
load_alone(const struct pack_files *files, struct ruleset **out, struct stw_err *err)
{
	const struct pack_source source = {
	    {files->id, files->version, STW_USEC_NEVER, STW_USEC_MAX}, files, NULL};

	return ruleset_load_sources(&source, 1, out, err);
}

enum stw_code
pack_files_check(const struct pack_files *files, int *nrules, struct stw_err *err)
{
	struct ruleset *rules;
	enum stw_code rc = load_alone(files, &rules, err);

	if (rc == STW_OK && nrules != NULL)
		*nrules = rules->nitems;
	ruleset_free(rules);
	return rc;
}

enum stw_code
pack_files_covers(const struct pack_files *files, stw_day today, struct arena *arena,
    struct pack_cover **out, int *count, struct stw_err *err)
{
	const struct pack_cover *all;
	struct ruleset *rules;
	enum stw_code rc = load_alone(files, &rules, err);
	int n;

	*out = NULL;
	*count = 0;
	if (rc != STW_OK)
		return rc;
	n = ruleset_covers(rules, &all);
	*out = arena_array(arena, (size_t)n, sizeof **out);
	for (int i = 0; i < n; i++) {
		struct pack_cover *c = &(*out)[*count];

		if (pack_cover_enough(&all[i], today))
			continue;
		*c = all[i];
		c->pack = arena_strdup(arena, c->pack);
		c->calendar = arena_strdup(arena, c->calendar);
		++*count;
	}
	ruleset_free(rules);
	return STW_OK;
}

bool
pack_cover_enough(const struct pack_cover *cover, stw_day today)
{
	return cover->from <= today &&
	       cover->to >= stw_day_add_months(today, PACK_COVER_MONTHS);
}

enum stw_code
pack_files_test(const struct pack_files *files, int *passed, struct stw_err *err)
{
	return pack_tests_run_files(files, NULL, NULL, passed, err);
}
