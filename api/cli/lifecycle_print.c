#include "api/cli/lifecycle_print.h"

#include <inttypes.h>
#include <string.h>

#define NAME_MAX_WIDTH 14
#define VALUE_MAX      100 /* bytes of a sub-expression that are shown */

static const char *
pick(const char *zh, const char *en)
{
	return cli_wants_zh() ? zh : en;
}

/* The same in either language; the format stays a literal, which the compiler checks. */
#define TELL(zh, en, ...) \
	((void)(cli_wants_zh() ? printf(zh, __VA_ARGS__) : printf(en, __VA_ARGS__)))

static const char *
stage_name(const struct lifecycle_model *model, int at)
{
	if (at < 0)
		return pick("无", "none");
	return pick(model->stages[at].name_zh, model->stages[at].code);
}

static int
widest_stage(const struct lifecycle_model *model)
{
	int width = cli_width(stage_name(model, -1));

	for (int i = 0; i < model->nstages; i++) {
		int w = cli_width(stage_name(model, i));

		width = w > width ? w : width;
	}
	return width;
}

/* A number or a heading, to the right of its column. */
static void
right(const char *text, int width)
{
	(void)printf(
	    "%*s%s", width > cli_width(text) ? width - cli_width(text) : 0, "", text);
}

/* ---- versions --------------------------------------------------------------------------- */
static const char *
state_word(enum lifecycle_state state)
{
	static const char *const zh[LIFECYCLE_STATES] = {
	    [LIFECYCLE_NONE] = "",
	    [LIFECYCLE_DRAFT] = "草稿",
	    [LIFECYCLE_SUBMITTED] = "待审批",
	    [LIFECYCLE_APPROVED] = "已审批",
	    [LIFECYCLE_ACTIVE] = "生效",
	    [LIFECYCLE_RETIRED] = "停用",
	};

	return pick(zh[state], lifecycle_state_name(state));
}

static void
print_approval(const struct lifecycle_version *v)
{
	if (v->approved_by != NULL)
		TELL("%s审批", "approved by %s", v->approved_by);
	else if (v->exempt != NULL && strcmp(v->exempt, "shipped") == 0)
		(void)printf(
		    "%s", pick("随软件提供，未经审批", "shipped, not approved"));
	else if (v->exempt != NULL)
		(void)printf("%s", pick("启用于审批制度之前", "from before approvals"));
	else if (v->rejected_why != NULL)
		TELL("退回：%s", "sent back: %s", v->rejected_why);
	else
		(void)printf("%s", pick("未审批", "not approved"));
}

void
lifecycle_print_versions(
    const struct app *app, const struct lifecycle_version *versions, int count)
{
	for (int i = 0; i < count; i++) {
		const struct lifecycle_version *v = &versions[i];

		(void)printf("%-16s v%-4d ", v->code, v->version);
		cli_cell(state_word(v->state), 10);
		(void)printf("%s  ", cli_time(app, v->created_at));
		cli_cell(v->author, 16);
		print_approval(v);
		(void)putchar('\n');
	}
}

/* ---- validation ------------------------------------------------------------------------- */
static void
print_findings(const struct lifecycle_validation *v)
{
	for (int i = 0; i < v->nfindings; i++) {
		const struct lifecycle_finding *f = &v->findings[i];

		(void)printf("  ");
		cli_cell(f->severity == LIFECYCLE_ERROR ? pick("错误", "error")
							: pick("注意", "warning"),
		    8);
		cli_cell(f->path, 17);
		(void)printf("%s\n", pick(f->zh, f->en));
	}
}

static void
print_stage_reviews(
    const struct lifecycle_model *model, const struct lifecycle_validation *v)
{
	int width = widest_stage(model) + 2;

	(void)printf("\n  ");
	cli_cell(pick("阶段", "stage"), width);
	right(pick("客户", "customers"), 12);
	right(pick("将移动", "would move"), 12);
	right(pick("条件重叠", "overlapping"), 13);
	right(pick("未定", "undecided"), 12);
	(void)putchar('\n');
	for (int i = 0; i < model->nstages; i++) {
		(void)printf("  ");
		cli_cell(stage_name(model, i), width);
		right(cli_count(v->stages[i].customers), 12);
		right(cli_count(v->stages[i].moving), 12);
		right(cli_count(v->stages[i].overlapping), 13);
		right(cli_count(v->stages[i].undecided), 12);
		(void)putchar('\n');
	}
}

static void
print_transition(const struct lifecycle_model *model,
    const struct lifecycle_transition *t, int width)
{
	cli_cell(stage_name(model, t->from), width);
	(void)printf("-> ");
	cli_cell(stage_name(model, t->to), width);
	cli_cell(t->reason, 20);
}

static void
print_transition_reviews(
    const struct lifecycle_model *model, const struct lifecycle_validation *v)
{
	int width = widest_stage(model) + 1;

	(void)printf("\n  ");
	cli_cell(pick("迁移（按询问次序）", "transition, in the order asked"),
	    2 * width + 23);
	right(pick("优先", "priority"), 9);
	right(pick("停留天", "stay"), 7);
	right(pick("满足条件", "meet it"), 11);
	right(pick("会触发", "fires"), 11);
	right(pick("未定", "undecided"), 11);
	(void)putchar('\n');
	for (int i = 0; i < model->ntransitions; i++) {
		const struct lifecycle_transition *t = &model->transitions[i];

		(void)printf("  ");
		print_transition(model, t, width);
		(void)printf("%9d%7d", t->priority, t->after_days);
		right(cli_count(v->transitions[i].meets), 11);
		right(cli_count(v->transitions[i].fires), 11);
		right(cli_count(v->transitions[i].undecided), 11);
		(void)putchar('\n');
	}
}

static void
print_overlaps(
    const struct lifecycle_model *model, const struct lifecycle_validation *v)
{
	int width = widest_stage(model) + 1;

	if (v->noverlaps == 0)
		return;
	(void)printf(
	    "\n  %s\n", pick("同时满足两条迁移的客户（前者先被询问）",
			    "customers who meet two transitions; the first of each "
			    "pair is asked first"));
	for (int i = 0; i < v->noverlaps; i++) {
		(void)printf("  ");
		right(cli_count(v->overlaps[i].customers), 10);
		(void)printf("  ");
		print_transition(
		    model, &model->transitions[v->overlaps[i].first], width);
		(void)printf("| ");
		print_transition(
		    model, &model->transitions[v->overlaps[i].second], width);
		(void)putchar('\n');
	}
}

void
lifecycle_print_validation(const struct app *app, const struct lifecycle_model *model,
    const struct lifecycle_validation *v)
{
	TELL("模型%s：%d个错误，%d个注意（%s位客户，数据截至%s）\n",
	    "model %s: %d errors, %d warnings (%s customers, as of %s)\n", model->code,
	    v->errors, v->warnings, cli_count(v->customers), cli_time(app, v->as_of));
	print_findings(v);
	if (v->customers == 0)
		return;
	print_stage_reviews(model, v);
	print_transition_reviews(model, v);
	print_overlaps(model, v);
}

/* ---- preview ----------------------------------------------------------------------------- */
static const struct lifecycle_cell *
cell_of(const struct lifecycle_preview *p, int from, int to)
{
	for (int i = 0; i < p->ncells; i++)
		if (p->cells[i].from == from && p->cells[i].to == to)
			return &p->cells[i];
	return NULL;
}

static void
print_matrix(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct lifecycle_preview *p,
    bool later)
{
	int nfrom = now_model == NULL ? 0 : now_model->nstages;
	int lead = (now_model == NULL ? NAME_MAX_WIDTH : widest_stage(now_model)) + 2;
	int width = widest_stage(new_model) + 2;

	width = width < 12 ? 12 : width;
	(void)printf("\n  %s\n  ",
	    later ? pick("若所有最短停留都已满：行为现行模型，列为新模型",
			"once every minimum stay is over: rows by the model in force, "
			"columns by the new one")
		  : pick("下次刷新后所在的阶段：行为现行模型，列为新模型",
			"the stage after the next tick: rows by the model in force, "
			"columns by the new one"));
	cli_cell("", lead);
	for (int to = 0; to < new_model->nstages; to++)
		right(stage_name(new_model, to), width);
	(void)putchar('\n');
	for (int from = now_model == NULL ? -1 : 0; from < nfrom; from++) {
		(void)printf("  ");
		cli_cell(now_model == NULL ? stage_name(new_model, -1)
					   : stage_name(now_model, from),
		    lead);
		for (int to = 0; to < new_model->nstages; to++) {
			const struct lifecycle_cell *c = cell_of(p, from, to);
			int64_t n = c == NULL ? 0 : later ? c->later : c->customers;

			right(n == 0 ? "." : cli_count(n), width);
		}
		(void)putchar('\n');
	}
}

static void
print_moved(const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct lifecycle_preview *p)
{
	int width = widest_stage(new_model) + 1;

	(void)printf("\n  ");
	right(pick("下次刷新", "next tick"), 12);
	right(pick("停留满后", "stays over"), 12);
	(void)printf("  %s\n", pick("在另一个阶段的客户（客户号已脱敏）",
				   "who would be elsewhere (references masked)"));
	for (int i = 0; i < p->ncells; i++) {
		const struct lifecycle_cell *c = &p->cells[i];

		if (c->same)
			continue;
		(void)printf("  ");
		right(cli_count(c->customers), 12);
		right(cli_count(c->later), 12);
		(void)printf("  ");
		cli_cell(c->from < 0 ? stage_name(new_model, -1)
				     : stage_name(now_model, c->from),
		    width);
		(void)printf("-> ");
		cli_cell(stage_name(new_model, c->to), width);
		for (int s = 0; s < c->nsamples; s++)
			(void)printf(" %s", c->samples[s]);
		(void)putchar('\n');
	}
}

void
lifecycle_print_preview(const struct app *app, const struct lifecycle_model *now_model,
    const struct lifecycle_model *new_model, const struct lifecycle_preview *p)
{
	TELL(
	    "%s位客户中，下次刷新后%s位会在另一个阶段，最短停留都满后%s位（数据截至%s；什么都没有写入）\n",
	    "of %s customers %s would be in another stage after the next tick, %s once "
	    "every minimum stay is over (as of %s; nothing is written)\n",
	    cli_count(p->customers), cli_count(p->differ), cli_count(p->differ_later),
	    cli_time(app, p->as_of));
	TELL("  现行模型：%s位移动，%s位未定；新模型：%s位移动，%s位未定\n",
	    "  in force: %s would move, %s undecided; new: %s would move, %s "
	    "undecided\n",
	    cli_count(p->moves_now), cli_count(p->undecided_now),
	    cli_count(p->moves_new), cli_count(p->undecided_new));
	print_matrix(now_model, new_model, p, false);
	if (p->differ_later != p->differ)
		print_matrix(now_model, new_model, p, true);
	if (p->differ > 0 || p->differ_later > 0)
		print_moved(now_model, new_model, p);
}

/* ---- promises ------------------------------------------------------------------------------ */
#define ASKS_MAX 80

static void
asks_for(const struct promise_row *p, char to[ASKS_MAX])
{
	bool dwell = strcmp(p->kind, "dwell") == 0;

	if (cli_wants_zh())
		(void)snprintf(
		    to, ASKS_MAX, dwell ? "最长停留%d天" : "%d天内联系", p->days);
	else
		(void)snprintf(to, ASKS_MAX,
		    dwell ? "at most %d days" : "contact within %d days", p->days);
}

void
lifecycle_print_promises(
    const struct app *app, const struct promise_row *promises, int count)
{
	(void)printf("  ");
	cli_cell(pick("承诺", "promise"), 26);
	cli_cell(pick("阶段", "stage"), 14);
	cli_cell(pick("等级", "tier"), 12);
	cli_cell(pick("要求", "asks for"), 20);
	right(pick("适用", "covered"), 12);
	right(pick("逾期", "overdue"), 12);
	right(pick("未定", "undecided"), 12);
	(void)printf("  %s\n", pick("数据截至", "as of"));
	for (int i = 0; i < count; i++) {
		const struct promise_row *p = &promises[i];
		char asks[ASKS_MAX];

		asks_for(p, asks);
		(void)printf("  ");
		cli_cell(p->code, 26);
		cli_cell(p->stage, 14);
		cli_cell(p->tier != NULL ? p->tier : pick("其余", "any other"), 12);
		cli_cell(asks, 20);
		right(cli_count(p->covered), 12);
		right(cli_count(p->overdue), 12);
		right(cli_count(p->undecided), 12);
		(void)printf("  %s\n", cli_time(app, p->as_of));
	}
}

/* ---- one customer --------------------------------------------------------------------------- */
static void
print_nodes(const struct rule_explanation *rule)
{
	struct buf value;

	buf_init(&value);
	for (int i = 0; i < rule->count; i++) {
		const struct rule_explain_node *n = &rule->nodes[i];

		buf_clear(&value);
		rule_value_print(&n->value, &value);
		(void)printf("        %*s%.*s = %.*s\n", 2 * n->depth, "",
		    (int)(n->text.len > VALUE_MAX ? VALUE_MAX : n->text.len),
		    n->text.ptr, (int)value.len, value.data);
	}
	buf_fini(&value);
}

static const char *
answer_word(const struct lifecycle_why_entry *e)
{
	if (e->fires)
		return pick("现在会触发", "fires now");
	if (e->answer == LIFECYCLE_UNDECIDED)
		return pick("未定", "undecided");
	if (e->answer == LIFECYCLE_NO)
		return pick("不满足", "no");
	return e->ready ? pick("满足，但在后面", "yes, but later in the order")
			: pick("满足，停留不够", "yes, but the stay is too short");
}

static void
print_entry(const struct app *app, const struct lifecycle_model *model,
    const struct lifecycle_why_entry *e)
{
	(void)printf("\n  %s -> %s  %s  [%s]\n", stage_name(model, e->by->from),
	    stage_name(model, e->by->to), e->by->reason, answer_word(e));
	if (e->by->why_en != NULL)
		(void)printf("      %s\n", pick(e->by->why_zh, e->by->why_en));
	if (!e->ready)
		TELL("      停留%d天，%s起可以触发\n",
		    "      asks for %d days in the stage: from %s on\n",
		    e->by->after_days, cli_time(app, e->ready_at));
	print_nodes(&e->rule);
}

static void
print_history(const struct app *app, const struct lifecycle_event *events, int nevents)
{
	if (nevents > 0)
		(void)printf("\n  %s\n", pick("历史", "history"));
	for (int i = 0; i < nevents; i++) {
		const struct lifecycle_event *e = &events[i];

		(void)printf("  %s  %s v%d  %s -> %s  %s%s%s%s\n", cli_time(app, e->at),
		    e->model, e->version,
		    e->from != NULL ? e->from : pick("无", "none"), e->to, e->reason,
		    e->transition != NULL ? " (" : "",
		    e->transition != NULL ? e->transition : "",
		    e->transition != NULL ? ")" : "");
		if (e->cause != NULL)
			(void)printf("      %s\n", e->cause);
	}
}

void
lifecycle_print_why(const struct app *app, const struct lifecycle_model *model,
    const struct lifecycle_why *why, const struct lifecycle_event *events, int nevents)
{
	TELL("阶段%s，自%s起（模型%s v%d）\n", "stage %s since %s (model %s v%d)\n",
	    stage_name(model, why->stage), cli_time(app, why->since), model->code,
	    model->version);
	for (int i = 0; i < why->npromises; i++)
		(void)printf("  %s: %s %s%s\n",
		    pick(why->promises[i].promise->name_zh,
			why->promises[i].promise->name_en),
		    pick("到期", "due"), cli_time(app, why->promises[i].due_at),
		    why->promises[i].overdue ? pick("（逾期）", ", overdue") : "");
	for (int i = 0; i < why->nentries; i++)
		print_entry(app, model, &why->entries[i]);
	print_history(app, events, nevents);
}
