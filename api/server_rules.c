#include "api/server_rules.h"

#include <stdlib.h>
#include <string.h>

#include "campaigns/compliance/pack_store.h"
#include "engine/log.h"

struct server_ruleset {
	struct ruleset *rules;
	struct server_ruleset *before;
};

void
server_rules_init(struct server_rules *rules)
{
	memset(rules, 0, sizeof *rules);
	rules->stamp = -1;
	STW_ASSERT(pthread_mutex_init(&rules->lock, NULL) == 0);
}

void
server_rules_fini(struct server_rules *rules)
{
	struct server_ruleset *one = rules->newest;

	while (one != NULL) {
		struct server_ruleset *before = one->before;

		ruleset_free(one->rules);
		free(one);
		one = before;
	}
	ruleset_free(rules->none);
	(void)pthread_mutex_destroy(&rules->lock);
	memset(rules, 0, sizeof *rules);
}

/* A calendar that ends soon: contacts on days it does not know are held for review. */
static void
covers_tell(const struct ruleset *rules, stw_usec now)
{
	stw_day today = (stw_day)(now / STW_USEC_DAY);
	const struct pack_cover *covers;
	int n = ruleset_covers(rules, &covers);

	for (int i = 0; i < n; i++) {
		char to[STW_DAY_TEXT];

		if (!pack_cover_enough(&covers[i], today))
			log_event(LOG_WARN, "calendar_ends",
			    "pack=%s calendar=%s to=%s", covers[i].pack,
			    covers[i].calendar, stw_day_format(covers[i].to, to));
	}
}

static enum stw_code
load(struct server_rules *rules, struct db *db, int64_t stamp, stw_usec now,
    struct stw_err *err)
{
	struct server_ruleset *one;
	struct ruleset *fresh;
	enum stw_code rc = pack_rules_load(db, &fresh, err);

	if (rc != STW_OK) {
		if (rules->newest == NULL)
			return rc;
		log_err(LOG_ERROR, "packs_refused", err);
		/* what is refused once is refused again; what was away may be back */
		if (rc == STW_INVALID)
			rules->stamp = stamp;
		return STW_OK;
	}
	one = stw_xalloc(sizeof *one);
	*one = (struct server_ruleset){fresh, rules->newest};
	rules->newest = one;
	rules->stamp = stamp;
	log_event(LOG_INFO, "packs_loaded", "ruleset=%.16s", ruleset_hash(fresh, now));
	covers_tell(fresh, now);
	return STW_OK;
}

enum stw_code
server_rules_get(struct server_rules *rules, struct db *db, stw_usec now,
    const struct ruleset **out, struct stw_err *err)
{
	int64_t stamp;
	enum stw_code rc = pack_rules_stamp(db, &stamp, err);

	*out = NULL;
	if (rc != STW_OK)
		return rc;
	(void)pthread_mutex_lock(&rules->lock);
	if (rules->newest == NULL || stamp != rules->stamp)
		rc = load(rules, db, stamp, now, err);
	if (rc == STW_OK)
		*out = rules->newest->rules;
	(void)pthread_mutex_unlock(&rules->lock);
	return rc;
}

const struct ruleset *
server_rules_none(struct server_rules *rules)
{
	struct stw_err err;

	(void)pthread_mutex_lock(&rules->lock);
	if (rules->none == NULL)
		STW_ASSERT(ruleset_load(NULL, 0, &rules->none, &err) == STW_OK);
	(void)pthread_mutex_unlock(&rules->lock);
	return rules->none;
}
