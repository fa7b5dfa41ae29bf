#include "engine/re.h"

#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <re2/re2.h>
#include <string>

struct re {
	explicit re(const re2::StringPiece &pattern, const RE2::Options &options)
	    : regex(pattern, options)
	{
	}
	RE2 regex;
};

static RE2::Options
options()
{
	RE2::Options o;

	o.set_log_errors(false);
	o.set_max_mem(1 << 20);
	return o;
}

extern "C" const struct re *
re_shared(const char *pattern, size_t len, char *why, size_t why_cap)
{
	static std::mutex lock;
	static auto *store = new std::map<std::string, std::unique_ptr<re>>;
	const std::lock_guard<std::mutex> guard(lock);
	const std::string key(pattern, len);
	const auto found = store->find(key);

	if (why_cap > 0)
		why[0] = '\0';
	if (found != store->end())
		return found->second.get();
	auto made = std::make_unique<re>(key, options());
	if (!made->regex.ok()) {
		(void)std::snprintf(why, why_cap, "%s", made->regex.error().c_str());
		return nullptr;
	}
	if (store->size() >= RE_SHARED_MAX)
		return nullptr;
	return store->emplace(key, std::move(made)).first->second.get();
}

extern "C" bool
re_match(const struct re *re, const char *text, size_t len)
{
	return RE2::PartialMatch(re2::StringPiece(text, len), re->regex);
}

extern "C" int
re_match_once(const char *pattern, size_t pattern_len, const char *text, size_t len)
{
	thread_local std::string last;
	thread_local std::unique_ptr<re> made;

	if (made == nullptr || last.compare(0, last.npos, pattern, pattern_len) != 0) {
		last.assign(pattern, pattern_len);
		made = std::make_unique<re>(last, options());
	}
	if (!made->regex.ok())
		return -1;
	return RE2::PartialMatch(re2::StringPiece(text, len), made->regex) ? 1 : 0;
}
