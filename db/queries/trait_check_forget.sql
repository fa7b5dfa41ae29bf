-- trait_check_forget: the next look at the trait becomes its baseline
-- Params   $1 of_table, $2 name
UPDATE trait_check
   SET base_at = NULL, base_total = NULL, base_missing = NULL, base_cuts = NULL,
       base_bins = NULL
 WHERE of_table = $1::text AND name = $2::text
