-- book_fingerprint: a value that changes when products, settings or fed traits change in
-- what a book takes from them
-- Returns  fingerprint
SELECT md5(coalesce((SELECT string_agg(format('%s|%s|%s', code, class, risk), E'\n'
                                       ORDER BY code) FROM product), '') || E'\n' ||
           coalesce((SELECT string_agg(format('%s|%s|%s', trait_id, name, type), E'\n'
                                       ORDER BY trait_id) FROM trait
                      WHERE source = 'feed' AND state = 'active'), '') || E'\n' ||
           coalesce((SELECT string_agg(format('%s|%s', name, value), E'\n' ORDER BY name)
                       FROM setting
                      WHERE name IN ('currency', 'zone', 'lifecycle_model')), ''))
