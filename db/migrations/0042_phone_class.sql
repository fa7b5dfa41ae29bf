-- The numbers that are one number, with a plan that is kept: as an SQL function it was parsed
-- and planned anew at every call.
CREATE OR REPLACE FUNCTION phone_class(own_index bytea) RETURNS bytea[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN array_append(ARRAY(SELECT a.other FROM phone_alias a WHERE a.own = own_index),
        own_index);
END
$$;
