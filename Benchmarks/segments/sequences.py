"""Segments by every, none, first and last, and by rules over several tables."""

from .forms import (
    AsOf,
    Form,
    Segment,
    aggregate,
    all_,
    any_,
    back,
    customers,
    customers_grouped,
    has,
    is_,
    is_not,
    profile,
    rule,
    segment,
    text,
    within,
)


def segments(at: AsOf) -> list[Segment]:
    def no_order(*period):
        return Form(
            [
                rule("OnlineOrder", within("OnlineOrder.OrderedAt", *period), "none"),
                profile(is_("Customer.RegisteredAt", "before", "today - 1 year"), combine="intersect"),
            ],
            customers(
                f"RegisteredAt < {at.start(back(at.clock, 1, 'year').date())}"
                " AND NOT EXISTS (SELECT 1 FROM OnlineOrder o WHERE o.CustomerId = Customer.CustomerId"
                f" AND {at.last('o.OrderedAt', *period)})"
            ),
        )

    def never(table):
        return Form(
            [rule(table, None, "none")], customers(f"NOT EXISTS (SELECT 1 FROM {table} t WHERE t.CustomerId = Customer.CustomerId)")
        )

    def every_order(channel, *period):
        return Form(
            [
                rule(
                    "OnlineOrder",
                    is_("OnlineOrder.Channel", "equalTo", channel),
                    "every",
                    where=within("OnlineOrder.OrderedAt", *period),
                )
            ],
            customers_grouped(
                "OnlineOrder", at.last("OrderedAt", *period), f"count(*) = count(*) FILTER (WHERE Channel = {text(channel)})"
            ),
        )

    def every_line(discount):
        return Form(
            [rule("OnlineOrderLine", is_("OnlineOrderLine.Discount", "greaterThanOrEqualTo", discount), "every")],
            customers(
                "CustomerId IN (SELECT o.CustomerId FROM OnlineOrder o JOIN OnlineOrderLine l ON l.OrderId = o.OrderId"
                f" GROUP BY o.CustomerId HAVING min(l.Discount) >= {discount} AND count(*) = count(l.Discount))"
            ),
        )

    def first_order(channel):
        return Form(
            [
                rule(
                    "OnlineOrder",
                    all_(is_("OnlineOrder.Channel", "equalTo", channel), is_not("OnlineOrder.Coupon", "empty")),
                    {"first": "OnlineOrder.OrderedAt"},
                )
            ],
            customers_grouped(
                "OnlineOrder",
                "OrderedAt IS NOT NULL",
                f"min(OrderedAt) FILTER (WHERE Channel = {text(channel)} AND Coupon <> '') = min(OrderedAt)",
            ),
        )

    def last_order(status, *period):
        return Form(
            [
                rule(
                    "OnlineOrder",
                    is_("OnlineOrder.Status", "equalTo", status),
                    {"last": "OnlineOrder.OrderedAt"},
                    where=within("OnlineOrder.OrderedAt", *period),
                )
            ],
            customers_grouped(
                "OnlineOrder", at.last("OrderedAt", *period), f"max(OrderedAt) FILTER (WHERE Status = {text(status)}) = max(OrderedAt)"
            ),
        )

    def last_call(stars):
        return Form(
            [
                rule(
                    "ServiceCall",
                    is_("ServiceCall.Satisfaction", "lessThanOrEqualTo", stars),
                    {"last": "ServiceCall.OpenedAt"},
                    where=is_not("ServiceCall.Satisfaction", "empty"),
                )
            ],
            customers_grouped(
                "ServiceCall", "Satisfaction IS NOT NULL", f"max(OpenedAt) FILTER (WHERE Satisfaction <= {stars}) = max(OpenedAt)"
            ),
        )

    def one_channel(*period):
        online = f"SELECT CustomerId FROM OnlineOrder WHERE {at.last('OrderedAt', *period)} AND CustomerId IS NOT NULL"
        store = f"SELECT CustomerId FROM StorePurchase WHERE {at.last('PurchasedAt', *period)} AND CustomerId IS NOT NULL"
        return Form(
            [
                rule("OnlineOrder", within("OnlineOrder.OrderedAt", *period)),
                rule("StorePurchase", within("StorePurchase.PurchasedAt", *period), combine="exclusive"),
            ],
            customers(f"(CustomerId IN ({online})) <> (CustomerId IN ({store}))"),
        )

    def town_and_action(town, amount, *period):
        return Form(
            [
                profile(
                    all_(
                        is_("Customer.City", "equalTo", town),
                        any_(
                            has("StorePurchase", is_("StorePurchase.Amount", "greaterThan", amount)),
                            has(
                                "OnlineOrderLine",
                                within("OnlineOrder.OrderedAt", *period),
                                aggregate("sum", "OnlineOrderLine.Revenue", "greaterThan", amount),
                            ),
                            has("ServiceCall", is_("ServiceCall.Escalated", "equalTo", True)),
                        ),
                    )
                )
            ],
            customers(
                f"City = {text(town)} AND (CustomerId IN (SELECT CustomerId FROM StorePurchase WHERE Amount > {amount})"
                " OR CustomerId IN (SELECT o.CustomerId FROM OnlineOrder o JOIN OnlineOrderLine l ON l.OrderId = o.OrderId"
                f" WHERE {at.last('o.OrderedAt', *period)} GROUP BY o.CustomerId"
                f" HAVING sum(l.UnitPrice * l.Quantity * (1 - l.Discount)) > {amount})"
                " OR CustomerId IN (SELECT CustomerId FROM ServiceCall WHERE Escalated))"
            ),
        )

    def deaf_to_mail(*period):
        return Form(
            [
                rule("EmailInteraction", within("EmailInteraction.HappenedAt", *period)),
                rule(
                    "EmailInteraction",
                    all_(
                        within("EmailInteraction.HappenedAt", *period),
                        is_("EmailInteraction.Kind", "anyOf", ["opened", "clicked"]),
                    ),
                    combine="except",
                ),
            ],
            customers_grouped(
                "EmailInteraction", at.last("HappenedAt", *period), "count(*) FILTER (WHERE Kind IN ('opened', 'clicked')) = 0"
            ),
        )

    return [
        segment("no-order-year", no_order, 1, "year", changed=(10, "months")),
        segment("never-called", never, "ServiceCall"),
        segment("every-order-app", every_order, "app", 2, "years", changed=("web", 2, "years")),
        segment("every-line-discount", every_line, 0.05),
        segment("first-order-app-coupon", first_order, "app", changed=("web",)),
        segment("last-order-returned", last_order, "returned", 1, "year", changed=("returned", 11, "months")),
        segment("last-call-unhappy", last_call, 2),
        segment("one-channel-half-year", one_channel, 6, "months"),
        segment("oslo-and-action", town_and_action, "Oslo", 100, 1, "year", changed=("Oslo", 120, 1, "year")),
        segment("deaf-to-mail", deaf_to_mail, 6, "months"),
    ]
