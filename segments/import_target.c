/* What can be imported. The order of a target's columns is the order of the columns in
 * db/queries/import_copy_<target>.sql, after line, bucket and customer_id (product: after
 * line); columns marked NONE are not there, a phone makes several. */
#include <string.h>

#include "segments/import_priv.h"

#define CUSTOMER                                                                  \
	{                                                                         \
		"customer", IMPORT_TEXT, IMPORT_PUT_NONE, true, 0, 64, NULL, NULL \
	}
#define END                                                                 \
	{                                                                   \
		NULL, IMPORT_TEXT, IMPORT_PUT_NONE, false, 0, 0, NULL, NULL \
	}
#define PLAIN IMPORT_PUT_PLAIN
#define NONE  IMPORT_PUT_NONE

static const struct import_column customer_columns[] = {
    {"ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"name", IMPORT_TEXT, IMPORT_PUT_NAME, false, 0, 200, NULL, NULL},
    {"id_number", IMPORT_TEXT, IMPORT_PUT_ID, false, 0, 64, NULL, NULL},
    {"gender", IMPORT_TEXT, PLAIN, false, 0, 0, "female male", NULL},
    {"dob", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    {"lang", IMPORT_TEXT, PLAIN, false, 0, 20, NULL, "zh-CN"},
    {"country", IMPORT_TEXT, PLAIN, false, 0, 2, NULL, "CN"},
    {"province", IMPORT_TEXT, PLAIN, false, 0, 0, NULL, NULL},
    {"city", IMPORT_TEXT, PLAIN, false, 0, 0, NULL, NULL},
    {"zone", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL},
    {"zone_verified", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    {"branch", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL},
    {"manager", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL},
    {"tier", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL},
    {"opened_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    {"closed_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    {"risk_rating", IMPORT_INT, IMPORT_PUT_I16, false, 1, 5, NULL, NULL},
    {"risk_assessed_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    {"risk_valid", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "true"},
    {"deceased", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    {"incapacity", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    {"fraud_hold", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    {"legal_hold", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    {"complaint_open", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    {"profiling_opt_out", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    /* A short way to contact points: phone is the primary one. */
    {"phone", IMPORT_PHONE, NONE, false, 0, 0, NULL, NULL},
    {"phone_verified", IMPORT_BOOL, NONE, false, 0, 0, NULL, "true"},
    {"phone2", IMPORT_PHONE, NONE, false, 0, 0, NULL, NULL},
    {"phone2_verified", IMPORT_BOOL, NONE, false, 0, 0, NULL, "true"},
    END,
};

static const struct import_column point_columns[] = {
    CUSTOMER,
    {"phone", IMPORT_PHONE, IMPORT_PUT_POINT, true, 0, 0, NULL, NULL},
    {"verified", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "true"},
    {"is_primary", IMPORT_BOOL, PLAIN, false, 0, 0, NULL, "false"},
    END,
};

static const struct import_column product_columns[] = {
    {"code", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"name_zh", IMPORT_TEXT, PLAIN, true, 0, 0, NULL, NULL},
    {"name_en", IMPORT_TEXT, PLAIN, true, 0, 0, NULL, NULL},
    {"class", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"risk", IMPORT_INT, IMPORT_PUT_I16, false, 1, 5, NULL, NULL},
    {"on_sale_from", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    {"on_sale_to", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    END,
};

static const struct import_column holding_columns[] = {
    CUSTOMER,
    {"holding_ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"product", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"amount", IMPORT_MONEY, PLAIN, true, 0, 0, NULL, NULL},
    {"opened_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    {"maturity_on", IMPORT_DATE, PLAIN, false, 0, 0, NULL, NULL},
    {"status", IMPORT_TEXT, PLAIN, false, 0, 0, "open closed", "open"},
    END,
};

static const struct import_column txn_columns[] = {
    CUSTOMER,
    {"txn_ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"amount", IMPORT_MONEY, PLAIN, true, 0, 0, NULL, NULL},
    {"balance", IMPORT_MONEY, PLAIN, false, 0, 0, NULL, NULL},
    END,
};

static const struct import_column interaction_columns[] = {
    CUSTOMER,
    {"interaction_ref", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"channel", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL},
    END,
};

/* ref tells two events apart that agree in everything else; it is not stored. */
static const struct import_column consent_columns[] = {
    CUSTOMER,
    {"ref", IMPORT_TEXT, NONE, false, 0, 200, NULL, NULL},
    {"action", IMPORT_TEXT, PLAIN, true, 0, 0, "grant withdraw", NULL},
    {"purpose", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"channel", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"product_class", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "*"},
    {"recipient", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "bank"},
    {"phone", IMPORT_PHONE, IMPORT_PUT_INDEX, false, 0, 0, NULL, NULL},
    {"form", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"notice_version", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, NULL},
    {"evidence", IMPORT_TEXT, PLAIN, false, 0, 400, NULL, NULL},
    {"source", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "import"},
    {"effective_at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL},
    {"expires_at", IMPORT_INSTANT, PLAIN, false, 0, 0, NULL, NULL},
    END,
};

static const struct import_column objection_columns[] = {
    CUSTOMER,
    {"ref", IMPORT_TEXT, NONE, false, 0, 200, NULL, NULL},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 0,
	"do_not_call channel_opt_out carrier_reject", NULL},
    {"channel", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "*"},
    {"phone", IMPORT_PHONE, IMPORT_PUT_INDEX, false, 0, 0, NULL, NULL},
    {"source", IMPORT_TEXT, PLAIN, false, 0, 64, NULL, "import"},
    {"effective_at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL},
    {"lifted_at", IMPORT_INSTANT, PLAIN, false, 0, 0, NULL, NULL},
    END,
};

/* Contacts made before Steward: they count against the caps. */
static const struct import_column attempt_columns[] = {
    CUSTOMER,
    {"ref", IMPORT_TEXT, NONE, false, 0, 200, NULL, NULL},
    {"phone", IMPORT_PHONE, IMPORT_PUT_INDEX, true, 0, 0, NULL, NULL},
    {"channel", IMPORT_TEXT, PLAIN, true, 0, 64, NULL, NULL},
    {"kind", IMPORT_TEXT, PLAIN, true, 0, 0, "attempt conversation message", NULL},
    {"at", IMPORT_INSTANT, PLAIN, true, 0, 0, NULL, NULL},
    END,
};

static const struct import_target_def targets[IMPORT_TARGETS] = {
    [IMPORT_NONE] = {"none", NULL, NULL},
    [IMPORT_CUSTOMER] = {"customer", customer_columns, NULL},
    [IMPORT_CONTACT_POINT] = {"contact_point", point_columns, "customer"},
    [IMPORT_PRODUCT] = {"product", product_columns, NULL},
    [IMPORT_HOLDING] = {"holding", holding_columns, "customer"},
    [IMPORT_TXN] = {"txn", txn_columns, "customer"},
    [IMPORT_INTERACTION] = {"interaction", interaction_columns, "customer"},
    [IMPORT_CONSENT] = {"consent", consent_columns, "customer"},
    [IMPORT_OBJECTION] = {"objection", objection_columns, "customer"},
    [IMPORT_ATTEMPT] = {"attempt", attempt_columns, "customer"},
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
