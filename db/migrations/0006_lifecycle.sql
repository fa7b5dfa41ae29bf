-- 0006_lifecycle: models approved by a second person, causes of moves, promises of
-- service, and segments whose members no rule decides.

-- ---- models ----------------------------------------------------------------------
-- draft -> submitted (validated over the book) -> approved by somebody else -> active ->
-- retired, and back; segments/lifecycle_state.c has the moves.
ALTER TABLE lifecycle_model
    DROP CONSTRAINT lifecycle_model_state_check,
    ADD CONSTRAINT lifecycle_model_state_check
        CHECK (state IN ('draft', 'submitted', 'approved', 'active', 'retired')),
    ADD COLUMN submitted_by  text,
    ADD COLUMN submitted_at  timestamptz,
    ADD COLUMN warnings      integer,      -- of the validation it was submitted with
    ADD COLUMN approved_by   text,
    ADD COLUMN approved_at   timestamptz,
    ADD COLUMN preview       jsonb,        -- who would move where, when it was approved
    ADD COLUMN preview_as_of timestamptz,
    ADD COLUMN activated_by  text,
    ADD COLUMN activated_at  timestamptz,
    ADD COLUMN rejected_why  text,         -- what the second person said, while a draft
    ADD COLUMN exempt        text          -- why it may be active without an approval
        CHECK (exempt IN ('shipped', 'before_approval'));
UPDATE lifecycle_model SET exempt = 'before_approval' WHERE state IN ('active', 'retired');
ALTER TABLE lifecycle_model
    ADD CHECK (approved_by IS NULL OR approved_by <> author),
    ADD CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    ADD CHECK (state <> 'submitted' OR submitted_by IS NOT NULL),
    ADD CHECK (state NOT IN ('approved', 'active', 'retired')
               OR approved_by IS NOT NULL OR exempt IS NOT NULL);

-- Which transition of the model it was, and the values its rule looked at, as the rule
-- language writes them. NULL: from before this migration, or an entry without a rule.
ALTER TABLE stage_history
    ADD COLUMN transition text,
    ADD COLUMN cause      text;

-- ---- promises ----------------------------------------------------------------------
-- Those of the active version of each model, with the counts of the last tick. The
-- document says what a promise is; this is what came of it.
CREATE TABLE promise (
    model      text    NOT NULL,
    version    integer NOT NULL,
    code       text    NOT NULL,
    stage      text    NOT NULL,
    tier       text,                       -- NULL: every tier no other one names
    kind       text    NOT NULL CHECK (kind IN ('dwell', 'contact')),
    days       integer NOT NULL CHECK (days > 0),
    name_zh    text    NOT NULL,
    name_en    text    NOT NULL,
    segment    text    NOT NULL,           -- of those overdue: segment.code
    as_of      timestamptz,                -- NULL: no tick since it is in force
    covered    bigint,                     -- customers it holds for
    overdue    bigint,
    undecided  bigint,
    PRIMARY KEY (model, code),
    CHECK ((as_of IS NULL) = (covered IS NULL))
);

-- ---- segments ------------------------------------------------------------------------
-- rule: members are who matches. list: who was uploaded. computed: who a source in the
-- program finds, such as the overdue promises (segments/segment.h, struct segment_source).
ALTER TABLE segment
    ADD COLUMN kind text NOT NULL DEFAULT 'rule'
        CHECK (kind IN ('rule', 'list', 'computed')),
    DROP CONSTRAINT segment_rule_check,
    ADD CONSTRAINT segment_rule_check
        CHECK ((kind = 'rule') = (length(trim(rule)) > 0));
