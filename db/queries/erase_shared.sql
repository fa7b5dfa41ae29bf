-- erase_shared: who shared a number with the erased customer is counted anew.
-- Params   $1 blind indexes text[], hexadecimal
SELECT contact_share(ARRAY(SELECT decode(i.index, 'hex')
                             FROM unnest($1::text[]) AS i (index)));
