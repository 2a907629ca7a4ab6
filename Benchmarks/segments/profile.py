"""Segments by attributes of the customer, and by lookup from there."""

from datetime import timedelta

from .forms import (
    AsOf,
    Form,
    Segment,
    all_,
    any_,
    back,
    customers,
    is_,
    is_not,
    profile,
    segment,
    text,
    texts,
    within,
)


def segments(at: AsOf) -> list[Segment]:
    def city(name):
        return Form([profile(is_("Customer.City", "equalTo", name, ignoreCase=True))], customers(f"lower(City) = {text(name.lower())}"))

    def wealth(countries, income):
        return Form(
            [profile(all_(is_("Customer.Country", "anyOf", countries), is_("Customer.Income", "greaterThanOrEqualTo", income)))],
            customers(f"Country IN {texts(countries)} AND Income >= {income}"),
        )

    def born(first, last, gender):
        return Form(
            [profile(all_(is_("Customer.BirthDate", "between", [first, last]), is_("Customer.Gender", "equalTo", gender)))],
            customers(f"BirthDate BETWEEN DATE '{first}' AND DATE '{last}' AND Gender = {text(gender)}"),
        )

    def birthday(days):
        dates = ", ".join(map(str, at.anniversaries(days)))
        return Form(
            [profile(is_("Customer.BirthDate", "anniversaryWithinNext", f"{days} days"))],
            customers(f"extract(month FROM BirthDate) * 100 + extract(day FROM BirthDate) IN ({dates})"),
        )

    def mailbox(ending):
        return Form(
            [profile(all_(is_("Customer.Email", "endsWith", ending), is_("Customer.NewsletterConsent", "equalTo", True)))],
            customers(f"right(Email, {len(ending)}) = {text(ending)} AND NewsletterConsent"),
        )

    def registered(count, unit):
        return Form([profile(within("Customer.RegisteredAt", count, unit))], customers(at.last("RegisteredAt", count, unit)))

    def registered_this(period, consent):
        first = at.today.replace(day=1)
        if period == "year":
            first = first.replace(month=1)
        if period == "quarter":
            first = first.replace(month=(first.month - 1) // 3 * 3 + 1)
        return Form(
            [profile(all_(is_("Customer.RegisteredAt", f"{period}ToDate"), is_("Customer.NewsletterConsent", "equalTo", consent)))],
            customers(f"RegisteredAt >= {at.start(first)} AND RegisteredAt <= {at.now()} AND NewsletterConsent = {consent}"),
        )

    def gaps(attribute):
        return Form(
            [profile(any_(is_("Customer.Income", "empty"), is_(f"Customer.{attribute}", "empty")))],
            customers(f"Income IS NULL OR {attribute} IS NULL OR {attribute} = ''"),
        )

    def postal_code(prefix, country):
        return Form(
            [profile(all_(is_("Customer.PostalCode", "startsWith", prefix), is_("Customer.Country", "equalTo", country)))],
            customers(f"starts_with(PostalCode, {text(prefix)}) AND Country = {text(country)}"),
        )

    def phone(digits):
        return Form([profile(is_("Customer.Phone", "contains", digits))], customers(f"position({text(digits)} IN Phone) > 0"))

    def store_country(country, bar):
        return Form(
            [
                profile(
                    all_(
                        is_("Customer.PreferredStore.Country", "equalTo", country),
                        is_("Customer.PreferredStore.HasCoffeeBar", "equalTo", bar),
                    )
                )
            ],
            customers(f"PreferredStoreId IN (SELECT StoreId FROM Store WHERE Country = {text(country)} AND HasCoffeeBar = {bar})"),
        )

    def new_store(years):
        opened = (back(at.clock, years, "years")).date()
        return Form(
            [profile(is_("Customer.PreferredStore.Opened", "after", f"today - {years} years"))],
            customers(f"PreferredStoreId IN (SELECT StoreId FROM Store WHERE Opened > DATE '{opened}')"),
        )

    def at_home():
        return Form(
            [profile(is_("Customer.City", "equalTo", {"attribute": "Customer.PreferredStore.City"}))],
            customers("EXISTS (SELECT 1 FROM Store s WHERE s.StoreId = Customer.PreferredStoreId AND s.City = Customer.City)"),
        )

    def elsewhere(countries):
        return Form(
            [profile(is_not("Customer.Country", "anyOf", countries))], customers(f"Country IS NULL OR Country NOT IN {texts(countries)}")
        )

    def nested(young, income):
        adult = back(at.clock, young, "years").date()
        week = at.today - timedelta(days=7)
        return Form(
            [
                profile(
                    any_(
                        all_(
                            is_("Customer.BirthDate", "after", f"today - {young} years"),
                            any_(is_("Customer.City", "equalTo", "Oslo"), is_("Customer.City", "equalTo", "Bergen")),
                        ),
                        all_(is_("Customer.Income", "greaterThan", income), is_("Customer.RegisteredAt", "before", "today - 7 days")),
                    )
                )
            ],
            customers(
                f"(BirthDate > DATE '{adult}' AND City IN ('Oslo', 'Bergen')) OR (Income > {income} AND RegisteredAt < {at.start(week)})"
            ),
        )

    def referred_from(country):
        return Form(
            [profile(all_(is_("Customer.Referrer.Country", "equalTo", country), is_not("Customer.Country", "equalTo", country)))],
            "SELECT c.CustomerId FROM Customer c JOIN Customer r ON r.CustomerId = c.ReferrerId"
            f" WHERE r.Country = {text(country)} AND c.Country IS DISTINCT FROM {text(country)}",
        )

    return [
        segment("city-bergen", city, "bergen", changed=("trondheim",)),
        segment("wealth-norway", wealth, ["Norway"], 90000, changed=(["Norway"], 95000)),
        segment("wealth-nordic", wealth, ["Sweden", "Denmark", "Finland"], 60000, changed=(["Sweden", "Denmark"], 60000)),
        segment("born-eighties", born, "1980-01-01", "1989-12-31", "female"),
        segment("born-sixties", born, "1960-01-01", "1969-12-31", "male", changed=("1960-01-01", "1968-12-31", "male")),
        segment("birthday-week", birthday, 7, changed=(8,)),
        segment("birthday-month", birthday, 30),
        segment("mailbox-university", mailbox, "@uni.example", changed=("@firma.example",)),
        segment("registered-30-days", registered, 30, "days", changed=(28, "days")),
        segment("registered-6-months", registered, 6, "months"),
        segment("registered-2-years", registered, 2, "years"),
        segment("registered-this-quarter", registered_this, "quarter", True),
        segment("gaps", gaps, "LastName"),
        segment("postal-code-01", postal_code, "01", "Norway", changed=("02", "Norway")),
        segment("phone-777", phone, "777"),
        segment("store-sweden-bar", store_country, "Sweden", True, changed=("Denmark", True)),
        segment("new-store", new_store, 5),
        segment("at-home", at_home),
        segment("elsewhere", elsewhere, ["Norway", "Sweden", "Denmark", "Germany"]),
        segment("nested", nested, 30, 120000, changed=(30, 125000)),
        segment("referred-from-abroad", referred_from, "Germany", changed=("Sweden",)),
    ]
