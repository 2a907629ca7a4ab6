"""Segments two hops away: order, line and product."""

from .forms import (
    AsOf,
    Form,
    Segment,
    aggregate,
    all_,
    customers,
    is_,
    rule,
    segment,
    text,
    texts,
    within,
)

LINES = "OnlineOrder o JOIN OnlineOrderLine l ON l.OrderId = o.OrderId"
REVENUE = "l.UnitPrice * l.Quantity * (1 - l.Discount)"


def segments(at: AsOf) -> list[Segment]:
    def line_of(condition):
        return customers(f"CustomerId IN (SELECT o.CustomerId FROM {LINES} WHERE {condition})")

    def lines_grouped(condition, having):
        return customers(f"CustomerId IN (SELECT o.CustomerId FROM {LINES} WHERE {condition} GROUP BY o.CustomerId HAVING {having})")

    def of_category(*categories):
        return f"l.ProductId IN (SELECT ProductId FROM Product WHERE Category IN {texts(list(categories))})"

    def ordered(category, *period):
        return Form(
            [
                rule(
                    "OnlineOrderLine",
                    all_(is_("OnlineOrderLine.Product.Category", "equalTo", category), within("OnlineOrder.OrderedAt", *period)),
                )
            ],
            line_of(at.last("o.OrderedAt", *period) + " AND " + of_category(category)),
        )

    def revenue(amount, *period):
        return Form(
            [
                rule(
                    "OnlineOrderLine",
                    within("OnlineOrder.OrderedAt", *period) if period else None,
                    aggregate("sum", "OnlineOrderLine.Revenue", "greaterThanOrEqualTo", amount),
                )
            ],
            lines_grouped(at.last("o.OrderedAt", *period) if period else "true", f"sum({REVENUE}) >= {amount}"),
        )

    def category_revenue(categories, amount, *period):
        return Form(
            [
                rule(
                    "OnlineOrderLine",
                    all_(is_("OnlineOrderLine.Product.Category", "anyOf", categories), within("OnlineOrder.OrderedAt", *period)),
                    aggregate("sum", "OnlineOrderLine.Revenue", "greaterThan", amount),
                )
            ],
            lines_grouped(at.last("o.OrderedAt", *period) + " AND " + of_category(*categories), f"sum({REVENUE}) > {amount}"),
        )

    def categories(count):
        return Form(
            [rule("OnlineOrderLine", None, aggregate("countDistinct", "OnlineOrderLine.Product.Category", "greaterThanOrEqualTo", count))],
            customers(
                f"CustomerId IN (SELECT o.CustomerId FROM {LINES} JOIN Product p ON p.ProductId = l.ProductId"
                f" GROUP BY o.CustomerId HAVING count(DISTINCT p.Category) >= {count})"
            ),
        )

    def brand(name, discount):
        return Form(
            [
                rule(
                    "OnlineOrderLine",
                    all_(
                        is_("OnlineOrderLine.Product.Brand", "equalTo", name),
                        is_("OnlineOrderLine.Discount", "greaterThanOrEqualTo", discount),
                    ),
                )
            ],
            line_of(f"l.Discount >= {discount} AND l.ProductId IN (SELECT ProductId FROM Product WHERE Brand = {text(name)})"),
        )

    def returned(channel):
        return Form(
            [
                rule(
                    "OnlineOrderLine",
                    all_(is_("OnlineOrderLine.IsReturn", "equalTo", True), is_("OnlineOrder.Channel", "equalTo", channel)),
                )
            ],
            line_of(f"l.Quantity < 0 AND o.Channel = {text(channel)}"),
        )

    def large_line(amount, *period):
        return Form(
            [
                rule(
                    "OnlineOrderLine", all_(is_("OnlineOrderLine.Revenue", "greaterThan", amount), within("OnlineOrder.OrderedAt", *period))
                )
            ],
            line_of(at.last("o.OrderedAt", *period) + f" AND {REVENUE} > {amount}"),
        )

    def below_list_price(quantity):
        return Form(
            [
                rule(
                    "OnlineOrderLine",
                    all_(
                        is_("OnlineOrderLine.Quantity", "greaterThan", quantity),
                        is_("OnlineOrderLine.Product.Organic", "equalTo", True),
                        is_("OnlineOrderLine.Discount", "greaterThan", 0),
                    ),
                )
            ],
            line_of(f"l.Quantity > {quantity} AND l.Discount > 0 AND l.ProductId IN (SELECT ProductId FROM Product WHERE Organic)"),
        )

    def line_count(count, *period):
        return Form(
            [
                rule(
                    "OnlineOrderLine", within("OnlineOrder.OrderedAt", *period), aggregate("count", "OnlineOrderLine", "greaterThan", count)
                )
            ],
            lines_grouped(at.last("o.OrderedAt", *period), f"count(*) > {count}"),
        )

    return [
        segment("ordered-coffee-month", ordered, "Coffee", 30, "days", changed=("Coffee", 27, "days")),
        segment("ordered-tea-year", ordered, "Tea", 1, "year", changed=("Kitchen", 1, "year")),
        segment("ordered-machine-2-years", ordered, "Machines", 2, "years"),
        segment("ordered-gift-quarter", ordered, "Gifts", 90, "days"),
        segment("revenue-500-quarter", revenue, 500, 90, "days", changed=(450, 90, "days")),
        segment("revenue-200-year", revenue, 200, 1, "year", changed=(200, 10, "months")),
        segment("revenue-2000", revenue, 2000, changed=(1900,)),
        segment("revenue-100-month", revenue, 100, 1, "month"),
        segment("coffee-tea-100-year", category_revenue, ["Coffee", "Tea"], 100, 1, "year", changed=(["Coffee", "Tea"], 110, 1, "year")),
        segment("machines-300-2-years", category_revenue, ["Machines", "Grinders"], 300, 2, "years"),
        segment("home-80-half-year", category_revenue, ["Home", "Textiles", "Kitchen"], 80, 6, "months"),
        segment("categories-5", categories, 5, changed=(4,)),
        segment("brand-discount", brand, "Nordlys", 0.2, changed=("Nordlys", 0.25)),
        segment("returned-app", returned, "app"),
        segment("large-line-year", large_line, 250, 1, "year"),
        segment("organic-at-discount", below_list_price, 1),
        segment("lines-10-year", line_count, 10, 1, "year"),
    ]
