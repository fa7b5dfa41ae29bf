-- 0040_facts: what rules ask about customers, products and calls and no flow told them yet:
-- further holders of an account, hours a customer asked for, who the customer is, what a
-- product's sale needs, how many calls a campaign abandoned (docs/feeds.md).

-- ---- customers ----------------------------------------------------------------------
ALTER TABLE customer
    ADD COLUMN kind text CHECK (kind IN ('consumer', 'business')), -- NULL: unknown
    ADD COLUMN state text CHECK (state ~ '^[A-Z0-9]{1,3}$'), -- ISO 3166-2 without the country
    ADD COLUMN means bigint CHECK (means >= 0),              -- declared; minor units
    -- Proven to be a qualified investor until then, excluded; NULL: not proven.
    ADD COLUMN qualified_until date;

-- Who holds accounts together with the customer. A rating that is NULL: that one has none.
CREATE TABLE joint_holder (
    bucket      smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    customer_id bigint   NOT NULL,
    holder_ref  text     NOT NULL CHECK (length(holder_ref) BETWEEN 1 AND 64),
    rating      smallint CHECK (rating BETWEEN 1 AND 5),
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (bucket, customer_id, holder_ref)
);

-- When the customer asked to be contacted; none: at any hour. Minutes of the local day, the
-- end excluded; bit 0 of the weekdays is Monday.
CREATE TABLE contact_time (
    bucket      smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    customer_id bigint   NOT NULL,
    weekdays    smallint NOT NULL CHECK (weekdays BETWEEN 1 AND 127),
    from_min    smallint NOT NULL CHECK (from_min >= 0),
    until_min   smallint NOT NULL CHECK (until_min <= 1440),
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (bucket, customer_id, weekdays, from_min, until_min),
    CHECK (from_min < until_min)
);

-- ---- products -----------------------------------------------------------------------
ALTER TABLE product
    ADD COLUMN dual_recording boolean NOT NULL DEFAULT false, -- its sale needs sound and picture
    ADD COLUMN qualified_only boolean NOT NULL DEFAULT false, -- for qualified investors alone
    ADD COLUMN min_amount bigint CHECK (min_amount >= 0);     -- least that is sold; minor units

-- ---- abandoned calls ----------------------------------------------------------------
-- Calls that a person answered, by campaign and hour of their start. One row a source: two
-- diallers that report at once do not wait for one another.
CREATE TABLE campaign_call_hour (
    campaign_id bigint NOT NULL REFERENCES campaign,
    hour        timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour, 'UTC')),
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 60),
    answered    bigint NOT NULL CHECK (answered >= abandoned),
    abandoned   bigint NOT NULL CHECK (abandoned >= 0),
    PRIMARY KEY (campaign_id, hour, source)
);
-- Calls that are on record already.
INSERT INTO campaign_call_hour (campaign_id, hour, source, answered, abandoned)
SELECT t.campaign_id, date_trunc('hour', r.started_at, 'UTC'), r.source, count(*),
       count(*) FILTER (WHERE r.abandoned)
  FROM call_record r
  JOIN task t ON t.bucket = r.bucket AND t.task_id = r.task_id
 WHERE r.answered_by = 'human' OR r.abandoned
 GROUP BY 1, 2, 3;
-- Of the few that were abandoned: is there one lately at all?
CREATE INDEX call_record_abandoned_idx ON call_record (started_at) WHERE abandoned;
