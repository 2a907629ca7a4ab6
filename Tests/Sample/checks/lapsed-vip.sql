WITH vip AS (
  SELECT CustomerId FROM Loyalty SEMI JOIN Customer USING (CustomerId) WHERE Tier IN ('Gold', 'Platinum') AND Points >= 300
  UNION
  SELECT CustomerId FROM OnlineOrder JOIN OnlineOrderLine l USING (OrderId) SEMI JOIN Customer USING (CustomerId)
  GROUP BY CustomerId HAVING sum(revenue(l)) > 2000
)
SELECT CustomerId FROM vip
WHERE CustomerId NOT IN (SELECT CustomerId FROM OnlineOrder WHERE within_last(OrderedAt, INTERVAL 3 MONTH) AND CustomerId IS NOT NULL)
  AND CustomerId NOT IN (SELECT CustomerId FROM StorePurchase WHERE within_last(PurchasedAt, INTERVAL 3 MONTH) AND CustomerId IS NOT NULL)
