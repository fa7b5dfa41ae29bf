-- Tasks that are dispatched together go from their plan to the wire in one step: claim, gate
-- and reservation are one transaction anyway, in which nobody sees what lies between.
INSERT INTO task_move VALUES ('planned', 'sending', 'allowed at dispatch, in a batch');
