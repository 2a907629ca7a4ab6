WITH vip AS (
  SELECT CustomerId FROM Loyalty SEMI JOIN Customer USING (CustomerId) WHERE Tier IN ('Gold', 'Platinum') AND Points >= 300
  UNION
  SELECT CustomerId FROM OnlineOrder JOIN OnlineOrderLine l USING (OrderId) SEMI JOIN Customer USING (CustomerId)
  GROUP BY CustomerId HAVING sum(revenue(l)) > 2000
)
SELECT CustomerId FROM Customer
WHERE ReferrerId IN (SELECT CustomerId FROM vip) AND CustomerId NOT IN (SELECT CustomerId FROM vip)
