/* The first byte picks the region. Whatever text is read as a number has an E.164 form that
 * is read as the same number, and the short way and the library agree on it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/err.h"
#include "engine/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_same(const struct phone *a, const struct phone *b)
{
	STW_ASSERT(strcmp(a->e164, b->e164) == 0);
	STW_ASSERT(strcmp(a->national, b->national) == 0);
	STW_ASSERT(strcmp(a->region, b->region) == 0);
	STW_ASSERT(a->type == b->type && a->valid == b->valid &&
		   a->possible == b->possible && a->geographic == b->geographic);
}

static void
check_valid(const struct phone *phone)
{
	const char *zones[4];
	struct phone again;
	struct stw_err err = {0};
	char place[16];
	int n = phone_zones(phone, zones, 4);

	STW_ASSERT(n >= 0);
	for (int i = 0; i < n && i < 4; i++)
		STW_ASSERT(zones[i][0] != '\0');
	phone_place(phone, "zh", place, sizeof place);
	STW_ASSERT(strlen(place) < sizeof place && utf8_valid(str_of(place)));
	(void)phone_carrier(phone, "en");
	STW_ASSERT(phone_parse(str_of(phone->e164), "", &again, &err) == STW_OK);
	check_same(phone, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const regions[] = {
	    "CN", "US", "GB", "HK", "DE", "", NULL, "??"};
	const char *region;
	struct phone phone, whole;
	struct stw_err err = {0};
	struct str text;
	enum stw_code rc;

	if (size == 0 || size > 300)
		return 0;
	region = regions[data[0] % STW_ARRAY_LEN(regions)];
	text = (struct str){(const char *)data + 1, size - 1};
	rc = phone_parse(text, region, &phone, &err);
	STW_ASSERT(phone_parse_whole(text, region, &whole, NULL) == rc);
	STW_ASSERT(phone_fault(text, region) != NULL);
	if (rc != STW_OK) {
		STW_ASSERT(err.text[0] != '\0');
		return 0;
	}
	check_same(&phone, &whole);
	if (phone.valid)
		check_valid(&phone);
	return 0;
}
