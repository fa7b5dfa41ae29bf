-- token_block_get: is a token of the identity provider, issued then, refused?
-- Params   $1 subject, $2 issued at
-- Returns  a row when it is
SELECT 1 FROM token_block
 WHERE subject = $1::text AND issued_before >= $2::timestamptz;
