-- index_move_clear: forget the pairs of an exchange that is over.
-- Params   none
DELETE FROM phone_index_move;
