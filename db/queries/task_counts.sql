-- task_counts: how many tasks are in which state.
SELECT state, count(*) FROM task GROUP BY state;
