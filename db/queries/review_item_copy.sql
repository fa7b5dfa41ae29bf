-- review_item_copy: the items of a draw.
COPY review_item (draw_id, item_no, subject, subject_id, bucket, task_id, agent, strata, reviews)
FROM STDIN (FORMAT binary);
