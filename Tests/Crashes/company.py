"""A small company whose files and definitions keep changing: what the commands work on."""

import json
import os
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

# The key of each audience.
KEYS = {"Customer": "CustomerId", "Shopper": "Email"}

WORKSPACE = """\
workspace: Crash company
timeZone: Europe/Oslo
sources:
  shop: {folder: data, timeZone: UTC}
tables:
  Customer:
    files: customers-*.csv
    key: CustomerId
    attributes: {CustomerId: integer, Name: text, City: text, BirthDate: date, Income: "decimal(12,2)", ReferrerId: integer}
  Order:
    files: orders-*.csv
    key: OrderId
    attributes: {OrderId: integer, CustomerId: integer, Email: text, OrderedAt: datetime, Total: "decimal(12,2)"}
    calculated: {IsLarge: Total > 500}
  OrderLine:
    files: [lines-*.ndjson]
    attributes: {OrderId: integer, ProductId: integer, Quantity: integer, Price: "decimal(12,2)"}
    calculated: {Revenue: Price * Quantity}
  Product:
    files: products.csv
    key: ProductId
    attributes: {ProductId: integer, Category: text}
  Shopper: {derivedFrom: Order.Email, key: Email}
relationships:
  - Customer.ReferrerId -> Customer.CustomerId as Referrer
  - Order.CustomerId -> Customer.CustomerId
  - Order.Email -> Shopper.Email as Shopper
  - OrderLine.OrderId -> Order.OrderId
  - OrderLine.ProductId -> Product.ProductId
retention: {dataVersions: 2, members: 3, runs: 6}
audiences:
  Customer: {table: Customer}
  Shopper: {table: Shopper}
"""

CITIES = ["Oslo", "Bergen", "Århus", "Malmö", "Tromsø", ""]
CATEGORIES = ["coffee", "tea", "cups"]


class Company:
    """The files of a workspace in `folder`, and what happens to them; all of it decided by `random`."""

    def __init__(self, folder: Path, random: Random):
        self.folder, self.random = folder, random
        self.customers, self.orders, self.files, self.edition = 0, 0, 0, 0
        self.clock = datetime(2024, 1, 1).timestamp()
        self.today = date(2024, 6, 28)
        (folder / "data").mkdir(parents=True)
        (folder / "segments").mkdir()
        (folder / "workspace.yaml").write_text(WORKSPACE)
        lines = [f"{number},{random.choice(CATEGORIES)}" for number in range(1, 21)]
        (folder / "data/products.csv").write_text("\n".join(["ProductId,Category", *lines]) + "\n")
        for _ in range(2):
            self.add_customers()
            self.add_orders()
        self.settle()
        self.write_definitions()

    @property
    def as_of(self):
        return f"{self.today}T12:00:00Z"

    def go_on_from(self, folder):
        """Takes over what muster keeps in another workspace."""
        home = self.folder / ".muster"
        shutil.rmtree(home, ignore_errors=True)
        if (folder / ".muster").exists():
            shutil.copytree(folder / ".muster", home)

    # ---- data files

    def change_data(self):
        """One to three changes of what files there are and what is in them; says which."""
        self.today += timedelta(days=self.random.choice([0, 1, 1, 40]))
        moves = [self.add_customers, self.add_orders, self.change_orders, self.change_customers, self.remove, self.touch]
        story = ", ".join(move() for move in self.random.sample(moves, self.random.randint(1, 3)))
        self.settle()
        return story

    def add_customers(self):
        first, self.customers = self.customers + 1, self.customers + self.random.randint(20, 60)
        self.write_customers(self.next_name("customers", "csv"), range(first, self.customers + 1))
        return "new customers"

    def add_orders(self):
        first, self.orders = self.orders + 1, self.orders + self.random.randint(40, 120)
        numbers = range(first, self.orders + 1)
        self.write_orders(self.next_name("orders", "csv"), numbers)
        self.write_lines(self.next_name("lines", "ndjson"), numbers)
        return "new orders"

    def change_orders(self):
        file = self.random.choice(self.data_files("orders"))
        numbers = [int(line.split(",")[0]) for line in file.read_text().splitlines()[1:]]
        self.write_orders(file, self.random.sample(numbers, max(1, len(numbers) - 5)))
        return f"other {file.name}"

    def someone(self):
        """An audience, and the key of somebody in it."""
        number = self.random.randint(1, self.customers)
        return self.random.choice([("Customer", str(number)), ("Shopper", f"c{number // 2}@example.org")])

    def change_customers(self):
        file = self.random.choice(self.data_files("customers"))
        numbers = [int(line.split(",")[0]) for line in file.read_text().splitlines()[1:]]
        self.write_customers(file, sorted(self.random.sample(numbers, max(1, len(numbers) - 3))))
        return f"other {file.name}"

    def remove(self):
        files = [file for kind in ("customers", "orders", "lines") for file in self.data_files(kind)[2:]]
        if not files:
            return self.add_orders()
        file = self.random.choice(files)
        file.unlink()
        return f"no {file.name}"

    def touch(self):
        file = self.random.choice(self.data_files("orders"))
        file.write_bytes(file.read_bytes())
        return f"{file.name} with another time"

    def spoil(self):
        """A value that fits no type: its table fails, the others are loaded."""
        file = self.random.choice(self.data_files("orders"))
        with file.open("a") as text:
            text.write(f"{self.orders + 1},1,a@example.org,yesterday,1\n")
        self.orders += 1
        self.settle()
        return f"a wrong value in {file.name}"

    def mend(self):
        for file in self.data_files("orders"):
            lines = file.read_text().splitlines()
            if any("yesterday" in line for line in lines):
                file.write_text("\n".join(line for line in lines if "yesterday" not in line) + "\n")
        self.settle()

    def settle(self):
        """Gives files that were written since then a time of their own in the past: a load looks twice at young ones."""
        for file in sorted((self.folder / "data").iterdir()):
            if file.stat().st_mtime > self.clock:
                self.clock += 1
                os.utime(file, (self.clock, self.clock))

    def data_files(self, kind):
        return sorted((self.folder / "data").glob(f"{kind}-*"))

    def next_name(self, kind, ending):
        self.files += 1
        return self.folder / f"data/{kind}-{self.files:03d}.{ending}"

    def write_customers(self, file, numbers):
        rows = ["CustomerId,Name,City,BirthDate,Income,ReferrerId"]
        for number in numbers:
            born = date(1950, 1, 1) + timedelta(days=self.random.randrange(20_000))
            referrer = self.random.randint(1, number) if self.random.random() < 0.3 else ""
            income = self.random.randint(20_000, 99_999)
            rows.append(f"{number},Name {number},{self.random.choice(CITIES)},{born},{income}.50,{referrer}")
        file.write_text("\n".join(rows) + "\n")

    def write_orders(self, file, numbers):
        rows = ["OrderId,CustomerId,Email,OrderedAt,Total"]
        for number in numbers:
            customer = self.random.randint(1, self.customers + 3)
            at = datetime(2024, 1, 1) + timedelta(minutes=self.random.randrange(180 * 24 * 60))
            rows.append(f"{number},{customer},c{customer // 2}@example.org,{at.isoformat()},{self.random.randint(5, 900)}.25")
        file.write_text("\n".join(rows) + "\n")

    def write_lines(self, file, numbers):
        with file.open("w") as text:
            for number in numbers:
                for _ in range(self.random.randint(1, 3)):
                    price, product = self.random.randint(1, 90), self.random.randint(1, 20)
                    line = {"OrderId": number, "ProductId": product, "Quantity": self.random.randint(1, 5), "Price": price}
                    text.write(json.dumps(line) + "\n")

    # ---- definitions

    def change_definitions(self):
        self.edition += 1
        self.write_definitions()

    def write_definitions(self):
        """One file per segment in `segments/`; the next edition has other numbers, and one segment comes and goes."""
        for file in (self.folder / "segments").glob("*.yaml"):
            file.unlink()
        for definition in self.definitions():
            text = json.dumps(definition, indent=1) + "\n"
            (self.folder / f"segments/{definition['segment']}.yaml").write_text(text)

    def definitions(self):
        n = self.edition
        member_of_vip = {"match": {"is": "memberOf", "value": "vip"}}
        recent = {"attribute": "Order.OrderedAt", "is": "withinLast", "value": f"{60 + n} days"}
        spent = {"aggregate": "sum", "of": "OrderLine.Revenue", "is": "greaterThan", "value": 300 + n}
        definitions = [
            {"segment": "vip", "audience": "Customer", "rules": [{"from": "OrderLine", "quantifier": spent}]},
            {"segment": "recent", "audience": "Customer", "rules": [{"from": "Order", "match": recent}],
             "project": ["Customer.Name", "Order.Total", "Order.OrderedAt"]},
            {"segment": "lapsed", "audience": "Customer",
             "rules": [member_of_vip, {"combine": "except", "from": "Order", "match": recent}]},
            {"segment": "friends", "audience": "Customer", "rules": [
                {"match": {"row": "Customer.Referrer", "is": "memberOf", "value": "vip"}}]},
            {"segment": "by-hand", "audience": "Customer", "keys": [1, 2, 3, 30 + n, 99_999]},
            {"segment": "rich", "audience": "Customer", "rules": [
                {"match": {"attribute": "Customer.Income", "is": "greaterThan", "value": 30_000 + n}}],
             "limit": {"top": 20, "by": "Customer.Income"}},
            {"segment": "shoppers", "audience": "Shopper", "rules": [
                {"from": "Order", "match": {"attribute": "Order.Total", "is": "greaterThan", "value": 100 + n}}]},
        ]  # fmt: skip
        if n % 2:
            definitions.append({"segment": "odd", "audience": "Customer", "rules": [
                {"match": {"attribute": "Customer.City", "is": "equalTo", "value": CITIES[n % 5]}}]})  # fmt: skip
        return definitions
