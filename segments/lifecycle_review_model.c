/* What a lifecycle model's document alone tells: ways, ends, order, reasoning. */
#include <inttypes.h>
#include <string.h>

#include "segments/lifecycle_review_priv.h"

void
review_reachable(struct review *r)
{
	const struct lifecycle_model *m = r->model;
	bool reached[LIFECYCLE_MAX_STAGES] = {false};
	bool more = true;

	for (int i = 0; i < m->ninitial; i++)
		reached[m->initial[i].to] = true;
	while (more) {
		more = false;
		for (int i = 0; i < m->ntransitions; i++) {
			const struct lifecycle_transition *t = &m->transitions[i];

			if (reached[t->from] && !reached[t->to])
				reached[t->to] = more = true;
		}
	}
	for (int i = 0; i < m->nstages; i++) {
		if (reached[i])
			continue;
		review_find(r, LIFECYCLE_ERROR, "unreachable_stage",
		    arena_printf(r->arena, "stages[%d]", i), -1,
		    arena_printf(r->arena,
			"没有路径进入阶段“%s”：初始规则和迁移都不通向它。加一条通向它的迁移，或删去这个阶段。",
			m->stages[i].name_zh),
		    arena_printf(r->arena,
			"no way leads to stage \"%s\", neither an initial entry nor a "
			"transition: add a transition to it, or take the stage out",
			m->stages[i].code));
	}
}

void
review_ends(struct review *r)
{
	const struct lifecycle_model *m = r->model;

	for (int i = 0; i < m->nstages; i++) {
		const struct lifecycle_stage *s = &m->stages[i];
		const char *path = arena_printf(r->arena, "stages[%d]", i);
		bool leads = r->of_stage[i + 1] > r->of_stage[i];
		int64_t there = r->out->stages[i].customers;

		if (!leads && !s->end)
			review_find(r, LIFECYCLE_WARNING, "dead_end", path, there,
			    arena_printf(r->arena,
				"阶段“%s”没有出路，现有%" PRId64
				"位客户会一直停在这里。若本意如此，写\"end\": true；否则加一条离开它的迁移。",
				s->name_zh, there),
			    arena_printf(r->arena,
				"nothing leads out of stage \"%s\": %" PRId64
				" customers would stay for good; say \"end\": true when "
				"that is meant, or add a transition out",
				s->code, there));
		if (leads && s->end)
			review_find(r, LIFECYCLE_ERROR, "end_leads_on", path, -1,
			    arena_printf(r->arena,
				"阶段“%s”写了\"end\": true，却有离开它的迁移。去掉其中一个。",
				s->name_zh),
			    arena_printf(r->arena,
				"stage \"%s\" says \"end\": true and has transitions out: "
				"take one of the two away",
				s->code));
	}
}

void
review_reasoning(struct review *r)
{
	const struct lifecycle_model *m = r->model;
	int64_t missing = 0;
	const char *first = NULL;

	for (int i = 0; i < m->nstages; i++)
		if (m->stages[i].why_en == NULL && missing++ == 0)
			first = arena_printf(r->arena, "stages[%d]", i);
	for (int i = 0; i < m->ntransitions; i++)
		if (m->transitions[i].why_en == NULL && missing++ == 0)
			first = m->transitions[i].path;
	if (missing > 0)
		review_find(r, LIFECYCLE_WARNING, "no_reasoning", first, -1,
		    arena_printf(r->arena,
			"有%" PRId64
			"个阶段或迁移没有写明理由（why），第一个在%s。写上理由，审批人才知道为什么这样定。",
			missing, first),
		    arena_printf(r->arena,
			"%" PRId64 " stages or transitions have no why, the first is "
			"%s: whoever approves wants to know the reasoning",
			missing, first));
}

static bool
always(const char *when)
{
	size_t lead = strspn(when, " \t\r\n");
	const char *at = when + lead;

	return strncmp(at, "true", 4) == 0 && at[4 + strspn(at + 4, " \t\r\n")] == '\0';
}

const struct lifecycle_transition *
review_taken_by(const struct review *r, int k)
{
	const struct lifecycle_transition *t = &r->model->transitions[k];

	for (int i = 0; i < k; i++) {
		const struct lifecycle_transition *e = &r->model->transitions[i];

		if (e->from == t->from && e->after_days <= t->after_days &&
		    (always(e->when) || strcmp(e->when, t->when) == 0))
			return e;
	}
	return NULL;
}

bool
review_never(struct review *r, int k)
{
	const struct lifecycle_transition *t = &r->model->transitions[k];
	const struct lifecycle_transition *by = review_taken_by(r, k);

	if (by == NULL)
		return false;
	review_find(r, LIFECYCLE_ERROR, "never_fires", t->path, -1,
	    arena_printf(r->arena,
		"%s永远不会发生：%s先被询问（%s），条件相同或恒为真，停留要求也不更长。提高它的priority，或删去其中一条。",
		review_name_of(r, t, true), review_name_of(r, by, true), by->path),
	    arena_printf(r->arena,
		"%s can never fire: %s (%s) is asked first with the same condition, or "
		"one that is always true, and no longer stay: give this one a higher "
		"priority, or take one of the two out",
		review_name_of(r, t, false), review_name_of(r, by, false), by->path));
	return true;
}
