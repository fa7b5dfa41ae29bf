-- plan_by_key: one plan for each statement until the transaction ends, whatever its values, and
-- one that finds rows by their keys, whatever size the tables have at the moment.
-- Params   none
-- Returns  nothing of use
-- Note     Statements that find their rows by key have one good plan. The server would make
--          a new one at each call where it hopes for more from the values (arrays of one key
--          each): a dial permit then spends more on planning than on reading. And a plan made
--          while a table was empty reads all of it, and is kept while it grows.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true),
       set_config('enable_seqscan', 'off', true),
       set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true);
