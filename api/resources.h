/*
 * resources.h - the operations of the API, one function each, and their table.
 *
 * Purpose    api/openapi.json describes them; operationId customerList is
 *            customer_list_get here and so on. Each file api/v1_<noun>.c holds one noun.
 * Rules      No business rules here: read parameters, call the room below, write JSON.
 */
#ifndef STW_API_RESOURCES_H
#define STW_API_RESOURCES_H

#include "api/request.h"

extern const struct route api_routes[];
extern const int api_route_count;

/* v1_system.c */
void v1_health(struct api_request *req);
void v1_ready(struct api_request *req);
void v1_metrics(struct api_request *req);
void v1_openapi(struct api_request *req);
void v1_me(struct api_request *req);
/* Appends to the answer of /metrics. */
enum stw_code v1_metrics_dispatch(
    struct api_request *req, struct stw_err *err) STW_MUST_USE;
void v1_queue_list(struct api_request *req);
void v1_queue(struct api_request *req);
void v1_queue_put(struct api_request *req);
void v1_queue_enable(struct api_request *req);
void v1_queue_disable(struct api_request *req);
void v1_dead_letter_list(struct api_request *req);
void v1_dead_letter_requeue(struct api_request *req);
void v1_dead_letters_requeue(struct api_request *req);
void v1_dead_letters_requeue_run(struct api_request *req);
void v1_ledger(struct api_request *req);
void v1_ledger_checkpoint(struct api_request *req);
void v1_ledger_tile(struct api_request *req);
void v1_ledger_proof(struct api_request *req);
void v1_events(struct api_request *req);
/* v1_overview.c */
void v1_overview(struct api_request *req);
/* v1_customers.c */
void v1_customer_list(struct api_request *req);
void v1_customer(struct api_request *req);
void v1_customer_decisions(struct api_request *req);
/* v1_contacts.c */
void v1_contact_list(struct api_request *req);
void v1_contact(struct api_request *req);
void v1_contact_state(struct api_request *req);
void v1_contact_sharers(struct api_request *req);
/* v1_party.c */
void v1_contact_times(struct api_request *req);
void v1_contact_times_put(struct api_request *req);
void v1_joint_holders(struct api_request *req);
void v1_joint_holders_put(struct api_request *req);

/* v1_households.c */
void v1_household_list(struct api_request *req);
void v1_household_record(struct api_request *req);
void v1_household_suggestions(struct api_request *req);
/* v1_reveal.c */
void v1_customer_reveal(struct api_request *req);
/* v1_erasure.c */
void v1_customer_erasure(struct api_request *req);
/* v1_consents.c */
void v1_consent_history(struct api_request *req);
void v1_consent_record(struct api_request *req);
void v1_withdrawal(struct api_request *req);
/* v1_objections.c */
void v1_objection_list(struct api_request *req);
void v1_objection_record(struct api_request *req);
void v1_objection_lift(struct api_request *req);
/* v1_overrides.c */
void v1_gate_review_list(struct api_request *req);
void v1_override_list(struct api_request *req);
void v1_override_request(struct api_request *req);
void v1_override(struct api_request *req);
void v1_override_approve(struct api_request *req);
void v1_override_reject(struct api_request *req);
void v1_override_withdraw(struct api_request *req);
/* v1_notices.c */
void v1_notice_list(struct api_request *req);
void v1_notice(struct api_request *req);
void v1_notice_save(struct api_request *req);
void v1_notice_supersede(struct api_request *req);
void v1_evidence_check(struct api_request *req);
/* v1_revocations.c */
void v1_revocation_list(struct api_request *req);
void v1_revocation(struct api_request *req);
void v1_revocation_record(struct api_request *req);
void v1_revocation_settle(struct api_request *req);
/* v1_registries.c */
void v1_registry_list(struct api_request *req);
void v1_registry_save(struct api_request *req);
void v1_registry_query(struct api_request *req);
void v1_registry_service(struct api_request *req);
void v1_registry_result(struct api_request *req);
void v1_carrier_cause_list(struct api_request *req);
void v1_carrier_cause_save(struct api_request *req);
/* v1_connectors.c */
void v1_connector_list(struct api_request *req);
void v1_connector(struct api_request *req);
void v1_connector_put(struct api_request *req);
void v1_connector_test(struct api_request *req);
void v1_connector_activate(struct api_request *req);
/* v1_recorders.c */
void v1_recorder_list(struct api_request *req);
void v1_recorder_save(struct api_request *req);
void v1_recorder_report(struct api_request *req);
/* v1_assessments.c */
void v1_assessment_list(struct api_request *req);
void v1_assessment_add(struct api_request *req);
void v1_assessment_approve(struct api_request *req);
void v1_assessment_withdraw(struct api_request *req);
/* v1_outsourcers.c */
void v1_outsourcer_list(struct api_request *req);
void v1_outsourcer_save(struct api_request *req);
/* v1_risk_assessments.c */
void v1_risk_assessment_add(struct api_request *req);
void v1_risk_assessment_list(struct api_request *req);
void v1_script_clip(struct api_request *req);
/* v1_segments.c */
void v1_stages(struct api_request *req);
void v1_segment_list(struct api_request *req);
void v1_segment(struct api_request *req);
void v1_segment_save(struct api_request *req);
void v1_rule_check(struct api_request *req);
/* v1_segment_reports.c */
void v1_segment_upload(struct api_request *req);
void v1_segment_retire(struct api_request *req);
void v1_segment_overlap(struct api_request *req);
void v1_segment_days(struct api_request *req);
void v1_segment_moves(struct api_request *req);
/* v1_traits.c */
void v1_trait_list(struct api_request *req);
void v1_trait(struct api_request *req);
void v1_trait_add(struct api_request *req);
void v1_trait_save(struct api_request *req);
void v1_trait_retire(struct api_request *req);
void v1_trait_limits(struct api_request *req);
void v1_trait_accept(struct api_request *req);
/* v1_trait_values.c */
void v1_trait_values(struct api_request *req);
void v1_trait_values_put(struct api_request *req);
void v1_trait_values_feed(struct api_request *req);
/* v1_lifecycle.c */
void v1_lifecycle_list(struct api_request *req);
void v1_lifecycle_create(struct api_request *req);
void v1_lifecycle_validate(struct api_request *req);
void v1_lifecycle_preview(struct api_request *req);
void v1_lifecycle_validate_run(struct api_request *req);
void v1_lifecycle_preview_run(struct api_request *req);
void v1_lifecycle_version(struct api_request *req);
void v1_lifecycle_version_validation(struct api_request *req);
void v1_lifecycle_version_preview(struct api_request *req);
void v1_lifecycle_submit(struct api_request *req);
void v1_lifecycle_approve(struct api_request *req);
void v1_lifecycle_reject(struct api_request *req);
void v1_lifecycle_activate(struct api_request *req);
void v1_promise_list(struct api_request *req);
void v1_stage_why(struct api_request *req);
/* v1_packs.c */
void v1_pack_list(struct api_request *req);
void v1_pack_load(struct api_request *req);
void v1_pack_validate(struct api_request *req);
void v1_pack_versions(struct api_request *req);
void v1_pack_version(struct api_request *req);
void v1_pack_tests(struct api_request *req);
void v1_pack_submit(struct api_request *req);
void v1_pack_approve(struct api_request *req);
void v1_pack_reject(struct api_request *req);
void v1_pack_diff(struct api_request *req);
/* v1_whatif.c */
void v1_pack_whatif(struct api_request *req);
void v1_pack_whatif_run(struct api_request *req);
/* v1_operations.c */
void v1_operation_list(struct api_request *req);
void v1_operation(struct api_request *req);
void v1_operation_cancel(struct api_request *req);
/* v1_campaigns.c */
void v1_campaign_list(struct api_request *req);
void v1_campaign_create(struct api_request *req);
void v1_campaign_validate(struct api_request *req);
void v1_campaign(struct api_request *req);
void v1_campaign_replace(struct api_request *req);
void v1_campaign_version(struct api_request *req);
void v1_campaign_approve(struct api_request *req);
void v1_campaign_simulate(struct api_request *req);
void v1_campaigns_simulate(struct api_request *req);
/* What ends in _run is carried out later, by a worker (api/operations.h). */
void v1_campaign_simulate_run(struct api_request *req);
void v1_campaigns_simulate_run(struct api_request *req);
void v1_campaign_activate(struct api_request *req);
void v1_campaign_pause(struct api_request *req);
void v1_campaign_runs(struct api_request *req);
/* v1_tasks.c */
void v1_task_list(struct api_request *req);
void v1_task(struct api_request *req);
void v1_task_accept(struct api_request *req);
void v1_task_permit(struct api_request *req);
void v1_task_outcome(struct api_request *req);
void v1_task_release(struct api_request *req);
/* v1_next_actions.c */
void v1_next_actions(struct api_request *req);
/* v1_brief.c */
void v1_task_brief(struct api_request *req);
/* v1_task_next.c */
void v1_agent_next(struct api_request *req);
void v1_task_transfer(struct api_request *req);
void v1_task_agents(struct api_request *req);
void v1_task_handling(struct api_request *req);
/* v1_agents.c */
void v1_agent_list(struct api_request *req);
void v1_agent(struct api_request *req);
void v1_agent_save(struct api_request *req);
void v1_agent_presence(struct api_request *req);
void v1_queue_handling(struct api_request *req);
/* v1_callbacks.c */
void v1_callback_list(struct api_request *req);
/* v1_dispositions.c */
void v1_disposition_list(struct api_request *req);
void v1_disposition_save(struct api_request *req);
/* v1_imports.c */
void v1_import_list(struct api_request *req);
void v1_import(struct api_request *req);
/* v1_numbers.c */
void v1_number_list(struct api_request *req);
void v1_number(struct api_request *req);
void v1_number_changes(struct api_request *req);
void v1_number_suspend(struct api_request *req);
void v1_number_observe(struct api_request *req);
void v1_number_health(struct api_request *req);
void v1_number_choice(struct api_request *req);
/* v1_number_changes.c */
void v1_number_resume(struct api_request *req);
void v1_proposal_list(struct api_request *req);
void v1_proposal(struct api_request *req);
void v1_proposal_create(struct api_request *req);
void v1_proposal_approve(struct api_request *req);
void v1_proposal_reject(struct api_request *req);
void v1_proposal_withdraw(struct api_request *req);
void v1_number_rules(struct api_request *req);
/* v1_number_reports.c */
void v1_number_usage(struct api_request *req);
void v1_number_forecast(struct api_request *req);
void v1_number_outside(struct api_request *req);
void v1_difference_list(struct api_request *req);
void v1_difference_settle(struct api_request *req);
/* v1_call_records.c */
void v1_call_record_put(struct api_request *req);
void v1_call_record_list(struct api_request *req);
void v1_incident_list(struct api_request *req);
void v1_incident(struct api_request *req);
void v1_incident_close(struct api_request *req);
/* v1_exports.c */
void v1_export(struct api_request *req);
void v1_export_manifest(struct api_request *req);
/* v1_export_requests.c */
void v1_export_request_list(struct api_request *req);
void v1_export_request(struct api_request *req);
void v1_export_approve(struct api_request *req);
/* Answers with one request. */
void v1_export_request_reply(
    struct api_request *req, const struct uuid *id, int status);
/* v1_bundles.c */
void v1_bundle_request(struct api_request *req);
void v1_bundle(struct api_request *req);
/* v1_decisions.c */
void v1_decision_list(struct api_request *req);
void v1_decision(struct api_request *req);
void v1_decision_replay(struct api_request *req);
/* v1_complaints.c */
void v1_complaint_list(struct api_request *req);
void v1_complaint_record(struct api_request *req);
void v1_complaint(struct api_request *req);
void v1_complaint_assign(struct api_request *req);
void v1_complaint_extend(struct api_request *req);
void v1_complaint_note(struct api_request *req);
void v1_complaint_settle(struct api_request *req);
void v1_complaint_trace(struct api_request *req);
/* v1_reviews.c */
void v1_review_draw_list(struct api_request *req);
void v1_review_draw_make(struct api_request *req);
void v1_review_draw(struct api_request *req);
void v1_review_draw_again(struct api_request *req);
void v1_review_item_list(struct api_request *req);
void v1_review_item(struct api_request *req);
void v1_review_judge(struct api_request *req);
void v1_review_settle(struct api_request *req);
void v1_review_reply(struct api_request *req);
void v1_review_agreement(struct api_request *req);
void v1_agent_release(struct api_request *req);
/* v1_attempts.c */
void v1_attempt_list(struct api_request *req);
void v1_attempt_search(struct api_request *req);
void v1_attempt(struct api_request *req);
/* v1_summary.c */
void v1_compliance_summary(struct api_request *req);
/* v1_retention.c */
void v1_retention(struct api_request *req);
/* v1_access.c */
void v1_access_list(struct api_request *req);

/* Shared between files. */
struct task_view;
/* The task in the path, if the actor may see it. */
bool v1_task_load(struct api_request *req, struct task_view *out);
void v1_put_task(struct api_request *req, json_t *v, const struct task_view *t);
void v1_reply_task(struct api_request *req, const struct uuid *id);
struct campaign_row;
struct run_row;
struct decision_filter;
struct customer;
struct customer_point;
json_t *v1_stages_json(struct api_request *req); /* NULL after answering */
json_t *v1_segments_json(struct api_request *req);
json_t *v1_campaigns_json(struct api_request *req);
struct trait_finding;
/* Why a run was held back: {zh, en}. */
json_t *v1_held_text(const struct run_row *run);
void v1_put_finding(json_t *to, const struct trait_finding *finding);
json_t *v1_run_json(const struct run_row *run);
json_t *v1_reason_text(const char *code); /* {"zh", "en"}; null for NULL or "" */
json_t *v1_contact_json(const struct customer_point *point);
struct lifecycle_event;
/* Moves of one customer, each with the version, the transition and the values that made it. */
json_t *v1_stage_history(const struct lifecycle_event *events, int count);
json_t *v1_holdings_json(const struct customer *customer);
/* Answers a page of decisions; scope names what the cursor is bound to. */
void v1_decision_page(
    struct api_request *req, struct decision_filter *filter, const char *scope);
/* The reference of a case: a member of the body that goes into records for ever. */
bool v1_case_read(
    struct api_request *req, const char *name, bool required, const char **out);
/* point_id of the body: one of the customer's own; 0 when it is not there. */
bool v1_point_read(
    struct api_request *req, const struct customer *customer, int64_t *out);
struct consent_effect;
void v1_effect_reply(struct api_request *req, const struct uuid *id,
    const struct consent_effect *effect);
/* The customer named by path parameter 0, if the actor may see it; 410 when erased. */
bool v1_customer_load(struct api_request *req, struct customer *out);

#endif
