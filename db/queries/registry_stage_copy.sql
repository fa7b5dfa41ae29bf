-- registry_stage_copy: the numbers of a file.
-- Params   none
COPY stage_registry (phone_index, listed_on) FROM STDIN (FORMAT binary);
