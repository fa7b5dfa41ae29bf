-- 0017_export: what many rows take along needs a second person.

-- Asked for by one person, approved by another, used once.
CREATE TABLE export_request (
    request_id   uuid PRIMARY KEY,
    what         text NOT NULL,
    filter       text NOT NULL,           -- as campaigns/export_approval_store.h writes it
    purpose      text NOT NULL,           -- the reference of a case
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    approved_by  text CHECK (approved_by <> requested_by),
    approved_at  timestamptz,
    used_at      timestamptz,
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK (used_at IS NULL OR approved_by IS NOT NULL)
);
CREATE INDEX export_request_time_idx ON export_request (requested_at, request_id);
