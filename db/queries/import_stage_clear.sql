-- import_stage_clear: empty the tables of import_stage before the next batch.
-- Params   none
TRUNCATE stage_customer, stage_contact_point, stage_product, stage_holding, stage_txn,
    stage_interaction, stage_consent, stage_objection, stage_attempt,
    stage_household, stage_joint_holder, stage_contact_time, stage_trait;
