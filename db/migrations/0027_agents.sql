-- 0027_agents: what came of a contact is the bank's word with the engine's flags; agents as
-- data; reservations; call-backs; what an agent is told (decision 0039).

-- ---- dispositions ---------------------------------------------------------------------
CREATE TABLE disposition (
    code       text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,39}$'),
    name_zh    text NOT NULL,
    name_en    text NOT NULL,
    flags      text[] NOT NULL CHECK (flags <@ ARRAY['human_answered', 'right_party',
        'interested', 'sold', 'refused', 'do_not_call', 'wrong_number', 'unworkable',
        'callback', 'complaint', 'suspected_fraud', 'vulnerable_signal', 'completed']),
    retired    boolean NOT NULL DEFAULT false,
    updated_by text NOT NULL,
    updated_at timestamptz NOT NULL
);
INSERT INTO disposition (code, name_zh, name_en, flags, updated_by, updated_at) VALUES
    ('interested', '有意向', 'Interested',
        '{human_answered,right_party,interested,completed}', 'steward', now()),
    ('declined', '拒绝', 'Declined',
        '{human_answered,right_party,refused,completed}', 'steward', now()),
    ('call_back', '约定回拨', 'Call back',
        '{human_answered,right_party,callback}', 'steward', now()),
    ('no_answer', '无人接听', 'No answer', '{}', 'steward', now()),
    ('wrong_number', '号码有误', 'Wrong number',
        '{human_answered,wrong_number}', 'steward', now()),
    ('do_not_call', '要求不再来电', 'Do not call',
        '{human_answered,do_not_call,completed}', 'steward', now()),
    ('complaint', '投诉', 'Complaint',
        '{human_answered,complaint,completed}', 'steward', now()),
    ('other', '其他', 'Other', '{human_answered,completed}', 'steward', now());

-- An outcome keeps what its word meant when it was recorded.
ALTER TABLE outcome DROP CONSTRAINT outcome_disposition_check;
ALTER TABLE outcome
    ADD FOREIGN KEY (disposition) REFERENCES disposition,
    ADD COLUMN flags text[] NOT NULL DEFAULT '{}',
    ADD COLUMN recording_ref text CHECK (length(recording_ref) BETWEEN 1 AND 200),
    ADD COLUMN recording_sha256 bytea CHECK (length(recording_sha256) = 32),
    ADD CONSTRAINT outcome_recording
        CHECK (recording_sha256 IS NULL OR recording_ref IS NOT NULL);
ALTER TABLE outcome DISABLE TRIGGER append_only;
UPDATE outcome AS o SET flags = d.flags FROM disposition AS d WHERE d.code = o.disposition;
ALTER TABLE outcome ENABLE TRIGGER append_only;

-- ---- agents ---------------------------------------------------------------------------
ALTER TABLE agent
    ADD COLUMN kind text NOT NULL DEFAULT 'person'
        CHECK (kind IN ('person', 'robot', 'branch')),
    ADD COLUMN zone text NOT NULL DEFAULT 'Asia/Shanghai',
    ADD COLUMN capacity integer NOT NULL DEFAULT 1 CHECK (capacity BETWEEN 1 AND 500),
    ADD COLUMN hourly_limit integer NOT NULL DEFAULT 0
        CHECK (hourly_limit BETWEEN 0 AND 100000), -- permits an hour; 0: none
    -- The agent system says where the agent is; Steward never does.
    ADD COLUMN presence text CHECK (presence IN ('available', 'busy', 'away', 'offline')),
    ADD COLUMN presence_at timestamptz,
    ADD COLUMN idle_since timestamptz,   -- the newest outcome
    ADD COLUMN wrap_until timestamptz,
    ADD CONSTRAINT agent_presence CHECK ((presence IS NULL) = (presence_at IS NULL));
UPDATE agent AS a SET kind = 'robot' FROM queue AS q
 WHERE q.queue_id = a.queue_id AND q.kind = 'robot';
-- Further queues; agent.queue_id is home.
CREATE TABLE agent_queue (
    agent_id bigint NOT NULL REFERENCES agent,
    queue_id bigint NOT NULL REFERENCES queue,
    PRIMARY KEY (agent_id, queue_id)
);
CREATE TABLE agent_skill (
    agent_id bigint NOT NULL REFERENCES agent,
    code     text NOT NULL,
    level    integer NOT NULL CHECK (level BETWEEN 1 AND 5),
    PRIMARY KEY (agent_id, code)
);
CREATE TABLE agent_language (
    agent_id bigint NOT NULL REFERENCES agent,
    lang     text NOT NULL,
    PRIMARY KEY (agent_id, lang)
);
-- Valid from the start included to the end excluded. What the gate asks for is 'sales'.
CREATE TABLE agent_licence (
    agent_id bigint NOT NULL REFERENCES agent,
    kind     text NOT NULL,
    number   text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    PRIMARY KEY (agent_id, kind, number),
    CHECK (valid_from < valid_to)
);
INSERT INTO agent_licence
SELECT agent_id, 'sales', code, '-infinity', qualified_until FROM agent
 WHERE qualified_until IS NOT NULL;
ALTER TABLE agent DROP COLUMN qualified_until;
-- Minutes of the local day in the agent's zone; the end is excluded.
CREATE TABLE agent_shift (
    agent_id bigint NOT NULL REFERENCES agent,
    weekday  smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7), -- 1 Monday
    from_min smallint NOT NULL,
    to_min   smallint NOT NULL,
    PRIMARY KEY (agent_id, weekday, from_min),
    CHECK (0 <= from_min AND from_min < to_min AND to_min <= 1440)
);
CREATE TABLE agent_exception (           -- instead of the shifts of that day
    agent_id bigint NOT NULL REFERENCES agent,
    on_day   date NOT NULL,
    from_min smallint NOT NULL,
    to_min   smallint NOT NULL,          -- the same as from_min: not at work
    PRIMARY KEY (agent_id, on_day, from_min),
    CHECK (0 <= from_min AND from_min <= to_min AND to_min <= 1440)
);
-- Whom a customer spoke to last.
CREATE TABLE customer_agent (
    bucket      smallint NOT NULL,
    customer_id bigint   NOT NULL,
    agent       text     NOT NULL,
    since       timestamptz NOT NULL,
    PRIMARY KEY (bucket, customer_id)
);

-- ---- reservations ------------------------------------------------------------------------
ALTER TABLE queue
    ADD COLUMN reserve_sec integer NOT NULL DEFAULT 60
        CHECK (reserve_sec BETWEEN 5 AND 3600),
    ADD COLUMN no_show_sec integer NOT NULL DEFAULT 900
        CHECK (no_show_sec BETWEEN 30 AND 86400), -- accepted, and no permit asked for
    ADD COLUMN wrap_sec integer NOT NULL DEFAULT 0 CHECK (wrap_sec BETWEEN 0 AND 3600),
    ADD COLUMN manager_first_sec integer NOT NULL DEFAULT 0
        CHECK (manager_first_sec BETWEEN 0 AND 86400);
-- A reserved task is queued still, so that whoever recalls what is queued reaches it.
ALTER TABLE task
    ADD COLUMN reserved_by text,
    ADD COLUMN reserved_until timestamptz,
    ADD COLUMN elderly boolean NOT NULL DEFAULT false, -- when it was queued
    ADD COLUMN callback_agent text,      -- promised with this agent; NULL: anybody
    ADD CONSTRAINT task_reserved CHECK ((reserved_by IS NULL) = (reserved_until IS NULL));
CREATE INDEX task_offer_idx ON task (queue_id, elderly, priority) WHERE state = 'queued';
CREATE INDEX task_waiting_idx ON task (queue_id, not_before) WHERE state = 'queued';
CREATE INDEX task_callback_idx ON task (callback_at, task_id) WHERE callback_at IS NOT NULL;
CREATE INDEX task_promised_idx ON task (callback_agent)
    WHERE state = 'queued' AND callback_agent IS NOT NULL;
CREATE INDEX task_reserved_idx ON task (reserved_by)
    WHERE state = 'queued' AND reserved_by IS NOT NULL;
CREATE FUNCTION task_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.reserved_by := NULL;
    NEW.reserved_until := NULL;
    NEW.elderly := coalesce((SELECT c.dob + interval '65 years' <= NEW.updated_at
        FROM customer c
       WHERE c.bucket = NEW.bucket AND c.customer_id = NEW.customer_id), false);
    RETURN NEW;
END $$;
CREATE TRIGGER task_queued BEFORE UPDATE ON task FOR EACH ROW
    WHEN (NEW.state = 'queued' AND OLD.state <> 'queued') EXECUTE FUNCTION task_queued();

-- Through whose hands a task went.
CREATE TABLE task_handling (
    bucket    smallint NOT NULL,
    task_id   uuid     NOT NULL,
    step      bigint   NOT NULL GENERATED ALWAYS AS IDENTITY,
    at        timestamptz NOT NULL,
    what      text     NOT NULL CHECK (what IN ('reserved', 'lapsed', 'accepted', 'released',
        'transferred', 'no_show')),
    agent     text     NOT NULL,
    to_agent  text,
    to_queue  text,
    reason    text,
    PRIMARY KEY (bucket, task_id, step)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON task_handling
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
