-- book_settings: the settings a book is loaded with
-- Returns  currency, zone
SELECT coalesce((SELECT value FROM setting WHERE name = 'currency'), 'CNY'),
       coalesce((SELECT value FROM setting WHERE name = 'zone'), 'Asia/Shanghai')
