#include "engine/rule_messages.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/err.h"

#define PARTS_MAX 6
#define STEPS_MAX 20000 /* of looking for one message; texts are short */

static const struct message_text messages[] = {
    /* limits */
    {"the rule is {} bytes long; {} are allowed", "规则长 {} 字节，最多允许 {} 字节"},
    {"laid out, the rule is {} bytes long; {} are allowed",
	"排版后规则长 {} 字节，最多允许 {} 字节"},
    {"the layout would change the rule", "排版会改变规则的含义"},
    {"the rule has more than {} parts", "规则的组成部分超过 {} 个"},
    {"the rule is nested too deeply", "规则嵌套过深"},
    {"too many macros inside each other", "宏的嵌套层数过多"},
    {"too many arguments", "参数过多"},
    {"only the first 64 entries may be optional", "只有前 64 个元素可以标为可选"},
    {"the rule has more than {} regular expressions; join some with '|'",
	"规则中的正则表达式超过 {} 个；请用 '|' 合并一些"},
    {"the rule may take {} steps a row; {} are allowed: walk fewer lists inside each "
     "other, or filter() the outer one first",
	"规则对每一行最多要走 {} 步，只允许 {} 步：请减少列表的嵌套遍历，或先用 filter() "
	"缩小外层列表"},
    /* letters and words */
    {"a number with a fraction cannot be a uint", "带小数的数字不能是 uint"},
    {"'{}' cannot follow a number", "数字后面不能跟 '{}'"},
    {"0x needs hexadecimal digits", "0x 后面要有十六进制数字"},
    {"the number does not fit into 64 bits", "数字超出 64 位的范围"},
    {"the number is too large for a double", "数字超出 double 的范围"},
    {"the number does not fit into an int; add u for a uint",
	"数字超出 int 的范围；若是 uint 请在后面加 u"},
    {"the escape needs {} {} digits", "转义需要 {} 位{}数字"},
    {"the escape is larger than a byte", "转义的值大于一个字节"},
    {"the escape is not a Unicode character", "转义的值不是 Unicode 字符"},
    {"unknown escape; write \\\\ for a backslash", "未知的转义；反斜杠请写作 \\\\"},
    {"the string is not closed", "字符串没有结束，缺少引号"},
    {"the string is not UTF-8", "字符串不是 UTF-8"},
    {"unexpected character (code {})", "意外的字符（编码 {}）"},
    {"unexpected character '{}'", "意外的字符 '{}'"},
    {"unexpected character '{}'; write '{}'", "意外的字符 '{}'；请写作 '{}'"},
    {"a `quoted` field name has letters, digits and _-./ only",
	"`加引号`的字段名只能含字母、数字和 _-./"},
    /* grammar */
    {"the rule is empty", "规则是空的"},
    {"expected {}, found {}", "此处应为{}，却是{}"},
    {"'{}' is not closed; a '{}' is missing", "'{}' 没有闭合，缺少 '{}'"},
    {"'{}' is a reserved word", "'{}' 是保留字"},
    {"'{}' is a word of the language; write .`{}`",
	"'{}' 是语言的关键字；请写作 .`{}`"},
    {"records cannot be built in a rule", "规则中不能构造记录"},
    {"has() takes one field, as in has(customer.email)",
	"has() 要一个字段，例如 has(customer.email)"},
    {"{}() takes {} and an expression, as in items.{}({}, ...)",
	"{}() 要{}和一个表达式，例如 items.{}({}, ...)"},
    {"the two variables need two names", "两个变量要有不同的名字"},
    {"cel.{}() takes whole numbers", "cel.{}() 要整数"},
    {"cel.{}() takes {}", "cel.{}() 要{}"},
    {"cel.block() takes a list and an expression",
	"cel.block() 要一个列表和一个表达式"},
    {"cel.bind() takes a variable, its value and an expression, as in cel.bind(x, a + "
     "b, x * x)",
	"cel.bind() 要一个变量、它的值和一个表达式，例如 cel.bind(x, a + b, x * x)"},
    /* names and types */
    {"unknown name '{}'", "未知的名称 '{}'"},
    {"unknown name '{}'; write {}", "未知的名称 '{}'；请写作 {}"},
    {"{} names nothing here", "{} 在此处没有定义"},
    {"no field '{}' in {}", "{2} 没有字段 '{1}'"},
    {"{} has no fields", "{} 没有字段"},
    {"a {} has no fields", "{} 没有字段"},
    {"the record has no such field", "记录没有这个字段"},
    {"{} needs bool; {} is {}", "{}需要 bool，而 {} 是 {}"},
    {"{} needs bool, not {}", "{}需要 bool，而不是 {}"},
    {"the condition is {}, not bool", "条件是 {}，而不是 bool"},
    {"the condition is not bool", "条件不是 bool"},
    {"the two sides of ':' differ: {} and {}", "':' 两边的类型不同：{} 与 {}"},
    {"? needs an optional, not {}", "? 后面要可选值，而不是 {}"},
    {"a {} cannot be a key", "{} 不能作键"},
    {"{} is {}; this macro walks {}", "{} 是 {}，而这个宏遍历的是{}"},
    {"optFlatMap() needs an optional result", "optFlatMap() 的结果要是可选值"},
    {"optMap() needs an optional, not {}", "optMap() 要可选值，而不是 {}"},
    {"transformMapEntry() needs a map as result, as in {k: v}",
	"transformMapEntry() 的结果要是映射，例如 {k: v}"},
    {"transformMapEntry() needs a map, not {}",
	"transformMapEntry() 要映射，而不是 {}"},
    {"the rule gives {}; {} is wanted", "规则的结果是 {}，需要的是 {}"},
    {"the rule gives {}, not bool", "规则的结果是 {}，而不是 bool"},
    {"no function '{}'", "没有函数 '{}'"},
    {"no overload for {}", "没有适用于 {} 的运算或函数"},
    {"segment() takes the code of a segment, as in segment(\"vip\")",
	"segment() 要客群的代码，例如 segment(\"vip\")"},
    {"segments cannot be used here", "此处不能使用客群"},
    {"no segment '{}'", "没有客群 '{}'"},
    {"not a regular expression: {}", "不是正确的正则表达式：{}"},
    {"not a regular expression (RE2 syntax)", "不是正确的正则表达式（RE2 语法）"},
    {"not a type: '{}'", "不是类型：'{}'"},
    /* evaluation */
    {"{} has no value", "{} 没有值"},
    {"the function gave no value", "函数没有给出值"},
    {"the rule needs too much memory", "规则需要的内存过多"},
    {"the rule takes too many steps", "规则的步数过多"},
    {"the value given is not of the declared type", "给出的值与声明的类型不符"},
    {"the map has no such key", "映射中没有这个键"},
    {"no such key", "没有这个键"},
    {"the same key twice", "同一个键出现两次"},
    {"the map gets too large", "映射过大"},
    {"the function is only declared", "函数只有声明，没有实现"},
    {"the function gave a value of another type", "函数给出的值类型不符"},
    {"{}() needs an optional", "{}() 要可选值"},
    {"{}() takes a list of optionals", "{}() 要可选值的列表"},
    {"null is no optional", "null 不是可选值"},
    {"the optional has no value", "可选值是空的"},
    {"int overflow", "int 溢出"},
    {"uint overflow", "uint 溢出"},
    {"money overflow", "金额溢出"},
    {"division by zero", "除数为零"},
    {"modulus by zero", "取模的除数为零"},
    {"not a whole number", "不是整数"},
    {"not a number", "不是数字"},
    {"not a truth value; write \"true\" or \"false\"",
	"不是真假值；请写作 \"true\" 或 \"false\""},
    {"the bytes are not UTF-8", "这些字节不是 UTF-8"},
    {"the text gets too long", "文本过长"},
    {"format() knows %s %d %f %e %b %o %x %X and %%",
	"format() 只认得 %s %d %f %e %b %o %x %X 和 %%"},
    {"format() has {} values; more are needed", "format() 只有 {} 个值，还缺值"},
    {"%{} cannot show {}", "%{} 不能显示 {}"},
    {"index out of range", "下标超出范围"},
    {"a {} has no elements", "{} 没有元素"},
    {"only lists and maps have elements, not a {}", "只有列表和映射有元素，{} 没有"},
    {"an empty list has no such value", "空列表没有这个值"},
    {"the list holds more than one type", "列表中的元素类型不一"},
    {"the amounts are in different currencies ({} and {})",
	"金额的币种不同（{} 与 {}）"},
    {"the amounts are in different currencies", "金额的币种不同"},
    {"these elements cannot be added up", "这些元素不能相加"},
    {"the sum does not fit", "总和超出范围"},
    {"no order between these values", "这些值之间不能比较大小"},
    {"only numbers have a largest and a smallest", "只有数字才有最大和最小"},
    {"a shift counts from 0", "移位的位数从 0 起"},
    {"not base64", "不是 base64"},
    {"money times a number that is not finite", "金额乘以的数不是有限的"},
    {"not an amount of {}; write it as \"{}\"", "不是 {} 的金额；请写成 \"{}\" 的样子"},
    {"a currency is three capital letters, such as \"CNY\"",
	"币种是三个大写字母，例如 \"CNY\""},
    {"segments are not available here", "此处没有客群数据"},
    {"the segment is not known here", "此处没有这个客群"},
    {"nothing is in a {}", "{} 里不能查找元素"},
    {"substring out of range", "substring 超出范围"},
    {"charAt out of range", "charAt 超出范围"},
    {"indexOf out of range", "indexOf 超出范围"},
    {"lastIndexOf out of range", "lastIndexOf 超出范围"},
    {"join() takes a list of strings", "join() 要字符串的列表"},
    {"bucket() needs at least one bucket", "bucket() 至少要有一个桶"},
    {"timestamp out of range", "时间超出范围"},
    {"duration out of range", "时长超出范围"},
    {"date out of range", "日期超出范围"},
    {"not a timestamp; write it as \"2026-11-23T10:00:00+08:00\"",
	"不是时间；请写成 \"2026-11-23T10:00:00+08:00\" 的样子"},
    {"not a date; write it as \"2026-11-23\"",
	"不是日期；请写成 \"2026-11-23\" 的样子"},
    {"there is no such date", "没有这一天"},
    {"not a duration; write it as \"1h30m\" or \"90s\"",
	"不是时长；请写成 \"1h30m\" 或 \"90s\" 的样子"},
    {"a date moves by whole days only", "日期只能按整天移动"},
    {"unknown time zone", "未知的时区"},
    /* executors */
    {"SQL cannot say {}: {}", "SQL 无法表达 {}：{}"},
    {"SQL cannot say today: the clock stands outside the years 1 to 9999",
	"SQL 无法表达 today：时钟在公元 1 至 9999 年之外"},
    {"a clause is true or false; the rule gives {}",
	"条件只有真与假，而规则的结果是 {}"},
    {"the rule gives {}; column {} cannot hold it", "规则的结果是 {}，列 {} 放不下"},
    /* requests as JSON */
    {"the line is too long", "这一行过长"},
    {"not a value of type {}", "不是 {} 类型的值"},
    {"a value is an object with \"type\" and \"value\"",
	"值是含 \"type\" 和 \"value\" 的对象"},
    {"the value is nested too deeply", "值嵌套过深"},
    {"a type is a string, as in \"int\"", "类型是字符串，例如 \"int\""},
    {"not of the declared type", "与声明的类型不符"},
    {"\"vars\" and \"declare\" are objects of at most {} names",
	"\"vars\" 和 \"declare\" 是最多含 {} 个名称的对象"},
    {"a function has \"name\", \"args\" (at most {} types) and \"result\"",
	"函数要有 \"name\"、\"args\"（最多 {} 个类型）和 \"result\""},
    {"\"now\" is not a timestamp", "\"now\" 不是时间"},
    {"not UTF-8", "不是 UTF-8"},
    {"the request has no \"expr\"", "请求中没有 \"expr\""},
    {"not JSON: {}", "不是 JSON：{}"},
};

/* What may follow a message. */
static const struct message_text hints[] = {
    {"; did you mean '{}'?", "；是不是 '{}'？"},
    {"; write {}", "；请写作 {}"},
    {"; write {} for {}", "；{2} 请写作 {1}"},
    {"; write {} or {}", "；请写作 {} 或 {}"},
    {"; write x * x for a power", "；乘方请写作 x * x"},
    {"; write a list as in [a, b]", "；列表请写作 [a, b]"},
    {"; write !has(x) where a value may be missing", "；判断没有值请写作 !has(x)"},
    {"; write days_since(x), or a - b of two dates",
	"；请写作 days_since(x)，或两个日期相减 a - b"},
    {"; write date + 7, or add_months(date, 1)",
	"；请写作 date + 7 或 add_months(date, 1)"},
    {"; compare with '=='", "；比较请写作 '=='"},
    {"; a rule is one expression, without ';'", "；规则是一个表达式，不用 ';'"},
    {"; a comment begins with //", "；注释以 // 开头"},
    {"; a rule changes nothing", "；规则不能赋值"},
    {"; give the optional a default with .orValue(...)",
	"；请用 .orValue(...) 给可选值一个默认值"},
};

/* What is put into messages and is not the rule's own. */
static const struct message_text words[] = {
    {"the end of the rule", "规则的结尾"},
    {"an operator or the end of the rule", "运算符或规则的结尾"},
    {"an expression", "表达式"},
    {"a field name", "字段名"},
    {"a name", "名称"},
    {"an optional", "可选值"},
    {"a list or a map", "列表或映射"},
    {"the condition", "条件"},
    {"the rule", "规则"},
    {"a variable", "一个变量"},
    {"two variables", "两个变量"},
    {"a number", "一个数"},
    {"two numbers", "两个数"},
    {"octal", "八进制"},
    {"hexadecimal", "十六进制"},
    {"condition ? a : b", "条件 ? a : b"},
    /* why SQL cannot say something */
    {"the type of a value must be known before the rule runs",
	"值的类型要在运行之前就确定"},
    {"a value of type {}", "类型为 {} 的值"},
    {"it has no column type that means the same", "没有含义相同的列类型"},
    {"this rule", "这条规则"},
    {"its clause would be too long for a statement", "生成的条件过长"},
    {"a string with a NUL character", "含 NUL 字符的字符串"},
    {"PostgreSQL's text has none", "PostgreSQL 的文本不能含它"},
    {"a string that is not UTF-8", "不是 UTF-8 的字符串"},
    {"PostgreSQL's text always is", "PostgreSQL 的文本总是 UTF-8"},
    {"PostgreSQL counts microseconds", "PostgreSQL 只精确到微秒"},
    {"this trait", "这个特征"},
    {"its rule speaks of itself", "它的规则用到了自己"},
    {"field {}", "字段 {}"},
    {"it has no column", "它没有对应的列"},
    {"an optional by itself", "单独的可选值"},
    {"finish it with orValue(), value() or hasValue()",
	"请以 orValue()、value() 或 hasValue() 结束"},
    {"an amount whose currency depends on the row", "币种随行而变的金额"},
    {"a column of money has one currency", "金额列只有一个币种"},
    {"only optionals of a field (row.?field) are columns that may be empty",
	"只有字段的可选值（row.?field）才是可空的列"},
    {"a column has no optionals of its own", "列本身没有可选值"},
    {"there is no table of members here", "此处没有成员表"},
    {"members are known by text", "成员以文本标识"},
    {"the types of its arguments show only when the rule runs",
	"参数的类型要到运行时才知道"},
    {"it is a function of the program around the rule", "它是外部程序的函数"},
    {"PostgreSQL's regular expressions differ from RE2",
	"PostgreSQL 的正则表达式与 RE2 不同"},
    {"PostgreSQL has nothing that means the same", "PostgreSQL 没有含义相同的写法"},
    {"this list", "这个列表"},
    {"only the rows of a child table, filtered and mapped, are one",
	"只有子表的行（可经 filter 和 map）才行"},
    {"this macro", "这个宏"},
    {"only exists, all and exists_one of one variable are clauses",
	"只有一个变量的 exists、all 和 exists_one 能成为条件"},
    {"a sum of doubles depends on the order, which a child table has not",
	"double 的总和取决于顺序，而子表没有顺序"},
    {"only ints, durations and money are added", "只有整数、时长和金额能相加"},
    {"the sum of nothing is in {}, that of the column in {}",
	"空列表的总和是 {}，这一列的是 {}"},
    {"only numbers and money have a mean", "只有数字和金额有平均值"},
    {"truth values have no least", "真假值没有最小值"},
    {"NaN has no place in the order of doubles", "NaN 在 double 的顺序中没有位置"},
    {"rows are not compared with each other", "行之间不能比较"},
    {"the amounts are in different currencies", "金额的币种不同"},
    {"the list must be constant or child rows", "列表要是常量或子表的行"},
    {"rows have no order and no sum", "行没有顺序，也没有总和"},
    {"a child table has no order of its own in SQL", "子表在 SQL 中没有自己的顺序"},
    {"a uint and a double have no type in common", "uint 和 double 没有共同的类型"},
    {"the two sides have no type in common", "两边没有共同的类型"},
    {"values of this type have no column type that means the same",
	"这种类型的值没有含义相同的列类型"},
    {"a double times a double underflows to an error; one side must be constant",
	"double 乘 double 可能下溢成错误；有一边要是常量"},
    {"what is replaced must be a constant that is not empty", "被替换的要是非空的常量"},
    {"its zone must be a constant", "时区要是常量"},
    {"there is no such zone", "没有这个时区"},
    {"a day's first instant in a zone with changes has no exact counterpart",
	"有时制变更的时区里，一天的最初时刻没有精确的对应"},
    /* RE2's own */
    {"missing ]: {}", "缺少 ]：{}"},
    {"missing ): {}", "缺少 )：{}"},
    {"unexpected ): {}", "多余的 )：{}"},
    {"trailing \\ at end of regexp: {}", "末尾多了 \\：{}"},
    {"invalid escape sequence: {}", "错误的转义：{}"},
    {"invalid character class range: {}", "错误的字符范围：{}"},
    {"invalid character class: {}", "错误的字符类：{}"},
    {"no argument for repetition operator: {}", "重复符号前没有内容：{}"},
    {"invalid repetition size: {}", "重复次数过大：{}"},
    {"bad repetition operator: {}", "错误的重复符号：{}"},
    {"invalid perl operator: {}", "不支持的写法：{}"},
    {"invalid named capture group: {}", "错误的命名分组：{}"},
    {"pattern too large - compile failed", "正则表达式过大"},
};

/* ---- finding --------------------------------------------------------------------- */
struct found {
	const struct message_text *message;
	struct str parts[PARTS_MAX];
	int nparts;
	size_t literal; /* bytes that are the message's own */
};

/* Does the text have the pattern's shape? Parts are as short as they can be. */
static bool
has_shape(const char *pattern, struct str text, struct found *f, int *steps)
{
	size_t literal = 0;

	while (*pattern != '\0' && strncmp(pattern, "{}", 2) != 0) {
		if (literal == text.len || text.ptr[literal] != *pattern)
			return false;
		literal++;
		pattern++;
	}
	f->literal += literal;
	text = (struct str){text.ptr + literal, text.len - literal};
	if (*pattern == '\0')
		return text.len == 0;
	if (f->nparts == PARTS_MAX)
		return false;
	for (size_t len = 0; len <= text.len; len++) {
		struct found next = *f;

		if (--*steps < 0)
			return false;
		next.parts[next.nparts++] = (struct str){text.ptr, len};
		if (pattern[2] == '\0')
			next.parts[next.nparts - 1].len = len = text.len;
		if (has_shape(pattern + 2, (struct str){text.ptr + len, text.len - len},
			&next, steps)) {
			*f = next;
			return true;
		}
	}
	return false;
}

/* The message that explains most of the text with its own words. */
static bool
find(const struct message_text *table, size_t count, struct str text, struct found *out)
{
	*out = (struct found){0};
	for (size_t i = 0; i < count; i++) {
		struct found f = {.message = &table[i]};
		int steps = STEPS_MAX;

		if (!has_shape(table[i].en, text, &f, &steps))
			continue;
		if (out->message == NULL || f.literal > out->literal)
			*out = f;
	}
	return out->message != NULL;
}

/* ---- writing --------------------------------------------------------------------- */
/* Parts that are words of ours are written in Chinese too, those of the rule stay. */
static void
write_message(const struct found *f, struct buf *to)
{
	int next = 0;

	for (const char *at = f->message->zh; *at != '\0'; at++) {
		struct found word;
		int part = -1;

		if (strncmp(at, "{}", 2) == 0)
			part = next++;
		else if (at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}')
			part = at[1] - '1';
		if (part < 0 || part >= f->nparts) {
			buf_add_char(to, *at);
			continue;
		}
		if (find(words, STW_ARRAY_LEN(words), f->parts[part], &word))
			write_message(&word, to); /* its parts are shorter: this ends */
		else
			buf_add_str(to, f->parts[part]);
		at = strchr(at, '}');
	}
}

/* A message and the hint behind it. */
struct whole {
	struct found head, hint;
};

static size_t
literal_of(const struct whole *w)
{
	return w->head.literal + w->hint.literal;
}

/* Whichever way explains most of the text. */
static bool
find_whole(
    const struct message_text *table, size_t count, struct str text, struct whole *out)
{
	*out = (struct whole){0};
	for (size_t cut = text.len + 1; cut-- > 0;) {
		struct str tail = {text.ptr + cut, text.len - cut};
		struct whole w = {0};

		if (tail.len > 0 &&
		    (tail.len < 2 || memcmp(tail.ptr, "; ", 2) != 0 ||
			!find(hints, STW_ARRAY_LEN(hints), tail, &w.hint)))
			continue;
		if (find(table, count, (struct str){text.ptr, cut}, &w.head) &&
		    (out->head.message == NULL || literal_of(&w) > literal_of(out)))
			*out = w;
	}
	return out->head.message != NULL;
}

/* "segment x: " before a message stays. A message that begins with a part would take it for
 * that part: where as much is explained without it, it is none of the message's. */
bool
message_zh(
    const struct message_text *table, size_t count, struct str text, struct buf *to)
{
	struct whole best = {0};
	size_t before = 0;

	for (size_t at = 0; at < text.len;) {
		struct str rest = {text.ptr + at, text.len - at};
		const char *colon = memmem(rest.ptr, rest.len, ": ", 2);
		struct whole w;

		if (find_whole(table, count, rest, &w) &&
		    (best.head.message == NULL ||
			literal_of(&w) >= literal_of(&best))) {
			best = w;
			before = at;
		}
		if (colon == NULL)
			break;
		at = (size_t)(colon - text.ptr) + 2;
	}
	if (best.head.message == NULL) {
		buf_add_str(to, text);
		return false;
	}
	buf_add(to, text.ptr, before);
	write_message(&best.head, to);
	if (best.hint.message != NULL)
		write_message(&best.hint, to);
	return true;
}

bool
rule_message_zh(struct str text, struct buf *to)
{
	return message_zh(messages, STW_ARRAY_LEN(messages), text, to);
}

bool
rule_message_wants_zh(const char *locale)
{
	return locale != NULL && strncasecmp(locale, "zh", 2) == 0;
}
