WITH bound AS (SELECT (as_of_day() - isodow(as_of_day())::INTEGER % 7)::DATE AS sunday, date_trunc('month', as_of_day())::DATE AS month)
SELECT CustomerId FROM Customer, bound
WHERE CustomerId IN (SELECT CustomerId FROM StorePurchase, bound WHERE PurchasedAt >= instant(sunday) AND PurchasedAt <= as_of())
   OR CustomerId IN (SELECT CustomerId FROM OnlineOrder, bound WHERE OrderedAt >= instant(month) AND OrderedAt <= as_of())
   OR CustomerId IN (SELECT CustomerId FROM EmailInteraction, bound
                     WHERE Kind = 'clicked' AND HappenedAt >= instant(month - INTERVAL 1 MONTH) AND HappenedAt < instant(month))
