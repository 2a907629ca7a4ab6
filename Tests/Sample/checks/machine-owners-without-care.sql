WITH machine AS (SELECT ProductId FROM Product WHERE Category = 'Machines'),
descaler AS (SELECT ProductId FROM Product WHERE Name ILIKE '%descaler%')
SELECT CustomerId FROM Customer c
WHERE (CustomerId IN (SELECT CustomerId FROM OnlineOrder JOIN OnlineOrderLine USING (OrderId) SEMI JOIN machine USING (ProductId)
                      WHERE UnitPrice > 100 AND Quantity >= 0)
    OR CustomerId IN (SELECT CustomerId FROM StorePurchase SEMI JOIN machine USING (ProductId) WHERE Amount > 100))
  AND NOT EXISTS (SELECT 1 FROM OnlineOrder o JOIN OnlineOrderLine USING (OrderId) SEMI JOIN descaler USING (ProductId) WHERE o.CustomerId = c.CustomerId)
  AND NOT EXISTS (SELECT 1 FROM StorePurchase s SEMI JOIN descaler USING (ProductId) WHERE s.CustomerId = c.CustomerId)
