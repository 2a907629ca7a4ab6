WITH online AS (SELECT DISTINCT CustomerId FROM OnlineOrder SEMI JOIN Customer USING (CustomerId) WHERE within_last(OrderedAt, INTERVAL 1 YEAR)),
store AS (SELECT DISTINCT CustomerId FROM StorePurchase SEMI JOIN Customer USING (CustomerId) WHERE within_last(PurchasedAt, INTERVAL 1 YEAR))
SELECT CustomerId FROM (FROM online UNION ALL FROM store) GROUP BY CustomerId HAVING count(*) = 1
