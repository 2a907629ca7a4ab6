SELECT DISTINCT CustomerId FROM ServiceCall SEMI JOIN Customer USING (CustomerId)
WHERE OpenedAt > as_of() - INTERVAL 240 HOUR AND OpenedAt <= as_of() AND ClosedAt IS NULL
  AND (WaitMinutes > 5 OR Satisfaction IS NULL)
