SELECT CustomerId FROM Customer
WHERE Country IN ('Norway', 'Sweden') AND Income BETWEEN 60000 AND 175000.50 AND BirthDate <= as_of_day() - INTERVAL 18 YEAR
  AND CustomerId IN (SELECT CustomerId FROM OnlineOrder WHERE Status = 'shipped')
ORDER BY Income DESC, CustomerId
LIMIT 500
