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
