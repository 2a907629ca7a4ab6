WITH recent AS (SELECT OrderId, CustomerId FROM OnlineOrder WHERE OrderedAt >= instant(as_of_day() - INTERVAL 2 YEAR))
SELECT CustomerId FROM recent SEMI JOIN Customer USING (CustomerId)
WHERE CustomerId IN (SELECT CustomerId FROM recent GROUP BY CustomerId HAVING count(*) > 1)
GROUP BY CustomerId
HAVING bool_and((SELECT coalesce(bool_and(l.Discount > 0), true) FROM OnlineOrderLine l WHERE l.OrderId = recent.OrderId))
   AND bool_or(EXISTS (SELECT 1 FROM OnlineOrderLine l WHERE l.OrderId = recent.OrderId))
