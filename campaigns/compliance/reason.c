#include "campaigns/compliance/reason.h"

#include <string.h>

#include "campaigns/compliance/ruleset.h"

/* In byte order of the codes, for the binary search. */
static const struct reason reasons[] = {
    {"ABANDONED_72H", GATE_DEFER, "72 小时内曾有呼损",
	"A call to this number was abandoned within 72 hours."},
    {"ABANDON_RATE_EXCEEDED", GATE_DEFER, "呼损率超过上限",
	"The abandonment rate is above the limit."},
    {"AFFORDABILITY_MISMATCH", GATE_BLOCK, "金额明显超出客户财力",
	"The amount is far beyond the customer's means."},
    {"AGENT_NOT_QUALIFIED", GATE_BLOCK, "座席没有有效的销售资格",
	"The agent has no valid sales licence."},
    {"AI_DISCLOSURE_MISSING", GATE_BLOCK, "合成语音没有人工智能提示",
	"Synthetic voice without an audible label."},
    {"BLACKOUT_DAY", GATE_DEFER, "当日不得联系", "No contact on this day."},
    {"CALENDAR_NOT_COVERED", GATE_REVIEW, "节假日日历未涵盖当日",
	"The holiday calendar does not cover this day."},
    {"CALL_RAN_PAST_WINDOW", GATE_WARN, "通话延续到时段之外",
	"The call ran past the permitted hours."},
    {"CAMPAIGN_NOT_ACTIVE", GATE_BLOCK, "活动未在进行", "The campaign is not active."},
    {"CAMPAIGN_NOT_APPROVED", GATE_BLOCK, "活动未经审批",
	"The campaign is not approved."},
    {"CARRIER_REJECT_LIST", GATE_BLOCK, "运营商拒接名单拦截了该客户的来电",
	"The carrier rejects such calls for this customer."},
    {"CHANNEL_OPT_OUT", GATE_BLOCK, "客户拒绝通过该方式联系",
	"The customer has opted out of this means of contact."},
    {"CLI_NOT_CALLABLE", GATE_BLOCK, "主叫号码无法回拨",
	"The caller number cannot be called back."},
    {"CLI_WITHHELD", GATE_BLOCK, "不得隐藏主叫号码",
	"The caller number would be withheld."},
    {"CLOCK_UNTRUSTED", GATE_BLOCK, "系统时钟不可信", "The clock cannot be trusted."},
    {"COMPLAINT_OPEN_HOLD", GATE_DEFER, "客户有未了结的投诉",
	"The customer has an open complaint."},
    {"CONSENT_CHANNEL_MISMATCH", GATE_BLOCK, "客户的同意不包括本渠道",
	"The consent covers another channel."},
    {"CONSENT_EVIDENCE_MISSING", GATE_BLOCK, "无法证明客户的同意",
	"The evidence of the consent is missing or does not match."},
    {"CONSENT_EXPIRED", GATE_BLOCK, "客户的同意已过期", "The consent has expired."},
    {"CONSENT_INVALID_FORM", GATE_BLOCK, "同意的取得方式无效（默认勾选、沉默等）",
	"The consent was given in a form that does not count, such as a pre-ticked box."},
    {"CONSENT_MISSING", GATE_BLOCK, "没有客户对本次用途和渠道的有效同意",
	"The customer has not consented to this contact."},
    {"CONSENT_NUMBER_MISMATCH", GATE_BLOCK, "客户的同意只针对另一个号码",
	"The consent is for another number of the customer."},
    {"CONSENT_PURPOSE_MISMATCH", GATE_BLOCK, "客户的同意不包括本次用途或产品类别",
	"The consent covers another purpose or class of product."},
    {"CONSENT_REASK_COOLDOWN", GATE_DEFER, "客户拒绝后未满规定期限，不得再次征求同意",
	"Consent may not be asked for again so soon after a refusal."},
    {"CONSENT_RECIPIENT_MISMATCH", GATE_BLOCK, "客户未同意由该机构联系",
	"The consent names another recipient than the organisation that calls."},
    {"CONSENT_STALE_VERSION", GATE_BLOCK,
	"客户同意时的告知内容不涵盖现在的用途，须重新取得同意",
	"The notice the customer saw does not cover the present purpose."},
    {"CONSENT_WITHDRAWN", GATE_BLOCK, "客户已撤回同意",
	"The customer has withdrawn consent."},
    {"CONTACT_POINT_FORBIDDEN_CLASS", GATE_BLOCK, "该类号码禁止呼叫",
	"Numbers of this class may not be called."},
    {"CONTACT_POINT_UNVERIFIED", GATE_REVIEW, "客户的联系方式未经核实",
	"The contact point is not verified."},
    {"CROSS_CHANNEL_CAP", GATE_DEFER, "各渠道合计联系次数已达上限",
	"The cap across all channels is reached."},
    {"CUSTOMER_DECEASED", GATE_BLOCK, "客户已故", "The customer has died."},
    {"CUSTOMER_INCAPACITY", GATE_BLOCK, "客户无完全民事行为能力",
	"The customer lacks legal capacity."},
    {"CUSTOMER_MINOR", GATE_BLOCK, "客户未成年", "The customer is under age."},
    {"CUSTOMER_TIME_PREFERENCE", GATE_DEFER, "不在客户希望的时段内",
	"Outside the hours the customer asked for."},
    {"DATA_MISSING_DOB", GATE_REVIEW, "缺少客户出生日期",
	"The customer's date of birth is missing."},
    {"DECISION_EXPIRED", GATE_DEFER, "先前的决定已失效，须重新判定",
	"The earlier decision is no longer valid."},
    {"DISCLOSURE_MISSING", GATE_REQUIRE, "通话中须完成规定的告知",
	"A required disclosure has to be made."},
    {"DNC_INTERNAL", GATE_BLOCK, "客户在本行谢绝来电名单上",
	"The customer has asked the bank not to call."},
    {"DNC_REGISTRY", GATE_BLOCK, "号码在谢绝来电登记册上",
	"The number is on a do-not-call register."},
    {"DNC_SCRUB_STALE", GATE_DEFER, "谢绝来电登记册的核对结果已过期",
	"The check against the do-not-call register is out of date."},
    {"DUAL_RECORDING_REQUIRED", GATE_REQUIRE, "须录音录像",
	"Audio and video recording is required."},
    {"EBR_EXPIRED", GATE_BLOCK, "业务关系已过有效期",
	"The business relationship that permitted the call has ended."},
    {"ELDER_EXTRA_APPROVAL", GATE_REVIEW, "向老年客户推介高风险产品需额外审批",
	"Offering this product to an older customer needs approval."},
    {"ELDER_ROBOT_FORBIDDEN", GATE_BLOCK, "不得由机器人联系老年客户",
	"Older customers may not be called by a robot."},
    {"FRAUD_VICTIM_HOLD", GATE_BLOCK, "客户处于涉诈受害保护期",
	"The customer is under protection as a victim of fraud."},
    {"FREQ_CAP_24H", GATE_DEFER, "24 小时内联系次数已达上限",
	"The cap on contacts within 24 hours is reached."},
    {"FREQ_CAP_30D", GATE_DEFER, "30 天内联系次数已达上限",
	"The cap on contacts within 30 days is reached."},
    {"FREQ_CAP_7D", GATE_DEFER, "7 天内联系次数已达上限",
	"The cap on contacts within 7 days is reached."},
    {"FREQ_CAP_DAY", GATE_DEFER, "当日联系次数已达上限",
	"The cap on contacts in one day is reached."},
    {"FREQ_CAP_WEEK", GATE_DEFER, "本周联系次数已达上限",
	"The cap on contacts in one week is reached."},
    {"GUARDIAN_CONSENT_MISSING", GATE_BLOCK, "未取得监护人同意",
	"The guardian has not consented."},
    {"HOUSEHOLD_OBJECTION", GATE_BLOCK, "共用该号码的人拒绝联系",
	"Somebody who shares this number has objected."},
    {"INVESTOR_NOT_QUALIFIED", GATE_BLOCK, "客户不是合格投资者",
	"The customer is not a qualified investor."},
    {"LATE_WITHDRAWAL_CONTACT", GATE_UNSET, "撤回同意在联系之后才被记录",
	"A withdrawal became known after a contact it would have stopped."},
    {"LEGAL_HOLD", GATE_BLOCK, "客户处于司法或合规冻结状态",
	"A legal hold is in force for the customer."},
    {"MIN_INTERVAL", GATE_DEFER, "距上次联系的间隔过短",
	"Too soon after the last attempt."},
    {"NUMBER_ATTESTATION_LOW", GATE_WARN, "主叫号码的认证级别较低",
	"The caller number has a low attestation."},
    {"NUMBER_CHANNEL_MISMATCH", GATE_BLOCK, "主叫号码不得用于本渠道",
	"The caller number may not be used on this channel."},
    {"NUMBER_DAILY_CAP", GATE_DEFER, "主叫号码的使用次数已达上限",
	"The caller number has reached its cap."},
    {"NUMBER_DIRECTION_FORBIDDEN", GATE_BLOCK, "主叫号码不得用于呼出",
	"The caller number may not be used for outbound contact."},
    {"NUMBER_LABELED_SPAM", GATE_DEFER, "主叫号码被标记为骚扰电话",
	"The caller number is labelled as spam."},
    {"NUMBER_LICENSE_EXPIRED", GATE_BLOCK, "主叫号码的使用许可已到期",
	"The licence of the caller number has ended."},
    {"NUMBER_LICENSE_NOT_YET_VALID", GATE_DEFER, "主叫号码的使用许可尚未生效",
	"The licence of the caller number has not begun."},
    {"NUMBER_NOT_REGISTERED", GATE_BLOCK, "主叫号码未登记或没有可用的主叫号码",
	"There is no registered caller number for this contact."},
    {"NUMBER_OWNER_MISMATCH", GATE_BLOCK, "主叫号码不属于呼出机构",
	"The caller number does not belong to the organisation that calls."},
    {"NUMBER_PURPOSE_MISMATCH", GATE_BLOCK, "主叫号码不得用于本用途",
	"The caller number may not be used for this purpose."},
    {"NUMBER_REASSIGNED", GATE_BLOCK, "该号码已转给他人",
	"The number now belongs to somebody else."},
    {"NUMBER_REGION_MISMATCH", GATE_BLOCK, "主叫号码不得在客户所在地区使用",
	"The caller number may not be used in the customer's region."},
    {"NUMBER_SUSPENDED", GATE_BLOCK, "主叫号码已停用",
	"The caller number is not in service."},
    {"OUTSOURCER_NOT_AUTHORISED", GATE_BLOCK, "外包机构没有有效授权",
	"The outsourcer has no valid mandate."},
    {"OVERRIDE_APPLIED", GATE_INFO, "已使用人工放行", "An override was applied."},
    {"PACK_UNVERIFIED", GATE_BLOCK, "没有已核验的规则包",
	"No verified rule pack is in force."},
    {"PEWC_REQUIRED", GATE_BLOCK, "需要事先书面同意",
	"Prior express written consent is required."},
    {"POST_CONVERSATION_COOLDOWN", GATE_DEFER, "上次通话后的间隔期未满",
	"Too soon after the last conversation."},
    {"PRODUCT_NOT_ON_SALE", GATE_BLOCK, "产品不在销售期",
	"The product is not on sale."},
    {"PRODUCT_RATING_MISSING", GATE_BLOCK, "产品没有风险等级",
	"The product has no risk rating."},
    {"PROFILING_OPT_OUT", GATE_BLOCK, "客户拒绝基于画像的营销",
	"The customer refuses marketing based on profiling."},
    {"PURPOSE_MIXED", GATE_INFO, "内容含营销，按营销处理",
	"The content is promotional, so the contact counts as marketing."},
    {"QUIET_HOURS", GATE_DEFER, "不在可联系时段内（按所有可能的当地时间）",
	"Outside permitted hours in at least one zone the customer may be in."},
    {"REASSIGNED_NO_DATA", GATE_REVIEW, "无法确认号码是否已转给他人",
	"It is not known whether the number was reassigned."},
    {"RECORDING_UNAVAILABLE", GATE_BLOCK, "录音不可用", "Recording is not available."},
    {"REFUSAL_COOLDOWN", GATE_DEFER, "客户拒绝后未满规定期限",
	"Too soon after the customer refused."},
    {"REGISTRY_UNAVAILABLE", GATE_DEFER, "谢绝来电登记册暂不可用",
	"The do-not-call register cannot be reached."},
    {"REVOCATION_SLA_BREACH", GATE_UNSET, "撤回同意的处理超过期限",
	"A withdrawal was not processed in time."},
    {"RISK_RATING_EXPIRED", GATE_BLOCK, "客户风险评估已过期",
	"The customer's risk rating has expired."},
    {"RISK_RATING_INVALID", GATE_BLOCK, "客户风险评估无效",
	"The customer's risk rating is not valid."},
    {"RISK_RATING_MISSING", GATE_BLOCK, "客户没有风险评估",
	"The customer has no risk rating."},
    {"ROBOT_NOT_PERMITTED", GATE_BLOCK, "不得使用机器人",
	"A robot may not be used here."},
    {"RULESET_CHANGED", GATE_INFO, "规则集自上次决定后已变更",
	"The ruleset has changed since the earlier decision."},
    {"SCRIPT_BANNED_TERM", GATE_BLOCK, "话术含有禁用语",
	"The script contains a banned term."},
    {"SCRIPT_NOT_APPROVED", GATE_BLOCK, "话术未经审批", "The script is not approved."},
    {"SEPARATE_CONSENT_MISSING", GATE_BLOCK, "使用敏感个人信息未取得单独同意",
	"Sensitive data is used without separate consent."},
    {"SHARED_NUMBER_REVIEW", GATE_REVIEW, "多位客户共用该号码",
	"Several customers share this number."},
    {"SUITABILITY_EXCEEDED", GATE_BLOCK, "产品风险等级高于客户风险承受能力",
	"The product is riskier than the customer's rating permits."},
    {"TZ_UNKNOWN", GATE_REVIEW, "无法确定客户所在时区",
	"The customer's time zone is not known."},
};

int
reason_all(const struct reason **out)
{
	*out = reasons;
	return (int)STW_ARRAY_LEN(reasons);
}

const struct reason *
reason_find(const char *code)
{
	size_t lo = 0, hi = STW_ARRAY_LEN(reasons);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = strcmp(code, reasons[mid].code);

		if (cmp == 0)
			return &reasons[mid];
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const char *
reason_text(const char *code, const char *lang)
{
	const struct reason *reason = reason_find(code);

	if (reason == NULL)
		return code;
	return strncmp(lang, "zh", 2) == 0 ? reason->zh : reason->en;
}
