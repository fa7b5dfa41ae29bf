-- Whose turn it is to push to a queue that has a rate or a pause: one dispatcher at a time, so
-- that the pace is the queue's and not each dispatcher's (decision 0053).
CREATE TABLE queue_turn (
    queue_id bigint PRIMARY KEY REFERENCES queue,
    holder   text,                       -- NULL: given back
    free_at  timestamptz NOT NULL        -- another's from then on; on the database's clock
) WITH (fillfactor = 50);
