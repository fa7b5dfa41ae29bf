-- pack_stamp: changes when an activation is added; every change of what is in force adds one.
-- Returns  a number, 0 when there is none
SELECT coalesce(max(activation_id), 0) FROM pack_activation;
