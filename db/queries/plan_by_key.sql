-- plan_by_key: one plan for each statement until the transaction ends, whatever its values.
-- Params   none
-- Returns  nothing of use
-- Note     Statements that find their rows by key have one good plan. The server would make
--          a new one at each call where it hopes for more from the values (arrays of one key
--          each): a dial permit then spends more on planning than on reading.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true);
