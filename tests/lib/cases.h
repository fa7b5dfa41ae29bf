/*
 * cases.h - each test a case of its own, so that CK_RUN_CASE picks one by its name.
 *
 * Purpose    tests/mutants_push.sh runs the one test that has to miss a protection.
 */
#ifndef STW_TESTS_LIB_CASES_H
#define STW_TESTS_LIB_CASES_H

#include <check.h>

#define CASE_ADD(suite, begin, end, seconds, test, from, to)  \
	do {                                                  \
		TCase *case_ = tcase_create(#test);           \
                                                              \
		tcase_set_timeout(case_, seconds);            \
		tcase_add_checked_fixture(case_, begin, end); \
		tcase_add_loop_test(case_, test, from, to);   \
		suite_add_tcase(suite, case_);                \
	} while (0)

#endif
