-- import_copy_product: one batch into its stage table; order as
-- segments/import_target.c.
-- Params   none
COPY stage_product (line, code, name_zh, name_en, class, risk, on_sale_from, on_sale_to,
regulator, dual_recording, qualified_only, min_amount)
FROM STDIN (FORMAT binary);
