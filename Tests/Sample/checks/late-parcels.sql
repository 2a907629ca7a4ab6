SELECT DISTINCT CustomerId FROM OnlineOrder SEMI JOIN Customer USING (CustomerId)
WHERE OrderedAt >= instant(date_trunc('quarter', as_of_day())) AND OrderedAt <= as_of()
  AND Status IS DISTINCT FROM 'cancelled'
  AND (local(ShippedAt)::DATE >= PromisedDate OR (ShippedAt IS NULL AND PromisedDate <= as_of_day()))
