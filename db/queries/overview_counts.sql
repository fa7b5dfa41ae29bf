-- overview_counts: the figures of the overview that are one number each.
-- Params   none
-- Returns  customers, pushed (tasks a queue has accepted), permits, outcomes that reached
SELECT (SELECT count(*) FROM customer WHERE erased_at IS NULL),
       (SELECT count(DISTINCT (bucket, task_id)) FROM attempt
         WHERE kind = 'push' AND result = 'accepted'),
       (SELECT count(*) FROM permit),
       (SELECT count(*) FROM outcome WHERE reached);
