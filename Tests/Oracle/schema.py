"""Random schemas: the workspace document of one data set, varied by the random source."""

from model import quoted

NAMES = {
    "text": ["City", "Name", "Status", "Note", "Code", 'Odd "name"'],
    "integer": ["Score", "Quantity", "Rank", "Points"],
    "decimal": ["Total", "Price", "Discount", "Net.amount"],
    "double": ["Weight", "Rate", "Ratio"],
    "date": ["Due", "Started", "Birth date", "Ended"],
    "datetime": ["At", "Seen", "Closed"],
    "boolean": ["Active", "Paid"],
}
ZONES = [
    "Europe/Oslo",
    "America/New_York",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
]
WEEK_DAYS = ["monday", "sunday", "saturday", "wednesday"]

# Table: key, then foreign keys (column, target, name or None, probability, kind).
RETAIL = {
    "Category": ("key", [("ParentId", "Category", "Parent", 0.3, None)]),
    "Product": ("key", [("CategoryId", "Category", None, 1, None)]),
    "Store": ("key", []),
    "Customer": (
        "key",
        [("StoreId", "Store", None, 0.7, None), ("ReferrerId", "Customer", "Referrer", 0.6, None)],
    ),
    "Consent": ("maybe", [("CustomerId", "Customer", None, 1, "one-to-one")]),
    "Address": ("key", [("CustomerId", "Customer", None, 0.3, None)]),
    "Order": (
        "key",
        [
            ("CustomerId", "Customer", None, 1, None),
            ("PayerId", "Customer", None, 0.35, None),
            ("BillTo", "Address", "BillToAddress", 0.7, None),
            ("ShipTo", "Address", None, 0.8, None),
        ],
    ),
    "OrderLine": ("composite", [("OrderId", "Order", None, 1, None), ("ProductId", "Product", None, 1, None)]),
    "Visit": ("none", [("CustomerId", "Customer", None, 1, None), ("StoreId", "Store", None, 0.5, None)]),
    "Campaign": ("key", []),
    "Response": (
        "composite",
        [("CampaignId", "Campaign", None, 1, None), ("CustomerId", "Customer", None, 1, None)],
    ),
}
BUSINESS = {
    "Industry": ("key", []),
    "Account": (
        "key",
        [
            ("IndustryId", "Industry", None, 0.7, None),
            ("ParentId", "Account", "Parent", 1, None),
            ("MainContactId", "Contact", "MainContact", 0.4, None),
        ],
    ),
    "Contact": ("key", [("AccountId", "Account", None, 1, None), ("ManagerId", "Contact", "Manager", 0.3, None)]),
    "Deal": ("key", [("AccountId", "Account", None, 1, None), ("OwnerId", "Contact", "Owner", 0.5, None)]),
    "DealLine": ("maybe", [("DealId", "Deal", None, 1, None)]),
    "Activity": ("none", [("ContactId", "Contact", None, 1, None), ("DealId", "Deal", None, 0.4, None)]),
    "Invoice": (
        "key",
        [
            ("BillTo", "Account", "BillToAccount", 1, None),
            ("ShipTo", "Account", "ShipToAccount", 0.8, None),
            ("ContactId", "Contact", None, 0.3, None),
        ],
    ),
    "Membership": (
        "composite",
        [("ContactId", "Contact", None, 1, None), ("GroupId", "Group", None, 1, None)],
    ),
    "Group": ("key", []),
}
DERIVED = {
    "Shopper": ("derived", []),
    "Product": ("key", []),
    "Transaction": (
        "maybe",
        [("ShopperKey", "Shopper", None, 1, None), ("ProductId", "Product", None, 0.8, None)],
    ),
    "Complaint": ("none", [("ShopperKey", "Shopper", None, 1, None)]),
}


def random_schema(random):
    """A workspace document; every attribute has its type."""
    kind = random.choices(["retail", "business", "derived"], [55, 35, 10])[0]
    template = {"retail": RETAIL, "business": BUSINESS, "derived": DERIVED}[kind]
    template = renamed(template, {"OrderLine": "Order Line"}) if random.random() < 0.2 else template
    template = without_some_tables(random, template)
    keys = {t: random.choice(["integer", "text"]) for t in template}
    document = {
        "workspace": f"Random {kind}",
        "timeZone": random.choices(ZONES, [3, 3, 1, 2, 2, 1, 1])[0],
        "weekStart": random.choice(WEEK_DAYS),
        "sources": random_sources(random),
        "tables": {},
        "relationships": [],
        "audiences": random_audiences(random, kind),
    }
    if random.random() < 0.3:
        del document["weekStart"]
    for table, (key, foreign_keys) in template.items():
        chosen = [f for f in foreign_keys if f[1] in template and random.random() < f[3]]
        document["tables"][table] = random_table(random, table, key, chosen, keys, document["sources"])
        document["relationships"] += [relationship(random, table, f) for f in chosen]
    if "Store" in document["audiences"] and "Store.StoreId" not in str(document["relationships"]):
        del document["audiences"]["Store"]  # an audience that nothing leads to has no paths
    if kind == "derived":
        document["tables"]["Shopper"] = {"derivedFrom": "Transaction.ShopperKey", "key": "ShopperKey"}
    return document


def renamed(template, names):
    return {names.get(t, t): spec for t, spec in template.items()}


OPTIONAL = ["Consent", "Visit", "Campaign", "Activity", "Membership", "DealLine", "Complaint"]


def without_some_tables(random, template):
    dropped = [t for t in OPTIONAL if random.random() < 0.25]
    kept = {t: spec for t, spec in template.items() if t not in dropped}
    if "Campaign" not in kept:
        kept.pop("Response", None)
    return kept


def random_audiences(random, kind):
    if kind == "business":
        account = {"table": "Account", "kind": "account", "hierarchy": "Account.Parent"}
        return {"Account": account, "Contact": {"table": "Contact", "kind": "contact"}}
    if kind == "derived":
        return {"Shopper": {"table": "Shopper"}}
    audiences = {random.choice(["Customer", "Consumers"]): {"table": "Customer"}}
    if random.random() < 0.4:
        audiences["Store"] = {"table": "Store"}
    return audiences


def random_sources(random):
    """One source of CSV files and one of NDJSON files."""
    csv = {
        "folder": "data",
        "timeZone": random.choice(["UTC", random.choice(ZONES)]),
        "delimiter": random.choice([",", ",", ";"]),
    }
    if random.random() < 0.3:
        csv["dateFormat"] = random.choice(["%m/%d/%Y", "%d.%m.%Y"])
    if random.random() < 0.3:
        csv["missing"] = ["NULL", "n/a"]
    return {"files": csv, "records": {"folder": "data", "timeZone": random.choice(["UTC", "Europe/Oslo"])}}


def random_table(random, table, key, foreign_keys, keys, sources):
    attributes = {}
    if key == "key" or (key == "maybe" and random.random() < 0.5):
        attributes[f"{table.replace(' ', '')}Id"] = keys[table]
    key_names = list(attributes)
    for column, target, *_ in foreign_keys:
        attributes[column] = keys[target]
    if key == "composite":
        attributes["LineNo"] = "integer"
        key_names = [foreign_keys[0][0], "LineNo"] if random.random() < 0.6 else []
    attributes.update(random_attributes(random))
    stem = table.replace(" ", "_").lower()  # so that no glob takes another table's files
    spec = {"source": "records", "files": f"{stem}.ndjson"}
    if random.random() < 0.75:
        spec = {"source": "files", "files": random.choice([f"{stem}.csv", f"{stem}-*.csv"])}
    if key_names:
        spec["key"] = key_names[0] if len(key_names) == 1 else key_names
    spec["attributes"] = {n: attribute(random, n, t, spec["source"]) for n, t in attributes.items()}
    return spec


def random_attributes(random):
    types = ["text", "integer", random.choice(["decimal", "double"]), random.choice(["date", "datetime"])]
    types += random.choices(list(NAMES), [3, 2, 2, 2, 3, 5, 2], k=random.randint(2, 5))
    chosen = {}
    for kind in types:
        name = random.choice(NAMES[kind])
        chosen[name] = kind
    return chosen


def attribute(random, name, kind, source):
    spec = {"type": kind}
    if kind == "date" and source == "files" and random.random() < 0.2:
        spec["format"] = random.choice(["%d.%m.%Y", "%Y%m%d", "%m/%d/%Y"])
    if random.random() < 0.1:
        spec["column"] = random.choice([f"{name} (raw)", f"{name};x", f"{name}, \"raw\""])
    return kind if spec == {"type": kind} else spec


def relationship(random, table, foreign_key):
    column, target, name, _, kind = foreign_key
    target_key = "ShopperKey" if target == "Shopper" else f"{target.replace(' ', '')}Id"
    source, target = f"{quoted(table)}.{quoted(column)}", f"{quoted(target)}.{quoted(target_key)}"
    if kind is None and random.random() < 0.6:
        return f"{source} -> {target}" + (f" as {name}" if name else "")
    spec = {"from": source, "to": target, "name": name, "kind": kind or "many-to-one"}
    return {k: v for k, v in spec.items() if v is not None}
