/// What differs between SQL engines; everything else is rendered the same for all.
public struct Dialect: Sendable {
  public let name: String
  /// A UTC timestamp as the wall clock of a zone.
  let local: @Sendable (SQLQuery, Zone) -> SQLQuery
  /// Microseconds since midnight of a wall-clock timestamp.
  let microsecondOfDay: @Sendable (SQLQuery) -> SQLQuery
  /// 1 = Monday … 7 = Sunday.
  let dayOfWeek: @Sendable (SQLQuery) -> SQLQuery
  /// The first 15 hexadecimal digits of md5(salt, 0x00, key) as a number; the key is a text.
  let splitHash: @Sendable (_ salt: String, _ key: SQLQuery) -> SQLQuery
  /// A number below 2^32 that a whole number and a seed hash to. Only a sample depends on it: it may be another one in
  /// another version of an engine.
  let hash32: @Sendable (SQLQuery, _ seed: Int) -> SQLQuery
  /// A double rounded to 12 significant decimal digits.
  let rounded: @Sendable (SQLQuery) -> SQLQuery
  /// All values in an order, as a list.
  let list: @Sendable (_ value: SQLQuery, _ order: SQLQuery) -> SQLQuery
  let emptyList: SQLQuery

  public static let duckDB = Dialect(
    name: "DuckDB",
    local: { timestamp, zone in
      zone == .utc
        ? timestamp
        : LocalClock.sql(
          timestamp, zone,
          otherwise: "((\(timestamp) AT TIME ZONE 'UTC') AT TIME ZONE \(bind: .text(zone.name)))")
    },
    microsecondOfDay: { timestamp in
      "((epoch_us(\(timestamp)) % 86400000000 + 86400000000) % 86400000000)"
    },
    dayOfWeek: { "isodow(\($0))" },
    splitHash: { salt, key in
      "CAST('0x' || substr(md5(\(bind: .blob(Array(salt.utf8) + [0])) || encode(\(key))), 1, 15) AS BIGINT)"
    },
    hash32: { number, seed in "(hash(\(number), \(number: seed)) >> 32)" },
    rounded: { "CAST(format('{:.11e}', \($0)) AS DOUBLE)" },
    list: { value, order in "list(\(value) ORDER BY \(order))" },
    emptyList: "[]"
  )
}
