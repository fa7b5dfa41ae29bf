#include "api/metrics.h"

#include <inttypes.h>

static const stw_usec bounds[METRICS_BUCKETS] = {1000, 2000, 5000, 10000, 25000, 50000,
    100000, 250000, 500000, 1000000, 2500000, 10000000};

static int
bucket_of(stw_usec took)
{
	int b = 0;

	while (b < METRICS_BUCKETS && took > bounds[b])
		b++;
	return b;
}

void
metrics_covered(struct metrics *metrics, stw_usec waited)
{
	atomic_fetch_add(&metrics->covered[bucket_of(waited)], 1);
	atomic_fetch_add(&metrics->covered_usec, (uint64_t)waited);
}

void
metrics_part(struct metrics *metrics, enum metrics_part part, stw_usec took)
{
	uint64_t usec = took > 0 ? (uint64_t)took : 0;

	atomic_fetch_add(&metrics->parts[part][bucket_of(took)], 1);
	atomic_fetch_add(&metrics->parts_usec[part], usec);
	atomic_store(&metrics->parts_last[part], usec);
}

void
metrics_count(struct metrics *metrics, int route, int status, stw_usec took)
{
	int cls = status >= 100 && status < 600 ? status / 100 : 0;

	if (route >= 0 && route < METRICS_ROUTES)
		atomic_fetch_add(&metrics->requests[route][cls], 1);
	else
		atomic_fetch_add(&metrics->unrouted[cls], 1);
	atomic_fetch_add(&metrics->buckets[bucket_of(took)], 1);
	atomic_fetch_add(&metrics->usec_sum, (uint64_t)(took > 0 ? took : 0));
}

static void
write_requests(
    struct metrics *metrics, const struct route *routes, int count, struct buf *to)
{
	buf_add_c(to,
	    "# HELP steward_http_requests_total Requests by route and class of status.\n"
	    "# TYPE steward_http_requests_total counter\n");
	for (int r = 0; r < count && r < METRICS_ROUTES; r++)
		for (int c = 0; c < METRICS_CLASSES; c++) {
			uint64_t n = atomic_load(&metrics->requests[r][c]);

			if (n > 0)
				buf_printf(to,
				    "steward_http_requests_total{method=\"%s\",route=\"%s\","
				    "status=\"%dxx\"} %" PRIu64 "\n",
				    method_name(routes[r].method), routes[r].pattern, c,
				    n);
		}
	for (int c = 0; c < METRICS_CLASSES; c++) {
		uint64_t n = atomic_load(&metrics->unrouted[c]);

		if (n > 0)
			buf_printf(to,
			    "steward_http_requests_total{method=\"\",route=\"\","
			    "status=\"%dxx\"} %" PRIu64 "\n",
			    c, n);
	}
}

/* label: "part=\"stages\"", or "". */
static void
write_series(const char *name, const char *label,
    _Atomic uint64_t buckets[METRICS_BUCKETS + 1], uint64_t sum, struct buf *to)
{
	const char *comma = label[0] == '\0' ? "" : ",";
	const char *open = label[0] == '\0' ? "" : "{";
	const char *close = label[0] == '\0' ? "" : "}";
	uint64_t total = 0;

	for (int b = 0; b < METRICS_BUCKETS; b++) {
		total += atomic_load(&buckets[b]);
		buf_printf(to,
		    "%s_bucket{%s%sle=\"%" PRId64 ".%03" PRId64 "\"} %" PRIu64 "\n",
		    name, label, comma, bounds[b] / STW_USEC_SEC,
		    bounds[b] % STW_USEC_SEC / 1000, total);
	}
	total += atomic_load(&buckets[METRICS_BUCKETS]);
	buf_printf(to,
	    "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n%s_sum%s%s%s %" PRIu64
	    ".%06" PRIu64 "\n%s_count%s%s%s %" PRIu64 "\n",
	    name, label, comma, total, name, open, label, close, sum / 1000000,
	    sum % 1000000, name, open, label, close, total);
}

static void
write_histogram(const char *name, const char *help,
    _Atomic uint64_t buckets[METRICS_BUCKETS + 1], uint64_t sum, struct buf *to)
{
	buf_printf(to, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name);
	write_series(name, "", buckets, sum, to);
}

static const char *const part_labels[METRICS_PARTS] = {
    [METRICS_BOOK] = "part=\"book\"",
    [METRICS_STAGES] = "part=\"stages\"",
    [METRICS_SEGMENTS] = "part=\"segments\"",
    [METRICS_CHANGES] = "part=\"changes\"",
    [METRICS_PLANNING] = "part=\"planning\"",
};

static void
write_parts(struct metrics *metrics, struct buf *to)
{
	buf_add_c(to,
	    "# HELP steward_tick_seconds How long the parts of ticks took; changes: all "
	    "of a tick over customers who just changed.\n"
	    "# TYPE steward_tick_seconds histogram\n");
	for (int p = 0; p < METRICS_PARTS; p++)
		write_series("steward_tick_seconds", part_labels[p], metrics->parts[p],
		    atomic_load(&metrics->parts_usec[p]), to);
	buf_add_c(to, "# HELP steward_tick_last_seconds The same, the newest of each.\n"
		      "# TYPE steward_tick_last_seconds gauge\n");
	for (int p = 0; p < METRICS_PARTS; p++) {
		uint64_t usec = atomic_load(&metrics->parts_last[p]);

		buf_printf(to,
		    "steward_tick_last_seconds{%s} %" PRIu64 ".%06" PRIu64 "\n",
		    part_labels[p], usec / 1000000, usec % 1000000);
	}
}

void
metrics_write(
    struct metrics *metrics, const struct route *routes, int count, struct buf *to)
{
	write_requests(metrics, routes, count, to);
	write_histogram("steward_http_request_seconds", "Time to answer.",
	    metrics->buckets, atomic_load(&metrics->usec_sum), to);
	write_histogram("steward_ledger_cover_seconds",
	    "From an entry's insertion to its coverage, the oldest of each seal.",
	    metrics->covered, atomic_load(&metrics->covered_usec), to);
	write_parts(metrics, to);
	buf_printf(to,
	    "# TYPE steward_http_denied_total counter\n"
	    "steward_http_denied_total %" PRIu64 "\n"
	    "# TYPE steward_http_unauthenticated_total counter\n"
	    "steward_http_unauthenticated_total %" PRIu64 "\n"
	    "# TYPE steward_http_replayed_total counter\n"
	    "steward_http_replayed_total %" PRIu64 "\n"
	    "# TYPE steward_http_throttled_total counter\n"
	    "steward_http_throttled_total %" PRIu64 "\n"
	    "# HELP steward_http_overloaded_total Requests that were refused because too many waited.\n"
	    "# TYPE steward_http_overloaded_total counter\n"
	    "steward_http_overloaded_total %" PRIu64 "\n"
	    "# TYPE steward_http_in_flight gauge\n"
	    "steward_http_in_flight %" PRId64 "\n",
	    atomic_load(&metrics->denied), atomic_load(&metrics->unauthenticated),
	    atomic_load(&metrics->replayed), atomic_load(&metrics->throttled),
	    atomic_load(&metrics->overloaded), atomic_load(&metrics->in_flight));
}
