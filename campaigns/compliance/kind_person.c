/*
 * kind_person.c - kinds about the person and the product: suitability_matrix,
 * rating_valid, product_on_sale, age_gate, person_flag, data_present.
 *
 * A fact that is missing is reported once, by the rule that asks for it; the others
 * keep silent, so that the reason says what to mend.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ---- suitability_matrix ------------------------------------------------------------------ */
/* Of several holders the lowest; 0: one of them has none. */
static int64_t
lowest_rating(const struct gate_party *party)
{
	int64_t low = party->risk_rating.value;

	for (int i = 0; i < party->njoint_ratings; i++) {
		if (party->joint_ratings[i] < low)
			low = party->joint_ratings[i];
	}
	return low;
}

static bool
matrix_allows(const struct gate_ints *matrix, const struct gate_facts *f)
{
	int64_t rating = lowest_rating(&f->party);

	if (!f->product.risk.known || !f->party.risk_rating.known || rating == 0)
		return true;
	return rating >= 1 && rating <= matrix->count &&
	       f->product.risk.value <= matrix->items[rating - 1];
}

/* amount / means > percent / 100, without a product that could overflow. */
static bool
affordable(int64_t amount, int64_t means, int64_t percent)
{
	__extension__ typedef __int128 wide;

	return (wide)amount * 100 <= (wide)means * percent;
}

void
eval_suitability_matrix(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_facts *f = c->facts;
	bool ok = true;

	(void)at;
	if (f->product.code == NULL)
		return;
	switch ((enum suitability_check)p->check) {
	case SUIT_MATRIX:
		ok = matrix_allows(&p->matrix, f);
		if (!ok)
			answer_note(c, out, "product R%lld, customer C%lld",
			    (long long)f->product.risk.value,
			    (long long)lowest_rating(&f->party));
		break;
	case SUIT_AFFORDABLE:
		ok = !f->product.amount_fen.known ||
		     (f->party.means_fen.known &&
			 affordable(f->product.amount_fen.value,
			     f->party.means_fen.value, p->percent));
		break;
	case SUIT_QUALIFIED:
		ok = !f->product.qualified_only || f->party.qualified_investor;
		break;
	}
	if (!ok)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}

/* ---- rating_valid ------------------------------------------------------------------------- */
/* A number of assessments that is not known is too many. */
static bool
too_many(const struct gate_optional_int *count, int64_t limit)
{
	return limit > 0 && (!count->known || count->value > limit);
}

static bool
rating_is_sound(
    const struct gate_party *party, const struct gate_params *p, stw_day today)
{
	return party->risk_valid && party->risk_self_completed &&
	       !party->risk_employee_device && party->risk_assessed_on.day <= today &&
	       !too_many(&party->risk_count_day, p->per_day) &&
	       !too_many(&party->risk_count_year, p->per_year);
}

/* A rating of n months ends at the local midnight that starts its anniversary. */
void
eval_rating_valid(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_party *party = &c->facts->party;
	const struct gate_params *p = &rule->params;
	stw_usec end;

	if (!party->risk_rating.known || !party->risk_assessed_on.known ||
	    lowest_rating(party) == 0) {
		answer_deny(out, rule, "RISK_RATING_MISSING", STW_USEC_MAX);
		return;
	}
	end = zone_instant(p->zone,
	    stw_day_add_months(party->risk_assessed_on.day, (int)p->months), 0);
	if (!rating_is_sound(party, p, zone_local(p->zone, at).day)) {
		answer_deny(out, rule, "RISK_RATING_INVALID", STW_USEC_MAX);
	} else if (at >= end) {
		char text[STW_DAY_TEXT];

		answer_deny(out, rule, "RISK_RATING_EXPIRED", STW_USEC_MAX);
		answer_note(c, out, "assessed %s",
		    stw_day_format(party->risk_assessed_on.day, text));
	} else {
		out->allowed_until = end;
	}
}

void
eval_product_on_sale(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_product *product = &c->facts->product;
	stw_day today;

	if (product->code == NULL)
		return;
	today = zone_local(rule->params.zone, at).day;
	if ((product->on_sale_from.known && today < product->on_sale_from.day) ||
	    (product->on_sale_to.known && today >= product->on_sale_to.day))
		answer_deny(out, rule, NULL, STW_USEC_MAX);
	else if (product->on_sale_to.known)
		out->allowed_until =
		    zone_instant(rule->params.zone, product->on_sale_to.day, 0);
}

/* ---- age ------------------------------------------------------------------------------- */
static int
birthday_due(stw_day dob, int64_t age, stw_day *day)
{
	*day =
	    stw_day_add_months(dob, (int)age * 12); /* 29 February: 28 in other years */
	return stw_date_of(dob).month == 2 && stw_date_of(dob).day == 29 &&
	       stw_date_of(*day).day == 28;
}

/*
 * Both directions protect, so both use the arguable date that protects longer: being
 * under age ends on 1 March and old age begins on 28 February for those born on the
 * 29th, and of several candidate zones the one counts that protects.
 */
void
eval_age_gate(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_params *p = &rule->params;
	const struct gate_party *party = &c->facts->party;
	struct gate_zones zones = gate_case_zones(c);
	bool leap;
	stw_day due;

	if (zones.count == 0)
		zones = (struct gate_zones){&p->zone, 1};
	if (!party->dob.known) {
		if (p->dob_required)
			answer_deny(out, rule, "DATA_MISSING_DOB", STW_USEC_MAX);
		return;
	}
	if (p->unless_approval && party->elder_approval)
		return;
	leap = birthday_due(party->dob.day, p->age, &due) != 0;
	if (p->check == AGE_AT_LEAST && leap)
		due++;
	for (int i = 0; i < zones.count; i++) {
		stw_day today = zone_local(zones.items[i], at).day;

		if (p->check == AGE_AT_LEAST ? today < due : today >= due) {
			answer_deny(out, rule, NULL, STW_USEC_MAX);
			answer_note(c, out,
			    p->check == AGE_AT_LEAST ? "under %lld" : "%lld or older",
			    (long long)p->age);
			return;
		}
		if (p->check == AGE_BELOW) {
			stw_usec until = zone_instant(zones.items[i], due, 0);

			/* far off it bounds nothing, and would tell the birthday */
			if (until - at < STW_USEC_DAY && until < out->allowed_until)
				out->allowed_until = until;
		}
	}
}

/* ---- flags and holes --------------------------------------------------------------------- */
void
eval_person_flag(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_party *party = &c->facts->party;
	bool set = true;

	switch ((enum flag_check)rule->params.check) {
	case FLAG_DECEASED:
		set = party->deceased;
		break;
	case FLAG_INCAPACITY:
		set = party->incapacity;
		break;
	case FLAG_FRAUD_HOLD:
		set = party->fraud_hold;
		break;
	case FLAG_LEGAL_HOLD:
		set = party->legal_hold;
		break;
	case FLAG_COMPLAINT_OPEN:
		set = party->complaint_open;
		break;
	case FLAG_PROFILING_OPT_OUT:
		set = party->profiling_opt_out;
		break;
	}
	if (set)
		answer_deny_for_now(out, rule, c, at);
}

/* How long ago the number changed through a channel nobody verified. */
static bool
point_stable(const struct gate_params *p, const struct gate_contact_point *point,
    stw_usec at, stw_usec *from)
{
	*from = STW_USEC_MAX;
	if (point->unverified_change_at == STW_USEC_NEVER)
		return true;
	if (point->unverified_change_at > at)
		return false;
	*from = point->unverified_change_at + p->days * STW_USEC_DAY;
	return at >= *from;
}

void
eval_data_present(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_facts *f = c->facts;
	stw_usec from = STW_USEC_MAX;
	bool present = false;

	switch ((enum data_check)rule->params.check) {
	case DATA_DOB:
		present = f->party.dob.known;
		break;
	case DATA_PRODUCT_RISK:
		present = f->product.code == NULL || f->product.risk.known;
		break;
	case DATA_POINT_VERIFIED:
		present = f->point.verified;
		break;
	case DATA_POINT_STABLE:
		present = point_stable(&rule->params, &f->point, at, &from);
		break;
	case DATA_POINT_UNSHARED:
		present = f->point.sharers <= 1 || f->point.household;
		break;
	case DATA_CAMPAIGN_IMPACT:
		present = f->impact_assessed;
		break;
	case DATA_PARTY_ZONES:
		present = f->party.nzones > 0;
		break;
	}
	if (!present)
		answer_deny(out, rule, NULL, from);
}
