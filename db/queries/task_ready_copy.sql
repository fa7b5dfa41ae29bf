-- task_ready_copy: their rows in the hot table.
COPY task_ready (bucket, task_id, queue_id, due_at, priority) FROM STDIN (FORMAT binary);
