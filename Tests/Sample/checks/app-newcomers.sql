WITH earliest AS (SELECT CustomerId, min(OrderedAt) AS OrderedAt FROM OnlineOrder GROUP BY CustomerId)
SELECT CustomerId FROM Customer
WHERE RegisteredAt >= instant(date_trunc('year', as_of_day())) AND RegisteredAt <= as_of()
  AND CustomerId IN (SELECT CustomerId FROM OnlineOrder SEMI JOIN earliest USING (CustomerId, OrderedAt)
                     WHERE Channel = 'app' AND (Coupon <> '' OR ShippingFee = 0))
