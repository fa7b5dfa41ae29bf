-- token_block_put: refuses a subject's tokens that were issued until now.
-- Params   $1 subject
INSERT INTO token_block (subject, issued_before) VALUES ($1::text, now())
    ON CONFLICT (subject) DO UPDATE
   SET issued_before = greatest(token_block.issued_before, excluded.issued_before);
