-- import_analyze: statistics for what was just loaded.
-- Params   none
ANALYZE customer, contact_point, holding, txn, interaction, consent_event, objection;
