SELECT DISTINCT CustomerId FROM StorePurchase SEMI JOIN Customer USING (CustomerId)
WHERE day(local(PurchasedAt)) IN (1, 25, 26, 27, 28, 29, 30, 31) AND within_last(PurchasedAt, INTERVAL 12 MONTH)
  AND Amount BETWEEN 40 AND 400 AND (Payment IS NULL OR Payment NOT IN ('cash', 'gift card'))
