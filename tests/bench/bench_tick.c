/*
 * bench_tick.c - a tick over everybody after a few have changed, part by part.
 *
 *   bench_tick [--customers N] [--segments N] [--permille N] [--rounds N] [--most MSEC]
 *
 * Fills a database with made-up customers and follows its change stream, as the server
 * does. Then: one tick that writes all memberships, and rounds, in each of which so many of
 * a thousand customers change in the database and a tick over everybody follows. A round
 * prints where the time of the tick went, how much it wrote, and, from the same moment,
 * a bare COPY of rows like those it wrote into a table of the same indexes, and the same
 * tick with nothing kept: book loaded, memberships read. The server syncs its commits.
 * --most: exit 1 when the median tick takes longer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/tick.h"
#include "engine/log.h"
#include "segments/lifecycle_model_store.h"
#include "tests/lib/bench_people.h"
#include "tests/lib/cluster.h"

#define NOW        INT64_C(1795399200000000)
#define ROUNDS_MAX 20
#define WAIT_MSEC  3600000 /* ten million need minutes to catch up */
#define SETTLED    8       /* ticks until nobody moves any more */

struct bench {
	long customers, segments, permille, rounds, most;
	struct test_db t;
	struct stw_clock clock;
	struct book_live *live;
	struct member_image members;
	stw_usec now;
};

static void
fail(const char *what, const struct stw_err *err)
{
	(void)fprintf(stderr, "bench_tick: %s: %s\n", what, err->text);
	exit(1);
}

static double
msec(stw_usec usec)
{
	return (double)usec / 1e3;
}

/* Of this process, all its threads: the server's comes on top. */
static double
cpu_msec(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* ---- what is asked of customers ------------------------------------------------------ */
/* About one in thirty is in each; a fifth of them look at rows of other tables. */
static void
write_rule(struct buf *to, long i)
{
	static const char *const tiers[] = {"普通", "金卡", "白金", "私行"};
	static const char *const places[] = {
	    "上海", "北京", "广东", "浙江", "江苏", "四川", "湖北", "新疆"};
	static const char *const kinds[] = {
	    "deposit", "fund", "wealth", "insurance", "account"};
	const char *tier = tiers[i % 4], *place = places[i / 4 % 8],
		   *kind = kinds[i % 5];

	switch (i % 10) {
	case 0:
	case 1:
		buf_printf(to,
		    "customer.tier == \"%s\" && customer.province == \"%s\" && "
		    "customer.risk_rating >= %ld",
		    tier, place, 2 + i % 3);
		break;
	case 2:
	case 3:
		buf_printf(to,
		    "customer.aum >= money(\"%ld\") && customer.province in [\"%s\", \"%s\"] "
		    "&& customer.age > %ld",
		    800000 + i * 5000, place, places[(i + 3) % 8], 30 + i % 30);
		break;
	case 4:
		buf_printf(to,
		    "holdings.exists(h, h.open && h.kind == \"%s\" && h.amount > "
		    "money(\"%ld\")) && customer.tier == \"%s\"",
		    kind, 500000 + i * 2000, tier);
		break;
	case 5:
		buf_printf(to,
		    "transactions.exists(t, t.kind == \"redemption\" && t.amount > "
		    "money(\"%ld\") && t.at > now - days(%ld)) && customer.risk_rating == %ld",
		    20000 + i * 100, 90 + i, 1 + i % 5);
		break;
	case 6:
		buf_printf(to,
		    "customer.net_flow_90d < money(\"-%ld\") && customer.tier != \"%s\" && "
		    "!customer.complaint_open",
		    20000 + i * 150, tier);
		break;
	case 7:
		buf_printf(to,
		    "has(customer.next_maturity_on) && days_until(customer.next_maturity_on) "
		    "<= %ld && customer.tier == \"%s\"",
		    30 + i, tier);
		break;
	case 8:
		buf_printf(to,
		    "customer.ref in segment(\"bench_%ld\") && customer.gender == \"female\"",
		    i - 8);
		break;
	default:
		buf_printf(to,
		    "customer.city == \"市%ld\" || (customer.branch == \"B%ld\" && "
		    "customer.complaints_90d > 0)",
		    i % 120, i * 3 % 400);
		break;
	}
}

static void
install_rules(struct bench *b)
{
	struct stw_err err = {0};
	bool installed;
	struct buf rule;

	if (lifecycle_store_install(b->t.db, "bench", NOW, &installed, &err) != STW_OK)
		fail("model", &err);
	buf_init(&rule);
	for (long i = 0; i < b->segments; i++) {
		struct segment_def def = {.name_zh = "量", .name_en = "bench"};
		char code[32];
		int version;

		(void)snprintf(code, sizeof code, "bench_%ld", i);
		buf_clear(&rule);
		write_rule(&rule, i);
		def.code = code;
		def.rule = rule.data;
		if (segment_store_save(b->t.db, &def, "bench", NOW, &version, &err) !=
		    STW_OK)
			fail(code, &err);
	}
	buf_fini(&rule);
}

/* ---- ticks ----------------------------------------------------------------------------- */
struct took {
	stw_usec all;
	int64_t stages, entered, left, members, undecided;
};

static struct took
tick(struct bench *b, bool kept, const char *what)
{
	const struct tick_options options = {.now = b->now,
	    .live = kept ? b->live : NULL,
	    .members = kept ? &b->members : NULL};
	stw_usec began = stw_monotonic();
	double cpu = cpu_msec();
	struct tick_result r;
	struct stw_err err = {0};
	struct took took = {0};

	if (tick_run(b->t.db, NULL, &options, &r, &err) != STW_OK)
		fail(what, &err);
	took.all = stw_monotonic() - began;
	took.stages = r.segments.stage_changes;
	for (int i = 0; i < r.segments.nsegments; i++) {
		const struct tick_segment *s = &r.segments.segments[i];

		if (s->failure != NULL) {
			(void)fprintf(
			    stderr, "bench_tick: %s: %s\n", s->code, s->failure);
			exit(1);
		}
		took.entered += s->entered;
		took.left += s->left;
		took.members += s->matched;
		took.undecided += s->undecided;
	}
	(void)printf(
	    "%s: %.0f ms, our CPU %.0f ms (version and traits %.0f, stage rules %.0f, stages written %.0f, "
	    "memberships read %.0f, segment rules %.0f, differences written %.0f, counts %.0f); "
	    "%lld moved, %lld entered, %lld left, %lld members, %d parts\n",
	    what, msec(took.all), cpu_msec() - cpu, msec(r.load_usec),
	    msec(r.segments.times.stage_rules), msec(r.segments.times.stage_writes),
	    msec(r.segments.times.members_read), msec(r.segments.times.segment_rules),
	    msec(r.segments.times.member_writes), msec(r.segments.times.counts),
	    (long long)took.stages, (long long)took.entered, (long long)took.left,
	    (long long)took.members, r.parts.count);
	(void)fflush(stdout);
	tick_fini(&r);
	return took;
}

/* The newest version has all that was committed by now. */
static void
catch_up(struct bench *b)
{
	struct stw_err err = {0};
	struct book_view *view;
	stw_lsn position;

	if (book_live_position(b->t.db, &position, &err) != STW_OK)
		fail("position", &err);
	view = book_live_view_after(b->live, position, WAIT_MSEC, NULL);
	if (view == NULL)
		fail("no version of the book", &err);
	book_view_unref(view);
}

/* ---- changes ----------------------------------------------------------------------------- */
static void
change_some(struct bench *b, long round)
{
	char sql[1200];

	(void)snprintf(sql, sizeof sql,
	    "UPDATE customer SET tier = (ARRAY['普通','金卡','白金','私行'])"
	    "[1 + (customer_id * 7 + %ld) %% 4], risk_rating = 1 + (risk_rating + %ld) %% 5 "
	    "WHERE (customer_id + %ld) %% 1000 < %ld; "
	    "UPDATE holding SET amount = amount + 15000000 "
	    "WHERE (customer_id + %ld) %% 1000 < %ld AND holding_ref LIKE '%%-1'",
	    round, round, round * b->permille, b->permille, round * b->permille,
	    b->permille);
	test_db_tamper(&b->t, sql);
	catch_up(b);
}

/* Rows like those that the tick wrote, alone, by COPY: what the writing costs at least. */
static stw_usec
bare_copy(struct bench *b, int64_t rows)
{
	stw_usec began;
	char sql[700];

	test_db_tamper(&b->t,
	    "DROP TABLE IF EXISTS bench_copy; "
	    "CREATE TABLE bench_copy (LIKE segment_member INCLUDING ALL)");
	(void)snprintf(sql, sizeof sql,
	    "COPY (SELECT bucket, segment_id, customer_id, entered_at, left_at FROM "
	    "segment_member ORDER BY entered_at DESC, bucket LIMIT %lld) "
	    "TO '/tmp/bench_tick_%d.copy' (FORMAT binary)",
	    (long long)rows, (int)getpid());
	test_db_tamper(&b->t, sql);
	(void)snprintf(sql, sizeof sql,
	    "COPY bench_copy FROM '/tmp/bench_tick_%d.copy' (FORMAT binary)",
	    (int)getpid());
	began = stw_monotonic();
	test_db_tamper(&b->t, sql);
	began = stw_monotonic() - began;
	(void)snprintf(sql, sizeof sql, "/tmp/bench_tick_%d.copy", (int)getpid());
	(void)unlink(sql);
	return began;
}

static int
by_size(const void *a, const void *b)
{
	stw_usec x = *(const stw_usec *)a, y = *(const stw_usec *)b;

	return (x > y) - (x < y);
}

static stw_usec
measure(struct bench *b)
{
	stw_usec ticks[ROUNDS_MAX];

	for (long i = 0; i < b->rounds; i++) {
		struct took kept, fresh;
		stw_usec copy;
		char what[32];

		b->now += STW_USEC_SEC;
		change_some(b, i + 1);
		(void)snprintf(what, sizeof what, "round %ld", i + 1);
		kept = tick(b, true, what);
		ticks[i] = kept.all;
		copy = bare_copy(b, kept.entered + kept.left + kept.stages);
		b->now += STW_USEC_SEC;
		fresh = tick(b, false, "  with nothing kept");
		(void)printf(
		    "  bare COPY of %lld rows: %.0f ms; the tick is %.1f of it, "
		    "and %.2f of the one with nothing kept\n",
		    (long long)(kept.entered + kept.left + kept.stages), msec(copy),
		    (double)kept.all / (double)copy,
		    (double)kept.all / (double)fresh.all);
		if (fresh.entered + fresh.left > 0) {
			(void)fprintf(stderr,
			    "bench_tick: the tick left %lld differences behind\n",
			    (long long)(fresh.entered + fresh.left));
			exit(1);
		}
		catch_up(b);
	}
	qsort(ticks, (size_t)b->rounds, sizeof *ticks, by_size);
	return ticks[b->rounds / 2];
}

/* ---- the whole --------------------------------------------------------------------------- */
static void
start(struct bench *b)
{
	const struct book_live_options options = {.conninfo = b->t.superuser,
	    .slot = "bench_tick",
	    .clock = &b->clock,
	    .periodic_sec = 60};
	struct book_live_stat stat;
	struct stw_err err = {0};

	if (book_live_start(&options, &b->live, &err) != STW_OK)
		fail("keeper", &err);
	catch_up(b);
	book_live_stat(b->live, &stat);
	if (stat.state != BOOK_LIVE_STREAMING) {
		(void)fprintf(stderr, "bench_tick: %s\n", stat.trouble);
		exit(1);
	}
	(void)printf("book: %lld customers, %.0f MB, loaded in %.1f s\n",
	    (long long)stat.view.customers, (double)stat.view.bytes / 1e6,
	    (double)stat.loaded_usec / 1e6);
	(void)fflush(stdout);
}

/* Everybody is where the model wants them and in their segments. */
static void
settle(struct bench *b)
{
	for (int i = 0; i < SETTLED; i++) {
		struct took took;

		b->now += STW_USEC_SEC;
		took = tick(b, true, i == 0 ? "first tick" : "to settle");
		catch_up(b);
		if (took.stages + took.entered + took.left == 0)
			break;
	}
	test_db_tamper(&b->t, "VACUUM ANALYZE segment_member");
	test_db_tamper(&b->t, "CHECKPOINT");
}

static long
number(const char *text, long min, long max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < min || n > max) {
		(void)fprintf(stderr, "bench_tick: %s is no number from %ld to %ld\n",
		    text, min, max);
		exit(2);
	}
	return n;
}

static void
parse(struct bench *b, int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--customers") == 0)
			b->customers = number(argv[i + 1], 1000, 20000000);
		else if (strcmp(argv[i], "--segments") == 0)
			b->segments = number(argv[i + 1], 1, 5000);
		else if (strcmp(argv[i], "--permille") == 0)
			b->permille = number(argv[i + 1], 0, 1000);
		else if (strcmp(argv[i], "--rounds") == 0)
			b->rounds = number(argv[i + 1], 1, ROUNDS_MAX);
		else if (strcmp(argv[i], "--most") == 0)
			b->most = number(argv[i + 1], 0, 3600000);
	}
}

int
main(int argc, char **argv)
{
	struct bench b = {.customers = 100000,
	    .segments = 100,
	    .permille = 10,
	    .rounds = 3,
	    .now = NOW};
	struct rusage usage;
	stw_usec median;

	parse(&b, argc, argv);
	log_set_level(LOG_WARN);
	test_cluster_start_own();
	/* More than a throwaway server has. */
	test_cluster_tune("shared_buffers = '512MB'");
	test_db_open(&b.t);
	clock_set_base(&b.clock, NOW);
	bench_people_fill(&b.t, b.customers);
	test_db_tamper(&b.t, "ALTER SYSTEM SET fsync = on");
	test_db_tamper(&b.t, "ALTER SYSTEM SET synchronous_commit = on");
	test_db_tamper(&b.t, "SELECT pg_reload_conf()");
	install_rules(&b);
	start(&b);
	member_image_init(&b.members);
	settle(&b);
	median = measure(&b);
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf(
	    "%ld customers, %ld segments, %ld in a thousand changed: a tick takes "
	    "%.0f ms; our peak %.0f MB\n",
	    b.customers, b.segments, b.permille, msec(median),
	    (double)usage.ru_maxrss / 1e3);
	member_image_fini(&b.members);
	book_live_stop(b.live);
	test_db_close(&b.t);
	return b.most > 0 && median > b.most * 1000 ? 1 : 0;
}
