SELECT c.CustomerId FROM Customer c JOIN Store s ON s.StoreId = c.PreferredStoreId
WHERE c.City = s.City
  AND EXISTS (SELECT 1 FROM StorePurchase p WHERE p.CustomerId = c.CustomerId AND p.StoreId = c.PreferredStoreId)
  AND (SELECT min(Amount) FROM StorePurchase p
       WHERE p.CustomerId = c.CustomerId AND PurchasedAt >= instant(date_trunc('year', as_of_day()) - INTERVAL 1 YEAR)) >= 15
