/* Stands in for the engine's rule sets until they have landed: one rule after the other
 * on one thread, whatever the options say. */
#ifndef STW_TESTS_BENCH_RULE_SET_TODAY_H
#define STW_TESTS_BENCH_RULE_SET_TODAY_H

#include "engine/rule_columns.h"

enum simd_level { SIMD_AUTO = 0, SIMD_PORTABLE, SIMD_AVX2, SIMD_AVX512 };

struct rule_set_options {
	int threads;
	enum simd_level simd;
	bool unshared;
	bool profile;
};

struct rule_result {
	struct bitmap matched, undecided;
	size_t nmatched, nundecided;
};

struct rule_set {
	const struct rule *const *rules;
	int count;
};

static inline enum stw_code
rule_set_new(const struct rule *const *rules, int count,
    const struct rule_columns_ctx *ctx, const struct rule_set_options *options,
    struct rule_set **out, struct stw_err *err)
{
	(void)ctx, (void)options, (void)err;
	*out = stw_xalloc(sizeof **out);
	**out = (struct rule_set){rules, count};
	return STW_OK;
}

static inline void
rule_set_free(struct rule_set *set)
{
	free(set);
}

static inline enum stw_code
rule_set_run(struct rule_set *set, const struct rule_columns_ctx *ctx,
    struct rule_result *results, struct stw_err *err)
{
	for (int i = 0; i < set->count; i++) {
		struct rule_result *r = &results[i];
		enum stw_code rc = rule_columns_bool(
		    set->rules[i], ctx, &r->matched, &r->undecided, err);

		if (rc != STW_OK)
			return rc;
		r->nmatched = bitmap_count(&r->matched);
		r->nundecided = bitmap_count(&r->undecided);
	}
	return STW_OK;
}

#endif
