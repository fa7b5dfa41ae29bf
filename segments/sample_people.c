/* Who a made-up customer is. Shares are per mille and written where they are used. */
#include <stdio.h>
#include <string.h>

#include "segments/sample_priv.h"

/* ---- chance ----------------------------------------------------------------------- */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct sample_rng
sample_rng(uint64_t seed, uint64_t customer, uint32_t purpose)
{
	return (struct sample_rng){mix(
	    mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ mix(customer * 8 + purpose))};
}

uint64_t
sample_next(struct sample_rng *rng)
{
	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(rng->state);
}

int64_t
sample_range(struct sample_rng *rng, int64_t lo, int64_t hi)
{
	uint64_t span = (uint64_t)(hi - lo) + 1;

	STW_ASSERT(lo <= hi && span <= UINT32_MAX);
	return lo + (int64_t)((sample_next(rng) >> 32) * span >> 32);
}

bool
sample_chance(struct sample_rng *rng, int per_mille)
{
	return sample_range(rng, 0, 999) < per_mille;
}

int
sample_weighted(struct sample_rng *rng, const int *weights, int n)
{
	int total = 0, at;

	for (int i = 0; i < n; i++)
		total += weights[i];
	at = (int)sample_range(rng, 0, total - 1);
	for (int i = 0; i < n - 1; i++) {
		if (at < weights[i])
			return i;
		at -= weights[i];
	}
	return n - 1;
}

/* ---- names ---------------------------------------------------------------------------- */
static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "黄", "赵",
    "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗", "郑", "梁",
    "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田", "董", "袁",
    "潘", "蒋", "蔡", "余", "杜", "叶", "程", "魏", "苏", "吕", "丁", "任", "沈", "姚",
    "欧阳", "上官"};
static const char *const female[] = {"芳", "娜", "敏", "静", "丽", "艳", "娟", "霞",
    "秀", "燕", "玲", "桂", "英", "华", "玉", "兰", "红", "梅", "琳", "婷", "雪", "慧",
    "莹", "欣", "怡", "佳", "雅", "诗", "梦", "思"};
static const char *const male[] = {"伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "明",
    "超", "刚", "平", "辉", "建", "国", "志", "文", "斌", "鹏", "飞", "浩", "宇", "轩",
    "博", "子", "俊", "峰", "龙", "海", "波"};

static void
name_make(struct sample_rng *rng, bool is_female, struct sample_person *p)
{
	const char *const *given = is_female ? female : male;
	/* Common surnames come first: two draws, the smaller one. */
	int64_t a = sample_range(rng, 0, (int64_t)STW_ARRAY_LEN(surnames) - 1);
	int64_t b = sample_range(rng, 0, (int64_t)STW_ARRAY_LEN(surnames) - 1);
	const char *one = given[sample_range(rng, 0, 29)];
	const char *two =
	    sample_chance(rng, 750) ? given[sample_range(rng, 0, 29)] : "";

	(void)snprintf(
	    p->name, sizeof p->name, "%s%s%s", surnames[a < b ? a : b], one, two);
}

/* ---- numbers -------------------------------------------------------------------------- */
/*
 * Mobile numbers of the series 1349. It was the series of China's former satellite
 * service (since moved to 1740); libphonenumber takes it for valid mobile numbers, and
 * its carrier table gives every series from 1340 to 1348 to an operator, and 1349 to
 * none. Blocks 13490, 13494, 13495 and 13498 are left out: its region table still knows
 * single prefixes in three of them. So a number is valid everywhere and rings nowhere.
 * Six million remain: for three million customers, and as many second numbers.
 */
static void
sample_phone(uint64_t seed, int64_t nth, char digits[16])
{
	static const char blocks[] = {'1', '2', '3', '6', '7', '9'};
	const uint64_t all = UINT64_C(6000000);
	uint64_t shift = mix(seed) % all;
	/* 1000003 is prime to 6,000,000: different nth, different number. */
	uint64_t n = ((uint64_t)nth * UINT64_C(1000003) + shift) % all;

	(void)snprintf(
	    digits, 16, "1349%c%06u", blocks[n / 1000000], (unsigned)(n % 1000000));
}

/* As the bank's systems happen to hold it. */
static void
phone_write(struct sample_rng *rng, const char *digits, char to[24])
{
	static const int weights[] = {800, 80, 70, 50};

	switch (sample_weighted(rng, weights, 4)) {
	case 1:
		(void)snprintf(to, 24, "%.3s %.4s %s", digits, digits + 3, digits + 7);
		break;
	case 2:
		(void)snprintf(to, 24, "+86%s", digits);
		break;
	case 3:
		(void)snprintf(
		    to, 24, "+86 %.3s-%.4s-%s", digits, digits + 3, digits + 7);
		break;
	default:
		(void)snprintf(to, 24, "%s", digits);
		break;
	}
}

/* ---- pairs: customers 2k and 2k + 1 may live together --------------------------------- */
enum pair { STRANGERS = 0, COUPLE, PARENT_AND_CHILD };

static enum pair
pair_of(uint64_t seed, int64_t i)
{
	struct sample_rng rng = sample_rng(seed, (uint64_t)(i / 2), SAMPLE_PAIR);
	int64_t at = sample_range(&rng, 0, 999);

	/* 70 couples with one number, 30 children with a parent's. */
	return at < 70 ? COUPLE : at < 100 ? PARENT_AND_CHILD : STRANGERS;
}

static void
phones_make(const struct sample_clock *clock, struct sample_person *p)
{
	enum pair pair = pair_of(clock->seed, p->i);
	bool second = (p->i & 1) != 0;
	struct sample_rng rng = sample_rng(clock->seed, (uint64_t)p->i, SAMPLE_PHONE);
	bool none = sample_chance(&rng, 15);

	p->shares = pair != STRANGERS;
	if (pair == STRANGERS && none)
		return;
	sample_phone(
	    clock->seed, pair != STRANGERS && second ? p->i - 1 : p->i, p->digits[0]);
	phone_write(&rng, p->digits[0], p->phone[0]);
	p->verified[0] = !sample_chance(&rng, 50);
	if (sample_chance(&rng, 80)) {
		sample_phone(clock->seed, SAMPLE_MAX_CUSTOMERS + p->i, p->digits[1]);
		phone_write(&rng, p->digits[1], p->phone[1]);
		p->verified[1] = !sample_chance(&rng, 150);
	}
}

/* ---- places ------------------------------------------------------------------------------ */
static const struct place {
	int weight;
	const char *province, *city, *branch;
} places[] = {
    {90, "北京市", "北京市", "BJ01"},
    {90, "上海市", "上海市", "SH01"},
    {60, "广东省", "广州市", "GD01"},
    {60, "广东省", "深圳市", "GD02"},
    {30, "广东省", "佛山市", "GD03"},
    {50, "江苏省", "南京市", "JS01"},
    {50, "江苏省", "苏州市", "JS02"},
    {60, "浙江省", "杭州市", "ZJ01"},
    {30, "浙江省", "宁波市", "ZJ02"},
    {40, "山东省", "济南市", "SD01"},
    {30, "山东省", "青岛市", "SD02"},
    {50, "四川省", "成都市", "SC01"},
    {40, "湖北省", "武汉市", "HB01"},
    {30, "福建省", "厦门市", "FJ01"},
    {40, "河南省", "郑州市", "HA01"},
    {30, "湖南省", "长沙市", "HN01"},
    {30, "安徽省", "合肥市", "AH01"},
    {30, "陕西省", "西安市", "SN01"},
    {30, "重庆市", "重庆市", "CQ01"},
    {25, "天津市", "天津市", "TJ01"},
    {25, "辽宁省", "大连市", "LN01"},
    {25, "河北省", "石家庄市", "HE01"},
    {15, "广西壮族自治区", "南宁市", "GX01"},
    {10, "海南省", "海口市", "HI01"},
    {10, "宁夏回族自治区", "银川市", "NX01"},
    {15, "新疆维吾尔自治区", "乌鲁木齐市", "XJ01"},
    {5, "新疆维吾尔自治区", "喀什地区", "XJ02"},
};

static void
place_make(struct sample_rng *rng, struct sample_person *p)
{
	int weights[STW_ARRAY_LEN(places)];
	const struct place *place;

	for (size_t i = 0; i < STW_ARRAY_LEN(places); i++)
		weights[i] = places[i].weight;
	place = &places[sample_weighted(rng, weights, (int)STW_ARRAY_LEN(places))];
	p->province = place->province;
	p->city = place->city;
	p->branch = place->branch;
	p->xinjiang = strncmp(place->branch, "XJ", 2) == 0;
	p->zone = p->xinjiang ? "Asia/Urumqi" : "Asia/Shanghai";
	p->zone_verified = sample_chance(rng, p->xinjiang ? 500 : 600);
	if (sample_chance(rng, p->xinjiang ? 250 : 30)) {
		p->zone = "";
		p->zone_verified = false;
	}
	if (sample_chance(rng, 8)) {
		p->province = "";
		p->city = "";
	}
}

/* ---- age, tenure, rating ------------------------------------------------------------------- */
static void
age_make(
    const struct sample_clock *clock, struct sample_rng *rng, struct sample_person *p)
{
	static const int weights[] = {120, 220, 230, 170, 110, 100, 40, 10};
	static const int from[] = {18, 26, 36, 46, 56, 65, 76, 88};
	static const int to[] = {25, 35, 45, 55, 64, 75, 87, 99};
	int band = sample_weighted(rng, weights, 8);
	int64_t age = sample_range(rng, from[band], to[band]);
	int64_t into = sample_range(rng, 0, 364);

	if (pair_of(clock->seed, p->i) == PARENT_AND_CHILD)
		age = (p->i & 1) != 0 ? 6 + age % 12 : 34 + age % 18;
	/* Born so that the age holds today: age years and some days ago. */
	p->dob = stw_day_add_months(clock->today, (int)(-12 * age)) - (stw_day)into;
	p->age = stw_age(p->dob, clock->today);
	p->minor = p->age < 18;
	p->elderly = p->age >= 65;
	if (sample_chance(rng, 15))
		p->dob = SAMPLE_NO_DAY;
}

static void
tenure_make(
    const struct sample_clock *clock, struct sample_rng *rng, struct sample_person *p)
{
	static const int weights[] = {40, 50, 890, 20};
	int64_t days;

	p->closed_on = SAMPLE_NO_DAY;
	switch (sample_weighted(rng, weights, 4)) {
	case 0:
		days = sample_range(rng, 0, 29);
		p->newly_opened = true;
		break;
	case 1:
		days = sample_range(rng, 30, 89);
		break;
	case 2:
		days = sample_range(rng, 90, 15 * 365);
		break;
	default:
		days = sample_range(rng, 400, 10 * 365);
		p->closed_on = clock->today - (stw_day)sample_range(rng, 1, 380);
		break;
	}
	p->opened_on = clock->today - (stw_day)days;
	if (sample_chance(rng, 12)) { /* known, but no customer yet */
		p->opened_on = SAMPLE_NO_DAY;
		p->closed_on = SAMPLE_NO_DAY;
		p->newly_opened = false;
	}
}

static void
rating_make(
    const struct sample_clock *clock, struct sample_rng *rng, struct sample_person *p)
{
	static const int weights[] = {120, 260, 340, 200, 80};
	static const int elderly[] = {300, 380, 220, 80, 20};
	stw_day earliest = clock->today - 1100;

	p->risk_assessed_on = SAMPLE_NO_DAY;
	p->risk_valid = !sample_chance(rng, 15);
	if (p->minor || sample_chance(rng, p->newly_opened ? 550 : 90))
		return;
	p->risk_rating = 1 + sample_weighted(rng, p->elderly ? elderly : weights, 5);
	if (sample_chance(rng, 200))
		p->risk_assessed_on =
		    clock->today - (stw_day)sample_range(rng, 366, 1100);
	else
		p->risk_assessed_on = clock->today - (stw_day)sample_range(rng, 0, 364);
	if (p->opened_on != SAMPLE_NO_DAY && p->opened_on > earliest &&
	    p->risk_assessed_on < p->opened_on)
		p->risk_assessed_on = p->opened_on;
	if (sample_chance(rng, 5))
		p->risk_assessed_on = SAMPLE_NO_DAY;
}

/* ---- wealth ---------------------------------------------------------------------------------- */
static void
assets_make(
    const struct sample_clock *clock, struct sample_rng *rng, struct sample_person *p)
{
	static const int weights[] = {150, 250, 280, 220, 85, 15};
	static const int64_t from[] = {1000, 10000, 50000, 200000, 1000000, 6000000};
	static const int64_t to[] = {9999, 49999, 199999, 999999, 5999999, 30000000};
	static const char *const tiers[] = {
	    "standard", "standard", "silver", "gold", "platinum", "private"};
	int band = sample_weighted(rng, weights, 6);
	/* The smaller of two draws: more near the lower end. */
	int64_t a = sample_range(rng, from[band], to[band]);
	int64_t b = sample_range(rng, from[band], to[band]);

	p->assets = (a < b ? a : b) * 100 + sample_range(rng, 0, 99);
	p->tier = p->minor ? "standard" : tiers[band];
	if (p->minor && p->assets > 5000000)
		p->assets = 5000000;
	p->manager = band >= 3 ? (int)sample_range(rng, 1, 40) : 0;
	p->dormant = sample_chance(rng, 70);
	/* Long enough with the bank for a fall within 90 days to show. */
	p->falling = !p->dormant && band >= 2 && !p->minor &&
		     p->opened_on != SAMPLE_NO_DAY &&
		     clock->today - p->opened_on > 100 &&
		     p->closed_on == SAMPLE_NO_DAY && sample_chance(rng, 100);
}

void
sample_person_make(const struct sample_clock *clock, int64_t i, struct sample_person *p)
{
	struct sample_rng rng = sample_rng(clock->seed, (uint64_t)i, SAMPLE_PERSON);
	bool is_female;

	memset(p, 0, sizeof *p);
	p->i = i;
	(void)snprintf(p->ref, sizeof p->ref, "C%08u", (unsigned)(i + 1));
	is_female = sample_chance(&rng, 520);
	p->gender = sample_chance(&rng, 6) ? "" : is_female ? "female" : "male";
	name_make(&rng, is_female, p);
	age_make(clock, &rng, p);
	place_make(&rng, p);
	tenure_make(clock, &rng, p);
	/* A child cannot have been a customer before birth. */
	if (p->minor && p->opened_on != SAMPLE_NO_DAY &&
	    clock->today - p->opened_on > p->age * 365)
		p->opened_on = clock->today - p->age * 200;
	rating_make(clock, &rng, p);
	p->deceased = p->age >= 60 && sample_chance(&rng, 25);
	p->incapacity = sample_chance(&rng, p->age >= 75 ? 20 : 1);
	p->fraud_hold = sample_chance(&rng, 4);
	p->legal_hold = sample_chance(&rng, 3);
	p->complaint_open = sample_chance(&rng, 10);
	p->profiling_opt_out = sample_chance(&rng, 25);
	assets_make(clock, &rng, p);
	phones_make(clock, p);
}
