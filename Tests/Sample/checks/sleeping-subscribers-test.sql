SELECT CustomerId FROM Customer c
WHERE NewsletterConsent AND RegisteredAt < instant(as_of_day() - INTERVAL 1 YEAR)
  AND split_number('winter', CustomerId) % 10 IN (0, 1)
  AND (SELECT count(*) FROM OnlineOrder o WHERE o.CustomerId = c.CustomerId) < 2
  AND NOT EXISTS (SELECT 1 FROM StorePurchase p WHERE p.CustomerId = c.CustomerId AND within_last(PurchasedAt, INTERVAL 1 YEAR))
