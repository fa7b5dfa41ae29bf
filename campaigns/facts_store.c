#include "campaigns/facts_store.h"

#include <stdlib.h>
#include <string.h>

#include "engine/phone.h"

/* No cap of any pack looks further back, nor does any time of quiet after an abandoned
 * call. */
#define COUNTS_KEPT (31 * STW_USEC_DAY)
/* Nor does any time of quiet after a refusal. */
#define REFUSALS_KEPT (400 * STW_USEC_DAY)

static stw_usec
instant_or(const struct db_rows *rows, int r, int col, stw_usec open)
{
	return db_is_null(rows, r, col) ? open : db_get_usec(rows, r, col);
}

/* "from until weekdays" of each window, and the ratings of further holders. */
static void
lists_from(const struct db_rows *rows, int r, struct arena *arena, struct gate_party *p)
{
	size_t nratings, nhours;
	const char **ratings = db_get_texts(rows, r, 21, &nratings, arena);
	const char **hours = db_get_texts(rows, r, 22, &nhours, arena);
	int64_t *joint = arena_array(arena, nratings, sizeof *joint);
	struct gate_preference *asked = arena_array(arena, nhours, sizeof *asked);

	for (size_t i = 0; i < nratings; i++)
		joint[i] = strtol(ratings[i], NULL, 10);
	for (size_t i = 0; i < nhours; i++) {
		char *rest;

		asked[i].start = (int)strtol(hours[i], &rest, 10);
		asked[i].end = (int)strtol(rest, &rest, 10);
		asked[i].weekdays = (unsigned)strtoul(rest, NULL, 10);
	}
	p->joint_ratings = joint;
	p->njoint_ratings = (int)nratings;
	p->preferences = asked;
	p->npreferences = (int)nhours;
}

static void
party_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_customer *c)
{
	struct gate_party *p = &c->party;

	p->customer_id = db_get_i64(rows, r, 0);
	p->bucket = (int)db_get_i64(rows, r, 16);
	c->ref = db_get_text(rows, r, 1, arena);
	p->country = db_get_text(rows, r, 2, arena);
	p->province = db_get_text(rows, r, 3, arena);
	p->dob.known = !db_is_null(rows, r, 4);
	if (p->dob.known)
		p->dob.day = db_get_day(rows, r, 4);
	p->deceased = db_get_bool(rows, r, 5);
	p->incapacity = db_get_bool(rows, r, 6);
	p->fraud_hold = db_get_bool(rows, r, 7);
	p->legal_hold = db_get_bool(rows, r, 8);
	p->complaint_open = db_get_bool(rows, r, 9);
	p->profiling_opt_out = db_get_bool(rows, r, 10);
	p->risk_rating.known = !db_is_null(rows, r, 11);
	p->risk_rating.value = db_get_i64(rows, r, 11);
	p->risk_assessed_on.known = !db_is_null(rows, r, 12);
	if (p->risk_assessed_on.known)
		p->risk_assessed_on.day = db_get_day(rows, r, 12);
	p->risk_valid = db_get_bool(rows, r, 13);
	p->risk_self_completed = p->risk_valid; /* what the column stands for */
	p->risk_employee_device = !p->risk_valid;
	c->zone = db_get_text(rows, r, 14, arena);
	c->zone_verified = db_get_bool(rows, r, 15);
	p->kind = db_get_text(rows, r, 17, arena);
	p->state = db_get_text(rows, r, 18, arena);
	p->means_fen.known = !db_is_null(rows, r, 19);
	p->means_fen.value = db_get_i64(rows, r, 19);
	p->qualified_investor = db_get_bool(rows, r, 20);
	lists_from(rows, r, arena, p);
}

static void
point_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_point *p)
{
	struct str index = db_get_bytes(rows, r, 2, arena);

	p->point.point_id = db_get_i64(rows, r, 1);
	STW_ASSERT(index.len == sizeof p->point.phone_index);
	memcpy(p->point.phone_index, index.ptr, index.len);
	p->mask = db_get_text(rows, r, 3, arena);
	p->zones = db_get_texts(rows, r, 4, &p->nzones, arena);
	p->point.verified = db_get_bool(rows, r, 5);
	p->point.sharers = (int)db_get_i64(rows, r, 6);
	p->point.household = db_get_bool(rows, r, 7);
	p->point.country = db_get_text(rows, r, 8, arena);
	p->point.point_class = db_get_text(rows, r, 9, arena);
	p->point.unverified_change_at = instant_or(rows, r, 10, STW_USEC_NEVER);
	p->point.reassigned_asked_at = STW_USEC_NEVER;
}

static void
consent_from(
    const struct db_rows *rows, int r, struct arena *arena, struct gate_consent *c)
{
	c->id = db_get_text(rows, r, 1, arena);
	c->action = str_eq_c(db_get_str(rows, r, 2), "grant") ? GATE_CONSENT_GRANT
							      : GATE_CONSENT_WITHDRAW;
	c->purpose = db_get_text(rows, r, 3, arena);
	c->channel = db_get_text(rows, r, 4, arena);
	c->product_class = db_get_text(rows, r, 5, arena);
	c->recipient = db_get_text(rows, r, 6, arena);
	c->point_id = db_get_i64(rows, r, 7);
	c->form = db_get_text(rows, r, 8, arena);
	c->notice_version = db_get_text(rows, r, 9, arena);
	c->has_evidence = db_get_bool(rows, r, 10);
	c->effective_at = db_get_usec(rows, r, 11);
	c->recorded_at = db_get_usec(rows, r, 12);
	c->expires_at = instant_or(rows, r, 13, STW_USEC_MAX);
	c->controller = db_get_text(rows, r, 14, arena);
	c->separate_kind = db_get_text(rows, r, 15, arena);
	c->written = db_get_bool(rows, r, 16);
	c->guardian = db_get_bool(rows, r, 17);
	c->notice_hash = db_get_text(rows, r, 18, arena);
	c->evidence_match = db_get_bool(rows, r, 19);
}

static void
objection_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_objection *o)
{
	o->objection.id = db_get_text(rows, r, 1, arena);
	o->objection.kind = db_get_text(rows, r, 2, arena);
	o->objection.channel = db_get_text(rows, r, 3, arena);
	o->objection.own = db_get_bool(rows, r, 4);
	o->point_id = db_get_i64(rows, r, 5);
	o->objection.effective_at = db_get_usec(rows, r, 6);
	o->objection.recorded_at = db_get_usec(rows, r, 7);
	o->objection.lifted_at = instant_or(rows, r, 8, STW_USEC_MAX);
	o->objection.point_id = db_get_i64(rows, r, 9);
}

static void
event_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_event *e)
{
	e->event.id = db_get_text(rows, r, 1, arena);
	e->event.kind = db_get_text(rows, r, 2, arena);
	e->event.channel = db_get_text(rows, r, 3, arena);
	e->event.purpose = db_get_text(rows, r, 4, arena);
	e->point_id = db_get_i64(rows, r, 5);
	e->event.this_person = db_get_bool(rows, r, 8);
	e->event.at = db_get_usec(rows, r, 6);
	e->event.recorded_at = db_get_usec(rows, r, 7);
}

static enum gate_reassigned
reassigned_answer(struct str answer)
{
	if (str_eq_c(answer, "not_reassigned"))
		return GATE_REASSIGNED_NO;
	if (str_eq_c(answer, "reassigned"))
		return GATE_REASSIGNED_YES;
	return GATE_REASSIGNED_NO_DATA;
}

static void
registry_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_registry *g)
{
	g->point_id = db_get_i64(rows, r, 1);
	g->registry.name = db_get_text(rows, r, 2, arena);
	g->registry.listed = db_get_bool(rows, r, 4);
	g->registry.listed_at = db_is_null(rows, r, 5)
				    ? STW_USEC_NEVER
				    : (stw_usec)db_get_day(rows, r, 5) * STW_USEC_DAY;
	g->registry.obtained_at = instant_or(rows, r, 6, STW_USEC_NEVER);
	g->registry.version = db_get_text(rows, r, 7, arena);
	g->registry.service_up = db_get_bool(rows, r, 8);
	g->channels = db_get_texts(rows, r, 9, &g->nchannels, arena);
	g->reassigned = str_eq_c(db_get_str(rows, r, 3), "reassigned");
	g->answer = reassigned_answer(db_get_str(rows, r, 10));
	g->asked_at = g->registry.obtained_at;
	g->since.known = !db_is_null(rows, r, 11);
	if (g->since.known)
		g->since.day = db_get_day(rows, r, 11);
}

static void
relation_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_customer *c)
{
	struct gate_relationship *x = &c->relationship;

	x->last_transaction_on.known = !db_is_null(rows, r, 1);
	if (x->last_transaction_on.known)
		x->last_transaction_on.day = db_get_day(rows, r, 1);
	x->last_inquiry_on.known = !db_is_null(rows, r, 2);
	if (x->last_inquiry_on.known)
		x->last_inquiry_on.day = db_get_day(rows, r, 2);
	x->terminated_at = instant_or(rows, r, 3, STW_USEC_NEVER);
	c->held = db_get_texts(rows, r, 4, &c->nheld, arena);
}

static void
override_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_override *o)
{
	o->override = (struct gate_override){.id = db_get_text(rows, r, 1, arena),
	    .code = db_get_text(rows, r, 2, arena),
	    .rule = db_get_text(rows, r, 3, arena),
	    .by1 = db_get_text(rows, r, 6, arena),
	    .by2 = db_get_text(rows, r, 7, arena),
	    .reason = db_get_text(rows, r, 8, arena),
	    .at = db_get_usec(rows, r, 9),
	    .expires_at = db_get_usec(rows, r, 10)};
	o->campaign_id = db_get_i64(rows, r, 4);
	o->point_id = db_get_i64(rows, r, 5);
}

/* How the rating came about. What is not on file stays unknown, and counts as too often. */
static void
risk_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_customer *c)
{
	struct gate_party *p = &c->party;

	p->risk_count_day = (struct gate_optional_int){true, db_get_i64(rows, r, 1)};
	p->risk_count_year = (struct gate_optional_int){true, db_get_i64(rows, r, 2)};
	p->risk_employee_device = p->risk_employee_device || db_get_bool(rows, r, 3);
	p->risk_self_completed = p->risk_self_completed && db_get_bool(rows, r, 4);
	p->risk_questionnaire = db_get_text(rows, r, 5, arena);
}

static enum gate_count_kind
count_kind(struct str text)
{
	if (str_eq_c(text, "reserved"))
		return GATE_RESERVED;
	if (str_eq_c(text, "conversation"))
		return GATE_CONVERSATION;
	if (str_eq_c(text, "message"))
		return GATE_MESSAGE;
	return GATE_ATTEMPT;
}

static void
count_from(
    const struct db_rows *rows, int r, struct arena *arena, struct facts_count *c)
{
	c->point_id = db_get_i64(rows, r, 1);
	c->count.kind = count_kind(db_get_str(rows, r, 2));
	c->count.at = db_get_usec(rows, r, 3);
	c->count.channel = db_get_text(rows, r, 4, arena);
	c->count.expires_at = instant_or(rows, r, 5, STW_USEC_MAX);
	c->count.this_person = db_get_bool(rows, r, 6);
	/* Not recorded with a contact: it counts for every cap. */
	c->count.this_household = true;
	c->count.this_subject = true;
	c->count.this_caller = true;
	c->count.this_org = true;
}

/* The run of rows from *at on that belong to the customer; all rows come sorted by it. */
static int
rows_of(const struct db_rows *rows, int *at, int64_t customer_id)
{
	int first;

	while (*at < db_rows_count(rows) && db_get_i64(rows, *at, 0) < customer_id)
		(*at)++;
	first = *at;
	while (*at < db_rows_count(rows) && db_get_i64(rows, *at, 0) == customer_id)
		(*at)++;
	return first;
}

struct parts {
	struct db_rows *party, *points, *consents, *objections, *counts, *events,
	    *registries, *relations, *overrides, *risks;
};

/* All in one round trip, each statement with its own snapshot. */
static enum stw_code
parts_query(struct db *db, const struct facts_ask *ask, stw_usec now,
    const struct db_param *except, struct arena *arena, struct parts *p,
    struct stw_err *err)
{
	const struct db_param by_id[] = {
	    db_i64s(ask->buckets, ask->count), db_i64s(ask->customer_ids, ask->count)};
	const struct db_param dated[] = {by_id[0], by_id[1], db_usec(now)};
	const struct db_param refused[] = {by_id[0], by_id[1],
	    db_usec(now - REFUSALS_KEPT), db_usec(now - COUNTS_KEPT)};
	const struct db_param counted[] = {
	    by_id[0], by_id[1], db_usec(now - COUNTS_KEPT), *except};
	struct db_asks asks;

	db_asks_init(&asks, arena);
	db_asks_add(&asks, DB_Q_FACTS_PARTY, dated, DB_NPARAMS(dated), &p->party);
	db_asks_add(&asks, DB_Q_FACTS_POINTS, by_id, DB_NPARAMS(by_id), &p->points);
	db_asks_add(&asks, DB_Q_FACTS_CONSENTS, dated, DB_NPARAMS(dated), &p->consents);
	db_asks_add(
	    &asks, DB_Q_FACTS_OBJECTIONS, by_id, DB_NPARAMS(by_id), &p->objections);
	db_asks_add(&asks, DB_Q_FACTS_COUNTS, counted, DB_NPARAMS(counted), &p->counts);
	db_asks_add(
	    &asks, DB_Q_FACTS_REFUSALS, refused, DB_NPARAMS(refused), &p->events);
	db_asks_add(
	    &asks, DB_Q_FACTS_REGISTRIES, by_id, DB_NPARAMS(by_id), &p->registries);
	db_asks_add(
	    &asks, DB_Q_FACTS_RELATIONS, by_id, DB_NPARAMS(by_id), &p->relations);
	db_asks_add(
	    &asks, DB_Q_FACTS_OVERRIDES, dated, DB_NPARAMS(dated), &p->overrides);
	db_asks_add(&asks, DB_Q_FACTS_RISKS, by_id, DB_NPARAMS(by_id), &p->risks);
	return db_ask_all(db, &asks, err);
}

#define FILL(rows, at, id, field, nfield, from)                            \
	do {                                                               \
		int first_ = rows_of(rows, at, id);                        \
		nfield = *(at)-first_;                                     \
		field = arena_array(arena, (size_t)nfield, sizeof *field); \
		for (int i_ = 0; i_ < nfield; i_++)                        \
			from(rows, first_ + i_, arena, &field[i_]);        \
	} while (0)

static struct db_param
except_of(const struct facts_ask *ask, struct arena *arena)
{
	struct str *ids = arena_array(arena, ask->nexcept, sizeof *ids);

	for (size_t i = 0; i < ask->nexcept; i++)
		ids[i] =
		    str_of(uuid_format(&ask->except[i], arena_alloc(arena, UUID_TEXT)));
	return db_texts(ids, ask->nexcept);
}

enum stw_code
facts_load(struct db *db, int bucket, const int64_t *customer_ids, size_t count,
    stw_usec now, const struct uuid *except, struct arena *arena, struct facts_set *out,
    struct stw_err *err)
{
	int64_t *buckets = arena_array(arena, count, sizeof *buckets);
	const struct facts_ask ask = {
	    buckets, customer_ids, count, except, except != NULL};

	for (size_t i = 0; i < count; i++)
		buckets[i] = bucket;
	return facts_load_many(db, &ask, now, arena, out, err);
}

enum stw_code
facts_load_many(struct db *db, const struct facts_ask *ask, stw_usec now,
    struct arena *arena, struct facts_set *out, struct stw_err *err)
{
	const struct db_param except = except_of(ask, arena);
	struct parts parts = {0};
	int point = 0, consent = 0, objection = 0, counted = 0, event = 0, registry = 0,
	    override = 0, risk = 0;
	enum stw_code rc;

	*out = (struct facts_set){0};
	rc = parts_query(db, ask, now, &except, arena, &parts, err);
	if (rc != STW_OK)
		goto done;
	out->count = db_rows_count(parts.party);
	out->customers = arena_array(arena, (size_t)out->count, sizeof *out->customers);
	for (int i = 0; i < out->count; i++) {
		struct facts_customer *c = &out->customers[i];
		int64_t id;

		party_from(parts.party, i, arena, c);
		id = c->party.customer_id;
		FILL(parts.points, &point, id, c->points, c->npoints, point_from);
		FILL(parts.consents, &consent, id, c->consents, c->nconsents,
		    consent_from);
		FILL(parts.objections, &objection, id, c->objections, c->nobjections,
		    objection_from);
		FILL(parts.counts, &counted, id, c->counts, c->ncounts, count_from);
		FILL(parts.events, &event, id, c->events, c->nevents, event_from);
		FILL(parts.registries, &registry, id, c->registries, c->nregistries,
		    registry_from);
		FILL(parts.overrides, &override, id, c->overrides, c->noverrides,
		    override_from);
		relation_from(parts.relations, i, arena, c);
		for (int r = rows_of(parts.risks, &risk, id); r < risk; r++)
			risk_from(parts.risks, r, arena, c);
	}
done:
	db_rows_free(parts.party);
	db_rows_free(parts.points);
	db_rows_free(parts.consents);
	db_rows_free(parts.objections);
	db_rows_free(parts.counts);
	db_rows_free(parts.events);
	db_rows_free(parts.registries);
	db_rows_free(parts.relations);
	db_rows_free(parts.overrides);
	db_rows_free(parts.risks);
	return rc;
}

const struct facts_customer *
facts_find(const struct facts_set *set, int64_t customer_id)
{
	int lo = 0, hi = set->count;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;
		int64_t id = set->customers[mid].party.customer_id;

		if (id == customer_id)
			return &set->customers[mid];
		if (id < customer_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void
zone_add(const struct zone **zones, enum gate_zone_source *sources, int *n,
    const char *name, enum gate_zone_source source)
{
	const struct zone *zone;

	/* A name the tz database does not have is no candidate: with none left the gate says
	 * TZ_UNKNOWN, which is what we know. */
	if (name == NULL || zone_find(name, &zone, NULL) != STW_OK)
		return;
	for (int i = 0; i < *n; i++)
		if (zones[i] == zone)
			return;
	sources[*n] = source;
	zones[(*n)++] = zone;
}

static void
fill_zones(const struct facts_customer *c, const struct facts_point *p,
    struct arena *arena, struct gate_party *party)
{
	const struct zone **zones = arena_array(arena, p->nzones + 1, sizeof *zones);
	enum gate_zone_source *sources =
	    arena_array(arena, p->nzones + 1, sizeof *sources);
	int n = 0;

	zone_add(zones, sources, &n, c->zone,
	    c->zone_verified ? GATE_ZONE_VERIFIED : GATE_ZONE_DECLARED);
	if (!c->zone_verified || n == 0)
		for (size_t i = 0; i < p->nzones; i++)
			zone_add(
			    zones, sources, &n, p->zones[i], GATE_ZONE_NUMBER_PLAN);
	party->zones = zones;
	party->zone_sources = sources;
	party->nzones = party->nzone_sources = n;
}

/* A contract is one about what the contact is about. */
static void
fill_relationship(const struct facts_customer *c, struct gate_facts *facts)
{
	facts->relationship = c->relationship;
	for (size_t i = 0; i < c->nheld; i++)
		if (facts->product.product_class != NULL &&
		    strcmp(c->held[i], facts->product.product_class) == 0)
			facts->relationship.contract = true;
}

static void
fill_events(const struct facts_customer *c, const struct facts_point *p,
    struct arena *arena, struct gate_facts *facts)
{
	struct gate_event *events =
	    arena_array(arena, (size_t)c->nevents, sizeof *events);

	for (int i = 0; i < c->nevents; i++) {
		events[i] = c->events[i].event;
		events[i].this_number = c->events[i].point_id == p->point.point_id;
	}
	facts->events = events;
	facts->nevents = c->nevents;
}

static bool
listing_is_about(const struct facts_registry *g, const char *channel)
{
	for (size_t i = 0; i < g->nchannels; i++)
		if (channel != NULL && strcmp(g->channels[i], channel) == 0)
			return true;
	return g->nchannels == 0;
}

static void
fill_registries(const struct facts_customer *c, const struct facts_point *p,
    struct arena *arena, struct gate_facts *facts)
{
	struct gate_registry *registries =
	    arena_array(arena, (size_t)c->nregistries, sizeof *registries);

	facts->nregistries = 0;
	for (int i = 0; i < c->nregistries; i++) {
		const struct facts_registry *g = &c->registries[i];

		if (g->point_id != p->point.point_id)
			continue;
		if (g->reassigned) {
			facts->point.reassigned = g->answer;
			facts->point.reassigned_asked_at = g->asked_at;
			facts->point.reassigned_since = g->since;
			continue;
		}
		registries[facts->nregistries] = g->registry;
		registries[facts->nregistries++].listed =
		    g->registry.listed && listing_is_about(g, facts->channel);
	}
	facts->registries = registries;
}

/* Those that are about this campaign and this number. */
static void
fill_overrides(const struct facts_customer *c, const struct facts_point *p,
    int64_t campaign_id, struct arena *arena, struct gate_facts *facts)
{
	struct gate_override *overrides =
	    arena_array(arena, (size_t)c->noverrides, sizeof *overrides);

	facts->noverrides = 0;
	for (int i = 0; i < c->noverrides; i++) {
		const struct facts_override *o = &c->overrides[i];

		if ((o->campaign_id == 0 || o->campaign_id == campaign_id) &&
		    (o->point_id == 0 || o->point_id == p->point.point_id))
			overrides[facts->noverrides++] = o->override;
	}
	facts->overrides = overrides;
}

void
facts_fill(const struct facts_customer *c, const struct facts_point *p,
    int64_t campaign_id, struct arena *arena, struct gate_facts *facts)
{
	struct gate_objection *objections =
	    arena_array(arena, (size_t)c->nobjections, sizeof *objections);
	struct gate_count *counts =
	    arena_array(arena, (size_t)c->ncounts, sizeof *counts);

	facts->party = c->party;
	fill_zones(c, p, arena, &facts->party);
	facts->point = p->point;
	fill_relationship(c, facts);
	fill_events(c, p, arena, facts);
	fill_registries(c, p, arena, facts);
	fill_overrides(c, p, campaign_id, arena, facts);
	facts->consents = c->consents;
	facts->nconsents = c->nconsents;
	facts->nobjections = 0;
	for (int i = 0; i < c->nobjections; i++)
		if (c->objections[i].point_id == 0 ||
		    c->objections[i].point_id == p->point.point_id)
			objections[facts->nobjections++] = c->objections[i].objection;
	facts->objections = objections;
	facts->ncounts = 0;
	for (int i = 0; i < c->ncounts; i++) {
		struct gate_count count = c->counts[i].count;

		count.this_number = c->counts[i].point_id == p->point.point_id;
		if (count.this_number || count.this_person)
			counts[facts->ncounts++] = count;
	}
	facts->counts = counts;
}

/* Where the number belongs: short codes are Chinese, and what has no country code. */
static const char *
number_country(const struct number_row *n, struct arena *arena)
{
	struct phone phone;

	if (n->number[0] != '+')
		return strcmp(n->kind, "intl") == 0 ? NULL : "CN";
	if (phone_parse(str_of(n->number), NULL, &phone, NULL) != STW_OK ||
	    phone.region[0] == '\0')
		return NULL;
	return arena_strdup(arena, phone.region);
}

/* The newer of two tests speaks. */
static enum gate_state
newer_state(stw_usec ok_at, stw_usec failed_at)
{
	if (ok_at == STW_USEC_NEVER && failed_at == STW_USEC_NEVER)
		return GATE_STATE_UNKNOWN;
	return ok_at > failed_at ? GATE_STATE_OK : GATE_STATE_FAILED;
}

/* An incident that is open outweighs any look; one that agreed too long ago is none. */
static enum gate_state
identity_state(const struct number_row *n)
{
	if (n->mismatch)
		return GATE_STATE_FAILED;
	return newer_state(n->identity_ok_at, n->identity_failed_at);
}

void
facts_number(const struct number_row *n, struct arena *arena, struct gate_number *out)
{
	bool labelled = n->label != NULL && strcmp(n->label, "none") != 0;

	*out = (struct gate_number){.present = true,
	    .number_id = n->number_id,
	    .kind = n->kind,
	    .holder = n->holder,
	    .user_org = n->user_org,
	    /* A line that is somebody else's is not the bank's either way round. */
	    .lessee = n->lessee != NULL ? n->lessee : n->lessor,
	    .sublet = n->sub_let,
	    .country = number_country(n, arena),
	    .regions = n->regions,
	    .nregions = (int)n->nregions,
	    .direction = n->direction,
	    .channels = n->channels,
	    .nchannels = (int)n->nchannels,
	    .purposes = n->purposes,
	    .npurposes = (int)n->npurposes,
	    .robot = n->robot,
	    .has_approval = n->approval != NULL,
	    .has_undertaking = n->undertaking != NULL,
	    .has_licence = n->licence_no != NULL,
	    .licence_no = n->licence_no,
	    .licence_from = n->licence_from,
	    .licence_to = n->licence_to,
	    .status = n->status,
	    .daily_cap = {n->daily_cap > 0, n->daily_cap},
	    .hourly_cap = {n->hourly_cap > 0, n->hourly_cap},
	    .used_today = n->used_today + n->held,
	    .used_hour = n->used_hour,
	    .attestation = n->attestation,
	    .label = labelled ? n->label : NULL,
	    .label_at = labelled ? n->label_at : STW_USEC_NEVER,
	    .withheld = n->withheld,
	    .identity = identity_state(n),
	    .callback = newer_state(n->callback_ok_at, n->callback_failed_at),
	    .callback_ok_at = n->callback_ok_at};
}
