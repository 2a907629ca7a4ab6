SELECT CustomerId FROM Customer
WHERE CustomerId IN (SELECT CustomerId FROM ServiceCall WHERE Satisfaction IN (4, 5) AND OpenedAt >= instant(as_of_day() - INTERVAL 1 YEAR + INTERVAL 1 DAY))
  AND CustomerId NOT IN (SELECT CustomerId FROM ServiceCall WHERE Satisfaction < 3 AND CustomerId IS NOT NULL)
ORDER BY split_number('survey-1', CustomerId), CustomerId
LIMIT 300
