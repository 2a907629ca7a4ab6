WITH candidate AS (
  SELECT unnest(generate_series(as_of_day() - 9, as_of_day(), INTERVAL 1 DAY))::DATE AS d
), birthday AS (
  SELECT month(d) AS m, day(d) AS n FROM candidate
  UNION
  SELECT 2, 29 FROM candidate WHERE month(d) = 2 AND day(d) = 28 AND month(d + 1) = 3
)
SELECT CustomerId FROM Customer SEMI JOIN Loyalty USING (CustomerId)
WHERE (month(BirthDate), day(BirthDate)) IN (SELECT (m, n) FROM birthday)
  AND NOT EXISTS (SELECT 1 FROM EmailInteraction e WHERE e.CustomerId = Customer.CustomerId
                  AND lower(e.Campaign[1:14]) = 'birthday treat' AND within_last(e.HappenedAt, INTERVAL 21 DAY))
