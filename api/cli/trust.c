#include "api/cli/trust.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static enum stw_code
add_key(struct str text, enum note_type type, struct note_verifier *out, size_t max,
    size_t *count, struct stw_err *err)
{
	enum stw_code rc;

	if (*count == max)
		return stw_fail(err, STW_INVALID, "more than %zu keys", max);
	rc = note_verifier_parse(text, &out[*count], err);
	if (rc == STW_OK && out[*count].type != type)
		rc = stw_fail(err, STW_INVALID, "%s is the key of a %s, not of a %s",
		    out[*count].name, type == NOTE_ED25519 ? "witness" : "log",
		    type == NOTE_ED25519 ? "log" : "witness");
	if (rc == STW_OK)
		++*count;
	return rc;
}

enum stw_code
trust_keys(const char *text, enum note_type type, struct note_verifier *out, size_t max,
    size_t *count, struct stw_err *err)
{
	enum stw_code rc = STW_OK;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *in;

	*count = 0;
	in = fopen(text, "re");
	if (in == NULL) {
		rc = add_key(str_of(text), type, out, max, count, err);
		return rc == STW_OK ? rc
				    : stw_err_prefix(err, rc,
					  "%.60s: neither a file nor a key", text);
	}
	for (int n = 1; rc == STW_OK && (len = getline(&line, &cap, in)) > 0; n++) {
		if (line[len - 1] == '\n')
			len--;
		if (len > 0 && line[0] != '#')
			rc = add_key((struct str){line, (size_t)len}, type, out, max,
			    count, err);
		if (rc != STW_OK)
			(void)stw_err_prefix(err, rc, "%s: line %d", text, n);
	}
	if (rc == STW_OK && ferror(in) != 0)
		rc = stw_fail(
		    err, STW_INVALID, "cannot read %s: %s", text, strerror(errno));
	free(line);
	(void)fclose(in);
	if (rc == STW_OK && *count == 0)
		rc = stw_fail(err, STW_INVALID, "%s has no keys", text);
	return rc;
}

enum stw_code
trust_load(struct trust *trust, const char *key, const char *witness, int64_t quorum,
    struct stw_err *err)
{
	enum stw_code rc;

	memset(trust, 0, sizeof *trust);
	if (sodium_init() < 0)
		return stw_fail(err, STW_BUG, "libsodium does not start");
	trust->tlog.log = trust->log;
	trust->tlog.witnesses = trust->witnesses;
	if (key == NULL)
		return stw_fail(err, STW_INVALID,
		    "whose ledger: --key with the verifier key that `steward ledger "
		    "key` prints, or a file of keys");
	rc = trust_keys(
	    key, NOTE_ED25519, trust->log, TRUST_KEYS, &trust->tlog.nlog, err);
	for (size_t i = 1; rc == STW_OK && i < trust->tlog.nlog; i++)
		if (strcmp(trust->log[i].name, trust->log[0].name) != 0)
			rc = stw_fail(err, STW_INVALID, "keys of two logs, %s and %s",
			    trust->log[0].name, trust->log[i].name);
	if (rc == STW_OK && witness != NULL)
		rc = trust_keys(witness, NOTE_COSIGNATURE, trust->witnesses, TRUST_KEYS,
		    &trust->tlog.nwitnesses, err);
	trust->tlog.quorum = quorum < 0 ? trust->tlog.nwitnesses : (size_t)quorum;
	if (rc == STW_OK && trust->tlog.quorum > trust->tlog.nwitnesses)
		rc = stw_fail(err, STW_INVALID,
		    "a quorum of %zu with %zu witnesses given", trust->tlog.quorum,
		    trust->tlog.nwitnesses);
	return rc;
}
