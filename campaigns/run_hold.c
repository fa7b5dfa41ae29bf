#include "campaigns/run_hold.h"

#include "engine/rule_messages.h"

bool
run_held(const struct run_row *run)
{
	return run->held_trait != NULL || run->held_rule != NULL;
}

void
run_held_print(const struct run_row *run, bool zh, struct buf *to)
{
	if (run->held_trait != NULL) {
		trait_finding_print(&run->held, zh, to);
		return;
	}
	buf_add_c(to, zh ? "目标客户（audience）的条件对所有客户都出错:"
			 : "the rule of its audience fails for every customer: ");
	if (zh)
		(void)rule_message_zh(str_of(run->held_rule), to);
	else
		buf_add_c(to, run->held_rule);
}
