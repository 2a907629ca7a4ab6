"""Polars, in a process of its own: a tenth of the segments as lazy queries over the Parquet files.

    run_polars.py DATA BOUNDS [OUT]       → {"seconds": …, "each": {name: seconds}}

BOUNDS is a JSON file of instants (see `bounds` in core.py); with OUT the keys go to OUT/<name>.parquet.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path

import polars as pl
from polars import col


def queries(data: Path, bounds: dict[str, datetime]) -> dict[str, pl.LazyFrame]:
    customer = pl.scan_parquet(data / "Customer.parquet")
    order = pl.scan_parquet(data / "OnlineOrder.parquet")
    line = pl.scan_parquet(data / "OnlineOrderLine.parquet")
    purchase = pl.scan_parquet(data / "StorePurchase.parquet")
    product = pl.scan_ndjson(data / "Product.ndjson")
    now = bounds["now"]

    def within(column: str, bound: str):
        return (col(column) > bounds[bound]) & (col(column) <= now)

    def customers_in(rows: pl.LazyFrame) -> pl.LazyFrame:
        return customer.join(rows, on="CustomerId", how="semi")

    revenue = (col("UnitPrice") * col("Quantity") * (1 - col("Discount"))).sum()
    coffee = product.filter(col("Category") == "Coffee")
    tea = product.filter(col("Category") == "Tea")
    last_year = order.filter(within("OrderedAt", "1 year"))

    found = {
        "wealth-nordic": customer.filter(col("Country").is_in(["Sweden", "Denmark", "Finland"]) & (col("Income") >= 60000)),
        "registered-6-months": customer.filter(within("RegisteredAt", "6 months")),
        "bought-coffee-month": customers_in(purchase.filter(within("PurchasedAt", "30 days")).join(coffee, on="ProductId", how="semi")),
        "ordered-returned-year": customers_in(last_year.filter((col("Status") == "returned") & (col("Channel") == "web"))),
        "orders-3-year": customers_in(last_year.group_by("CustomerId").len().filter(col("len") >= 3)),
        "spent-300-year": customers_in(
            purchase.filter(within("PurchasedAt", "1 year")).group_by("CustomerId").agg(col("Amount").sum()).filter(col("Amount") > 300)
        ),
        "revenue-500-quarter": customers_in(
            line.join(order.filter(within("OrderedAt", "90 days")), on="OrderId")
            .group_by("CustomerId")
            .agg(revenue.alias("revenue"))
            .filter(col("revenue") >= 500)
        ),
        "ordered-tea-year": customers_in(last_year.join(line.join(tea, on="ProductId", how="semi"), on="OrderId", how="semi")),
        "last-order-returned": customers_in(
            last_year.group_by("CustomerId")
            .agg(col("OrderedAt").max().alias("last"), col("OrderedAt").filter(col("Status") == "returned").max().alias("returned"))
            .filter(col("last") == col("returned"))
        ),
        "no-order-year": customer.filter(col("RegisteredAt") < bounds["a year ago"]).join(last_year, on="CustomerId", how="anti"),
    }
    return {name: frame.select("CustomerId") for name, frame in found.items()}


def main(data: str, bounds: str, out: str | None = None) -> None:
    instants = {name: datetime.fromisoformat(text) for name, text in json.loads(Path(bounds).read_text()).items()}
    each = {}
    start = time.perf_counter()
    for name, frame in queries(Path(data), instants).items():
        begun = time.perf_counter()
        keys = frame.collect(engine="streaming")
        each[name] = time.perf_counter() - begun
        if out:
            keys.write_parquet(Path(out) / f"{name}.parquet")
    print(json.dumps({"seconds": time.perf_counter() - start, "each": each}))


if __name__ == "__main__":
    main(*sys.argv[1:])
