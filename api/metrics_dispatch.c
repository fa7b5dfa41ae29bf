/* What /metrics says of dispatch: each queue as each dispatcher sees it, and the hot table. */
#include "api/app.h"
#include "api/resources.h"
#include "api/server.h"
#include "campaigns/queue_store.h"

/* One metric of all queues. */
struct series {
	const char *name, *kind, *help;
	size_t field; /* an int64_t or int of struct queue_health */
	bool narrow;  /* int */
};

#define COUNT(name, member, help)                                               \
	{                                                                       \
		name, "counter", help, offsetof(struct queue_health, member), 0 \
	}
#define GAUGE(name, member, help)                                             \
	{                                                                     \
		name, "gauge", help, offsetof(struct queue_health, member), 1 \
	}

static const struct series all_series[] = {
    GAUGE(
	"steward_queue_in_flight", in_flight, "Pushes gated, sent or not yet settled."),
    GAUGE("steward_queue_concurrency", concurrency,
	"Pushes that may be in flight now; 0: the queue is dead."),
    COUNT("steward_queue_sent_total", sent, "Requests, repeats too."),
    COUNT("steward_queue_accepted_total", accepted, "Taken by the queue."),
    COUNT("steward_queue_retried_total", retried, "Not taken; tried again later."),
    COUNT("steward_queue_refused_total", refused, "Refused for good."),
    COUNT("steward_queue_unknown_total", unknown,
	"Sent, and nobody knows whether it arrived."),
    COUNT("steward_queue_stale_total", stale, "Answers after the lease was lost."),
    COUNT("steward_queue_dead_letters_total", dead, "Tries used up."),
};

static int64_t
value_of(const struct series *s, const struct queue_health *h)
{
	const char *at = (const char *)h + s->field;

	return s->narrow ? *(const int *)(const void *)at
			 : *(const int64_t *)(const void *)at;
}

static void
write_series(const struct series *s, const struct queue_health *health, int count,
    struct buf *to)
{
	buf_printf(
	    to, "# HELP %s %s\n# TYPE %s %s\n", s->name, s->help, s->name, s->kind);
	for (int i = 0; i < count; i++)
		buf_printf(to, "%s{queue=\"%s\",worker=\"%s\"} %lld\n", s->name,
		    health[i].queue, health[i].worker,
		    (long long)value_of(s, &health[i]));
}

static enum stw_code
write_hot_table(struct api_request *req, struct stw_err *err)
{
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query_one(req->db, DB_Q_HOT_TABLE, NULL, 0, &rows, err);

	if (rc == STW_OK)
		buf_printf(&req->answer,
		    "# TYPE steward_hot_table_rows gauge\nsteward_hot_table_rows %lld\n"
		    "# HELP steward_hot_table_dead_rows Rows of task_ready that vacuum has "
		    "still to take away.\n"
		    "# TYPE steward_hot_table_dead_rows gauge\n"
		    "steward_hot_table_dead_rows %lld\n"
		    "# HELP steward_oldest_snapshot_seconds Age of the transaction that "
		    "keeps vacuum from it.\n"
		    "# TYPE steward_oldest_snapshot_seconds gauge\n"
		    "steward_oldest_snapshot_seconds %lld\n",
		    (long long)db_get_i64(rows, 0, 0),
		    (long long)db_get_i64(rows, 0, 1),
		    (long long)db_get_i64(rows, 0, 2));
	db_rows_free(rows);
	return rc;
}

enum stw_code
v1_metrics_dispatch(struct api_request *req, struct stw_err *err)
{
	struct queue_health *health;
	int64_t skew = atomic_load(&req->server->metrics.clock_skew);
	enum stw_code rc;
	int count;

	rc = queue_health_list(req->db, NULL, &req->arena, &health, &count, err);
	if (rc != STW_OK)
		return rc;
	for (size_t i = 0; i < STW_ARRAY_LEN(all_series); i++)
		write_series(&all_series[i], health, count, &req->answer);
	buf_printf(&req->answer,
	    "# HELP steward_clock_skew_microseconds By how much the database's clock is "
	    "ahead; beyond two seconds nothing is dispatched.\n"
	    "# TYPE steward_clock_skew_microseconds gauge\n"
	    "steward_clock_skew_microseconds %lld\n",
	    (long long)skew);
	return write_hot_table(req, err);
}
