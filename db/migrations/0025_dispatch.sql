-- Queues with pace, hours and a limit of tries; how dispatchers see them; dead letters; and
-- the hot table in two lanes, so that retries and new work are drawn in turn.
ALTER TABLE queue DROP CONSTRAINT queue_state_check;
ALTER TABLE queue
    ADD CONSTRAINT queue_state_check CHECK (state IN ('open', 'paused', 'disabled')),
    ADD COLUMN state_by   text,          -- who said so last; 'dispatch': the queue itself, by 410
    ADD COLUMN state_why  text,
    ADD COLUMN rate       integer CHECK (rate BETWEEN 1 AND 100000), -- in rate_sec; NULL: any
    ADD COLUMN rate_sec   integer NOT NULL DEFAULT 1 CHECK (rate_sec IN (1, 60)),
    ADD COLUMN batch      integer CHECK (batch BETWEEN 1 AND 10000), -- then a pause; NULL: none
    ADD COLUMN batch_pause_ms integer NOT NULL DEFAULT 0
        CHECK (batch_pause_ms BETWEEN 0 AND 3600000),
    ADD COLUMN hours_from integer CHECK (hours_from BETWEEN 0 AND 1439), -- minute of the day
    ADD COLUMN hours_to   integer CHECK (hours_to BETWEEN 1 AND 1440),   -- excluded
    ADD COLUMN zone       text NOT NULL DEFAULT 'Asia/Shanghai',
    ADD COLUMN tries_max  integer NOT NULL DEFAULT 30 CHECK (tries_max BETWEEN 1 AND 1000),
    ADD CONSTRAINT queue_hours_check
        CHECK ((hours_from IS NULL) = (hours_to IS NULL) AND hours_from <> hours_to),
    ADD CONSTRAINT queue_why_check CHECK (state <> 'disabled'
        OR state_by IS NOT NULL AND state_why IS NOT NULL);

-- What each dispatcher has learned of each queue, on the database's clock.
CREATE TABLE queue_health (
    queue_id    bigint  NOT NULL REFERENCES queue,
    worker      text    NOT NULL,
    concurrency integer NOT NULL,        -- pushes that may be in flight now; 0: dead
    in_flight   integer NOT NULL,
    deaths      integer NOT NULL,        -- one after the other
    dead_until  timestamptz,             -- NULL: alive
    sent        bigint  NOT NULL,        -- these since the dispatcher began
    accepted    bigint  NOT NULL,
    retried     bigint  NOT NULL,
    refused     bigint  NOT NULL,
    unknown     bigint  NOT NULL,
    stale       bigint  NOT NULL,
    dead        bigint  NOT NULL,
    last_ok_at     timestamptz,
    last_failed_at timestamptz,
    last_status integer,                 -- of the last failure; NULL: no answer
    last_error  text,
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (queue_id, worker)
) WITH (fillfactor = 50);

-- A dead letter: a task that ended without having been taken. It ends for good, unless a
-- named person sends it round again: the gate decides anew, and the key is another one.
ALTER TABLE task
    ADD COLUMN dead_why    text CHECK (dead_why IN ('refused', 'tries', 'window')),
    ADD COLUMN requeued_by text,
    ADD CONSTRAINT task_dead_check
        CHECK (dead_why IS NULL OR state IN ('failed', 'expired'));
CREATE INDEX task_dead_idx ON task (updated_at DESC, task_id DESC) WHERE dead_why IS NOT NULL;
INSERT INTO task_move VALUES ('failed', 'planned', 'requeued by a person');
CREATE FUNCTION task_requeue_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.requeued_by IS NULL THEN
        RAISE EXCEPTION 'task %: who requeues it?', OLD.task_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'task_requeue';
    END IF;
    -- What it was recalled under is another effect; and a later withdrawal recalls anew.
    IF EXISTS (SELECT 1 FROM recall r WHERE r.bucket = OLD.bucket
            AND r.task_id = OLD.task_id AND r.done_at IS NULL) THEN
        RAISE EXCEPTION 'task %: its recall is not acknowledged', OLD.task_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'task_requeue';
    END IF;
    DELETE FROM recall WHERE bucket = OLD.bucket AND task_id = OLD.task_id;
    NEW.offer := OLD.offer + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER task_requeue BEFORE UPDATE ON task FOR EACH ROW
    WHEN (OLD.state = 'failed' AND NEW.state = 'planned')
    EXECUTE FUNCTION task_requeue_guard();

-- Lane 1 has what was tried before.
ALTER TABLE task_ready ADD COLUMN lane smallint NOT NULL DEFAULT 0 CHECK (lane IN (0, 1));
DROP INDEX task_ready_due_idx;
CREATE INDEX task_ready_lane_idx
    ON task_ready (queue_id, lane, priority DESC, due_at, task_id);
