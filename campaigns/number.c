#include "campaigns/number.h"

#include <string.h>

static const char *const statuses[NUMBER_STATUSES] = {
    [NUMBER_PLANNED] = "planned",
    [NUMBER_ACTIVE] = "active",
    [NUMBER_STOPPED] = "suspended",
    [NUMBER_RECALLED] = "recalled",
};

/* As number_move in db/migrations/0013; a test compares the two. Not here: back from
 * recalled, because the carrier may have given the number to somebody else; back to
 * planned, because a number that was in use has a history; suspended while planned,
 * because it is not in use. */
static const struct {
	enum number_status from, to;
	int persons;
	const char *why;
} moves[] = {
    {NUMBER_PLANNED, NUMBER_ACTIVE, 2, "licence and documents are there"},
    {NUMBER_PLANNED, NUMBER_RECALLED, 2, "never put to use"},
    {NUMBER_ACTIVE, NUMBER_STOPPED, 1,
	"at once: a person, its health, the carrier's ledger"},
    {NUMBER_ACTIVE, NUMBER_RECALLED, 2, "given back"},
    {NUMBER_STOPPED, NUMBER_ACTIVE, 2, "looked into, or cooled down by rule"},
    {NUMBER_STOPPED, NUMBER_RECALLED, 2, "given back"},
};

static const char *const kinds[] = {
    "95", "96", "400", "10xx", "106x", "call_centre", "landline", "mobile", "intl"};
static const char *const purposes[] = {"MARKETING", "SERVICE", "RISK_ALERT",
    "LEGAL_NOTICE", "COMPLAINT_REPLY", "SURVEY", "CONSENT_REQUEST", "COLLECTION"};
static const char *const channels[] = {
    "VOICE", "VIDEO", "SMS", "MMS", "EMAIL", "PUSH", "WECHAT"};
static const char *const directions[] = {"in", "out", "both"};
static const char *const verdicts[] = {
    [MATRIX_YES] = "yes",
    [MATRIX_REGISTERED] = "registered",
    [MATRIX_UNDERTAKING] = "undertaking",
    [MATRIX_APPROVAL] = "approval",
    [MATRIX_NO] = "no",
};

static int
word_index(const char *const *words, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	return -1;
}
#define WORD_INDEX(words, text) word_index(words, STW_ARRAY_LEN(words), text)

const char *
number_status_name(enum number_status status)
{
	STW_ASSERT(status < NUMBER_STATUSES);
	return statuses[status];
}

bool
number_status_parse(const char *text, enum number_status *out)
{
	int i = WORD_INDEX(statuses, text);

	if (i >= 0)
		*out = (enum number_status)i;
	return i >= 0;
}

int
number_move_persons(enum number_status from, enum number_status to)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(moves); i++)
		if (moves[i].from == from && moves[i].to == to)
			return moves[i].persons;
	return 0;
}

const char *
number_move_why(enum number_status from, enum number_status to)
{
	for (size_t i = 0; i < STW_ARRAY_LEN(moves); i++)
		if (moves[i].from == from && moves[i].to == to)
			return moves[i].why;
	return NULL;
}

bool
number_kind_valid(const char *kind)
{
	return WORD_INDEX(kinds, kind) >= 0;
}

bool
number_purpose_valid(const char *purpose)
{
	return WORD_INDEX(purposes, purpose) >= 0;
}

bool
number_channel_valid(const char *channel)
{
	return WORD_INDEX(channels, channel) >= 0;
}

bool
number_hash_valid(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

const char *
matrix_verdict_name(enum number_verdict verdict)
{
	return verdicts[verdict];
}

bool
matrix_verdict_parse(const char *text, enum number_verdict *out)
{
	int i = WORD_INDEX(verdicts, text);

	if (i >= 0)
		*out = (enum number_verdict)i;
	return i >= 0;
}

static bool
same_or_both_null(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

struct matrix_cell *
number_matrix_find(const struct number_matrix *m, const char *kind, const char *port,
    const char *subject)
{
	for (int i = 0; i < m->nlike; i++)
		if (strcmp(m->like[i][0], subject) == 0)
			subject = m->like[i][1];
	for (int i = 0; i < m->ncells; i++)
		if (strcmp(m->cells[i].kind, kind) == 0 &&
		    strcmp(m->cells[i].subject, subject) == 0 &&
		    same_or_both_null(m->cells[i].port, port))
			return &m->cells[i];
	return NULL;
}

/* ---- the check ------------------------------------------------------------------- */
static enum stw_code
check_words(const struct number_row *n, struct stw_err *err)
{
	if (n->number[0] == '\0' || strlen(n->number) > 20 ||
	    n->number[strspn(n->number, "+0123456789")] != '\0')
		return stw_fail(err, STW_INVALID,
		    "number: digits are wanted, with + before a country code, at most 20");
	if (!number_kind_valid(n->kind))
		return stw_fail(err, STW_INVALID,
		    "kind '%.40s' is none of 95, 96, 400, 10xx, 106x, call_centre, landline, "
		    "mobile, intl",
		    n->kind);
	if (WORD_INDEX(directions, n->direction) < 0)
		return stw_fail(err, STW_INVALID,
		    "direction '%.40s' is none of in, out, both", n->direction);
	if (n->nchannels == 0 || n->npurposes == 0)
		return stw_fail(err, STW_INVALID,
		    "number %s: at least one of channels and of purposes is needed",
		    n->number);
	for (size_t i = 0; i < n->nchannels; i++)
		if (!number_channel_valid(n->channels[i]))
			return stw_fail(err, STW_INVALID, "channel '%.40s' is unknown",
			    n->channels[i]);
	for (size_t i = 0; i < n->npurposes; i++)
		if (!number_purpose_valid(n->purposes[i]))
			return stw_fail(err, STW_INVALID, "purpose '%.40s' is unknown",
			    n->purposes[i]);
	return STW_OK;
}

static enum stw_code
check_documents(const struct number_row *n, struct stw_err *err)
{
	const struct {
		const char *name, *hash;
	} documents[] = {{"approval", n->approval}, {"undertaking", n->undertaking}};

	for (size_t i = 0; i < STW_ARRAY_LEN(documents); i++)
		if (documents[i].hash != NULL && !number_hash_valid(documents[i].hash))
			return stw_fail(err, STW_INVALID,
			    "%s: the document's SHA-256 is wanted, 64 lower-case "
			    "hexadecimal digits",
			    documents[i].name);
	if (n->licence_from != STW_USEC_NEVER && n->licence_to != STW_USEC_MAX &&
	    n->licence_from >= n->licence_to)
		return stw_fail(err, STW_INVALID,
		    "number %s: its licence ends before it begins", n->number);
	if (n->licence_no == NULL &&
	    (n->licence_from != STW_USEC_NEVER || n->licence_to != STW_USEC_MAX))
		return stw_fail(err, STW_INVALID,
		    "number %s: a licence's time without licence_no", n->number);
	if (n->daily_cap < 0 || n->hourly_cap < 0)
		return stw_fail(err, STW_INVALID,
		    "number %s: a cap is at least 1, or none", n->number);
	return STW_OK;
}

static enum stw_code
check_kind(
    const struct number_row *n, const struct number_matrix *m, struct stw_err *err)
{
	if ((strcmp(n->kind, "106x") == 0) != (n->port != NULL))
		return stw_fail(err, STW_INVALID,
		    "port: notice or marketing is wanted for 106x numbers, and for no other");
	for (int i = 0; i < m->nkinds; i++) {
		const struct matrix_kind *k = &m->kinds[i];

		if (strcmp(k->kind, n->kind) != 0 ||
		    !same_or_both_null(k->port, n->port))
			continue;
		if (k->direction != NULL && strcmp(k->direction, n->direction) != 0)
			return stw_fail(err, STW_INVALID,
			    "NUMBER_DIRECTION_FORBIDDEN: a %s number has direction \"%s\"",
			    n->kind, k->direction);
		if (k->regions && n->nregions == 0)
			return stw_fail(err, STW_INVALID,
			    "NUMBER_REGION_MISMATCH: a %s number names its province",
			    n->kind);
		for (size_t c = 0; k->channel != NULL && c < n->nchannels; c++)
			if (strcmp(n->channels[c], k->channel) != 0)
				return stw_fail(err, STW_INVALID,
				    "NUMBER_CHANNEL_MISMATCH: a %s number is for %s only",
				    n->kind, k->channel);
		return STW_OK;
	}
	return stw_fail(
	    err, STW_INVALID, "the matrix has no numbers of kind %s", n->kind);
}

static enum stw_code
check_cell(const struct number_row *n, const struct number_matrix *m,
    const char *subject, struct stw_err *err)
{
	const struct matrix_cell *cell =
	    number_matrix_find(m, n->kind, n->port, subject);
	const char *lacks = NULL;

	if (cell == NULL || cell->verdict == MATRIX_NO)
		return stw_fail(err, STW_INVALID,
		    "NUMBER_PURPOSE_MISMATCH: a %s%s%s number is not for %s; the bank's matrix "
		    "can allow it with an approval document (docs/numbers.md)",
		    n->kind, n->port != NULL ? " " : "", n->port != NULL ? n->port : "",
		    subject);
	if (cell->verdict == MATRIX_APPROVAL && n->approval == NULL)
		lacks = "approval";
	else if (cell->verdict == MATRIX_UNDERTAKING && n->undertaking == NULL)
		lacks = "undertaking";
	else if (cell->verdict == MATRIX_REGISTERED && n->registered_purpose == NULL)
		lacks = "registered_purpose";
	if (lacks != NULL)
		return stw_fail(err, STW_INVALID,
		    "NUMBER_PURPOSE_MISMATCH: a %s number is for %s only with %s",
		    n->kind, subject, lacks);
	return STW_OK;
}

enum stw_code
number_check(
    const struct number_row *n, const struct number_matrix *m, struct stw_err *err)
{
	enum stw_code rc = check_words(n, err);

	if (rc == STW_OK)
		rc = check_documents(n, err);
	if (rc == STW_OK)
		rc = check_kind(n, m, err);
	for (size_t i = 0; rc == STW_OK && i < n->npurposes; i++)
		rc = check_cell(n, m, n->purposes[i], err);
	if (rc == STW_OK && n->robot)
		rc = check_cell(n, m, MATRIX_ROBOT, err);
	return rc;
}
