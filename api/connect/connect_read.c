/*
 * connect_read.c - the reader of connector documents: where it is, what is wrong there,
 * and the plain values.
 */
#include <stdio.h>
#include <string.h>

#include "api/connect/connect_priv.h"
#include "engine/rule_messages.h"

/* $1 and $2 are what it is about. */
static const struct {
	const char *en, *zh;
} texts[] = {
    [FAULT_JSON] = {"not JSON: $1", "不是 JSON：$1"},
    [FAULT_LONG] = {"the document has more than $1 bytes; shorten it",
	"文档超过 $1 字节，请缩短"},
    [FAULT_DEEP] = {"nested too deep; at most $1 levels", "嵌套过深，最多 $1 层"},
    [FAULT_KEY] = {"unknown key \"$1\"; known here: $2", "未知的键“$1”；此处可用：$2"},
    [FAULT_MISSING] = {"\"$1\" is missing; add it", "缺少“$1”，请补上"},
    [FAULT_OBJECT] = {"must be an object", "必须是对象"},
    [FAULT_LIST] = {"must be a list of at least one", "必须是至少一项的列表"},
    [FAULT_TEXT] = {"must be a text, not empty, of at most $1 bytes",
	"必须是非空文本，最长 $1 字节"},
    [FAULT_BOOL] = {"must be true or false", "必须是 true 或 false"},
    [FAULT_NUMBER] = {"must be a whole number from $1 to $2", "必须是 $1 到 $2 的整数"},
    [FAULT_WORD] = {"must be one of: $1", "必须是以下之一：$1"},
    [FAULT_NAME] = {"\"$1\" must be small letters, digits, - and _, and begin with a "
		    "letter",
	"“$1”只能由小写字母、数字、- 和 _ 组成，并以字母开头"},
    [FAULT_BRACES] = {"{{ without }}; close the expression, or leave both out",
	"{{ 没有对应的 }}；请补上或两者都去掉"},
    [FAULT_RULE] = {"$1", "$1"},
    [FAULT_BODY] = {"a request without a body has no content type and no body; set "
		    "content to json or form, or leave body out",
	"没有正文的请求不能有 body；请把 content 设为 json 或 form，或去掉 body"},
    [FAULT_FORM] = {"a form is an object of texts, numbers and {\"$$json\": ...}",
	"表单必须是由文本、数字和 {\"$$json\": ...} 组成的对象"},
    [FAULT_TASKS] =
	{"$$tasks belongs into the body of the offer, once; take it out here",
	    "$$tasks 只能在 offer 的 body 中出现一次，请移除"},
    [FAULT_NO_TASKS] = {"batch.size is $1, but the offer's body has no $$tasks; add "
			"{\"$$tasks\": ...} where the list of tasks goes",
	"batch.size 为 $1，但 offer 的 body 中没有 $$tasks；请在任务列表处加上 "
	"{\"$$tasks\": ...}"},
    [FAULT_PHONE] = {"a request uses task.phone; say so with \"personal\": [\"phone\"]",
	"有请求用到 task.phone，请声明 \"personal\": [\"phone\"]"},
    [FAULT_NO_PHONE] =
	{"personal names the phone, but no request uses task.phone; take "
	 "it out",
	    "personal 声明了 phone，但没有请求用到 task.phone，请移除"},
    [FAULT_PHONE_PATH] =
	{"a telephone number does not go into a path, which logs keep; put it "
	 "into the body",
	    "路径会留在日志里，不可含电话号码，请放入正文"},
    [FAULT_HEADER] =
	{"the header \"$1\" is set by Steward or has a character that none "
	 "may have; take it out",
	    "请求头“$1”由系统设置或含有不允许的字符，请移除"},
    [FAULT_TOKEN_URL] = {"must begin with https://, http:// or a setting",
	"必须以 https://、http:// 或一个设置项开头"},
};

static void
fill(char *to, size_t size, const char *format, const char *a, const char *b)
{
	struct buf text;

	buf_init(&text);
	for (const char *c = format; *c != '\0'; c++) {
		if (c[0] != '$')
			buf_add_char(&text, *c);
		else if (*++c == '1')
			buf_add_c(&text, a == NULL ? "" : a);
		else if (*c == '2')
			buf_add_c(&text, b == NULL ? "" : b);
		else
			buf_add_char(&text, *c);
	}
	(void)snprintf(to, size, "%s", text.len > 0 ? text.data : "");
	buf_fini(&text);
}

const char *
read_pointer(const struct reader *r)
{
	struct buf text;
	const char *out;

	buf_init(&text);
	for (int i = 0; i < r->depth; i++) {
		const char *key = r->path[i].key;

		buf_add_char(&text, '/');
		if (key == NULL)
			buf_printf(&text, "%zu", r->path[i].index);
		for (; key != NULL && *key != '\0'; key++)
			buf_add_c(&text, *key == '~'   ? "~0"
					 : *key == '/' ? "~1"
						       : (char[]){*key, '\0'});
	}
	out = arena_strndup(r->arena, text.data == NULL ? "" : text.data, text.len);
	buf_fini(&text);
	return out;
}

enum stw_code
read_fail(struct reader *r, enum read_fault what, const char *a, const char *b)
{
	struct connector_fault fault = {0};
	const char *pointer = read_pointer(r);

	(void)snprintf(fault.pointer, sizeof fault.pointer, "%s", pointer);
	fill(fault.en, sizeof fault.en, texts[what].en, a, b);
	if (what == FAULT_RULE) {
		struct buf zh;

		buf_init(&zh);
		(void)rule_message_zh(str_of(a), &zh);
		fill(fault.zh, sizeof fault.zh, texts[what].zh, zh.data, b);
		buf_fini(&zh);
	} else {
		fill(fault.zh, sizeof fault.zh, texts[what].zh, a, b);
	}
	if (what != FAULT_JSON && what != FAULT_LONG)
		json_place(r->text, r->path, r->depth, &fault.line, &fault.column);
	if (r->fault != NULL)
		*r->fault = fault;
	return stw_fail_at(r->err, STW_INVALID, fault.line, fault.column, "%s%s%s",
	    fault.pointer, fault.pointer[0] != '\0' ? ": " : "", fault.en);
}

void
read_enter(struct reader *r, const char *key, size_t index)
{
	STW_ASSERT(r->depth <= READ_STEPS);
	r->path[r->depth++] = (struct json_step){key, index};
}

void
read_leave(struct reader *r)
{
	r->depth--;
}

static enum stw_code
fail_at(struct reader *r, const char *key, enum read_fault what, const char *a,
    const char *b)
{
	enum stw_code rc;

	read_enter(r, key, 0);
	rc = read_fail(r, what, a, b);
	read_leave(r);
	return rc;
}

static const char *
joined(struct arena *arena, const char *const *words, int count)
{
	const char *out = "";

	for (int i = 0; i < count && words[i] != NULL; i++)
		out = arena_printf(arena, "%s%s%s", out, i > 0 ? ", " : "", words[i]);
	return out;
}

enum stw_code
read_keys(struct reader *r, const json_t *object, const char *const *known)
{
	int count = 0;

	if (!json_is_object(object))
		return read_fail(r, FAULT_OBJECT, NULL, NULL);
	if (r->depth >= READ_STEPS)
		return read_fail(r, FAULT_DEEP, "16", NULL);
	while (known[count] != NULL)
		count++;
	for (void *at = json_object_iter((json_t *)(uintptr_t)object); at != NULL;
	     at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		const char *key = json_object_iter_key(at);
		int i = 0;

		while (i < count && strcmp(known[i], key) != 0)
			i++;
		if (i == count)
			return fail_at(
			    r, key, FAULT_KEY, key, joined(r->arena, known, count));
	}
	return STW_OK;
}

enum stw_code
read_text(struct reader *r, const json_t *object, const char *key, bool required,
    const char **out)
{
	const json_t *value = json_object_get(object, key);

	*out = NULL;
	if (value == NULL)
		return required ? read_fail(r, FAULT_MISSING, key, NULL) : STW_OK;
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > 400)
		return fail_at(r, key, FAULT_TEXT, "400", NULL);
	*out = arena_strdup(r->arena, json_string_value(value));
	return STW_OK;
}

enum stw_code
read_bool(struct reader *r, const json_t *object, const char *key, bool *out)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return STW_OK;
	if (!json_is_boolean(value))
		return fail_at(r, key, FAULT_BOOL, NULL, NULL);
	*out = json_is_true(value);
	return STW_OK;
}

enum stw_code
read_int(
    struct reader *r, const json_t *object, const char *key, int min, int max, int *out)
{
	const json_t *value = json_object_get(object, key);
	json_int_t n = json_integer_value(value);

	if (value == NULL)
		return read_fail(r, FAULT_MISSING, key, NULL);
	if (!json_is_integer(value) || n < min || n > max)
		return fail_at(r, key, FAULT_NUMBER, arena_printf(r->arena, "%d", min),
		    arena_printf(r->arena, "%d", max));
	*out = (int)n;
	return STW_OK;
}

enum stw_code
read_word(struct reader *r, const json_t *object, const char *key,
    const char *const *words, int count, int *out)
{
	const char *value = json_string_value(json_object_get(object, key));

	if (json_object_get(object, key) == NULL)
		return read_fail(r, FAULT_MISSING, key, NULL);
	for (*out = 0; *out < count; ++*out)
		if (value != NULL && strcmp(words[*out], value) == 0)
			return STW_OK;
	return fail_at(r, key, FAULT_WORD, joined(r->arena, words, count), NULL);
}
