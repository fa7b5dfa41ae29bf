#include "campaigns/match.h"

#include <string.h>

static const struct {
	const char *name, *zh, *en;
} answers[MATCH_ANSWERS] = {
    [MATCH_YES] = {"yes", "可以承接", "The agent may have it."},
    [MATCH_LEFT] = {"left", "座席已离职", "The agent has left."},
    [MATCH_HELD] = {"held", "座席已被质检暂停外呼",
	"The agent is held by a review and makes no calls."},
    [MATCH_NOT_PRESENT] = {"not_present", "座席不在线，或在线状态已过期",
	"The agent is not available, or was last reported too long ago."},
    [MATCH_OFF_SHIFT] = {"off_shift", "座席不在班次内", "The agent is not on shift."},
    [MATCH_WRAPPING] = {"wrapping", "座席正在话后整理", "The agent is wrapping up."},
    [MATCH_FULL] = {"full", "座席的任务已达上限",
	"The agent has as many tasks as fit."},
    [MATCH_HOURLY_LIMIT] = {"hourly_limit", "座席一小时内的拨打次数已达上限",
	"The agent has reached the limit of calls in an hour."},
    [MATCH_KIND] = {"kind", "任务须由另一类座席（人工或机器人）承接",
	"The task is for the other kind: a person, or a robot."},
    [MATCH_QUEUE] = {"queue", "座席不在该队列", "The agent does not work that queue."},
    [MATCH_SKILL] = {"skill", "座席的技能或等级不足",
	"The agent lacks a skill, or its level."},
    [MATCH_LANGUAGE] = {"language", "座席不会所需语言",
	"The agent does not speak the language."},
    [MATCH_LICENCE] = {"licence", "座席没有有效的相应资格",
	"The agent has no licence of the kind that is valid now."},
    [MATCH_PROMISED] = {"promised", "客户约定由另一座席回拨",
	"The call-back was promised with another agent."},
    [MATCH_MANAGER_FIRST] = {"manager_first", "先由客户经理承接",
	"The relationship manager may have it first."},
};

const char *
match_answer_name(enum match_answer answer)
{
	return answers[answer].name;
}

const char *
match_answer_text(enum match_answer answer, bool zh)
{
	return zh ? answers[answer].zh : answers[answer].en;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

enum match_answer
match_agent(const struct agent *a, const struct zone *zone, stw_usec now)
{
	if (a->left)
		return MATCH_LEFT;
	if (a->held)
		return MATCH_HELD;
	if (a->presence != PRESENCE_AVAILABLE ||
	    a->presence_at <= now - MATCH_PRESENCE_FRESH)
		return MATCH_NOT_PRESENT;
	if (!agent_on_shift(a, zone, now))
		return MATCH_OFF_SHIFT;
	if (now < a->wrap_until)
		return MATCH_WRAPPING;
	if (a->busy >= a->capacity)
		return MATCH_FULL;
	if (a->hourly_limit > 0 && a->permits >= a->hourly_limit)
		return MATCH_HOURLY_LIMIT;
	return MATCH_YES;
}

static enum match_answer
match_need(const struct match_need *need, const struct agent *a, stw_usec now)
{
	for (int i = 0; i < need->nskills; i++)
		if (agent_skill_level(a, need->skills[i].code) < need->skills[i].level)
			return MATCH_SKILL;
	for (int i = 0; i < need->nlanguages; i++)
		if (!agent_speaks(a, need->languages[i]))
			return MATCH_LANGUAGE;
	for (int i = 0; i < need->nlicences; i++)
		if (agent_licensed_until(a, need->licences[i], now) == STW_USEC_NEVER)
			return MATCH_LICENCE;
	return MATCH_YES;
}

enum match_answer
match_task(const struct match_task *t, const struct agent *a, stw_usec now)
{
	enum match_answer answer;

	if (t->robot != (a->kind == AGENT_ROBOT))
		return MATCH_KIND;
	if (!agent_works(a, t->queue))
		return MATCH_QUEUE;
	answer = match_need(&t->need, a, now);
	if (answer != MATCH_YES)
		return answer;
	if (t->callback_at != STW_USEC_MAX && t->callback_agent != NULL &&
	    !same(t->callback_agent, a->code) &&
	    now < t->callback_at + MATCH_PROMISE_KEPT)
		return MATCH_PROMISED;
	if (t->manager != NULL && !same(t->manager, a->code) &&
	    !same(t->callback_agent, a->code) &&
	    now < t->waiting_since + t->manager_first)
		return MATCH_MANAGER_FIRST;
	return MATCH_YES;
}

/* True first. */
static int
first(bool a, bool b)
{
	return (int)b - (int)a;
}

static int64_t
aged(const struct match_task *t, stw_usec now)
{
	stw_usec waited = now > t->waiting_since ? now - t->waiting_since : 0;

	return t->priority + waited / STW_USEC_MIN * MATCH_AGEING / 60;
}

int
match_tasks_order(const struct match_task *a, const struct match_task *b,
    const char *agent, stw_usec now)
{
	bool due_a = a->callback_at <= now && same(a->callback_agent, agent);
	bool due_b = b->callback_at <= now && same(b->callback_agent, agent);
	int64_t worth_a = aged(a, now), worth_b = aged(b, now);
	int by = first(due_a, due_b);

	if (by == 0)
		by = first(same(a->manager, agent), same(b->manager, agent));
	if (by == 0)
		by = first(same(a->sticky, agent), same(b->sticky, agent));
	if (by == 0)
		by = first(a->elderly, b->elderly);
	if (by == 0)
		by = first(worth_a > worth_b, worth_b > worth_a);
	if (by == 0)
		by = first(a->waiting_since < b->waiting_since,
		    b->waiting_since < a->waiting_since);
	return by != 0 ? by : strcmp(a->id, b->id);
}

int
match_agents_order(
    const struct agent *a, const struct agent *b, const struct match_task *t)
{
	int by =
	    first(same(t->callback_agent, a->code), same(t->callback_agent, b->code));

	if (by == 0)
		by = first(same(t->manager, a->code), same(t->manager, b->code));
	if (by == 0)
		by = first(same(t->sticky, a->code), same(t->sticky, b->code));
	if (by == 0)
		by =
		    first(a->idle_since < b->idle_since, b->idle_since < a->idle_since);
	return by != 0 ? by : strcmp(a->code, b->code);
}
