SELECT CustomerId FROM Customer JOIN Store ON StoreId = PreferredStoreId
WHERE Opened > as_of_day() - INTERVAL 3 YEAR AND HasCoffeeBar AND year(BirthDate) BETWEEN 1980 AND 1999
