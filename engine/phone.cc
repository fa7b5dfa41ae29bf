// libphonenumber behind engine/phone.h. No exception leaves this file: the library
// throws none by itself, and running out of memory ends the process as everywhere else.
extern "C" {
#include "engine/buf.h"
#include "engine/err.h"
}

#include <cstring>
#include <phonenumbers/phonenumberutil.h>
#include <string>

#include "engine/phone.h"

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

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
} // namespace

extern "C" {

enum stw_code
phone_parse(struct str text, const char *region, struct phone *out, struct stw_err *err)
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
