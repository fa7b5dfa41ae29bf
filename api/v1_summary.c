/* What compliance looks at, on one page. */
#include <string.h>

#include "api/resources.h"
#include "campaigns/summary_store.h"
#include "campaigns/withdrawal_store.h"

#define DAYS 30

/* The share in parts of 10,000; null of nothing. */
static json_t *
per_10k(int64_t count, int64_t of)
{
	return of > 0 ? json_integer(count * 10000 / of) : json_null();
}

static const struct summary_row *
whole(const struct summary_row *rows, int count, const char *section)
{
	static const struct summary_row nothing = {"", NULL, 0, 0};

	for (int i = 0; i < count; i++)
		if (rows[i].key == NULL && strcmp(rows[i].section, section) == 0)
			return &rows[i];
	return &nothing;
}

/* attempts: what incidents are counted against; 0: their own `of` counts. */
static json_t *
section_json(const struct summary_row *rows, int count, const char *section,
    const char *name, int64_t attempts)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		int64_t of = attempts > 0 ? attempts : rows[i].of;
		json_t *v;

		if (rows[i].key == NULL || strcmp(rows[i].section, section) != 0)
			continue;
		v = json_object();
		json_put(v, name, json_text(rows[i].key));
		json_put(v, "count", json_integer(rows[i].count));
		json_put(v, "per_10k_attempts", per_10k(rows[i].count, of));
		json_push(list, v);
	}
	return list;
}

static json_t *
counts_json(const struct summary_row *rows, int count, const char *section)
{
	json_t *v = json_object();

	for (int i = 0; i < count; i++)
		if (rows[i].key != NULL && strcmp(rows[i].section, section) == 0)
			json_put(v, rows[i].key, json_integer(rows[i].count));
	return v;
}

static int64_t
late_contacts(const struct summary_row *rows, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(rows[i].section, "incidents") == 0 &&
		    strcmp(rows[i].key, "LATE_WITHDRAWAL_CONTACT") == 0)
			return rows[i].count;
	return 0;
}

static json_t *
opt_out_json(const struct withdrawal_lags *lags)
{
	json_t *v = json_object();

	json_put(v, "withdrawals", json_integer(lags->withdrawals));
	json_put(v, "pending", json_integer(lags->pending));
	json_put(v, "p50_usec", json_integer(lags->median));
	json_put(v, "p99_usec", json_integer(lags->p99));
	return v;
}

static json_t *
abandoned_json(const struct summary_row *row)
{
	json_t *v = json_object();

	json_put(v, "abandoned", json_integer(row->count));
	json_put(v, "answered", json_integer(row->of));
	json_put(v, "per_10k_answered", per_10k(row->count, row->of));
	return v;
}

static json_t *
summary_json(
    const struct summary_row *rows, int count, const struct withdrawal_lags *lags)
{
	const struct summary_row *attempts = whole(rows, count, "attempts");
	json_t *v = json_object();

	json_put(v, "attempts", json_integer(attempts->count));
	json_put(v, "refused", json_integer(attempts->of - attempts->count));
	json_put(v, "violations",
	    section_json(rows, count, "incidents", "code", attempts->count));
	json_put(v, "opt_out_last_hour", opt_out_json(lags));
	json_put(
	    v, "late_withdrawal_contacts", json_integer(late_contacts(rows, count)));
	json_put(
	    v, "stale_registry_minutes", counts_json(rows, count, "stale_registries"));
	json_put(v, "abandon_rate", abandoned_json(whole(rows, count, "abandoned")));
	json_put(v, "number_labels", counts_json(rows, count, "labels"));
	json_put(
	    v, "complaints", json_integer(whole(rows, count, "complaints")->count));
	json_put(v, "complaints_by_campaign",
	    section_json(rows, count, "complaints", "campaign", 0));
	json_put(v, "overrides", counts_json(rows, count, "overrides"));
	return v;
}

void
v1_compliance_summary(struct api_request *req)
{
	struct withdrawal_lags lags;
	struct summary_row *rows;
	struct stw_err err = {0};
	stw_usec from, to;
	enum stw_code rc;
	int count = 0;
	json_t *v;

	if (!api_query_time(req, "to", req->now, &to) ||
	    !api_query_time(req, "from", to - DAYS * STW_USEC_DAY, &from))
		return;
	rc = compliance_summary(
	    req->db, from, to, req->now, &req->arena, &rows, &count, &err);
	if (rc == STW_OK)
		rc = withdrawal_lags(req->db, &lags, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	v = summary_json(rows, count, &lags);
	json_put(v, "from", json_time(from));
	json_put(v, "to", json_time(to));
	json_put(v, "as_of", json_time(req->now));
	api_reply(req, 200, v);
}
