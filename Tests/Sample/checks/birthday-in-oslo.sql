-- Each of the next seven days is judged by its own year: 29 February falls on the 28th in common years.
WITH candidate AS (
  SELECT unnest(generate_series(as_of_day() + 1, as_of_day() + 7, INTERVAL 1 DAY))::DATE AS d
), birthday AS (
  SELECT month(d) AS m, day(d) AS n FROM candidate
  UNION
  SELECT 2, 29 FROM candidate WHERE month(d) = 2 AND day(d) = 28 AND month(d + 1) = 3
)
SELECT CustomerId FROM Customer
WHERE (month(BirthDate), day(BirthDate)) IN (SELECT (m, n) FROM birthday)
  AND City IN ('Oslo', 'oslo') AND NewsletterConsent
