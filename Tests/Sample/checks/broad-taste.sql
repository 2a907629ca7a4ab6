SELECT o.CustomerId
FROM OnlineOrder o JOIN OnlineOrderLine l USING (OrderId) LEFT JOIN Product p USING (ProductId) SEMI JOIN Customer c ON c.CustomerId = o.CustomerId
GROUP BY o.CustomerId
HAVING count(DISTINCT p.Category) >= 4
  AND sum(l.UnitPrice) BETWEEN 8 * count(l.UnitPrice) AND 40 * count(l.UnitPrice)
  AND max(l.UnitPrice) <= 150
  AND o.CustomerId IN (SELECT CustomerId FROM OnlineOrder WHERE OrderedAt >= instant(date_trunc('year', as_of_day()) - INTERVAL 1 YEAR))
