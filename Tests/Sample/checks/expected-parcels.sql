SELECT DISTINCT CustomerId FROM OnlineOrder SEMI JOIN Customer USING (CustomerId)
WHERE PromisedDate > as_of_day() AND PromisedDate <= as_of_day() + 3
  AND (Status IS NULL OR Status NOT IN ('cancelled', 'returned'))
  AND local(OrderedAt)::DATE <= as_of_day() - 1
