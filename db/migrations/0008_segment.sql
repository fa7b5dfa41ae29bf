-- 0008_segment: uploaded lists, how segments grow, and who moved when.

-- Who is on the list of a segment of kind 'list' now; every change of it is a version of
-- the segment.
CREATE TABLE segment_list_entry (
    bucket      smallint NOT NULL,
    segment_id  bigint   NOT NULL REFERENCES segment,
    customer_id bigint   NOT NULL,
    PRIMARY KEY (bucket, segment_id, customer_id)
);

-- A segment at the end of each local day, and how many came and went in it.
CREATE TABLE segment_day (
    segment_id bigint  NOT NULL REFERENCES segment,
    day        date    NOT NULL,
    version    integer NOT NULL,
    as_of      timestamptz NOT NULL,     -- of the last evaluation of the day
    matched    bigint  NOT NULL,
    undecided  bigint  NOT NULL,
    entered    bigint  NOT NULL,
    left_count bigint  NOT NULL,
    PRIMARY KEY (segment_id, day)
);

-- Who came and went lately, over all buckets: for reports.
CREATE INDEX segment_member_entered_idx ON segment_member (segment_id, entered_at);
CREATE INDEX segment_member_left_idx ON segment_member (segment_id, left_at)
    WHERE left_at IS NOT NULL;
