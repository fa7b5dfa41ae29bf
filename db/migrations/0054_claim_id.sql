-- Which call claimed a task. A crash of the database may take a claim back that did not wait
-- for the disk, and the next one counts the same epoch again: this is never the same.
ALTER TABLE task_ready ADD COLUMN claim_id uuid;
