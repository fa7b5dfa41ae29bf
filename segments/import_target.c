/* What can be imported. The order of a target's columns is the order of the columns in
 * db/queries/import_copy_<target>.sql, after line, bucket and customer_id (product: after
 * line); columns marked NONE are not there, a phone makes several. */
#include <string.h>

#include "segments/import_priv.h"

#define CUSTOMER                                                                   \
	{                                                                          \
		"customer", IMPORT_TEXT, IMPORT_PUT_NONE, true, 0, 64, NULL, NULL, \
		    true                                                           \
	}
#define END                                                                        \
	{                                                                          \
		NULL, IMPORT_TEXT, IMPORT_PUT_NONE, false, 0, 0, NULL, NULL, false \
	}
#define PLAIN IMPORT_PUT_PLAIN
#define NONE  IMPORT_PUT_NONE

static const struct import_column customer_columns[] = {
    {"ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, true},
    {"name", IMPORT_TEXT, IMPORT_PUT_NAME, false, 0, 200, NULL, NULL, false},
    {"id_number", IMPORT_TEXT, IMPORT_PUT_ID, false, 0, 64, NULL, NULL, false},
    {"gender", IMPORT_TEXT, PLAIN, false, 0, 0, "female male", NULL, false},
    {"dob", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"lang", IMPORT_TEXT, PLAIN, false, 0, 20, NULL, "zh-CN", false},
    {"country", IMPORT_TEXT, PLAIN, false, 0, 2, NULL, "CN", false},
    {"province", IMPORT_TEXT, PLAIN, false, 0, 0, NULL, NULL, false},
    {"city", IMPORT_TEXT, PLAIN, false, 0, 0, NULL, NULL, false},
    {"zone", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    {"zone_verified", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"branch", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    {"manager", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    {"tier", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    {"opened_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"closed_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"risk_rating", IMPORT_INT, IMPORT_PUT_I16, false, 1, 5, NULL, NULL, false},
    {"risk_assessed_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"risk_valid", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "true", false},
    {"deceased", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"incapacity", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"fraud_hold", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"legal_hold", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"complaint_open", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"profiling_opt_out", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"kind", IMPORT_TEXT, PLAIN, false, 0, 0, "consumer business", NULL, false},
    {"state", IMPORT_TEXT, IMPORT_PUT_STATE, false, 0, 3, NULL, NULL, false},
    {"means", IMPORT_MONEY, PLAIN, false, 0, INT64_MAX, NULL, NULL, false},
    {"qualified_until", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    /* A short way to contact points: phone is the primary one. */
    {"phone", IMPORT_PHONE, NONE, false, 0, 0, NULL, NULL, false},
    {"phone_verified", IMPORT_BOOL, NONE, false, 0, 0, NULL, "true", false},
    {"phone2", IMPORT_PHONE, NONE, false, 0, 0, NULL, NULL, false},
    {"phone2_verified", IMPORT_BOOL, NONE, false, 0, 0, NULL, "true", false},
    END,
};

static const struct import_column point_columns[] = {
    CUSTOMER,
    {"phone", IMPORT_PHONE, IMPORT_PUT_POINT, true, 0, 0, NULL, NULL, true},
    {"verified", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "true", false},
    {"is_primary", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    END,
};

static const struct import_column product_columns[] = {
    {"code", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, true},
    {"name_zh", IMPORT_TEXT, PLAIN, true, 0, 0, NULL, NULL, false},
    {"name_en", IMPORT_TEXT, PLAIN, true, 0, 0, NULL, NULL, false},
    {"class", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"risk", IMPORT_INT, IMPORT_PUT_I16, false, 1, 5, NULL, NULL, false},
    {"on_sale_from", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"on_sale_to", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"regulator", IMPORT_TEXT, IMPORT_PUT_COUNTRY, false, 0, 2, NULL, NULL, false},
    {"dual_recording", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"qualified_only", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"min_amount", IMPORT_MONEY, PLAIN, false, 0, INT64_MAX, NULL, NULL, false},
    END,
};

static const struct import_column holding_columns[] = {
    CUSTOMER,
    {"holding_ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, true},
    {"product", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"amount", IMPORT_MONEY, PLAIN, true, 0, 0, NULL, NULL, false},
    {"opened_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"maturity_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL, false},
    {"status", IMPORT_TEXT, PLAIN, false, 0, 0, "open closed", "open", false},
    END,
};

static const struct import_column txn_columns[] = {
    CUSTOMER,
    {"txn_ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, true},
    {"at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL, false},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"amount", IMPORT_MONEY, PLAIN, true, 0, 0, NULL, NULL, false},
    {"balance", IMPORT_MONEY, PLAIN, false, 0, 0, NULL, NULL, false},
    END,
};

static const struct import_column interaction_columns[] = {
    CUSTOMER,
    {"interaction_ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, true},
    {"at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL, false},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"channel", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    END,
};

/* ref tells two events apart that agree in everything else; it is not stored. */
static const struct import_column consent_columns[] = {
    CUSTOMER,
    {"ref", IMPORT_TEXT, NONE, false, 0, 200, NULL, NULL, false},
    {"action", IMPORT_TEXT, PLAIN, true, 0, 0, "grant withdraw expire refuse", NULL,
	false},
    {"purpose", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"channel", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"product_class", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "*", false},
    {"recipient", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "bank", false},
    {"phone", IMPORT_PHONE, IMPORT_PUT_INDEX, false, 0, 0, NULL, NULL, false},
    {"form", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"notice_version", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    {"evidence", IMPORT_TEXT, PLAIN, false, 0, 400, NULL, NULL, false},
    {"source", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "import", false},
    {"effective_at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL, false},
    {"expires_at", IMPORT_INSTANT, PLAIN, false, 0, 0, NULL, NULL, false},
    /* These came later: a row without them is the event that it was before. */
    {"subject", IMPORT_TEXT, PLAIN, false, 0, 0, "contact profiling", "contact", false},
    {"separate_kind", IMPORT_TEXT, PLAIN, false, 0, 60, NULL, NULL, false},
    {"written", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false", false},
    {"guardian", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL, false},
    {"controller", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "bank", false},
    {"evidence_sha256", IMPORT_TEXT, IMPORT_PUT_HASH, false, 64, 64, NULL, NULL, false},
    END,
};

static const struct import_column objection_columns[] = {
    CUSTOMER,
    {"ref", IMPORT_TEXT, NONE, false, 0, 200, NULL, NULL, false},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 0,
	"do_not_call channel_opt_out carrier_reject", NULL, false},
    {"channel", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "*", false},
    {"phone", IMPORT_PHONE, IMPORT_PUT_INDEX, false, 0, 0, NULL, NULL, false},
    {"source", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "import", false},
    {"effective_at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL, false},
    {"lifted_at", IMPORT_INSTANT, PLAIN, false, 0, 0, NULL, NULL, false},
    END,
};

/* Contacts made before Steward: they count against the caps. */
static const struct import_column attempt_columns[] = {
    CUSTOMER,
    {"ref", IMPORT_TEXT, NONE, false, 0, 200, NULL, NULL, false},
    {"phone", IMPORT_PHONE, IMPORT_PUT_INDEX, true, 0, 0, NULL, NULL, false},
    {"channel", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, false},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 0, "attempt conversation message", NULL,
	false},
    {"at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL, false},
    END,
};

static const struct import_column household_columns[] = {
    CUSTOMER,
    {"household", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, true},
    {"role", IMPORT_TEXT, PLAIN, false, 0, 0, "head spouse child parent member",
	"member", false},
    END,
};

/* Who holds accounts together with the customer; without a rating that one has none. */
static const struct import_column joint_columns[] = {
    CUSTOMER,
    {"holder", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL, true},
    {"rating", IMPORT_INT, IMPORT_PUT_I16, false, 1, 5, NULL, NULL, false},
    END,
};

/* When the customer asked to be contacted; nobody's row is at any hour. */
static const struct import_column time_columns[] = {
    CUSTOMER,
    {"days", IMPORT_TEXT, IMPORT_PUT_WEEKDAYS, true, 0, 40, NULL, NULL, true},
    {"from", IMPORT_TEXT, IMPORT_PUT_MINUTE, true, 0, 5, NULL, NULL, true},
    {"until", IMPORT_TEXT, IMPORT_PUT_MINUTE, true, 0, 5, NULL, NULL, true},
    END,
};

/* The others are the bank's fed traits, as the document names them. */
static const struct import_column trait_columns[] = {
    CUSTOMER,
    END,
};

#define UPSERT   (1u << IMPORT_UPSERT)
#define DELETE   (1u << IMPORT_DELETE)
#define SNAPSHOT (1u << IMPORT_SNAPSHOT)
#define ALL      (UPSERT | DELETE | SNAPSHOT)
#define HISTORY \
	"it is history; a withdrawal or the end of an objection is a row of its own"

static const struct import_target_def targets[IMPORT_TARGETS] = {
    [IMPORT_NONE] = {"none", NULL, NULL, 0, NULL, NULL, NULL, false},
    [IMPORT_CUSTOMER] = {"customer", customer_columns, NULL, ALL, "branch", "closed_on",
	"", false},
    [IMPORT_CONTACT_POINT] = {"contact_point", point_columns, "customer", ALL, NULL,
	NULL, "", false},
    [IMPORT_PRODUCT] = {"product", product_columns, NULL, ALL, "class", "on_sale_to",
	"", false},
    [IMPORT_HOLDING] = {"holding", holding_columns, "customer", ALL, "kind", "status",
	"", false},
    [IMPORT_TXN] = {"txn", txn_columns, "customer", UPSERT | DELETE, NULL, NULL,
	"what happened does not end when a later file leaves it out", false},
    [IMPORT_INTERACTION] = {"interaction", interaction_columns, "customer",
	UPSERT | DELETE, NULL, NULL,
	"what happened does not end when a later file leaves it out", false},
    [IMPORT_CONSENT] = {"consent", consent_columns, "customer", UPSERT, NULL, NULL,
	HISTORY, false},
    [IMPORT_OBJECTION] = {"objection", objection_columns, "customer", UPSERT, NULL,
	NULL, HISTORY, false},
    [IMPORT_ATTEMPT] = {"attempt", attempt_columns, "customer", UPSERT, NULL, NULL,
	"it counts against the caps and stays", false},
    [IMPORT_HOUSEHOLD] = {"household", household_columns, "customer", UPSERT | DELETE,
	NULL, NULL, "a household may have members that no file of the bank names",
	false},
    [IMPORT_JOINT_HOLDER] = {"joint_holder", joint_columns, "customer", ALL, NULL, NULL,
	"", false},
    [IMPORT_CONTACT_TIME] = {"contact_time", time_columns, "customer", ALL, NULL, NULL,
	"", false},
    [IMPORT_TRAIT] = {"trait", trait_columns, "customer", UPSERT | SNAPSHOT, NULL, NULL,
	"a row without a value removes it; a snapshot removes what it does not have",
	true},
};

const struct import_target_def *
import_target_def(enum import_target target)
{
	return &targets[target];
}

const char *
import_target_name(enum import_target target)
{
	return targets[target].name;
}

int
import_column_find(const struct import_target_def *def, const char *name)
{
	for (int i = 0; def->columns[i].name != NULL; i++)
		if (strcmp(def->columns[i].name, name) == 0)
			return i;
	return -1;
}

bool
import_target_has_key(enum import_target target)
{
	return (targets[target].modes & DELETE) != 0 || targets[target].open;
}
