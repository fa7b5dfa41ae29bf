#include "tests/lib/gate_gen.h"

#include "campaigns/compliance/facts_json.h"
#include "campaigns/compliance/facts_priv.h"

#define PICK(chance, list) ((list)[chance_below(chance, (int)STW_ARRAY_LEN(list))])

static bool
often(struct chance *chance, int hundredths)
{
	return chance_below(chance, 100) < hundredths;
}

stw_usec
gate_gen_now(struct chance *chance)
{
	/* Windows, midnights, the end of a rating, of a licence, a day of change of clocks. */
	static const stw_usec marks[] = {FACTS_DEFAULT_NOW,
	    FACTS_DEFAULT_NOW + 11 * STW_USEC_HOUR, FACTS_DEFAULT_NOW - STW_USEC_HOUR,
	    INT64_C(1798732800000000), INT64_C(1803916800000000),
	    INT64_C(1793520000000000), INT64_C(1795363200000000)};
	stw_usec at = PICK(chance, marks);

	if (often(chance, 40))
		at += chance_below(chance, 14) * STW_USEC_DAY;
	if (often(chance, 60))
		at += chance_below(chance, 24 * 60) * STW_USEC_MIN;
	return at + chance_below(chance, 3) - 1;
}

/* ---- common ------------------------------------------------------------------------------ */
static void
common_step(struct chance *c, int wild, struct gate_facts *f)
{
	static const char *const purposes[] = {"MARKETING", "SERVICE", "RISK_ALERT",
	    "LEGAL_NOTICE", "COMPLAINT_REPLY", "SURVEY", "CONSENT_REQUEST",
	    "COLLECTION", "GOSSIP"};
	static const char *const channels[] = {"VOICE", "SMS", "EMAIL", "PUSH"};

	if (often(c, wild))
		f->purpose = PICK(c, purposes);
	if (often(c, wild))
		f->channel = PICK(c, channels);
	if (often(c, wild / 2))
		f->handler = GATE_HANDLER_ROBOT;
	f->promotional = often(c, wild / 3);
	f->synthetic_voice = often(c, wild / 3);
	f->autodialled = often(c, wild / 3);
	f->uses_profile = often(c, 50);
	f->campaign_approved = !often(c, wild / 5);
	f->campaign_active = !often(c, wild / 5);
	f->impact_assessed = !often(c, wild / 3);
	f->clock_trusted = !often(c, wild / 10);
	f->recorder = often(c, wild / 4) ? GATE_STATE_FAILED : GATE_STATE_OK;
	if (often(c, wild / 3))
		f->dial_mode = (enum gate_dial_mode)chance_below(c, 5);
	if (often(c, wild / 4))
		f->stage = often(c, 50) ? NULL : "SALE";
	if (often(c, wild / 4))
		f->warm_call = "W-1";
	if (often(c, wild / 4))
		f->institution_country = often(c, 50) ? NULL : "US";
	f->script.approved = !often(c, wild / 5);
	f->script.ai_disclosure = often(c, 50);
	if (often(c, wild / 6))
		f->script.rendered = often(c, 50) ? NULL : "保本高收益";
}

static void
common_product(struct chance *c, int wild, struct gate_facts *f)
{
	static const char *const classes[] = {
	    "wealth", "insurance", "fund", "deposit", "loan"};

	if (often(c, wild / 3)) {
		f->product.code = NULL;
		f->product.product_class = "*";
		return;
	}
	if (often(c, wild))
		f->product.product_class = PICK(c, classes);
	f->product.risk.known = !often(c, wild / 4);
	f->product.risk.value = 1 + chance_below(c, 5);
	f->product.qualified_only = often(c, wild / 5);
	f->product.dual_recording = often(c, wild / 5);
	if (often(c, wild / 4))
		f->product.amount_fen = (struct gate_optional_int){true, 10000000};
	if (often(c, wild / 4))
		f->product.on_sale_to = (struct gate_optional_day){
		    true, (stw_day)(FACTS_DEFAULT_NOW / STW_USEC_DAY) +
			      (stw_day)chance_below(c, 3) - 1};
	if (often(c, wild / 4))
		f->product.regulator = "US";
}

void
gate_gen_common(struct chance *c, int wild, struct arena *arena, struct gate_facts *out)
{
	facts_fixture(arena, out);
	common_step(c, wild, out);
	common_product(c, wild, out);
}

/* ---- what differs --------------------------------------------------------------------------- */
static const struct zone *
zone_named(const char *name)
{
	const struct zone *zone = NULL;

	STW_ASSERT(zone_find(name, &zone, NULL) == STW_OK);
	return zone;
}

static void
contact_place(struct chance *c, int wild, struct arena *arena, struct gate_party *p)
{
	static const char *const names[] = {"Asia/Shanghai", "Asia/Urumqi",
	    "America/New_York", "America/Los_Angeles", "Europe/Paris", "Asia/Hong_Kong",
	    "Europe/London"};
	static const char *const countries[] = {
	    "CN", "US", "FR", "GB", "DE", "HK", "SG", NULL};
	static const char *const provinces[] = {
	    "上海", "宁夏", "新疆", "广东", NULL, "Atlantis"};
	static const char *const states[] = {"FL", "PA", "NY", "TX", NULL};
	const struct zone **zones = arena_array(arena, 3, sizeof *zones);
	enum gate_zone_source *sources = arena_array(arena, 3, sizeof *sources);

	if (often(c, 70))
		p->province = PICK(c, provinces);
	if (!often(c, wild))
		return;
	p->country = PICK(c, countries);
	p->state = PICK(c, states);
	p->kind = often(c, 30) ? "business" : often(c, 50) ? NULL : "consumer";
	p->nzones = chance_below(c, 4);
	for (int i = 0; i < p->nzones; i++) {
		zones[i] = zone_named(PICK(c, names));
		sources[i] = (enum gate_zone_source)chance_below(c, 4);
	}
	p->zones = zones;
	p->zone_sources = often(c, 50) ? sources : NULL;
	p->nzone_sources = p->zone_sources != NULL ? p->nzones : 0;
}

static void
contact_person(struct chance *c, int wild, stw_usec now, struct gate_party *p)
{
	stw_day today = (stw_day)(now / STW_USEC_DAY);

	p->customer_id = chance_below(c, 1000000);
	p->dob.known = !often(c, wild / 4);
	/* Around the ages that matter, to the day. */
	p->dob.day = stw_day_add_months(today, -12 * (often(c, 30)      ? 18
							 : often(c, 50) ? 65
									: 40)) +
		     (stw_day)chance_below(c, 5) - 2;
	p->deceased = often(c, wild / 10);
	p->incapacity = often(c, wild / 10);
	p->fraud_hold = often(c, wild / 10);
	p->legal_hold = often(c, wild / 10);
	p->complaint_open = often(c, wild / 5);
	p->profiling_opt_out = often(c, wild / 3);
	p->elder_approval = often(c, wild / 3);
	p->qualified_investor = often(c, 50);
	p->risk_rating.known = !often(c, wild / 4);
	p->risk_rating.value = 1 + chance_below(c, 5);
	p->risk_valid = !often(c, wild / 6);
	p->risk_self_completed = !often(c, wild / 6);
	p->risk_employee_device = often(c, wild / 8);
	if (often(c, wild))
		p->risk_assessed_on = (struct gate_optional_day){!often(c, 10),
		    stw_day_add_months(today, -12) + (stw_day)chance_below(c, 5) - 2};
	if (often(c, wild / 4))
		p->means_fen = (struct gate_optional_int){
		    true, 10000000 * (int64_t)(1 + chance_below(c, 4))};
}

static void
contact_preferences(
    struct chance *c, int wild, struct arena *arena, struct gate_party *p)
{
	struct gate_preference *hours = arena_array(arena, 1, sizeof *hours);

	if (!often(c, wild / 3))
		return;
	hours[0] = (struct gate_preference){60 * chance_below(c, 20),
	    60 * (20 + chance_below(c, 5)), (unsigned)chance_below(c, 128)};
	p->preferences = hours;
	p->npreferences = 1;
}

static void
contact_point(struct chance *c, int wild, stw_usec now, struct gate_contact_point *p)
{
	static const char *const countries[] = {"CN", "US", "GB", NULL};
	static const char *const classes[] = {"mobile", "landline", "emergency", NULL};

	p->point_id = 1 + chance_below(c, 3);
	p->verified = !often(c, wild / 5);
	p->sharers = often(c, wild / 4) ? 2 : 1;
	p->household = often(c, 50);
	if (often(c, wild / 3))
		p->country = PICK(c, countries);
	if (often(c, wild / 3))
		p->point_class = PICK(c, classes);
	if (often(c, wild / 4))
		p->reassigned = (enum gate_reassigned)chance_below(c, 4);
	if (often(c, wild / 4))
		p->unverified_change_at = now - chance_below(c, 60) * STW_USEC_DAY;
}

/* Up to two more events after the one that is there, or none at all. */
static void
contact_consents(struct chance *c, int wild, stw_usec now,
    const struct gate_facts *common, struct arena *arena, struct gate_facts *f)
{
	static const char *const purposes[] = {"MARKETING", "SERVICE", "*"};
	static const char *const channels[] = {"VOICE", "SMS", "*"};
	struct gate_consent *list = arena_array(arena, 4, sizeof *list);
	int n = 0;

	if (!often(c, wild / 5))
		list[n++] = common->consents[0];
	while (n < 4 && often(c, wild)) {
		struct gate_consent *e = &list[n++];

		*e = common->consents[0];
		e->id = arena_printf(arena, "c-%d", n);
		e->action = often(c, 60) ? GATE_CONSENT_GRANT : GATE_CONSENT_WITHDRAW;
		e->purpose = PICK(c, purposes);
		e->channel = PICK(c, channels);
		e->effective_at =
		    now - chance_below(c, 400) * STW_USEC_DAY - chance_below(c, 2);
		e->recorded_at = e->effective_at + chance_below(c, 2) * STW_USEC_DAY;
		e->expires_at = often(c, 70) ? STW_USEC_MAX
					     : now + chance_below(c, 3) * STW_USEC_HOUR;
		e->point_id = chance_below(c, 3);
		e->has_evidence = !often(c, 10);
		e->evidence_match = !often(c, 10);
		if (often(c, 10))
			e->notice_version = often(c, 50) ? NULL : "v1";
		if (often(c, 10))
			e->form = "silence";
		if (often(c, 10))
			e->recipient = "subsidiary";
	}
	f->consents = list;
	f->nconsents = n;
}

static void
contact_objections(
    struct chance *c, int wild, stw_usec now, struct arena *arena, struct gate_facts *f)
{
	static const char *const kinds[] = {
	    "do_not_call", "channel_opt_out", "carrier_reject"};
	static const char *const channels[] = {"VOICE", "SMS", "*"};
	struct gate_objection *list = arena_array(arena, 2, sizeof *list);
	int n = 0;

	while (n < 2 && often(c, wild / 3)) {
		struct gate_objection *o = &list[n++];

		*o = (struct gate_objection){.id = "o",
		    .kind = PICK(c, kinds),
		    .channel = PICK(c, channels),
		    .own = often(c, 60),
		    .point_id = chance_below(c, 3),
		    .effective_at = now - chance_below(c, 50) * STW_USEC_DAY,
		    .lifted_at = often(c, 80)
				     ? STW_USEC_MAX
				     : now + (chance_below(c, 3) - 1) * STW_USEC_DAY};
		o->recorded_at = o->effective_at;
	}
	f->objections = list;
	f->nobjections = n;
}

static void
contact_history(
    struct chance *c, int wild, stw_usec now, struct arena *arena, struct gate_facts *f)
{
	static const char *const channels[] = {"VOICE", "SMS"};
	static const char *const events[] = {"refusal", "consent_refusal", "abandoned"};
	struct gate_count *counts = arena_array(arena, 8, sizeof *counts);
	struct gate_event *quiet = arena_array(arena, 2, sizeof *quiet);
	int n = 0, k = 0;

	while (n < 8 && often(c, wild)) {
		/* Around the edges of the windows of caps, to the microsecond. */
		stw_usec back = often(c, 50) ? 7 * STW_USEC_DAY
					     : chance_below(c, 40) * 12 * STW_USEC_HOUR;

		counts[n++] = (struct gate_count){
		    .kind = (enum gate_count_kind)chance_below(c, 5),
		    .at = now - back + chance_below(c, 3) - 1,
		    .channel = PICK(c, channels),
		    .this_number = often(c, 80),
		    .this_person = often(c, 80),
		    .this_household = often(c, 50),
		    .this_subject = often(c, 50),
		    .this_caller = often(c, 50),
		    .this_org = true,
		    .warm = often(c, 20),
		    .expires_at = STW_USEC_MAX};
		if (counts[n - 1].kind == GATE_RESERVED)
			counts[n - 1].expires_at = now + chance_below(c, 3) - 1;
	}
	while (k < 2 && often(c, wild / 4)) {
		stw_usec at = now - chance_below(c, 70) * STW_USEC_DAY;

		quiet[k++] = (struct gate_event){.id = "e",
		    .kind = PICK(c, events),
		    .channel = PICK(c, channels),
		    .this_number = often(c, 80),
		    .this_person = often(c, 80),
		    .at = at,
		    .recorded_at = at};
	}
	f->counts = counts;
	f->ncounts = n;
	f->events = quiet;
	f->nevents = k;
}

static void
contact_registries(
    struct chance *c, int wild, stw_usec now, struct arena *arena, struct gate_facts *f)
{
	static const char *const names[] = {"US-DNC", "GB-TPS", "SG-DNC", "FR-BLOCTEL"};
	struct gate_registry *list = arena_array(arena, 3, sizeof *list);
	int n = 0;

	while (n < 3 && often(c, wild)) {
		list[n++] = (struct gate_registry){.name = PICK(c, names),
		    .listed = often(c, 40),
		    .listed_at = now - chance_below(c, 60) * STW_USEC_DAY,
		    .obtained_at = now - chance_below(c, 40) * STW_USEC_DAY,
		    .service_up = often(c, 80)};
	}
	f->registries = list;
	f->nregistries = n;
	if (often(c, wild / 2))
		f->relationship.last_transaction_on = (struct gate_optional_day){true,
		    (stw_day)(now / STW_USEC_DAY) - (stw_day)chance_below(c, 600)};
	f->relationship.contract = often(c, wild / 3);
}

/* A pool of four numbers; two with the same id are the same. */
static void
contact_number(struct chance *c, int wild, struct gate_number *n)
{
	static const char *const kinds[] = {"landline", "95", "400", "call_centre"};
	static const char *const regions[] = {"上海", "宁夏"};
	int which = often(c, wild) ? chance_below(c, 5) : 0;

	n->number_id = 1 + which;
	if (which == 4) {
		n->present = false;
		return;
	}
	n->kind = kinds[which];
	if (which == 2) {
		n->regions = regions;
		n->nregions = 2;
	}
	if (which == 3) {
		n->daily_cap = (struct gate_optional_int){true, 10};
		n->used_today = 10;
	}
	if (which == 1)
		n->licence_to = FACTS_DEFAULT_NOW + STW_USEC_DAY;
}

void
gate_gen_contact(struct chance *c, int wild, stw_usec now,
    const struct gate_facts *common, struct arena *arena, struct gate_facts *out)
{
	static const struct gate_override allowed = {.code = "ELDER_EXTRA_APPROVAL",
	    .by1 = "li",
	    .reason = "K-1",
	    .at = 0,
	    .expires_at = INT64_C(1900000000000000)};

	*out = *common;
	contact_place(c, wild, arena, &out->party);
	contact_person(c, wild, now, &out->party);
	contact_preferences(c, wild, arena, &out->party);
	contact_point(c, wild, now, &out->point);
	contact_consents(c, wild, now, common, arena, out);
	contact_objections(c, wild, now, arena, out);
	contact_history(c, wild, now, arena, out);
	contact_registries(c, wild, now, arena, out);
	contact_number(c, wild, &out->number);
	if (often(c, wild / 20)) {
		out->overrides = &allowed;
		out->noverrides = 1;
	}
}
