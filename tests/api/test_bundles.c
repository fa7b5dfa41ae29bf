/*
 * test_bundles.c - what an auditor is handed: it verifies without a database, whatever is changed
 * in it shows, it needs a second person when it is large, and an erasure does not harm it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "tests/lib/api_calls.h"

#define ARGS 20

static char task[40], customer[80], key[200], dir[200], archive[200], copy[200];

/* ---- commands ------------------------------------------------------------------------------ */
static char *
bundle(int want, const char *const *args)
{
	const char *argv[ARGS] = {"bundle"};
	char *out = NULL;
	int got, n = 1;

	for (; args[n - 1] != NULL; n++) {
		ck_assert_int_lt(n, ARGS - 1);
		argv[n] = args[n - 1];
	}
	argv[n] = NULL;
	got = world_run(&world, &out, argv);
	ck_assert_msg(got == want, "exit %d: %s", got, out);
	return out;
}
#define BUNDLE(want, ...) bundle((want), (const char *const[]){__VA_ARGS__, NULL})

static void
ck_says(char *out, const char *text)
{
	ck_assert_msg(strstr(out, text) != NULL, "no \"%s\" in: %s", text, out);
	free(out);
}

/* Who, what for and when, of each bundle here. */
#define FOR                                                                        \
	"--by", "b_li", "--case", "K-9", "--from", "2026-11-01T00:00:00Z", "--to", \
	    "2026-12-01T00:00:00Z"

static char *
run_text(const char *const *argv)
{
	char *out;
	int got = world_run(&world, &out, argv);

	ck_assert_msg(got == 0, "exit %d: %s", got, out);
	out[strcspn(out, "\n")] = '\0';
	return out;
}

/* ---- files ---------------------------------------------------------------------------------- */
static char *
file_read(const char *in, const char *name, size_t *len)
{
	char path[500], *text;
	FILE *file;
	long size;

	(void)snprintf(path, sizeof path, "%s/%s", in, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	ck_assert_ptr_nonnull(text);
	*len = fread(text, 1, (size_t)size, file);
	ck_assert_uint_eq(*len, (size_t)size);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

static void
file_write(const char *in, const char *name, const char *text, size_t len)
{
	char path[500];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", in, name);
	file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static json_t *
manifest_of(const char *in)
{
	size_t len;
	char *text = file_read(in, "manifest.json", &len);
	json_t *v = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(v);
	free(text);
	return v;
}

static void
manifest_put(json_t *v)
{
	char *text = json_dumps(v, JSON_INDENT(1));

	file_write(copy, "manifest.json", text, strlen(text));
	free(text);
	json_decref(v);
}

/* The forger's way: the manifest says what the changed file is, or that there is none. */
static void
manifest_fits(const char *name, bool gone)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[sizeof hash * 2 + 1], *text;
	json_t *v = manifest_of(copy), *files = json_object_get(v, "files"), *f = NULL;
	size_t i, len;

	json_array_foreach(files, i, f)
	{
		if (strcmp(json_string_value(json_object_get(f, "name")), name) == 0)
			break;
	}
	ck_assert_uint_lt(i, json_array_size(files));
	if (gone) {
		(void)json_array_remove(files, i);
	} else {
		text = file_read(copy, name, &len);
		(void)crypto_hash_sha256(hash, (unsigned char *)text, len);
		(void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
		(void)json_object_set_new(f, "sha256", json_string(hex));
		(void)json_object_set_new(f, "bytes", json_integer((json_int_t)len));
		free(text);
	}
	manifest_put(v);
}

/* A file whose name begins so, of the manifest. */
static void
file_named(const char *begin, int which, char name[120])
{
	json_t *v = manifest_of(copy), *f;
	size_t i;

	name[0] = '\0';
	json_array_foreach(json_object_get(v, "files"), i, f)
	{
		const char *one = json_string_value(json_object_get(f, "name"));

		if (strncmp(one, begin, strlen(begin)) == 0 && which-- == 0)
			(void)snprintf(name, 120, "%s", one);
	}
	json_decref(v);
	ck_assert_msg(name[0] != '\0', "no %s", begin);
}

#define SHELL(...)                                                          \
	do {                                                                \
		char shell_line[800];                                       \
		(void)snprintf(shell_line, sizeof shell_line, __VA_ARGS__); \
		ck_assert_int_eq(system(shell_line), 0);                    \
	} while (0)

/* ---- one call, and its bundle, for all tests ------------------------------------------------- */
static void
made(void)
{
	const char *const print[] = {"ledger", "key", NULL};
	struct reply r;
	char *text;

	queued_task(task, customer);
	r = task_call(AGENT, task, "accept", NULL);
	reply_free(&r);
	r = task_call(AGENT, task, "permit", NULL);
	ck_status(&r, 200);
	reply_free(&r);
	r = task_call(AGENT, task, "outcome", "{\"disposition\":\"interested\"}");
	ck_status(&r, 201);
	reply_free(&r);
	for (int i = 0; i < 200; i++) {
		if (test_db_number(&world.db, "SELECT count(*) FROM ledger_outbox") ==
		    0)
			break;
		(void)usleep(50000);
	}
	text = run_text(print);
	(void)snprintf(key, sizeof key, "%s", text);
	free(text);
	(void)snprintf(dir, sizeof dir, "%s/bundle", world.dir);
	(void)snprintf(archive, sizeof archive, "%s/bundle.tar", world.dir);
	(void)snprintf(copy, sizeof copy, "%s/copy", world.dir);
	ck_says(BUNDLE(0, "make", dir, "--customer", customer, FOR), "manifest sha256");
	ck_says(
	    BUNDLE(0, "make", archive, "--customer", customer, FOR), "manifest sha256");
}

START_TEST(a_bundle_verifies_without_a_database_in_both_forms)
{
	char id[60], receipt[200];
	const char *argv[] = {"ledger", "prove", id, "--out", receipt, NULL};
	char *out;
	json_t *v;

	/* No database of that name is there: none is asked. */
	ck_says(BUNDLE(0, "verify", dir, "--key", key, "--database", "host=/nowhere"),
	    "is whole");
	ck_says(BUNDLE(0, "verify", archive, "--key", key), "is whole");
	v = manifest_of(dir);
	ck_assert_int_gt(json_integer_value(json_object_get(v, "proofs")), 2);
	(void)snprintf(
	    id, sizeof id, "%s", json_string_value(json_object_get(v, "bundle_id")));
	json_decref(v);
	/* The entry about the bundle is the receipt: of this one, and of no other. */
	(void)snprintf(receipt, sizeof receipt, "%s/receipt", world.dir);
	for (int i = 0; i < 200 && world_run(&world, &out, argv) != 0; i++) {
		free(out);
		out = NULL;
		(void)usleep(50000);
	}
	free(out);
	ck_says(BUNDLE(0, "verify", dir, "--key", key, "--receipt", receipt),
	    "the one that the ledger has on record");
	ck_says(BUNDLE(4, "verify", archive, "--key", key, "--receipt", receipt),
	    "about another bundle");
}
END_TEST

START_TEST(it_holds_what_auditors_ask_for_masked_and_names_what_is_missing)
{
	static const char *const parts[] = {"decisions", "attempts", "outcomes",
	    "suitability", "consents", "objections", "calls", "numbers",
	    "number_changes", "number_days", "campaigns", "scripts", "overrides",
	    "complaints", "incidents", "access", "notices", "registries", "outsourcers",
	    "rule_changes", "rules_in_force", "assessments", "rules"};
	char path[200], name[100], *text, *gaps;
	struct reply r;
	json_t *v;
	size_t len;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		(void)snprintf(name, sizeof name, "%s.ndjson", parts[i]);
		free(file_read(dir, name, &len));
	}
	v = manifest_of(dir);
	gaps = json_dumps(json_object_get(v, "gaps"), 0);
	ck_assert_msg(strstr(gaps, "GAP_CALL_RECORDS") != NULL, "%s", gaps);
	ck_assert_msg(strstr(gaps, "GAP_ASSESSMENTS") != NULL, "%s", gaps);
	free(gaps);
	json_decref(v);
	text = file_read(dir, "outcomes.ndjson", &len);
	ck_assert_msg(
	    strstr(text, "\"disposition\":\"interested\"") != NULL, "%s", text);
	free(text);
	/* The number in clear, as compliance may see it, is nowhere in the bundle. */
	(void)snprintf(path, sizeof path, "/v1/customers/%s/reveal", customer);
	r = post("compliance", path,
	    "{\"fields\":[\"phone\",\"name\"],\"purpose\":\"audit\",\"reason\":\"K-9\"}");
	ck_status(&r, 200);
	(void)snprintf(name, sizeof name, "%s", reply_text(&r, "phones/0/number"));
	reply_free(&r);
	ck_assert_uint_gt(strlen(name), 8);
	SHELL("! grep -rqF -e '%s' '%s'", name + 3, dir);
}
END_TEST

/* ---- changed ---------------------------------------------------------------------------------- */
static void
change(const char *name, const char *was, const char *is)
{
	size_t len;
	char *text = file_read(copy, name, &len), *at = strstr(text, was);

	ck_assert_msg(at != NULL, "no %s in %s", was, name);
	ck_assert_uint_eq(strlen(was), strlen(is));
	while (*is != '\0')
		*at++ = *is++;
	file_write(copy, name, text, len);
	free(text);
}

static void
row_changed(void)
{
	change("attempts.ndjson", "ALLOW", "BLOCK");
}

static void
decision_changed_with_manifest(void)
{
	change("decisions.ndjson", "\"outcome\":\"ALLOW\"", "\"outcome\":\"BLOCK\"");
	manifest_fits("decisions.ndjson", false);
}

static void
outcome_changed_with_manifest(void)
{
	change("outcomes.ndjson", "interested", "do_not_cal");
	manifest_fits("outcomes.ndjson", false);
}

static void
instant_changed_with_manifest(void)
{
	change("outcomes.ndjson", "\"recorded_at\":\"2026-11-23",
	    "\"recorded_at\":\"2026-11-22");
	manifest_fits("outcomes.ndjson", false);
}

static void
row_dropped_with_manifest(void)
{
	size_t len, first;
	char *text = file_read(copy, "decisions.ndjson", &len);
	json_t *v, *f;
	size_t i;

	first = strcspn(text, "\n") + 1;
	file_write(copy, "decisions.ndjson", text + first, len - first);
	free(text);
	manifest_fits("decisions.ndjson", false);
	v = manifest_of(copy);
	json_array_foreach(json_object_get(v, "files"), i,
	    f) if (strcmp(json_string_value(json_object_get(f, "name")),
		       "decisions.ndjson") == 0)(void) json_object_set_new(f, "rows",
	    json_integer(json_integer_value(json_object_get(f, "rows")) - 1));
	manifest_put(v);
}

static void
proof_dropped_with_manifest(void)
{
	char name[120], path[400];

	file_named("proofs/", 0, name);
	(void)snprintf(path, sizeof path, "%s/%s", copy, name);
	ck_assert_int_eq(unlink(path), 0);
	manifest_fits(name, true);
}

static void
proofs_swapped_with_manifest(void)
{
	char one[120], other[120], *a, *b;
	size_t na, nb;

	file_named("proofs/", 0, one);
	file_named("proofs/", 1, other);
	a = file_read(copy, one, &na);
	b = file_read(copy, other, &nb);
	file_write(copy, one, b, nb);
	file_write(copy, other, a, na);
	free(a);
	free(b);
	manifest_fits(one, false);
	manifest_fits(other, false);
}

static void
proof_changed_with_manifest(void)
{
	char name[120];

	file_named("proofs/", 0, name);
	change(name, "\nindex ", "\nindey ");
	manifest_fits(name, false);
}

static void
checkpoint_changed_with_manifest(void)
{
	size_t len;
	char *text = file_read(copy, "checkpoint", &len), *at = strchr(text, '\n') + 1;

	*at = *at == '1' ? '2' : '1';
	file_write(copy, "checkpoint", text, len);
	free(text);
	manifest_fits("checkpoint", false);
}

static void
file_gone(void)
{
	SHELL("rm '%s/%s'", copy, "consents.ndjson");
}

static void
file_added(void)
{
	file_write(copy, "more.ndjson", "{}\n", 3);
}

static void
manifest_no_json(void)
{
	file_write(copy, "manifest.json", "{", 1);
}

static void
manifest_leads_elsewhere(void)
{
	change("manifest.json", "\"checkpoint\"", "\"../heckpnt\"");
}

static void
gap_hidden(void)
{
	json_t *v = manifest_of(copy);

	(void)json_object_set_new(v, "gaps", json_array());
	manifest_put(v);
	proof_dropped_with_manifest();
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *says;
} changes[] = {
    {"a row", row_changed, "attempts.ndjson is not what the manifest says"},
    {"a decision, with the manifest", decision_changed_with_manifest,
	"outcome is not what the ledger proves"},
    {"an outcome, with the manifest", outcome_changed_with_manifest,
	"disposition is not what the ledger proves"},
    {"an instant, with the manifest", instant_changed_with_manifest,
	"recorded_at is not what the ledger proves"},
    {"a row gone, with the manifest", row_dropped_with_manifest,
	"proves a row that is missing"},
    {"a proof gone, with the manifest", proof_dropped_with_manifest,
	"1 rows have no proof, and the manifest names 0"},
    {"proofs swapped, with the manifest", proofs_swapped_with_manifest,
	"proves an entry about something else"},
    {"a proof, with the manifest", proof_changed_with_manifest, "does not hold"},
    {"the checkpoint, with the manifest", checkpoint_changed_with_manifest,
	"checkpoint"},
    {"a file gone", file_gone, "consents.ndjson is missing"},
    {"a file added", file_added, "more.ndjson is not in the manifest"},
    {"a manifest that is none", manifest_no_json, "manifest: line 1"},
    {"a name that leads elsewhere", manifest_leads_elsewhere, "leads elsewhere"},
    {"gaps emptied, and a proof gone", gap_hidden, "rows have no proof"},
};

START_TEST(a_change_shows)
{
	char *out;

	SHELL("rm -rf '%s'", copy);
	SHELL("cp -r '%s' '%s'", dir, copy);
	changes[_i].change();
	out = BUNDLE(4, "verify", copy, "--key", key);
	ck_assert_msg(strstr(out, "THE BUNDLE IS BAD") != NULL &&
			  strstr(out, changes[_i].says) != NULL,
	    "%s: %s", changes[_i].name, out);
	free(out);
}
END_TEST

/* A forger's row would look the same: nothing proves it, and the manifest says so. */
START_TEST(a_row_without_a_proof_passes_only_when_it_is_let)
{
	char name[120], id[60], line[400];
	json_t *v, *gap = json_object();

	SHELL("rm -rf '%s'", copy);
	SHELL("cp -r '%s' '%s'", dir, copy);
	file_named("proofs/", 0, name);
	(void)snprintf(id, sizeof id, "%.36s", name + strlen("proofs/"));
	proof_dropped_with_manifest();
	v = manifest_of(copy);
	(void)json_object_set_new(gap, "code", json_string("GAP_LEDGER"));
	(void)json_object_set_new(gap, "part", json_string("decisions"));
	(void)json_object_set_new(gap, "rows", json_integer(1));
	(void)json_object_set_new(gap, "ids", json_array());
	(void)json_array_append_new(json_object_get(v, "gaps"), gap);
	manifest_put(v);
	(void)snprintf(
	    line, sizeof line, "without proof: decisions.ndjson line 1, %s", id);
	ck_says(BUNDLE(4, "verify", copy, "--key", key), line);
	ck_says(BUNDLE(4, "verify", copy, "--key", key),
	    "1 rows have no proof, the first is decisions.ndjson line 1");
	ck_says(BUNDLE(4, "verify", copy, "--key", key, "--allow-unproven", "0"),
	    "THE BUNDLE IS BAD");
	ck_says(BUNDLE(0, "verify", copy, "--key", key, "--allow-unproven", "1"), line);
	ck_says(BUNDLE(0, "verify", copy, "--key", key, "--allow-unproven", "1"),
	    "1 named as without proof");
	/* What is wrong stays wrong. */
	row_changed();
	ck_says(BUNDLE(4, "verify", copy, "--key", key, "--allow-unproven", "1"),
	    "attempts.ndjson is not what the manifest says");
}
END_TEST

START_TEST(an_archive_that_is_cut_or_damaged_and_another_key_show)
{
	static const char other[] =
	    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	char bad[300];

	(void)snprintf(bad, sizeof bad, "%s/bad.tar", world.dir);
	SHELL("head -c 20000 '%s' > '%s'", archive, bad);
	ck_says(BUNDLE(4, "verify", bad, "--key", key), "cut off");
	SHELL("head -c 100 /dev/zero | tr '\\0' x | cat - '%s' > '%s'", archive, bad);
	ck_says(BUNDLE(4, "verify", bad, "--key", key), "damaged at byte 0");
	SHELL("sed 's/interested/do_not_cal/' '%s' > '%s'", archive, bad);
	ck_says(BUNDLE(4, "verify", bad, "--key", key), "SHA-256 differs");
	ck_says(BUNDLE(4, "verify", archive, "--key", other), "checkpoint");
	ck_says(BUNDLE(2, "verify", archive), "key");
}
END_TEST

START_TEST(a_large_one_needs_a_second_person)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/large.tar", world.dir);
	ck_says(BUNDLE(4, "make", path, FOR, "--export-rows-alone", "5"),
	    "more than 5 rows");
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_says(BUNDLE(2, "make", path, FOR, "--approved-by", "b_li"),
	    "somebody else than --by");
	ck_says(BUNDLE(0, "make", path, FOR, "--export-rows-alone", "5",
		    "--approved-by", "c_wu"),
	    "manifest sha256");
	ck_says(BUNDLE(0, "verify", path, "--key", key), "is whole");
	ck_says(BUNDLE(4, "make", path, FOR, "--approved-by", "c_wu"), "there already");
	ck_assert_int_eq(
	    test_db_number(&world.db,
		"SELECT count(*) FROM access_event WHERE what = 'bundle' AND detail LIKE "
		"'%approver=c_wu manifest=%' AND detail NOT LIKE '%manifest=-'"),
	    1);
}
END_TEST

START_TEST(each_scope_makes_a_bundle_that_verifies)
{
	char path[300], body[200], id[60], campaign[80];
	struct reply r;
	json_t *v;

	(void)snprintf(body, sizeof body,
	    "{\"source\":\"letter\",\"customer\":\"%s\",\"words\":\"Not again\"}",
	    customer);
	r = post("compliance", "/v1/compliance/complaints", body);
	ck_status(&r, 201);
	(void)snprintf(id, sizeof id, "%s", reply_text(&r, "complaint_id"));
	reply_free(&r);
	(void)snprintf(path, sizeof path, "%s/complaint", world.dir);
	ck_says(
	    BUNDLE(0, "make", path, "--complaint", id, "--by", "b_li", "--case", "K-9"),
	    "manifest sha256");
	ck_says(BUNDLE(0, "verify", path, "--key", key), "is whole");
	v = manifest_of(path);
	ck_assert_str_eq(json_string_value(json_at(v, "scope/kind")), "complaint");
	json_decref(v);
	SHELL("grep -q '%s' '%s/complaints.ndjson'", id, path);
	SHELL("! grep -rqF 'Not again' '%s'", path);
	r = get("compliance", "/v1/campaigns");
	(void)snprintf(campaign, sizeof campaign, "%s", reply_text(&r, "items/0/code"));
	reply_free(&r);
	(void)snprintf(path, sizeof path, "%s/campaign.tar", world.dir);
	ck_says(BUNDLE(0, "make", path, "--campaign", campaign, FOR, "--approved-by",
		    "c_wu"),
	    "manifest sha256");
	ck_says(BUNDLE(0, "verify", path, "--key", key), "is whole");
}
END_TEST

START_TEST(what_cannot_be_bundled_is_said)
{
	ck_says(BUNDLE(2, "make", copy, "--case", "K-1"), "--by WHO is needed");
	ck_says(BUNDLE(2, "make", copy, "--by", "b_li"), "--case REF is needed");
	ck_says(BUNDLE(2, "make", copy, "--by", "b_li", "--case", "K-1"),
	    "from and to are needed");
	ck_says(BUNDLE(2, "make", copy, "--campaign", "x", "--customer", "y", FOR),
	    "not several");
	ck_says(
	    BUNDLE(3, "make", copy, "--campaign", "none", FOR), "there is no campaign");
	ck_says(BUNDLE(3, "make", copy, "--complaint",
		    "018f0000-0000-7000-8000-000000000000", FOR),
	    "complaint");
	ck_says(
	    BUNDLE(2, "make", copy, "--complaint", "7", FOR), "no id of a complaint");
}
END_TEST

START_TEST(an_erasure_leaves_an_earlier_bundle_as_it_was)
{
	const char *const erase[] = {"erase", customer, "--reason", "subject_request",
	    "--case", "K-10", "--by", "b_li", "--confirmed-by", "c_wu", NULL};
	char *out;

	if (world_run(&world, &out, erase) != 0)
		ck_abort_msg("%s", out);
	free(out);
	ck_says(BUNDLE(0, "verify", dir, "--key", key), "is whole");
	ck_says(BUNDLE(0, "verify", archive, "--key", key), "is whole");
	(void)snprintf(copy, sizeof copy, "%s/after", world.dir);
	/* What the ledger proves about somebody who is gone can still be handed over, with what
	 * a rule keeps of it. */
	ck_says(
	    BUNDLE(0, "make", copy, "--customer", customer, FOR), "manifest sha256");
	SHELL("grep -q '\"rules\":\\[{' '%s/decisions.ndjson'", copy);
	ck_says(BUNDLE(0, "verify", copy, "--key", key), "is whole");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bundles");
	TCase *tc = tcase_create("bundles");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, made, NULL);
	tcase_add_test(tc, a_bundle_verifies_without_a_database_in_both_forms);
	tcase_add_test(
	    tc, it_holds_what_auditors_ask_for_masked_and_names_what_is_missing);
	tcase_add_loop_test(
	    tc, a_change_shows, 0, (int)(sizeof changes / sizeof *changes));
	tcase_add_test(tc, a_row_without_a_proof_passes_only_when_it_is_let);
	tcase_add_test(tc, an_archive_that_is_cut_or_damaged_and_another_key_show);
	tcase_add_test(tc, a_large_one_needs_a_second_person);
	tcase_add_test(tc, each_scope_makes_a_bundle_that_verifies);
	tcase_add_test(tc, what_cannot_be_bundled_is_said);
	tcase_add_test(tc, an_erasure_leaves_an_earlier_bundle_as_it_was);
	suite_add_tcase(suite, tc);
	return api_test_main(suite);
}
