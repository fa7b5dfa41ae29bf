-- segment_bucket_lock: for whoever changes memberships of all buckets at once; before the
-- first of them, as a tick takes the bucket before its members
SELECT bucket FROM segment_bucket ORDER BY bucket FOR UPDATE
