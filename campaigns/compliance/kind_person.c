/*
 * kind_person.c - kinds about the person and the product: suitability_matrix,
 * rating_valid, product_on_sale, age_gate, person_flag, data_present.
 *
 * A fact that is missing is reported once, by the rule that asks for it; the others
 * keep silent, so that the reason says what to mend.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

void
eval_suitability_matrix(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_ints *matrix = &rule->params.matrix;
	const struct gate_facts *f = c->facts;
	int64_t rating = f->party.risk_rating.value;

	(void)at;
	if (f->product.code == NULL || !f->product.risk.known ||
	    !f->party.risk_rating.known)
		return;
	if (rating >= 1 && rating <= matrix->count &&
	    f->product.risk.value <= matrix->items[rating - 1])
		return;
	answer_deny(out, rule, NULL, STW_USEC_MAX);
	answer_note(c, out, "product R%lld, customer C%lld",
	    (long long)f->product.risk.value, (long long)rating);
}

/* A rating of n months ends at the local midnight that starts its anniversary. */
void
eval_rating_valid(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_party *party = &c->facts->party;
	const struct zone *zone = rule->params.zone;
	stw_usec end;

	if (!party->risk_rating.known || !party->risk_assessed_on.known) {
		answer_deny(out, rule, "RISK_RATING_MISSING", STW_USEC_MAX);
		return;
	}
	end = zone_instant(zone,
	    stw_day_add_months(party->risk_assessed_on.day, (int)rule->params.months),
	    0);
	if (!party->risk_valid ||
	    party->risk_assessed_on.day > zone_local(zone, at).day) {
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
	const struct zone *fallback[1] = {p->zone};
	const struct zone *const *zones = party->nzones > 0 ? party->zones : fallback;
	int nzones = party->nzones > 0 ? party->nzones : 1;
	bool leap;
	stw_day due;

	if (!party->dob.known)
		return;
	leap = birthday_due(party->dob.day, p->age, &due) != 0;
	if (p->check == AGE_AT_LEAST && leap)
		due++;
	for (int i = 0; i < nzones; i++) {
		stw_day today = zone_local(zones[i], at).day;

		if (p->check == AGE_AT_LEAST ? today < due : today >= due) {
			answer_deny(out, rule, NULL, STW_USEC_MAX);
			answer_note(c, out,
			    p->check == AGE_AT_LEAST ? "under %lld" : "%lld or older",
			    (long long)p->age);
			return;
		}
		if (p->check == AGE_BELOW) {
			stw_usec until = zone_instant(zones[i], due, 0);

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
	stw_usec recheck = STW_USEC_MAX;
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
	/* Nobody knows when a complaint closes: it is worth asking again after some hours. */
	if (rule->params.hours > 0)
		recheck = c->now + rule->params.hours * STW_USEC_HOUR;
	if (set && at < recheck)
		answer_deny(out, rule, NULL, recheck);
}

void
eval_data_present(const struct gate_rule *rule, struct gate_case *c, stw_usec at,
    struct gate_answer *out)
{
	const struct gate_facts *f = c->facts;
	bool present = false;

	(void)at;
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
	}
	if (!present)
		answer_deny(out, rule, NULL, STW_USEC_MAX);
}
