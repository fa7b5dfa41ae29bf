/*
 * The files of the sample book. What is awkward in it, in customers of a thousand, about:
 *
 *   no phone 13, unverified phone 50, a phone shared 100 (70 couples, 30 parent and child,
 *   15 of them minors), no birthday 15, elderly 145, no risk rating 120, lapsed rating 155,
 *   rating in doubt 15, Xinjiang 20 (Asia/Urumqi declared, verified, or unknown), no consent
 *   on record 140, consent withdrawn 57, and some expired, on an old notice, by a ticked
 *   box, for another class of product or another recipient; objection 35, called three
 *   times in a week 25, open complaint 10, deceased 5, legal or fraud hold 7, no account
 *   12, account closed 20, inactive for half a year 70.
 *
 * Campaigns find: a product that ends within seven days 80, assets that fell by a third
 * 50, an account opened within 30 days 40.
 */
#include "segments/sample.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "segments/sample_priv.h"

#define PIECE ((size_t)256 * 1024)

enum sample_file {
	F_CUSTOMERS = 0,
	F_POINTS,
	F_PRODUCTS,
	F_HOLDINGS,
	F_TXNS,
	F_INTERACTIONS,
	F_CONSENTS,
	F_OBJECTIONS,
	F_ATTEMPTS,
	F_MAPPING,
	FILES,
};

static const struct {
	const char *name, *head;
} files[FILES] = {
    {"customers.csv",
	"ref,name,gender,dob,province,city,zone,zone_verified,branch,manager,tier,opened_on,"
	"closed_on,risk_rating,risk_assessed_on,risk_valid,deceased,incapacity,fraud_hold,"
	"legal_hold,complaint_open,profiling_opt_out\n"},
    {"contact_points.csv", "customer,phone,verified,is_primary\n"},
    {"products.csv", "code,name_zh,name_en,class,risk,on_sale_from,on_sale_to\n"},
    {"holdings.csv",
	"customer,holding_ref,product,kind,amount,opened_on,maturity_on,status\n"},
    {"transactions.csv", "customer,txn_ref,at,kind,amount,balance\n"},
    {"interactions.csv", "customer,interaction_ref,at,kind,channel\n"},
    {"consents.csv",
	"customer,ref,action,purpose,channel,product_class,recipient,phone,form,"
	"notice_version,evidence,effective_at,expires_at\n"},
    {"objections.csv", "customer,ref,kind,channel,phone,effective_at,lifted_at\n"},
    {"attempts.csv", "customer,ref,phone,channel,kind,at\n"},
    {"mapping.json", ""},
};

struct out {
	FILE *file;
	struct buf text;
	bool failed;
	int64_t bytes;
};

struct writer {
	struct sample_clock clock;
	struct out out[FILES];
	struct sample_counts *counts;
};

/* ---- fields ----------------------------------------------------------------------------- */
static void
out_flush(struct out *out)
{
	if (out->text.len > 0 &&
	    fwrite(out->text.data, 1, out->text.len, out->file) != out->text.len)
		out->failed = true;
	out->bytes += (int64_t)out->text.len;
	buf_clear(&out->text);
}

static void
put_text(struct out *out, const char *s)
{
	buf_add(&out->text, s, strlen(s));
}

/* Ends a field; the last one of a row ends the row. */
static void
next(struct out *out)
{
	buf_add_char(&out->text, ',');
}

static void
end(struct out *out)
{
	buf_add_char(&out->text, '\n');
	if (out->text.len >= PIECE)
		out_flush(out);
}

static void
put_digits(struct out *out, uint64_t v, int width)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	while (n < width)
		digits[n++] = '0';
	while (n > 0)
		buf_add_char(&out->text, digits[--n]);
}

static void
put_money(struct out *out, int64_t minor)
{
	if (minor < 0) {
		buf_add_char(&out->text, '-');
		minor = -minor;
	}
	put_digits(out, (uint64_t)minor / 100, 1);
	buf_add_char(&out->text, '.');
	put_digits(out, (uint64_t)minor % 100, 2);
}

static void
put_day(struct out *out, stw_day day)
{
	struct stw_date date;

	if (day == SAMPLE_NO_DAY)
		return;
	date = stw_date_of(day);
	put_digits(out, (uint64_t)date.year, 4);
	buf_add_char(&out->text, '-');
	put_digits(out, (uint64_t)date.month, 2);
	buf_add_char(&out->text, '-');
	put_digits(out, (uint64_t)date.day, 2);
}

/* In the bank's zone: the mapping says which. */
static void
put_instant(struct out *out, stw_day day, int second)
{
	put_day(out, day);
	buf_add_char(&out->text, ' ');
	put_digits(out, (uint64_t)second / 3600, 2);
	buf_add_char(&out->text, ':');
	put_digits(out, (uint64_t)second / 60 % 60, 2);
	buf_add_char(&out->text, ':');
	put_digits(out, (uint64_t)second % 60, 2);
}

static void
put_bool(struct out *out, bool v)
{
	buf_add_char(&out->text, v ? '1' : '0');
}

static void
put_field(struct out *out, const char *s)
{
	put_text(out, s);
	next(out);
}

/* "H" and a number, with the customer's reference before it where all are in one list. */
static void
put_ref(struct out *out, char letter, int n)
{
	buf_add_char(&out->text, letter);
	put_digits(out, (uint64_t)n, 2);
	next(out);
}

/* ---- rows ------------------------------------------------------------------------------- */
static void
write_customer(struct out *o, const struct sample_person *p)
{
	const bool flags[] = {p->risk_valid, p->deceased, p->incapacity, p->fraud_hold,
	    p->legal_hold, p->complaint_open, p->profiling_opt_out};

	put_field(o, p->ref);
	put_field(o, p->name);
	put_field(o, p->gender);
	put_day(o, p->dob);
	next(o);
	put_field(o, p->province);
	put_field(o, p->city);
	put_field(o, p->zone);
	put_bool(o, p->zone_verified);
	next(o);
	put_field(o, p->branch);
	if (p->manager > 0) {
		put_text(o, "RM");
		put_digits(o, (uint64_t)p->manager, 3);
	}
	next(o);
	put_field(o, p->tier);
	put_day(o, p->opened_on);
	next(o);
	put_day(o, p->closed_on);
	next(o);
	if (p->risk_rating > 0)
		put_digits(o, (uint64_t)p->risk_rating, 1);
	next(o);
	put_day(o, p->risk_assessed_on);
	for (size_t i = 0; i < STW_ARRAY_LEN(flags); i++) {
		next(o);
		put_bool(o, flags[i]);
	}
	end(o);
}

static void
write_points(struct writer *w, const struct sample_person *p)
{
	struct out *o = &w->out[F_POINTS];

	for (int k = 0; k < 2; k++) {
		if (p->phone[k][0] == '\0')
			continue;
		put_field(o, p->ref);
		put_field(o, p->phone[k]);
		put_bool(o, p->verified[k]);
		next(o);
		put_bool(o, k == 0);
		end(o);
		w->counts->contact_points++;
	}
}

static void
write_holdings(
    struct writer *w, const struct sample_person *p, const struct sample_money *m)
{
	struct out *o = &w->out[F_HOLDINGS];

	for (int k = 0; k < m->nholdings; k++) {
		const struct sample_holding *h = &m->holdings[k];

		put_field(o, p->ref);
		put_ref(o, 'H', k + 1);
		put_field(o, h->product != NULL ? h->product->code : "");
		put_field(o, h->kind);
		put_money(o, h->amount);
		next(o);
		put_day(o, h->opened_on);
		next(o);
		put_day(o, h->maturity_on);
		next(o);
		put_text(o, h->closed ? "closed" : "open");
		end(o);
		w->counts->holdings++;
	}
}

static void
write_txns(
    struct writer *w, const struct sample_person *p, const struct sample_money *m)
{
	struct out *o = &w->out[F_TXNS];

	for (int k = 0; k < m->ntxns; k++) {
		const struct sample_txn *t = &m->txns[k];

		put_field(o, p->ref);
		put_ref(o, 'T', k + 1);
		put_instant(o, t->day, t->second);
		next(o);
		put_field(o, t->kind);
		put_money(o, t->amount);
		next(o);
		put_money(o, t->balance);
		end(o);
		w->counts->transactions++;
	}
}

static void
write_interactions(
    struct writer *w, const struct sample_person *p, const struct sample_events *e)
{
	struct out *o = &w->out[F_INTERACTIONS];

	for (int k = 0; k < e->ninteractions; k++) {
		const struct sample_interaction *x = &e->interactions[k];

		put_field(o, p->ref);
		put_ref(o, 'I', k + 1);
		put_instant(o, x->day, x->second);
		next(o);
		put_field(o, x->kind);
		put_text(o, x->channel);
		end(o);
		w->counts->interactions++;
	}
}

static void
write_consents(
    struct writer *w, const struct sample_person *p, const struct sample_events *e)
{
	struct out *o = &w->out[F_CONSENTS];

	for (int k = 0; k < e->nconsents; k++) {
		const struct sample_consent *c = &e->consents[k];

		put_field(o, p->ref);
		put_ref(o, 'K', k + 1);
		put_field(o, c->action);
		put_field(o, c->purpose);
		put_field(o, c->channel);
		put_field(o, c->product_class);
		put_field(o, c->recipient);
		put_field(o, c->own_number ? p->digits[0] : "");
		put_field(o, c->form);
		put_field(o, c->notice);
		if (c->has_evidence) {
			put_text(o, "EV-");
			put_text(o, p->ref);
			buf_add_char(&o->text, '-');
			put_digits(o, (uint64_t)k + 1, 1);
		}
		next(o);
		put_instant(o, c->day, c->second);
		next(o);
		put_day(o, c->expires_on);
		end(o);
		w->counts->consents++;
	}
}

static void
write_objections(
    struct writer *w, const struct sample_person *p, const struct sample_events *e)
{
	struct out *o = &w->out[F_OBJECTIONS];

	for (int k = 0; k < e->nobjections; k++) {
		const struct sample_objection *x = &e->objections[k];

		put_field(o, p->ref);
		put_ref(o, 'O', k + 1);
		put_field(o, x->kind);
		put_field(o, x->channel);
		put_field(o, x->on_number ? p->digits[0] : "");
		put_instant(o, x->day, x->second);
		next(o);
		put_day(o, x->lifted_on);
		end(o);
		w->counts->objections++;
	}
}

static void
write_attempts(
    struct writer *w, const struct sample_person *p, const struct sample_events *e)
{
	struct out *o = &w->out[F_ATTEMPTS];

	for (int k = 0; k < e->nattempts; k++) {
		const struct sample_attempt *x = &e->attempts[k];

		put_field(o, p->ref);
		put_ref(o, 'A', k + 1);
		put_field(o, p->digits[0]);
		put_field(o, x->channel);
		put_field(o, x->kind);
		put_instant(o, x->day, x->second);
		end(o);
		w->counts->attempts++;
	}
}

static void
write_products(struct writer *w)
{
	struct out *o = &w->out[F_PRODUCTS];

	for (int k = 0; k < sample_nproducts; k++) {
		const struct sample_product *x = &sample_products[k];

		put_field(o, x->code);
		put_field(o, x->name_zh);
		put_field(o, x->name_en);
		put_field(o, x->class);
		if (x->risk > 0)
			put_digits(o, (uint64_t)x->risk, 1);
		next(o);
		if (x->from_days != 0)
			put_day(o, w->clock.today + x->from_days);
		next(o);
		if (x->to_days != 0)
			put_day(o, w->clock.today + x->to_days);
		end(o);
		w->counts->products++;
	}
}

/* Every column of a file goes to the column of the same name. */
static void
write_mapping(struct out *o)
{
	static const char *const targets[] = {"customer", "contact_point", "product",
	    "holding", "txn", "interaction", "consent", "objection", "attempt"};

	put_text(o,
	    "{\n  \"name\": \"sample\",\n  \"description\": \"A made-up book: steward "
	    "sample.\",\n  \"currency\": \"CNY\",\n  \"zone\": \"Asia/Shanghai\",\n"
	    "  \"region\": \"CN\",\n  \"files\": [\n");
	for (int f = 0; f < F_MAPPING; f++) {
		const char *head = files[f].head;

		buf_printf(&o->text,
		    "    {\"file\": \"%s\", \"target\": \"%s\", \"columns\": {",
		    files[f].name, targets[f]);
		for (int k = 0; *head != '\0'; k++) {
			int len = (int)strcspn(head, ",\n");

			buf_printf(&o->text, "%s\n      \"%.*s\": \"row.%.*s\"",
			    k > 0 ? "," : "", len, head, len, head);
			head += len + 1;
		}
		buf_printf(&o->text, "}}%s\n", f < F_ATTEMPTS ? "," : "");
	}
	put_text(o, "  ]\n}\n");
}

/* ---- counting ----------------------------------------------------------------------------- */
static void
count(struct writer *w, const struct sample_person *p, const struct sample_money *m,
    const struct sample_events *e)
{
	struct sample_counts *c = w->counts;
	bool maturing = false;

	for (int k = 0; k < m->nholdings; k++) {
		const struct sample_holding *h = &m->holdings[k];

		maturing =
		    maturing || (!h->closed && h->maturity_on >= w->clock.today &&
				    h->maturity_on <= w->clock.today + 7);
	}
	c->customers++;
	c->no_phone += p->phone[0][0] == '\0';
	c->shared_phone += p->shares;
	c->no_dob += p->dob == SAMPLE_NO_DAY;
	c->no_rating += p->risk_rating == 0;
	c->lapsed_rating +=
	    p->risk_rating > 0 && p->risk_assessed_on != SAMPLE_NO_DAY &&
	    stw_day_add_months(p->risk_assessed_on, 12) <= w->clock.today;
	c->minors += p->minor;
	c->elderly += p->elderly;
	c->xinjiang += p->xinjiang;
	c->withdrawn += e->withdrawn;
	c->expired_consent += e->expired;
	c->never_asked += e->nconsents == 0;
	c->objecting += e->nobjections > 0;
	c->deceased += p->deceased;
	c->complaint_open += p->complaint_open;
	c->unverified_phone += p->phone[0][0] != '\0' && !p->verified[0];
	c->maturing += maturing;
	c->falling += p->falling;
	c->newly_opened += p->newly_opened;
}

/* ---- the whole book -------------------------------------------------------------------------- */
static enum stw_code
files_open(struct writer *w, const char *dir, struct stw_err *err)
{
	char path[1024];

	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return stw_fail(err, STW_TEMPFAIL, "%s: %s", dir, strerror(errno));
	for (int f = 0; f < FILES; f++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, files[f].name);
		w->out[f].file = fopen(path, "we");
		if (w->out[f].file == NULL)
			return stw_fail(
			    err, STW_TEMPFAIL, "%s: %s", path, strerror(errno));
		put_text(&w->out[f], files[f].head);
	}
	return STW_OK;
}

static enum stw_code
files_close(struct writer *w, enum stw_code rc, struct stw_err *err)
{
	for (int f = 0; f < FILES; f++) {
		struct out *o = &w->out[f];

		if (o->file != NULL) {
			out_flush(o);
			if (fclose(o->file) != 0)
				o->failed = true;
		}
		w->counts->bytes += o->bytes;
		if (o->failed && rc == STW_OK)
			rc = stw_fail(err, STW_TEMPFAIL,
			    "%s: cannot be written (disk full?)", files[f].name);
		buf_fini(&o->text);
	}
	return rc;
}

static void
customer_write(struct writer *w, int64_t i)
{
	struct sample_person person;
	struct sample_money money;
	struct sample_events events;

	sample_person_make(&w->clock, i, &person);
	sample_money_make(&w->clock, &person, &money);
	sample_events_make(&w->clock, &person, &events);
	write_customer(&w->out[F_CUSTOMERS], &person);
	write_points(w, &person);
	write_holdings(w, &person, &money);
	write_txns(w, &person, &money);
	write_interactions(w, &person, &events);
	write_consents(w, &person, &events);
	write_objections(w, &person, &events);
	write_attempts(w, &person, &events);
	count(w, &person, &money, &events);
}

enum stw_code
sample_write(
    const struct sample_opts *opts, struct sample_counts *counts, struct stw_err *err)
{
	struct writer w = {.counts = counts};
	const struct zone *zone = NULL;
	stw_usec told_at = stw_monotonic();
	struct zone_local local;
	enum stw_code rc;

	memset(counts, 0, sizeof *counts);
	if (opts->customers < 1 || opts->customers > SAMPLE_MAX_CUSTOMERS)
		return stw_fail(err, STW_INVALID, "customers: must lie from 1 to %d",
		    SAMPLE_MAX_CUSTOMERS);
	rc = zone_find("Asia/Shanghai", &zone, err);
	if (rc != STW_OK)
		return rc;
	local = zone_local(zone, opts->as_of);
	w.clock = (struct sample_clock){opts->seed, local.day, local.minute};
	for (int f = 0; f < FILES; f++)
		buf_init(&w.out[f].text);
	rc = files_open(&w, opts->dir, err);
	if (rc == STW_OK) {
		write_products(&w);
		write_mapping(&w.out[F_MAPPING]);
	}
	for (int64_t i = 0; i < opts->customers && rc == STW_OK; i++) {
		customer_write(&w, i);
		if ((i & 1023) == 0 && opts->progress != NULL &&
		    stw_monotonic() - told_at > STW_USEC_SEC / 2) {
			told_at = stw_monotonic();
			opts->progress(opts->user, i, opts->customers);
		}
	}
	return files_close(&w, rc, err);
}
