WITH placed AS (
  SELECT CustomerId, timezone('Europe/London', timezone('UTC', OrderedAt)) AS clock FROM OnlineOrder SEMI JOIN Customer USING (CustomerId)
)
SELECT CustomerId FROM placed
WHERE (clock::TIME >= TIME '22:00' OR clock::TIME <= TIME '06:00') AND isodow(clock) >= 5
GROUP BY CustomerId
HAVING count(*) >= 2
