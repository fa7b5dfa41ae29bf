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
    /* traits */
    {"there is no trait {} (`steward trait list` and GET /v1/traits have them)",
	"没有标签 {}（`steward trait list` 和 GET /v1/traits 列出全部）"},
    {"the bank has no trait \"{}\" of its own; built-in ones stay",
	"本行没有自建标签“{}”；内置标签不能更改"},
    {"{} has no age; dates, timestamps and fed traits have one",
	"{} 没有时效；只有日期、时间和外部供数的标签才有"},
    {"{} to {} basis points (100 are 1 %) is wanted",
	"应为 {} 到 {} 个基点（100 个为 1%）"},
    {"{} to {} thousandths is wanted", "应为千分之 {} 到千分之 {}"},
    {"{} to {} hours is wanted", "应为 {} 到 {} 小时"},
    {"{}: a whole number from 0 on, or null for no limit",
	"{}：应为不小于 0 的整数，或以 null 表示不设限"},
    /* uploaded lists */
    {"no reference is in the upload; nothing was changed (--allow-empty, allow_empty say "
     "that it is meant)",
	"上传内容中没有客户号；未作任何改动（确需清空请用 --allow-empty 或 allow_empty）"},
    {"none of the {} references is a customer's; nothing was changed (--allow-empty, "
     "allow_empty say that it is meant)",
	"{} 个客户号都不存在；未作任何改动（确需清空请用 --allow-empty 或 allow_empty）"},
    {"{} of {} references are no customer's: line {}; nothing was changed (--skip-unknown, "
     "skip_unknown leave them out)",
	"{2} 个客户号中有 {1} 个不存在：第 {3} 行；未作任何改动（可用 --skip-unknown 或 "
	"skip_unknown 略过）"},
    {"a customer's reference has 1 to 64 bytes", "客户号为 1 到 64 个字节"},
    /* segments, stages */
    {"the rule is empty and would match every customer; write true when that is meant",
	"规则是空的，会匹配所有客户；确需如此请写 true"},
    {"segment {} is used by segment {}; change that one first",
	"客群 {} 正被客群 {} 引用，请先修改后者"},
    {"segment {} is used by campaign {}; change that one first",
	"客群 {} 正被活动 {} 使用，请先修改后者"},
    {"segment {} is made of a promise of the lifecycle model; take the promise out there",
	"客群 {} 由生命周期模型的服务承诺生成，请在模型中删去该承诺"},
    {"segments use each other in a circle: {}", "客群互相引用，形成循环：{}"},
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
