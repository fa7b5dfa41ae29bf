-- import_suppression_any: is there a number on the list of those not to be called?
-- Params   none
SELECT EXISTS (SELECT 1 FROM suppression);
