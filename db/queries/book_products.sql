-- book_products: class and risk of every product
-- Returns  code, class, risk
SELECT code, class, risk FROM product ORDER BY code
