SELECT o.CustomerId
FROM OnlineOrder o JOIN OnlineOrderLine l USING (OrderId) SEMI JOIN Customer c ON c.CustomerId = o.CustomerId
WHERE within_last(o.OrderedAt, INTERVAL 90 DAY)
  AND o.CustomerId IN (SELECT CustomerId FROM ServiceCall WHERE Escalated)
GROUP BY o.CustomerId
HAVING sum(revenue(l)) >= 500
