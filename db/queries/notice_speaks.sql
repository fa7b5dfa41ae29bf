-- notice_speaks: does a registered notice speak of a purpose?
-- Params   $1 version, $2 purpose
-- Returns  whether it does; no row: the notice is not in the register
SELECT bool_or($2::text = ANY (purposes)) FROM notice WHERE version = $1::text
HAVING count(*) > 0;
