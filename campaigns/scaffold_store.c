#include "campaigns/scaffold_store.h"

#include <string.h>

#include "campaigns/script_text.h"

static void
day_of(const struct db_rows *rows, int r, int col, struct gate_optional_day *out)
{
	out->known = !db_is_null(rows, r, col);
	if (out->known)
		out->day = db_get_day(rows, r, col);
}

void
scaffold_words_only(const struct scaffold_words *w, struct gate_facts *out)
{
	struct gate_facts *f = out;

	*f = (struct gate_facts){.channel = w->channel};
	f->purpose = w->purpose;
	f->caller_org = "bank";
	f->institution_country = "CN";
	f->clock_trusted = true;
	f->handler =
	    strcmp(w->handler, "robot") == 0 ? GATE_HANDLER_ROBOT : GATE_HANDLER_AGENT;
	/* A person looks at the task and dials; a robot takes one task a line. */
	f->dial_mode = f->handler == GATE_HANDLER_AGENT ? GATE_DIAL_PREVIEW
							: GATE_DIAL_PROGRESSIVE;
	f->autodialled = f->synthetic_voice = f->handler == GATE_HANDLER_ROBOT;
	f->campaign_active = true;
	f->campaign_approved = true;
	f->uses_profile = w->uses_profile;
	f->sensitive = (struct gate_texts){w->sensitive, w->nsensitive};
	f->product.product_class = "*";
}

void
scaffold_from(const struct db_rows *rows, int r, const struct scaffold_words *w,
    struct arena *arena, struct gate_facts *out)
{
	struct gate_facts *f = out;

	scaffold_words_only(w, f);
	f->product.code = w->product;
	if (w->product != NULL)
		f->product.product_class = db_get_text(rows, r, SCAFFOLD_CLASS, arena);
	f->product.risk.known = !db_is_null(rows, r, SCAFFOLD_RISK);
	f->product.risk.value = db_get_i64(rows, r, SCAFFOLD_RISK);
	day_of(rows, r, SCAFFOLD_SALE_FROM, &f->product.on_sale_from);
	day_of(rows, r, SCAFFOLD_SALE_TO, &f->product.on_sale_to);
	f->product.regulator = db_get_text(rows, r, SCAFFOLD_REGULATOR, arena);
	const struct script_vars vars = {
	    w->product, db_get_text(rows, r, SCAFFOLD_PRODUCT_NAME, arena)};

	f->script = (struct gate_script){.code = w->script,
	    .version = (int)db_get_i64(rows, r, SCAFFOLD_SCRIPT_VERSION),
	    .approved = !db_is_null(rows, r, SCAFFOLD_SCRIPT_VERSION),
	    .ai_disclosure = db_get_bool(rows, r, SCAFFOLD_DISCLOSURE),
	    .rendered = script_text_render(
		db_get_text(rows, r, SCAFFOLD_SCRIPT_BODY, arena), &vars, arena)};
}
