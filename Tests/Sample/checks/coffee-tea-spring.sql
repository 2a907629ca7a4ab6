WITH drink AS (SELECT ProductId FROM Product WHERE Category IN ('Coffee', 'Tea')),
bought AS (
  SELECT CustomerId, OrderedAt AS t FROM OnlineOrder JOIN OnlineOrderLine USING (OrderId) SEMI JOIN drink USING (ProductId)
  UNION ALL
  SELECT CustomerId, PurchasedAt FROM StorePurchase SEMI JOIN drink USING (ProductId)
), spent AS (
  SELECT CustomerId FROM OnlineOrder JOIN OnlineOrderLine l USING (OrderId) GROUP BY CustomerId HAVING sum(revenue(l)) > 500
), earned AS (
  SELECT CustomerId FROM Loyalty JOIN RewardEvent e USING (MemberId) WHERE e.Points > 0 GROUP BY CustomerId HAVING sum(e.Points) >= 100
)
SELECT CustomerId FROM Customer
WHERE CustomerId IN (SELECT CustomerId FROM bought WHERE month(local(t)) IN (3, 6) OR within_last(t, INTERVAL 20 DAY))
  AND (CustomerId IN (FROM spent) OR CustomerId IN (FROM earned))
