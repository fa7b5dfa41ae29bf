#include "tests/lib/rule_gen.h"

#include <string.h>

#define REACH_MAX 3 /* macro variables alive at one point */

/* Macro variables in reach: 'i' walks items, 'm' moves; each is named i0, m1 ... */
struct reach {
	struct chance *chance;
	struct arena *arena;
	bool exotic;
	char kind[REACH_MAX + 2];
	int n;
};

static const char letters[] = "bidsatmr";

/* ---- leaves ------------------------------------------------------------------------- */
static const char *const fields[WANTS][6] = {
    [BOOL] = {"r.flag"},
    [INT] = {"r.n", "r.k"},
    [DOUBLE] = {"r.x", "r.y"},
    [STRING] = {"r.stage", "r.name", "r.ref"},
    [DATE] = {"r.born", "r.due", "today"},
    [TIME] = {"r.seen", "r.made", "now"},
    [MONEY] = {"r.sum", "r.old", "limit", "r.sum", "r.usd"},
    [SPAN] = {"(r.seen - r.made)"},
};

static const char *const literals[WANTS][12] = {
    [BOOL] = {"true", "false"},
    [INT] = {"0", "3", "-1", "9223372036854775807", "-9223372036854775808", "7", "2"},
    [DOUBLE] = {"0.5", "-1.25", "0.7", "1e300", "0.0", "-0.0", "2.0", "1e-300",
	"double(\"NaN\")", "double(\"Infinity\")", "9007199254740993.0"},
    [STRING] = {"\"mature\"", "\"a\"", "\"\"", "\"absent\"", "\"\xe6\x9d\x8e\"",
	"\"\\U0001F600\"", "\"e\\u0301\"", "\"%%\"", "\"_\"", "\"ab\""},
    [DATE] = {"date(\"2026-11-20\")", "date(\"2024-02-29\")", "date(\"9999-12-31\")",
	"date(\"0001-01-01\")", "date(\"2023-02-28\")"},
    [TIME] = {"timestamp(\"2026-10-25T01:00:00Z\")",
	"timestamp(\"1986-05-04T00:00:00+08:00\")",
	"timestamp(\"9999-12-31T23:59:59.999999Z\")"},
    [MONEY] = {"money(\"150\")", "money(\"0.05\")", "money(\"3\", \"USD\")",
	"money(\"92233720368547758.07\")", "money(\"-0.01\")"},
    [SPAN] = {"days(30)", "hours(5)", "duration(\"90s\")", "days(0)", "days(-400)",
	"duration(\"0.000001s\")"},
};

/* Fields of a macro's variable by what is wanted. */
static const char *const item_fields[WANTS][2] = {[BOOL] = {"live"},
    [INT] = {"units"},
    [DOUBLE] = {"rate"},
    [STRING] = {"kind"},
    [DATE] = {"due"},
    [MONEY] = {"worth"}};
static const char *const move_fields[WANTS][2] = {
    [INT] = {"step"}, [STRING] = {"kind"}, [TIME] = {"at"}, [MONEY] = {"worth"}};

/* ---- forms ---------------------------------------------------------------------------- */
#define FORMS 72
static const char *const forms[WANTS][FORMS] = {
    [BOOL] = {"(%b && %b)", "(%b || %b)", "!(%b)", "(%b ? %b : %b)", "(%i < %i)",
	"(%i >= %i)", "(%d <= %d)", "(%d > %d)", "(%d == %d)", "(%d != %d)",
	"(%i < %d)", "(%d >= %i)", "(%i == %d)", "(%i == %i)", "(%i != %i)",
	"(%s == %s)", "(%s != %s)", "(%s < %s)", "(%s >= %s)", "(%a < %a)",
	"(%a == %a)", "(%t > %t)", "(%t == %t)", "(%m < %m)", "(%m == %m)",
	"(%m != %m)", "(%r > %r)", "(%b == %b)", "(%s in [\"a\", \"mature\", \"R2\"])",
	"(%i in [1, 2, 3, 7])", "(%i in [%i, %i])",
	"(%m in [money(\"3\", \"USD\"), money(\"150\")])", "%s.startsWith(%s)",
	"%s.endsWith(%s)", "%s.contains(%s)", "%s.matches(\"^[a-m]\")", "has(r.stage)",
	"has(r.x)", "(%b && %b && %b)", "cel.bind(z, %b, (z || %b))",
	"(r.ref in segment(\"even\"))", "r.?n.hasValue()", "(%s in segment(\"even\"))",
	"(%i %% 2 == 0)", "(%i %% 2 == 1)", "((0.5 * r.sum) * 2 > r.sum)",
	"((r.old * 0.05) * 20 >= r.old)", "(r.usd / 2 * 2 < r.usd)",
	"(date(r.seen) < date(\"2010-11-07\"))",
	"(date(r.made) == date(\"2010-11-07\"))", "(%i %% 2 == 0)", "(0.7 * %m > %m)",
	"(age(r.born, r.due) %% 2 == 0)", "(r.n %% -1 == 0)", "(r.n %% r.k == 0)",
	"(r.name.trim() == \"x\")", "(r.x * r.y == 0.0)", "(r.x * r.y > 1.7e308)",
	"(1.0 / (r.y * r.x) < 0.0)", "(uint(%i) < %i)", "(uint(%i) >= uint(%i))",
	"(uint(%i) != 7.5)"},
    [INT] = {"(%i + %i)", "(%i - %i)", "(%i * %i)", "(%i / %i)", "(%i %% %i)", "-(%i)",
	"(%b ? %i : %i)", "%s.size()", "days_since(%a)", "days_since(%t)",
	"days_until(%t)", "days_until(%a)", "age(%a)", "age(%a, %a)",
	"age(r.born, r.due)", "(%a - %a)", "%a.year()", "%a.month()", "%a.weekday()",
	"%t.getHours()", "%t.getFullYear()", "%t.getDayOfYear()",
	"%t.getHours(\"Europe/London\")", "%t.getDate(\"-05:30\")", "%t.getMinutes()",
	"int(%d)", "r.?n.orValue(%i)", "bucket(%s, \"x\", 5)", "bucket(%i, %s, 1000)",
	"r.items.size()", "%s.indexOf(%s)", "%r.getHours()", "%a.getDayOfYear()",
	"int(%t)", "abs(%i)", "%t.getMilliseconds()", "(%i %% 7)", "%t.day()",
	"%t.getDayOfWeek(\"America/New_York\")", "int(uint(%i) + 3u)",
	"int(uint(%i) - uint(%i))", "int(uint(%i) * uint(%i))",
	"int(uint(%i) / uint(%i))", "int(uint(%i) %% 5u)",
	"r.moves.filter(m9, %b).size()"},
    [DOUBLE] = {"(%d + %d)", "(%d - %d)", "(%d * 0.5)", "(3.7 * %d)", "(%d * 1e-300)",
	"(1e300 * %d)", "(%d / %d)", "(%d / 3.0)", "(%d / 0.0)", "double(%i)",
	"(%m / %m)", "(%b ? %d : %d)", "r.?x.orValue(%d)", "-(%d)", "double(%m)",
	"abs(%d)", "round(%d)", "floor(%d)", "ceil(%d)", "(%d * %d)",
	"double(uint(%i))", "(%d / 1e-310)", "(1.0 / %d)"},
    [STRING] = {"(%s + %s)", "%s.upperAscii()", "%s.lowerAscii()", "(%b ? %s : %s)",
	"string(%i)", "r.?stage.orValue(%s)", "string(%a)", "%s.trim()", "%s.reverse()",
	"%s.substring(%i)", "%s.substring(0, %i)", "%s.charAt(%i)",
	"%s.replace(\"a\", %s)", "%m.currency()", "string(%b)"},
    [DATE] = {"(%a + %i)", "(%a - %i)", "add_months(%a, %i)", "add_months(%a, 1)",
	"add_months(%a, -12)", "date(%t)", "(%b ? %a : %a)", "(%a - days(2))",
	"(%a + %r)", "r.?born.orValue(%a)"},
    [TIME] = {"(%t + %r)", "(%t - %r)", "(%b ? %t : %t)", "timestamp(%i)",
	"r.?seen.orValue(%t)", "timestamp(%a)"},
    [MONEY] = {"(%m + %m)", "(%m - %m)", "(%m * %i)", "(%m * %d)", "(0.7 * %m)",
	"(%m * 0.005)", "(%m / %i)", "(%m / 3)", "-(%m)", "(%b ? r.sum : r.old)",
	"r.?sum.orValue(%m)", "abs(%m)", "money(%i)", "(%m * 2)", "(%m * 1.5)"},
    [SPAN] = {"(%r + %r)", "(%t - %t)", "(%r * %i)", "-(%r)", "days(%i)", "(%r - %r)",
	"hours(%i)"},
};

/* What most rules are without, because SQL refuses it: for interpreter and columns. */
static const char *const exotic[WANTS][16] = {
    [BOOL] = {"[%i, %i].exists(q, q > %i)", "r.items.exists(p, e, p > 0 && e.live)",
	"r.moves.all(p, e, e.step > p)", "({\"a\": %i}[\"a\"] == %i)",
	"(bytes(%s) < bytes(%s))", "(dyn(%s) == %s)", "(%i < dyn(%d))",
	"optional.of(%i).hasValue()", "[%b, %b].all(q, q)", "(%s in {%s: 1})",
	"([%i, %i] == [%i, 3])", "(type(%i) == int)", "(r.moves.first().kind == %s)",
	"[%s, %s].exists_one(q, q == %s)"},
    [INT] = {"math.greatest(%i, %i)", "math.bitAnd(%i, %i)", "%s.lastIndexOf(%s)",
	"%s.split(\"a\").size()", "[%i, %i, %i].sum()", "[%i, %i].map(q, q + 1).max()",
	"r.?n.optMap(v, v + 1).orValue(%i)", "r.items.first().units",
	"r.items[0].units", "r.items[?1].optMap(v, v.units).orValue(%i)",
	"int(string(%i))", "%s.indexOf(%s, 1)", "r.items.map(p, e, p + e.units).sum()",
	"math.sign(%i)"},
    [DOUBLE] = {"math.least(%d, %d)", "r.items.map(i7, i7.rate).sum()",
	"r.items.map(i7, i7.rate).max()", "r.items.map(i7, i7.rate).avg()",
	"[%d, %d].min()", "math.trunc(%d)", "double(string(%d))"},
    [STRING] = {"%s.split(\"a\").join(%s)", "\"%%d-%%s\".format([%i, %s])",
	"[%s, %s].join(\"-\")", "string(%d)", "string(%t)", "string(%m)", "string(%r)",
	"r.moves.map(m8, m8.kind).first()", "%s.replace(%s, \"x\")"},
    [DATE] = {"[%a, %a].max()", "date(string(%a))", "r.items.map(i8, i8.due).last()"},
    [TIME] = {"r.moves.map(m8, m8.at).first()", "[%t, %t].min()",
	"timestamp(string(%t))"},
    [MONEY] = {"[%m, %m].sum()", "r.moves.last().worth", "[%m, r.sum].max()",
	"(%b ? %m : %m)"},
    [SPAN] = {"[%r, %r].max()", "duration(string(%r))", "[%r, %r].avg()"},
};

static int
count_of(const char *const *list, int max)
{
	int n = 0;

	while (n < max && list[n] != NULL)
		n++;
	return n;
}

static const char *
any_of(struct reach *r, const char *const *list, int max)
{
	return list[chance_below(r->chance, count_of(list, max))];
}

/* ---- trees ------------------------------------------------------------------------------- */
static struct gen *
node(struct arena *arena, enum want want, const char *format)
{
	struct gen *g = arena_alloc(arena, sizeof *g);

	g->want = want;
	g->format = format;
	return g;
}

static struct gen *gen(struct reach *r, enum want want, int depth);

static void
add_kid(struct gen *g, struct gen *kid)
{
	STW_ASSERT(g->nkids < GEN_KIDS);
	g->kids[g->nkids++] = kid;
}

static const char *
variable(struct reach *r, enum want want)
{
	const char *const *names;
	int v;

	if (r->n == 0)
		return NULL;
	v = chance_below(r->chance, r->n);
	names = r->kind[v] == 'i' ? item_fields[want] : move_fields[want];
	if (names[0] == NULL)
		return NULL;
	return arena_printf(r->arena,
	    want == STRING && chance_below(r->chance, 8) == 0 ? "%c%d.?%s.orValue(\"\")"
							      : "%c%d.%s",
	    r->kind[v], v, names[0]);
}

static struct gen *
leaf(struct reach *r, enum want want)
{
	const char *name = NULL;

	if (chance_below(r->chance, 3) != 0)
		name = variable(r, want);
	if (name == NULL)
		name = chance_below(r->chance, 3) == 0 ? any_of(r, literals[want], 12)
						       : any_of(r, fields[want], 6);
	return node(r->arena, want, name);
}

/* "r.items.filter(i0, %b)": the filter's hole is the first. */
static const char *
list_text(struct reach *r, char kind, int *holes)
{
	const char *base = kind == 'm'                       ? "r.moves"
			   : chance_below(r->chance, 3) == 0 ? "list"
							     : "r.items";

	*holes = chance_below(r->chance, 5) < 2 ? 1 : 0;
	if (*holes == 0)
		return base;
	return arena_printf(r->arena, "%s.filter(%c%d, %%b)", base, kind, r->n);
}

/* A hole under the macro's variable. */
static struct gen *
under(struct reach *r, char kind, enum want want, int depth)
{
	struct gen *made;

	r->kind[r->n++] = kind;
	made = gen(r, want, depth);
	r->n--;
	return made;
}

static struct gen *
macro(struct reach *r, enum want want, const char *name, enum want body,
    const char *after, int depth)
{
	char kind = move_fields[body][0] == NULL      ? 'i'
		    : item_fields[body][0] == NULL    ? 'm'
		    : chance_below(r->chance, 2) == 0 ? 'i'
						      : 'm';
	int holes;
	const char *list = list_text(r, kind, &holes);
	struct gen *g = node(r->arena, want,
	    arena_printf(r->arena, "%s.%s(%c%d, %%%c)%s", list, name, kind, r->n,
		letters[body], after));

	if (holes > 0)
		add_kid(g, under(r, kind, BOOL, depth - 2));
	add_kid(g, under(r, kind, body, depth - 1));
	return g;
}

static struct gen *
count(struct reach *r, int depth)
{
	int holes;
	const char *list = list_text(r, 'i', &holes);
	struct gen *g = node(r->arena, INT, arena_printf(r->arena, "%s.count()", list));

	if (holes > 0)
		add_kid(g, under(r, 'i', BOOL, depth - 1));
	return g;
}

static struct gen *
over_children(struct reach *r, enum want want, int depth)
{
	static const char *const tests[] = {"exists", "all", "exists_one"};
	static const char *const totals[] = {".sum()", ".avg()", ".min()", ".max()"};
	int which = chance_below(r->chance, 4);

	switch (want) {
	case BOOL:
		if (which == 3)
			return macro(
			    r, want, "map", STRING, " .exists(s, s == r.stage)", depth);
		return macro(r, want, tests[which], BOOL, "", depth);
	case INT:
		if (which == 0)
			return count(r, depth);
		return macro(
		    r, want, "map", INT, totals[which == 1 ? 0 : which], depth);
	case DOUBLE:
		return macro(r, want, "map", INT, ".avg()", depth);
	case MONEY:
		return macro(r, want, "map", MONEY, totals[which], depth);
	case STRING:
	case DATE:
	case TIME:
		return macro(r, want, "map", want, totals[2 + which % 2], depth);
	case SPAN:
		return macro(r, want, "map", SPAN, totals[which], depth);
	case WANTS:
		break;
	}
	return leaf(r, want);
}

static struct gen *
gen(struct reach *r, enum want want, int depth)
{
	struct gen *g;

	if (depth <= 0 || chance_below(r->chance, 6) == 0)
		return leaf(r, want);
	if (chance_below(r->chance, 4) == 0 && r->n < REACH_MAX)
		return over_children(r, want, depth);
	if (r->exotic && chance_below(r->chance, 6) == 0)
		g = node(r->arena, want, any_of(r, exotic[want], 16));
	else
		g = node(r->arena, want, any_of(r, forms[want], FORMS));
	for (const char *p = g->format; *p != '\0'; p++) {
		if (*p != '%')
			continue;
		p++;
		if (*p != '%')
			add_kid(g, gen(r, (enum want)(strchr(letters, *p) - letters),
				       depth - 1));
	}
	return g;
}

struct gen *
gen_rule(struct chance *c, enum want want, int depth, struct arena *arena)
{
	struct reach r = {
	    .chance = c, .arena = arena, .exotic = chance_below(c, 5) == 0};

	return gen(&r, want, depth);
}

void
gen_print(const struct gen *g, struct buf *to)
{
	int kid = 0;

	for (const char *p = g->format; *p != '\0'; p++) {
		if (*p != '%')
			buf_add_char(to, *p);
		else if (*++p == '%')
			buf_add_char(to, '%');
		else
			gen_print(g->kids[kid++], to);
	}
}

int
gen_size(const struct gen *g)
{
	int n = 1;

	for (int i = 0; i < g->nkids; i++)
		n += gen_size(g->kids[i]);
	return n;
}

struct gen *
gen_least(enum want want, int i, struct arena *arena)
{
	int nliterals = count_of(literals[want], 12);
	int nfields = count_of(fields[want], 6);

	if (i < nliterals)
		return node(arena, want, literals[want][i]);
	if (i < nliterals + nfields)
		return node(arena, want, fields[want][i - nliterals]);
	return NULL;
}

bool
gen_is_least(const struct gen *g)
{
	for (int i = 0; i < 12 && literals[g->want][i] != NULL; i++) {
		if (strcmp(g->format, literals[g->want][i]) == 0)
			return true;
	}
	for (int i = 0; i < 6 && fields[g->want][i] != NULL; i++) {
		if (strcmp(g->format, fields[g->want][i]) == 0)
			return true;
	}
	return false;
}
