-- number_snapshot_copy: the lines of a carrier's list.
-- Params   none
COPY number_snapshot_row (snapshot_id, number, holder, user_org, kind, licence_no,
licence_from, licence_to, purposes, regions, status) FROM STDIN (FORMAT binary);
