-- 0002_stream: what the change stream sends (decision 0015).
--
-- Keys only: column lists keep values, and with them personal data and TOAST, out of the
-- stream. A table is a customer's when its list has bucket and customer_id. A later table
-- joins with ALTER PUBLICATION steward_book ADD TABLE name (bucket, customer_id, ...); its
-- replica identity has to hold customer_id, and be in the list, where rows are deleted.

-- A deleted count has to say whose it was. The identity is an index that is there anyway,
-- made unique by the key; REPLICA IDENTITY FULL would log whole rows and send values.
CREATE UNIQUE INDEX contact_count_identity_idx
    ON contact_count (bucket, customer_id, at, count_id);
DROP INDEX contact_count_customer_idx;
ALTER TABLE contact_count REPLICA IDENTITY USING INDEX contact_count_identity_idx;

-- An outcome says whose it is, without its task.
ALTER TABLE outcome ADD COLUMN customer_id bigint;
ALTER TABLE outcome DISABLE TRIGGER append_only;
UPDATE outcome AS o SET customer_id = t.customer_id
  FROM task AS t
 WHERE t.bucket = o.bucket AND t.task_id = o.task_id;
ALTER TABLE outcome ENABLE TRIGGER append_only;
ALTER TABLE outcome ALTER COLUMN customer_id SET NOT NULL;

-- Permits and tasks are read for a book too, and never change in what it reads: a permit is
-- written with its contact_count, a task's campaign and channel stay.
CREATE PUBLICATION steward_book FOR TABLE
    customer (bucket, customer_id),
    customer_stage (bucket, customer_id, model),
    holding (bucket, customer_id, holding_ref),
    txn (bucket, customer_id, txn_ref),
    interaction (bucket, customer_id, interaction_ref),
    contact_count (bucket, customer_id, at, count_id),
    outcome (bucket, customer_id, outcome_id),
    product (code),
    setting (name),
    lifecycle_model (code, version),
    segment (segment_id);
