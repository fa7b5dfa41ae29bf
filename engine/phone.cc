// libphonenumber behind engine/phone.h. No exception leaves this file: the library
// throws none by itself, and running out of memory ends the process as everywhere else.
extern "C" {
#include "engine/buf.h"
#include "engine/err.h"
}

#include <atomic>
#include <cstring>
#include <phonenumbers/geocoding/phonenumber_offline_geocoder.h>
#include <phonenumbers/phonenumberutil.h>
#include <phonenumbers/shortnumberinfo.h>
#include <set>
#include <string>

#include "engine/phone.h"

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberOfflineGeocoder;
using i18n::phonenumbers::PhoneNumberUtil;
using i18n::phonenumbers::ShortNumberInfo;

namespace
{
const PhoneNumberUtil &
util()
{
	return *PhoneNumberUtil::GetInstance();
}

template <size_t N>
void
copy(char (&to)[N], const std::string &from)
{
	size_t n = from.size() < N - 1 ? from.size() : N - 1;

	std::memcpy(to, from.data(), n);
	to[n] = '\0';
}

phone_type
type_of(PhoneNumberUtil::PhoneNumberType type)
{
	switch (type) {
	case PhoneNumberUtil::FIXED_LINE:
		return PHONE_FIXED_LINE;
	case PhoneNumberUtil::MOBILE:
		return PHONE_MOBILE;
	case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
		return PHONE_FIXED_LINE_OR_MOBILE;
	case PhoneNumberUtil::TOLL_FREE:
		return PHONE_TOLL_FREE;
	case PhoneNumberUtil::PREMIUM_RATE:
		return PHONE_PREMIUM_RATE;
	case PhoneNumberUtil::SHARED_COST:
		return PHONE_SHARED_COST;
	case PhoneNumberUtil::VOIP:
		return PHONE_VOIP;
	case PhoneNumberUtil::PERSONAL_NUMBER:
		return PHONE_PERSONAL_NUMBER;
	case PhoneNumberUtil::PAGER:
		return PHONE_PAGER;
	case PhoneNumberUtil::UAN:
		return PHONE_UAN;
	case PhoneNumberUtil::VOICEMAIL:
		return PHONE_VOICEMAIL;
	case PhoneNumberUtil::UNKNOWN:
		break;
	}
	return PHONE_UNKNOWN;
}

const char *
why(PhoneNumberUtil::ErrorType error)
{
	switch (error) {
	case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
		return "no country: write it internationally (+86 ...) or state a region";
	case PhoneNumberUtil::NOT_A_NUMBER:
		return "this is no phone number";
	case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
	case PhoneNumberUtil::TOO_SHORT_NSN:
		return "too short for a phone number";
	case PhoneNumberUtil::TOO_LONG_NSN:
		return "too long for a phone number";
	case PhoneNumberUtil::NO_PARSING_ERROR:
		break;
	}
	return "this is no phone number";
}

phone_cost
cost_of(ShortNumberInfo::ShortNumberCost cost)
{
	switch (cost) {
	case ShortNumberInfo::TOLL_FREE:
		return PHONE_COST_TOLL_FREE;
	case ShortNumberInfo::STANDARD_RATE:
		return PHONE_COST_STANDARD;
	case ShortNumberInfo::PREMIUM_RATE:
		return PHONE_COST_PREMIUM;
	case ShortNumberInfo::UNKNOWN_COST:
		break;
	}
	return PHONE_COST_UNKNOWN;
}

// ---- Chinese mobile numbers --------------------------------------------------------
// Eleven digits beginning with 1, alone or after +86, are what a Chinese bank's feed has.
// Whether such a number is a mobile number its first five digits decide; the library is
// asked once for each five (test_phone.c asks for every one of them).
const size_t CN_DIGITS = 11;
enum : uint8_t { CN_NOT_ASKED, CN_MOBILE, CN_OTHER };
std::atomic<uint8_t> cn_prefixes[10000]; // by the second to the fifth digit

// The eleven digits in the text, or NULL when it is written another way.
const char *
cn_digits(struct str text, const char *region)
{
	const char *p = text.ptr;
	size_t n = text.len;

	if (n == CN_DIGITS + 3 && std::memcmp(p, "+86", 3) == 0) {
		p += 3;
		n -= 3;
	} else if (region == nullptr || std::strcmp(region, "CN") != 0) {
		return nullptr;
	}
	if (n != CN_DIGITS || p[0] != '1')
		return nullptr;
	for (size_t i = 1; i < n; i++)
		if (p[i] < '0' || p[i] > '9')
			return nullptr;
	return p;
}

size_t
cn_prefix(const char *digits)
{
	size_t at = 0;

	for (int i = 1; i < 5; i++)
		at = at * 10 + static_cast<size_t>(digits[i] - '0');
	return at;
}

void
cn_fill(const char *digits, struct phone *out)
{
	*out = phone{};
	std::memcpy(out->e164, "+86", 3);
	std::memcpy(out->e164 + 3, digits, CN_DIGITS);
	std::memcpy(out->national, digits, CN_DIGITS);
	std::memcpy(out->region, "CN", 2);
	out->country_code = 86;
	out->type = PHONE_MOBILE;
	out->geographic = out->possible = out->valid = true;
}

bool
cn_is(const char *digits, const struct phone *phone)
{
	return phone->valid && phone->possible && phone->geographic &&
	       phone->type == PHONE_MOBILE && phone->country_code == 86 &&
	       std::strcmp(phone->region, "CN") == 0 && phone->extension[0] == '\0' &&
	       std::strncmp(phone->national, digits, CN_DIGITS) == 0 &&
	       phone->national[CN_DIGITS] == '\0';
}
} // namespace

extern "C" {

enum stw_code
phone_parse(struct str text, const char *region, struct phone *out, struct stw_err *err)
{
	const char *digits = cn_digits(text, region);
	std::atomic<uint8_t> *known;
	enum stw_code rc;

	if (digits == nullptr)
		return phone_parse_whole(text, region, out, err);
	known = &cn_prefixes[cn_prefix(digits)];
	if (known->load(std::memory_order_relaxed) == CN_MOBILE) {
		cn_fill(digits, out);
		return STW_OK;
	}
	rc = phone_parse_whole(text, region, out, err);
	known->store(rc == STW_OK && cn_is(digits, out) ? CN_MOBILE : CN_OTHER,
	    std::memory_order_relaxed);
	return rc;
}

enum stw_code
phone_parse_whole(
    struct str text, const char *region, struct phone *out, struct stw_err *err)
{
	const PhoneNumberUtil &lib = util();
	PhoneNumber number;
	std::string s;
	PhoneNumberUtil::ErrorType error = lib.Parse(std::string(text.ptr, text.len),
	    region != nullptr && region[0] != '\0' ? region : "ZZ", &number);

	*out = phone{};
	if (error != PhoneNumberUtil::NO_PARSING_ERROR)
		return stw_fail(err, STW_INVALID, "%s", why(error));
	out->country_code = number.country_code();
	out->possible = lib.IsPossibleNumber(number);
	out->valid = lib.IsValidNumber(number);
	PhoneNumberUtil::PhoneNumberType type = lib.GetNumberType(number);
	out->type = type_of(type);
	out->geographic = lib.IsNumberGeographical(type, number.country_code());
	lib.Format(number, PhoneNumberUtil::E164, &s);
	if (s.size() >= sizeof out->e164)
		return stw_fail(
		    err, STW_INVALID, "%s", why(PhoneNumberUtil::TOO_LONG_NSN));
	copy(out->e164, s);
	s.clear();
	lib.GetNationalSignificantNumber(number, &s);
	copy(out->national, s);
	copy(out->extension, number.extension());
	s.clear();
	lib.GetRegionCodeForNumber(number, &s);
	if (s != "ZZ")
		copy(out->region, s);
	return STW_OK;
}

bool
phone_region_known(const char *region)
{
	static const std::set<std::string> known = [] {
		std::set<std::string> regions;

		util().GetSupportedRegions(&regions);
		return regions;
	}();

	return known.count(region) != 0;
}

struct phone_short
phone_short_library(struct str digits, const char *region)
{
	static const ShortNumberInfo info;
	struct phone_short out = {};
	std::string text(digits.ptr, digits.len);
	PhoneNumber number;

	if (util().Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR)
		return out;
	out.valid = info.IsValidShortNumberForRegion(number, region);
	out.emergency = info.IsEmergencyNumber(text, region);
	if (out.valid)
		out.cost = cost_of(info.GetExpectedCostForRegion(number, region));
	return out;
}

void
phone_place(const struct phone *phone, const char *lang, char *out, size_t size)
{
	static const PhoneNumberOfflineGeocoder geocoder;
	const icu::Locale locale(lang);
	PhoneNumber number;
	std::string place;
	size_t n;

	STW_ASSERT(size > 0);
	out[0] = '\0';
	if (!phone->valid || util().Parse(phone->e164, "ZZ", &number) !=
				 PhoneNumberUtil::NO_PARSING_ERROR)
		return;
	place = geocoder.GetDescriptionForValidNumber(number, locale, phone->region);
	// The country's own name is no place in it.
	if (place == geocoder.GetDescriptionForValidNumber(number, locale, "ZZ"))
		return;
	n = place.size() < size ? place.size() : size - 1;
	while (n > 0 && n < place.size() &&
	       (static_cast<unsigned char>(place[n]) & 0xC0) == 0x80)
		n--;
	std::memcpy(out, place.data(), n);
	out[n] = '\0';
}

const char *
phone_type_name(enum phone_type type)
{
	static const char *const names[] = {"UNKNOWN", "FIXED_LINE", "MOBILE",
	    "FIXED_LINE_OR_MOBILE", "TOLL_FREE", "PREMIUM_RATE", "SHARED_COST", "VOIP",
	    "PERSONAL_NUMBER", "PAGER", "UAN", "VOICEMAIL"};

	return names[type];
}

const char *
phone_kind(const struct phone *phone)
{
	switch (phone->type) {
	case PHONE_MOBILE:
	case PHONE_FIXED_LINE_OR_MOBILE:
		return "mobile";
	case PHONE_FIXED_LINE:
		return "landline";
	default:
		return "other";
	}
}
}
