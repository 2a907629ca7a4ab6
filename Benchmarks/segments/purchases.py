"""Segments by conditions that one and the same row must meet."""

from .forms import (
    AsOf,
    Form,
    Segment,
    all_,
    customers,
    customers_of,
    is_,
    local,
    rule,
    segment,
    text,
    within,
)


def segments(at: AsOf) -> list[Segment]:
    def bought(category, count, unit):
        return Form(
            [
                rule(
                    "StorePurchase",
                    all_(
                        is_("StorePurchase.Product.Category", "equalTo", category),
                        within("StorePurchase.PurchasedAt", count, unit),
                    ),
                )
            ],
            customers_of(
                "StorePurchase",
                at.last("PurchasedAt", count, unit)
                + f" AND ProductId IN (SELECT ProductId FROM Product WHERE Category = {text(category)})",
            ),
        )

    def paid(amount, payment):
        return Form(
            [
                rule(
                    "StorePurchase",
                    all_(is_("StorePurchase.Amount", "greaterThanOrEqualTo", amount), is_("StorePurchase.Payment", "equalTo", payment)),
                )
            ],
            customers_of("StorePurchase", f"Amount >= {amount} AND Payment = {text(payment)}"),
        )

    def ordered(status, channel, count, unit):
        return Form(
            [
                rule(
                    "OnlineOrder",
                    all_(
                        is_("OnlineOrder.Status", "equalTo", status),
                        is_("OnlineOrder.Channel", "equalTo", channel),
                        within("OnlineOrder.OrderedAt", count, unit),
                    ),
                )
            ],
            customers_of("OnlineOrder", f"Status = {text(status)} AND Channel = {text(channel)} AND " + at.last("OrderedAt", count, unit)),
        )

    def mailed(campaign, kind, count, unit):
        return Form(
            [
                rule(
                    "EmailInteraction",
                    all_(
                        is_("EmailInteraction.Campaign", "startsWith", campaign),
                        is_("EmailInteraction.Kind", "equalTo", kind),
                        within("EmailInteraction.HappenedAt", count, unit),
                    ),
                )
            ],
            customers_of(
                "EmailInteraction",
                f"starts_with(Campaign, {text(campaign)}) AND Kind = {text(kind)} AND " + at.last("HappenedAt", count, unit),
            ),
        )

    def escalated(reason):
        return Form(
            [rule("ServiceCall", all_(is_("ServiceCall.Reason", "equalTo", reason), is_("ServiceCall.Escalated", "equalTo", True)))],
            customers_of("ServiceCall", f"Reason = {text(reason)} AND Escalated"),
        )

    def waited(minutes, count, unit):
        return Form(
            [
                rule(
                    "ServiceCall",
                    all_(is_("ServiceCall.WaitMinutes", "greaterThan", minutes), within("ServiceCall.OpenedAt", count, unit)),
                )
            ],
            customers_of("ServiceCall", f"WaitMinutes > {minutes} AND " + at.last("OpenedAt", count, unit)),
        )

    def late(count, unit):
        return Form(
            [
                rule(
                    "OnlineOrder",
                    all_(
                        within("OnlineOrder.OrderedAt", count, unit),
                        is_("OnlineOrder.ShippedAt", "after", {"attribute": "OnlineOrder.PromisedDate"}),
                    ),
                )
            ],
            customers_of("OnlineOrder", at.last("OrderedAt", count, unit) + f" AND CAST({local('ShippedAt')} AS DATE) > PromisedDate"),
        )

    def in_months(months, channel):
        return Form(
            [rule("OnlineOrder", all_(is_("OnlineOrder.OrderedAt", "monthOf", months), is_("OnlineOrder.Channel", "equalTo", channel)))],
            customers_of(
                "OnlineOrder", f"Channel = {text(channel)} AND extract(month FROM {local('OrderedAt')}) IN ({', '.join(map(str, months))})"
            ),
        )

    def at_night(days):
        # Local time is one or two hours ahead of UTC: a cheap condition leaves few rows to convert.
        near = "extract(hour FROM OrderedAt) NOT BETWEEN 6 AND 19"
        return Form(
            [
                rule(
                    "OnlineOrder",
                    all_(
                        is_("OnlineOrder.OrderedAt", "timeOfDayBetween", ["22:00", "06:00"]),
                        is_("OnlineOrder.OrderedAt", "dayOfWeek", days),
                    ),
                )
            ],
            customers(
                f"CustomerId IN (SELECT CustomerId FROM (SELECT CustomerId, {local('OrderedAt')} AS clock FROM OnlineOrder WHERE {near}) o"
                " WHERE (CAST(clock AS TIME) >= TIME '22:00' OR CAST(clock AS TIME) <= TIME '06:00')"
                f" AND extract(isodow FROM clock) IN ({', '.join(map(str, days))}))"
            ),
        )

    def coupon(code, fee):
        return Form(
            [
                rule(
                    "OnlineOrder",
                    all_(is_("OnlineOrder.Coupon", "equalTo", code), is_("OnlineOrder.ShippingFee", "lessThanOrEqualTo", fee)),
                )
            ],
            customers_of("OnlineOrder", f"Coupon = {text(code)} AND ShippingFee <= {fee}"),
        )

    def usual_store(amount):
        return Form(
            [
                rule(
                    "StorePurchase",
                    all_(
                        is_("StorePurchase.StoreId", "equalTo", {"attribute": "Customer.PreferredStoreId"}),
                        is_("StorePurchase.Amount", "greaterThan", amount),
                    ),
                )
            ],
            customers(
                "EXISTS (SELECT 1 FROM StorePurchase p WHERE p.CustomerId = Customer.CustomerId"
                f" AND p.StoreId = Customer.PreferredStoreId AND p.Amount > {amount})"
            ),
        )

    return [
        segment("bought-coffee-month", bought, "Coffee", 30, "days", changed=("Coffee", 31, "days")),
        segment("bought-tea-quarter", bought, "Tea", 90, "days", changed=("Tea", 80, "days")),
        segment("bought-machine-year", bought, "Machines", 1, "year", changed=("Machines", 11, "months")),
        segment("bought-mug-half-year", bought, "Mugs", 6, "months"),
        segment("bought-home-2-years", bought, "Home", 2, "years", changed=("Textiles", 2, "years")),
        segment("paid-100-card", paid, 100, "card", changed=(110, "card")),
        segment("paid-50-cash", paid, 50, "cash"),
        segment("paid-20-phone", paid, 20, "phone", changed=(20, "gift card")),
        segment("ordered-app-month", ordered, "shipped", "app", 30, "days", changed=("shipped", "app", 29, "days")),
        segment("ordered-returned-year", ordered, "returned", "web", 1, "year", changed=("returned", "app", 1, "year")),
        segment("ordered-cancelled-2-years", ordered, "cancelled", "app", 2, "years"),
        segment("ordered-open-week", ordered, "open", "web", 1, "week"),
        segment("mail-clicked-quarter", mailed, "Weekly Roast", "clicked", 90, "days", changed=("Weekly Roast", "clicked", 91, "days")),
        segment("mail-opened-month", mailed, "New Arrivals", "opened", 30, "days", changed=("Brew Guide", "opened", 30, "days")),
        segment("mail-unsubscribed-year", mailed, "Weekly", "unsubscribed", 1, "year"),
        segment("mail-sent-week", mailed, "Machine Care", "sent", 1, "week"),
        segment("escalated-delivery", escalated, "delivery", changed=("refund",)),
        segment("waited-20-year", waited, 20, 1, "year", changed=(18, 1, "year")),
        segment("late-half-year", late, 6, "months"),
        segment("in-march-june", in_months, [3, 6], "app"),
        segment("at-night-week-end", at_night, [6, 7]),
        segment("coupon-christmas", coupon, "XMAS_15", 5, changed=("SUMMER20", 5)),
        segment("usual-store-80", usual_store, 80, changed=(85,)),
    ]
