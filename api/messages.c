#include "api/messages.h"

#include "engine/err.h"
#include "engine/rule_messages.h"

static const struct message_text messages[] = {
    /* query parameters, filters */
    {"query parameter {}: this path takes none", "查询参数 {}：此路径不接受查询参数"},
    {"query parameter {}: there is no such one here; there are {}",
	"查询参数 {}：此处没有该参数；可用的有 {}"},
    {"query parameter {}: has no value", "查询参数 {}：缺少取值"},
    {"query parameter {}: is there twice", "查询参数 {}：重复出现"},
    {"no segment \"{}\"", "没有客群“{}”"},
    {"no stage \"{}\" in the lifecycle model {}, version {}",
	"生命周期模型 {2}（版本 {3}）中没有阶段“{1}”"},
};

bool
api_message_zh(struct str text, struct buf *to)
{
	size_t before = to->len;

	if (rule_message_zh(text, to))
		return true;
	to->len = before;
	return message_zh(messages, STW_ARRAY_LEN(messages), text, to);
}
