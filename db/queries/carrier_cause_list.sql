-- carrier_cause_list: what carriers' answers mean.
-- Params   none
-- Returns  cause, effect, text_zh, text_en, source, updated_by
SELECT cause, effect, text_zh, text_en, source, updated_by FROM carrier_cause
 ORDER BY cause;
