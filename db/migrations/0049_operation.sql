-- Long jobs that somebody asked for over the API: a request, kept, that is carried out later
-- by one of the server's workers (decision 0054). A server that carries one out says every
-- moment that it lives (beat_at, on the database's clock); one that no longer does has left
-- an operation that is `interrupted`.
CREATE TABLE operation (
    operation_id uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind ~ '^[a-z_]+\.[a-z_]+$'),
    path       text NOT NULL CHECK (length(path) <= 2048),
    params     text[] NOT NULL,                      -- of the path
    request    text CHECK (octet_length(request) <= 16777216), -- until it has ended
    key_id     text NOT NULL,
    subject    text NOT NULL,
    role       text NOT NULL,
    zh         boolean NOT NULL,                     -- language asked for
    state      text NOT NULL DEFAULT 'queued' CHECK (state IN
        ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    step       text,
    done       bigint NOT NULL DEFAULT 0,
    total      bigint NOT NULL DEFAULT 0,            -- 0: not known
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz,
    cancelled_by text,
    worker     text,
    beat_at    timestamptz,
    status     integer,                              -- of the answer
    answer     text,                                 -- JSON: the result, or the problem
    CHECK ((state = 'running') = (worker IS NOT NULL)),
    CHECK ((worker IS NULL) = (beat_at IS NULL)),
    CHECK ((state IN ('queued', 'running')) = (ended_at IS NULL)),
    CHECK ((state IN ('queued', 'running')) = (request IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancelled_by IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'failed')) = (answer IS NOT NULL)),
    CHECK ((answer IS NULL) = (status IS NULL))
);
CREATE INDEX operation_open_idx ON operation (created_at, operation_id)
    WHERE state IN ('queued', 'running');
CREATE INDEX operation_subject_idx ON operation (subject, created_at, operation_id);
CREATE INDEX operation_created_idx ON operation (created_at, operation_id);
CREATE INDEX operation_ended_idx ON operation (ended_at) WHERE ended_at IS NOT NULL;
