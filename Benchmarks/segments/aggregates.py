"""Segments by counts, sums, averages and extremes over a customer's rows."""

from .forms import (
    AsOf,
    Form,
    Segment,
    aggregate,
    back,
    customers,
    customers_grouped,
    is_,
    rule,
    segment,
    text,
    within,
)


def segments(at: AsOf) -> list[Segment]:
    def orders(count, *period):
        return Form(
            [
                rule(
                    "OnlineOrder",
                    within("OnlineOrder.OrderedAt", *period) if period else None,
                    aggregate("count", "OnlineOrder", "greaterThanOrEqualTo", count),
                )
            ],
            customers_grouped("OnlineOrder", at.last("OrderedAt", *period) if period else "true", f"count(*) >= {count}"),
        )

    def fewer_purchases(count, *period):
        return Form(
            [
                rule(
                    "StorePurchase",
                    within("StorePurchase.PurchasedAt", *period),
                    aggregate("count", None, "lessThan", count),
                )
            ],
            customers(
                "NOT EXISTS (SELECT 1 FROM (SELECT CustomerId FROM StorePurchase"
                f" WHERE {at.last('PurchasedAt', *period)} GROUP BY CustomerId HAVING count(*) >= {count}) p"
                " WHERE p.CustomerId = Customer.CustomerId)"
            ),
        )

    def spent(amount, *period):
        return Form(
            [
                rule(
                    "StorePurchase",
                    within("StorePurchase.PurchasedAt", *period) if period else None,
                    aggregate("sum", "StorePurchase.Amount", "greaterThan", amount),
                )
            ],
            customers_grouped("StorePurchase", at.last("PurchasedAt", *period) if period else "true", f"sum(Amount) > {amount}"),
        )

    def average_amount(low, high):
        return Form(
            [rule("StorePurchase", None, aggregate("average", "StorePurchase.Amount", "between", [low, high]))],
            customers_grouped("StorePurchase", "Amount IS NOT NULL", f"sum(Amount) BETWEEN {low} * count(*) AND {high} * count(*)"),
        )

    def largest(amount, payment):
        return Form(
            [
                rule(
                    "StorePurchase",
                    is_("StorePurchase.Payment", "equalTo", payment),
                    aggregate("maximum", "StorePurchase.Amount", "lessThan", amount),
                )
            ],
            customers_grouped("StorePurchase", f"Payment = {text(payment)}", f"max(Amount) < {amount}"),
        )

    def smallest(amount, *period):
        return Form(
            [
                rule(
                    "StorePurchase",
                    within("StorePurchase.PurchasedAt", *period),
                    aggregate("minimum", "StorePurchase.Amount", "greaterThanOrEqualTo", amount),
                )
            ],
            customers_grouped("StorePurchase", at.last("PurchasedAt", *period), f"min(Amount) >= {amount}"),
        )

    def stores(count, *period):
        return Form(
            [
                rule(
                    "StorePurchase",
                    within("StorePurchase.PurchasedAt", *period),
                    aggregate("countDistinct", "StorePurchase.StoreId", "greaterThanOrEqualTo", count),
                )
            ],
            customers_grouped("StorePurchase", at.last("PurchasedAt", *period), f"count(DISTINCT StoreId) >= {count}"),
        )

    def points(total, *period):
        return Form(
            [
                rule(
                    "RewardEvent",
                    within("RewardEvent.HappenedAt", *period),
                    aggregate("sum", "RewardEvent.Points", "greaterThanOrEqualTo", total),
                )
            ],
            customers(
                "CustomerId IN (SELECT l.CustomerId FROM Loyalty l JOIN RewardEvent e ON e.MemberId = l.MemberId"
                f" WHERE {at.last('e.HappenedAt', *period)} GROUP BY l.CustomerId HAVING sum(e.Points) >= {total})"
            ),
        )

    def clicks(count, *period):
        return Form(
            [
                rule(
                    "EmailInteraction",
                    {
                        "all": [
                            is_("EmailInteraction.Kind", "equalTo", "clicked"),
                            within("EmailInteraction.HappenedAt", *period),
                        ]
                    },
                    aggregate("count", None, "greaterThanOrEqualTo", count),
                )
            ],
            customers_grouped("EmailInteraction", "Kind = 'clicked' AND " + at.last("HappenedAt", *period), f"count(*) >= {count}"),
        )

    def mails(count):
        return Form(
            [rule("EmailInteraction", None, aggregate("count", None, "greaterThan", count))],
            customers_grouped("EmailInteraction", "true", f"count(*) > {count}"),
        )

    def quiet_since(months):
        day = back(at.clock, months, "months").date()
        return Form(
            [rule("OnlineOrder", None, aggregate("maximum", "OnlineOrder.OrderedAt", "before", f"today - {months} months"))],
            customers_grouped("OnlineOrder", "true", f"max(OrderedAt) < {at.start(day)}"),
        )

    def calls(count, *period):
        return Form(
            [
                rule(
                    "ServiceCall",
                    within("ServiceCall.OpenedAt", *period),
                    aggregate("count", None, "greaterThanOrEqualTo", count),
                )
            ],
            customers_grouped("ServiceCall", at.last("OpenedAt", *period), f"count(*) >= {count}"),
        )

    return [
        segment("orders-3-year", orders, 3, 1, "year", changed=(4, 1, "year")),
        segment("orders-2-quarter", orders, 2, 90, "days", changed=(2, 85, "days")),
        segment("orders-10", orders, 10, changed=(11,)),
        segment("fewer-than-2-purchases", fewer_purchases, 2, 1, "year", changed=(3, 1, "year")),
        segment("no-purchase-half-year", fewer_purchases, 1, 6, "months"),
        segment("spent-300-year", spent, 300, 1, "year", changed=(350, 1, "year")),
        segment("spent-100-quarter", spent, 100, 3, "months"),
        segment("spent-1000", spent, 1000, changed=(1100,)),
        segment("spent-50-month", spent, 50, 30, "days"),
        segment("average-30-to-60", average_amount, 30, 60, changed=(30, 65)),
        segment("average-over-100", average_amount, 100, 100000),
        segment("largest-below-20-card", largest, 20, "card"),
        segment("largest-below-10-phone", largest, 10, "phone"),
        segment("smallest-15-year", smallest, 15, 1, "year", changed=(16, 1, "year")),
        segment("stores-3-year", stores, 3, 1, "year"),
        segment("stores-5-2-years", stores, 5, 2, "years", changed=(4, 2, "years")),
        segment("points-100-half-year", points, 100, 6, "months", changed=(120, 6, "months")),
        segment("points-50-month", points, 50, 30, "days"),
        segment("clicks-2-year", clicks, 2, 1, "year", changed=(3, 1, "year")),
        segment("mails-20", mails, 20),
        segment("quiet-9-months", quiet_since, 9, changed=(10,)),
        segment("calls-2-year", calls, 2, 1, "year"),
    ]
