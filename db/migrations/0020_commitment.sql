-- An entry of the ledger stays for ever, so what people write about a complaint is not in it
-- but as a commitment (HMAC-SHA256), under a key that is here. Null: from before.
ALTER TABLE complaint_step ADD COLUMN salt bytea CHECK (octet_length(salt) = 32);
