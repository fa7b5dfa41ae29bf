/*
 * phone.h - telephone numbers: parsed, judged, normalised, placed in time zones.
 *
 * Purpose    libphonenumber behind one C face (phone.cc is the only C++ that knows it).
 *            Candidate time zones come from engine/phone_zones.csv and original operators
 *            from engine/phone_carriers.csv, the library's own prefix tables, because
 *            its C++ form has neither mapper.
 * Ownership  struct phone owns its bytes. Zone names are static.
 * Errors     A text that is no number is INVALID; the error never repeats the text, for
 *            it may be somebody's number. A number that parses but cannot exist has
 *            valid false: the caller decides.
 * Threads    Any.
 */
#ifndef STW_ENGINE_PHONE_H
#define STW_ENGINE_PHONE_H

#include <stdbool.h>

#include "engine/buf.h"
#include "engine/err.h"

#ifdef __cplusplus
extern "C" {
#endif

enum phone_type {
	PHONE_UNKNOWN = 0,
	PHONE_FIXED_LINE,
	PHONE_MOBILE,
	PHONE_FIXED_LINE_OR_MOBILE,
	PHONE_TOLL_FREE,
	PHONE_PREMIUM_RATE,
	PHONE_SHARED_COST,
	PHONE_VOIP,
	PHONE_PERSONAL_NUMBER,
	PHONE_PAGER,
	PHONE_UAN,
	PHONE_VOICEMAIL,
};

struct phone {
	char e164[20];     /* "+8613490000000" */
	char national[24]; /* significant national number, digits only */
	char extension[12];
	char region[4];   /* ISO country, "001" for non-geographic codes, "" unknown */
	int country_code; /* 86 */
	enum phone_type type;
	bool geographic; /* its digits say where it is */
	bool possible;   /* its length can exist */
	bool valid;      /* it lies in a range that was given out */
};

/* region: the ISO country assumed when the text has no country code ("CN"); "" or NULL
 * accepts only international forms. */
enum stw_code phone_parse(struct str text, const char *region, struct phone *out,
    struct stw_err *err) STW_MUST_USE;

/* phone_parse through the library always; phone_parse remembers, for the common form of a
 * Chinese mobile number, what the library answered about its prefix. For tests, which hold
 * the two to one answer. */
enum stw_code phone_parse_whole(struct str text, const char *region, struct phone *out,
    struct stw_err *err) STW_MUST_USE;

/* Short numbers are no subscribers': 110, 10086, 95588. Their meaning is their region's. */
enum phone_cost {
	PHONE_COST_UNKNOWN = 0,
	PHONE_COST_TOLL_FREE,
	PHONE_COST_STANDARD,
	PHONE_COST_PREMIUM,
};
struct phone_short {
	bool valid;     /* it lies in a range that is in use */
	bool emergency; /* calling it calls for help */
	enum phone_cost cost;
};

/* digits only; region: the ISO country the number is dialled in. Nothing is true of what is
 * none. China's ranges are engine/phone_short.csv's, for the library has few of them. */
struct phone_short phone_short_find(struct str digits, const char *region);
struct phone_short phone_short_library(struct str digits, const char *region);

/* Why text is no subscriber's number although it could be read as one: phone_parse gave
 * valid false. Static. */
const char *phone_fault(struct str text, const char *region);

/* Where its digits say it is, in lang ("zh", "en"): "广东省深圳市"; "" when nobody knows.
 * NUL-terminated, cut at whole characters when size is too small. */
void phone_place(const struct phone *phone, const char *lang, char *out, size_t size);

/* The operator its range was given to, in lang ("en"; else Chinese); NULL: unknown. Numbers
 * are portable: today's operator may be another. Known for +86 only. */
const char *phone_carrier(const struct phone *phone, const char *lang);

/* Is it an ISO country with a numbering plan: "CN"? Case counts. */
bool phone_region_known(const char *region);

/* "MOBILE", ... as libphonenumber spells it. */
const char *phone_type_name(enum phone_type type);
/* contact_point.kind: "mobile" (also where mobile and fixed cannot be told apart, the
 * more protected of the two), "landline" or "other". */
const char *phone_kind(const struct phone *phone);

/* Zones the number's plan allows it to be in: longest prefix for geographic numbers,
 * country for others, none for invalid ones. Writes up to max names, returns how many
 * there are. */
int phone_zones(const struct phone *phone, const char **out, int max);

#ifdef __cplusplus
}
#endif
#endif
