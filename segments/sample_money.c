/* What a made-up customer owns and does with it. The balances of the transactions lead to
 * the account's amount, and the flows of the last 90 days to the assets of then. */
#include <string.h>

#include "segments/sample_priv.h"

/* The first three are also those of the demonstration's campaigns. */
const struct sample_product sample_products[] = {
    {"W-R1-30", "安盈日日30天", "Anying 30 days", "wealth", 1, 30, 0, 0},
    {"W-R2-90", "稳享季季90天", "Wenxiang 90 days", "wealth", 2, 90, 0, 0},
    {"W-R3-180", "增益半年180天", "Zengyi 180 days", "wealth", 3, 180, 0, 0},
    {"W-R3-365", "增益一年365天", "Zengyi 365 days", "wealth", 3, 365, 0, 0},
    {"W-R4-365", "进取一年365天", "Jinqu 365 days", "wealth", 4, 365, 0, 0},
    {"W-R5-730", "远航两年730天", "Yuanhang 730 days", "wealth", 5, 730, 0, 0},
    {"W-UN-180", "新发半年180天(未评级)", "New issue 180 days (not rated)", "wealth", 0,
	180, -20, 0},
    {"W-R2-60", "稳享双月60天(停售)", "Wenxiang 60 days (ended)", "wealth", 2, 60, -900,
	-30},
    {"D-R1-365", "整存整取一年", "Term deposit 1 year", "deposit", 1, 365, 0, 0},
    {"D-R1-1095", "整存整取三年", "Term deposit 3 years", "deposit", 1, 1095, 0, 0},
    {"F-R1-MM", "天天盈货币基金", "Money market fund", "fund", 1, 0, 0, 0},
    {"F-R2-BD", "稳健债券基金", "Bond fund", "fund", 2, 0, 0, 0},
    {"F-R3-MX", "均衡混合基金", "Mixed fund", "fund", 3, 0, 0, 0},
    {"F-R4-EQ", "成长股票基金", "Equity fund", "fund", 4, 0, 0, 0},
    {"F-R5-SC", "科技行业基金", "Technology sector fund", "fund", 5, 0, 0, 0},
    {"I-R2-AN", "福寿年金保险", "Annuity insurance", "insurance", 2, 3650, 0, 0},
    {"L-HOME", "个人住房贷款", "Home loan", "loan", 0, 7300, 0, 0},
};
const int sample_nproducts = (int)STW_ARRAY_LEN(sample_products);

/* ---- holdings ------------------------------------------------------------------------ */
static struct sample_holding *
holding_add(struct sample_money *m, const char *kind, int64_t amount)
{
	struct sample_holding *h = &m->holdings[m->nholdings++];

	*h = (struct sample_holding){.kind = kind,
	    .amount = amount,
	    .opened_on = SAMPLE_NO_DAY,
	    .maturity_on = SAMPLE_NO_DAY};
	return h;
}

static void
product_add(const struct sample_clock *clock, struct sample_rng *rng,
    const struct sample_person *p, struct sample_money *m, int64_t amount)
{
	/* Wealth products and deposits mostly; loans come extra. */
	const struct sample_product *product =
	    &sample_products[sample_range(rng, 0, sample_nproducts - 2)];
	struct sample_holding *h = holding_add(m, product->class, amount);
	int64_t held = product->term_days > 0
			   ? sample_range(rng, 0, product->term_days - 1)
			   : sample_range(rng, 0, 1500);

	h->product = product;
	h->opened_on = clock->today - (stw_day)held;
	if (product->term_days > 0)
		h->maturity_on = h->opened_on + product->term_days;
	if (h->maturity_on != SAMPLE_NO_DAY && sample_chance(rng, 25))
		h->maturity_on = clock->today + (stw_day)sample_range(rng, 0, 7);
	if (p->opened_on != SAMPLE_NO_DAY && h->opened_on < p->opened_on)
		h->opened_on = p->opened_on;
}

static void
holdings_make(const struct sample_clock *clock, struct sample_rng *rng,
    const struct sample_person *p, struct sample_money *m)
{
	/* How many products besides the account, by how much there is. */
	int most = p->assets < 1000000    ? 1
		   : p->assets < 5000000  ? 2
		   : p->assets < 20000000 ? 4
					  : 5;
	int n = p->newly_opened && sample_chance(rng, 700)
		    ? 0
		    : (int)sample_range(rng, 0, most);
	int64_t left = p->assets;
	struct sample_holding *account = holding_add(m, "account", 0);

	account->opened_on = p->opened_on;
	for (int k = 0; k < n; k++) {
		int64_t part = left / 100 * sample_range(rng, 15, 55);

		product_add(clock, rng, p, m, part);
		left -= part;
	}
	account->amount = left;
	if (!p->minor && sample_chance(rng, 80)) {
		struct sample_holding *loan =
		    holding_add(m, "loan", sample_range(rng, 5000000, 300000000));

		loan->product = &sample_products[sample_nproducts - 1];
		loan->opened_on = clock->today - (stw_day)sample_range(rng, 30, 2000);
		loan->maturity_on = loan->opened_on + 7300;
	}
}

/* ---- transactions ---------------------------------------------------------------------- */
static void
txn_add(struct sample_money *m, struct sample_rng *rng, stw_day day, const char *kind,
    int64_t amount)
{
	if (m->ntxns == SAMPLE_MAX_TXNS || amount == 0)
		return;
	m->txns[m->ntxns++] = (struct sample_txn){
	    day, (int)sample_range(rng, 7 * 3600, 22 * 3600), kind, amount, 0};
}

static bool
is_before(const struct sample_txn *a, const struct sample_txn *b)
{
	return a->day < b->day || (a->day == b->day && a->second < b->second);
}

static void
txns_sort(struct sample_money *m)
{
	for (int i = 1; i < m->ntxns; i++) {
		struct sample_txn t = m->txns[i];
		int k = i;

		for (; k > 0 && is_before(&t, &m->txns[k - 1]); k--)
			m->txns[k] = m->txns[k - 1];
		m->txns[k] = t;
	}
}

/* Backwards from the account's amount; where that would have been below zero the account
 * holds more now. */
static void
balances_make(struct sample_money *m)
{
	int64_t balance = m->holdings[0].amount, lowest = 0;

	for (int i = m->ntxns - 1; i >= 0; i--) {
		m->txns[i].balance = balance;
		balance -= m->txns[i].amount;
		if (balance < lowest)
			lowest = balance;
	}
	m->holdings[0].amount -= lowest;
	for (int i = 0; i < m->ntxns; i++)
		m->txns[i].balance -= lowest;
}

static void
ordinary_txns(struct sample_rng *rng, const struct sample_person *p, stw_day first,
    stw_day last, struct sample_money *m)
{
	static const char *const kinds[] = {"deposit", "transfer_in", "withdrawal",
	    "transfer_out", "payment", "interest", "fee", "purchase", "redemption"};
	static const int weights[] = {200, 90, 120, 110, 240, 80, 30, 80, 50};
	static const int counts[] = {4, 10, 22};
	static const int count_weights[] = {350, 450, 200};
	int n = counts[sample_weighted(rng, count_weights, 3)];
	int64_t unit = p->assets / 200 + 1000;

	n += (int)sample_range(rng, -2, 3);
	if (last - first < 365)
		n = n * (int)(last - first + 1) / 365;
	for (int k = 0; k < n; k++) {
		stw_day day = first + (stw_day)sample_range(rng, 0, last - first);
		int kind = sample_weighted(rng, weights, 9);
		int64_t amount = unit / 10 * sample_range(rng, 4, 30);

		if (kind == 5 || kind == 6) /* interest and fees are small */
			amount = sample_range(rng, 50, 5000);
		if (kind == 2 || kind == 3 || kind == 4 || kind == 6 || kind == 7)
			amount = -amount;
		txn_add(m, rng, day, kinds[kind], amount);
	}
}

static void
txns_make(const struct sample_clock *clock, struct sample_rng *rng,
    const struct sample_person *p, struct sample_money *m)
{
	stw_day first = clock->today - 365, last = clock->today - 1;

	if (p->opened_on == SAMPLE_NO_DAY)
		return;
	if (p->opened_on > first)
		first = p->opened_on;
	if (p->closed_on != SAMPLE_NO_DAY)
		last = p->closed_on;
	if (p->dormant)
		last = clock->today - (stw_day)sample_range(rng, 181, 500);
	if (first > last)
		return;
	ordinary_txns(rng, p, first, last, m);
	if (p->newly_opened)
		txn_add(m, rng, first, "deposit", m->holdings[0].amount / 2);
	if (p->falling) {
		/* 80% to 200% of what is left went out in up to three pieces. */
		int64_t out = p->assets / 100 * sample_range(rng, 80, 200);
		int pieces = (int)sample_range(rng, 1, 3);

		for (int k = 0; k < pieces; k++)
			txn_add(m, rng,
			    clock->today - (stw_day)sample_range(rng, 3, 80),
			    "transfer_out", -out / pieces);
	}
	txns_sort(m);
	balances_make(m);
}

void
sample_money_make(
    const struct sample_clock *clock, struct sample_person *p, struct sample_money *m)
{
	struct sample_rng rng = sample_rng(clock->seed, (uint64_t)p->i, SAMPLE_MONEY);

	m->nholdings = 0;
	m->ntxns = 0;
	if (p->opened_on == SAMPLE_NO_DAY)
		return;
	holdings_make(clock, &rng, p, m);
	txns_make(clock, &rng, p, m);
	if (p->closed_on == SAMPLE_NO_DAY)
		return;
	for (int k = 0; k < m->nholdings; k++) {
		m->holdings[k].closed = true;
		m->holdings[k].amount = 0;
	}
	/* The rest leaves with the customer. */
	if (m->ntxns > 0) {
		struct sample_txn *last = &m->txns[m->ntxns - 1];

		txn_add(m, &rng, p->closed_on, "transfer_out", -last->balance);
		m->txns[m->ntxns - 1].second = 23 * 3600;
		m->txns[m->ntxns - 1].balance = 0;
	}
}
