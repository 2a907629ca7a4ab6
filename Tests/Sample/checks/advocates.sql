SELECT r.CustomerId
FROM Customer friend JOIN Customer r ON r.CustomerId = friend.ReferrerId
WHERE within_last(friend.RegisteredAt, INTERVAL 3 YEAR)
  AND EXISTS (SELECT 1 FROM OnlineOrder o WHERE o.CustomerId = friend.CustomerId)
GROUP BY r.CustomerId
HAVING count(*) >= 2
