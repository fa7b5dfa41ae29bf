-- 0046_bundle: what a bundle is about that was asked for over the API (docs/bundle.md). Who asked,
-- who approved and when it was taken are export_request's. A row goes when its bundle is
-- taken, or when it was not for two weeks: a number is not kept longer.
CREATE TABLE bundle_request (
    request_id   uuid PRIMARY KEY REFERENCES export_request,
    complaint    uuid,
    customer     text,
    campaign     text,
    phone_sealed bytea,                -- under the installation's key
    from_at      timestamptz NOT NULL, -- -infinity and infinity: about a complaint's contact
    to_at        timestamptz NOT NULL,
    CONSTRAINT bundle_request_scope
        CHECK (num_nonnulls(complaint, customer, campaign, phone_sealed) <= 1),
    CONSTRAINT bundle_request_time
        CHECK (complaint IS NOT NULL OR (from_at < to_at AND isfinite(from_at) AND isfinite(to_at)))
);
