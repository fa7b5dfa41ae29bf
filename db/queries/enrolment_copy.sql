-- enrolment_copy: customers that a campaign takes up, in one planning batch.
COPY enrolment (bucket, campaign_id, customer_id, occurrence, version, arm, at)
FROM STDIN (FORMAT binary);
