/*
 * pack_select.c - which packs concern a contact.
 */
#include <string.h>

#include "campaigns/compliance/gate_priv.h"

/* ISO 3166-2:CN by the first characters of the name, as books write provinces. */
static const struct {
	const char *name, *place;
} provinces[] = {
    {"北京", "CN-BJ"},
    {"天津", "CN-TJ"},
    {"河北", "CN-HE"},
    {"山西", "CN-SX"},
    {"内蒙古", "CN-NM"},
    {"辽宁", "CN-LN"},
    {"吉林", "CN-JL"},
    {"黑龙江", "CN-HL"},
    {"上海", "CN-SH"},
    {"江苏", "CN-JS"},
    {"浙江", "CN-ZJ"},
    {"安徽", "CN-AH"},
    {"福建", "CN-FJ"},
    {"江西", "CN-JX"},
    {"山东", "CN-SD"},
    {"河南", "CN-HA"},
    {"湖北", "CN-HB"},
    {"湖南", "CN-HN"},
    {"广东", "CN-GD"},
    {"广西", "CN-GX"},
    {"海南", "CN-HI"},
    {"重庆", "CN-CQ"},
    {"四川", "CN-SC"},
    {"贵州", "CN-GZ"},
    {"云南", "CN-YN"},
    {"西藏", "CN-XZ"},
    {"陕西", "CN-SN"},
    {"甘肃", "CN-GS"},
    {"青海", "CN-QH"},
    {"宁夏", "CN-NX"},
    {"新疆", "CN-XJ"},
    {"台湾", "CN-TW"},
    {"香港", "CN-HK"},
    {"澳门", "CN-MO"},
};

/* NULL: none of the table. */
static const char *
province_place(const char *name)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(provinces); i++) {
		size_t len = strlen(provinces[i].name);

		if (strncmp(name, provinces[i].name, len) == 0)
			return provinces[i].place;
	}
	return NULL;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* Is the part of the country where the person is known at all? */
static bool
part_is_known(const struct gate_party *p, const char *country)
{
	if (same(p->country, country) &&
	    (p->state != NULL ||
		(p->province != NULL && province_place(p->province) != NULL)))
		return true;
	for (int i = 0; i < p->places.count; i++) {
		if (strncmp(p->places.items[i], country, 2) == 0 &&
		    p->places.items[i][2] == '-')
			return true;
	}
	return false;
}

/* Of whom no place is known, the number tells the country. */
static bool
is_in_country(const struct gate_facts *f, const char *country)
{
	const struct gate_party *p = &f->party;

	if (same(p->country, country) || (p->country == NULL && p->places.count == 0 &&
					     same(f->point.country, country)))
		return true;
	for (int i = 0; i < p->places.count; i++) {
		if (strncmp(p->places.items[i], country, 2) == 0)
			return true;
	}
	return false;
}

/* May the person be there? Whoever is somewhere in the country, nobody knows where, may be
 * in any of its parts. */
static bool
is_in(const struct gate_facts *f, const char *place)
{
	const struct gate_party *p = &f->party;
	char country[3] = {place[0], place[1], '\0'};

	if (place[2] == '\0')
		return is_in_country(f, place);
	for (int i = 0; i < p->places.count; i++) {
		if (strcmp(p->places.items[i], place) == 0)
			return true;
	}
	if (same(p->country, country)) {
		if (same(p->state, place + 3))
			return true;
		if (p->province != NULL && same(province_place(p->province), place))
			return true;
	}
	return is_in_country(f, country) && !part_is_known(p, country);
}

/* A fact that nobody knows may be what the pack names. */
static bool
may_be(const struct gate_strings *list, const char *country)
{
	return country == NULL ? list->count > 0 : gate_strings_has(list, country);
}

bool
pack_selected(const struct pack_selects *selects, const struct gate_facts *facts)
{
	/* a bank's own products, where nobody says otherwise */
	const char *regulator = facts->product.regulator != NULL
				    ? facts->product.regulator
				    : facts->institution_country;

	if (!selects->any)
		return true;
	for (int i = 0; i < selects->party.count; i++) {
		if (is_in(facts, selects->party.items[i]))
			return true;
	}
	return (facts->point.country != NULL &&
		   gate_strings_has(&selects->number, facts->point.country)) ||
	       may_be(&selects->home, facts->institution_country) ||
	       (facts->product.code != NULL && may_be(&selects->product, regulator));
}
