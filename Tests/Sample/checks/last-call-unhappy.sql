WITH rated AS (SELECT * FROM ServiceCall WHERE Satisfaction IS NOT NULL AND within_last(OpenedAt, INTERVAL 18 MONTH)),
latest AS (SELECT CustomerId, max(OpenedAt) AS OpenedAt FROM rated GROUP BY CustomerId)
SELECT DISTINCT CustomerId FROM rated SEMI JOIN latest USING (CustomerId, OpenedAt) SEMI JOIN Customer USING (CustomerId)
WHERE Satisfaction <= 2 AND (WaitMinutes > 15 OR Escalated)
