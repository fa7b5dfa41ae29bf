-- book_count: how many rows there are of each kind
-- Returns  customers, contact points, holdings, transactions, interactions, consent events,
--          objections, tasks, decisions
SELECT (SELECT count(*) FROM customer), (SELECT count(*) FROM contact_point),
       (SELECT count(*) FROM holding), (SELECT count(*) FROM txn),
       (SELECT count(*) FROM interaction), (SELECT count(*) FROM consent_event),
       (SELECT count(*) FROM objection), (SELECT count(*) FROM task),
       (SELECT count(*) FROM decision);
