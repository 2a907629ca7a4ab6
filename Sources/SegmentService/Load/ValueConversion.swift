import SegmentCompiler

/// The SQL that makes an attribute's value of what stands in a file.
struct ValueConversion {
  let type: AttributeType
  /// DuckDB's name of the type in the file.
  let from: String
  /// Of dates and datetimes, for `strptime`.
  let format: String?
  let source: DataSource

  /// The value, NULL where it is missing or does not fit.
  func value(_ raw: SQLQuery) -> SQLQuery {
    if from != "VARCHAR" { return ofTyped(raw) }
    switch type {
    case .text: return raw
    case .integer:
      return
        "CASE WHEN regexp_full_match(trim(\(raw)), '[-+]?[0-9]+(\\.0*)?') THEN TRY_CAST(trim(\(raw)) AS BIGINT) END"
    case .decimal(_, let scale):
      let pattern = SQLQuery.literal(
        "[-+]?([0-9]+(\\.[0-9]{0,\(scale)}0*)?|\\.[0-9]{1,\(max(1, scale))}0*)")
      let cast: SQLQuery = "TRY_CAST(trim(\(raw)) AS \(type.sql))"
      // With an exponent, as JSON may have it, a number fits where no digit is lost.
      return """
        CASE WHEN regexp_full_match(trim(\(raw)), \(pattern)) THEN \(cast)
          WHEN regexp_full_match(trim(\(raw)), '[-+]?[0-9.]+[eE][-+]?[0-9]+')
            AND TRY_CAST(trim(\(raw)) AS DOUBLE) = CAST(\(cast) AS DOUBLE) THEN \(cast) END
        """
    case .double:
      return
        "CASE WHEN regexp_full_match(trim(\(raw)), '[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?') THEN TRY_CAST(trim(\(raw)) AS DOUBLE) END"
    case .boolean:
      return """
        CASE WHEN lower(trim(\(raw))) IN ('true', 't', 'yes', 'y', '1') THEN true
          WHEN lower(trim(\(raw))) IN ('false', 'f', 'no', 'n', '0') THEN false END
        """
    case .date: return date(raw)
    case .datetime: return datetime(raw)
    }
  }

  /// Whether `raw` holds something that gave no value; nil where it always gives one.
  func isWrong(_ raw: SQLQuery, _ value: SQLQuery) -> SQLQuery? {
    guard from == "VARCHAR" else {
      return isNatural ? nil : "(\(raw) IS NOT NULL AND \(value) IS NULL)"
    }
    switch type {
    case .text: return nil
    // Not a number is missing, as is a quoted empty cell of anything but texts.
    case .double:
      return "(\(value) IS NULL AND \(raw) IS NOT NULL AND lower(trim(\(raw))) NOT IN ('', 'nan'))"
    default: return "(\(value) IS NULL AND \(raw) IS NOT NULL AND trim(\(raw)) <> '')"
    }
  }

  // MARK: - Dates

  private func date(_ raw: SQLQuery) -> SQLQuery {
    if let format { return "CAST(try_strptime(\(raw), \(.literal(format))) AS DATE)" }
    return """
      CASE WHEN regexp_full_match(trim(\(raw)), '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\\.0+)?)?)?')
        THEN TRY_CAST(left(trim(\(raw)), 10) AS DATE) END
      """
  }

  private func datetime(_ raw: SQLQuery) -> SQLQuery {
    if let format {
      let parsed: SQLQuery = "try_strptime(\(raw), \(.literal(format)))"
      return format.contains("%z") || format.contains("%Z")
        ? "timezone('UTC', \(parsed))" : inUTC(parsed)
    }
    return """
      CASE WHEN regexp_full_match(trim(\(raw)), '\(ValueConversion.isoWithZone)')
          THEN timezone('UTC', TRY_CAST(trim(\(raw)) AS TIMESTAMPTZ))
        WHEN regexp_full_match(trim(\(raw)), '\(ValueConversion.iso)')
          THEN \(inUTC("TRY_CAST(trim(\(raw)) AS TIMESTAMP)")) END
      """
  }

  static let iso: SQLQuery =
    "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?)?"
  static let isoWithZone: SQLQuery =
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)? ?(Z|[-+][0-9]{2}(:?[0-9]{2})?)"

  /// A datetime without a zone, read in the source's: in an overlap the earlier instant, in a gap moved
  /// forward by the gap. DuckDB's own reading takes the later instant.
  private func inUTC(_ timestamp: SQLQuery) -> SQLQuery {
    guard source.timeZone != "UTC" else { return timestamp }
    let zone = SQLQuery.literal(source.timeZone)
    // With the offset of the day before, which is that before a change.
    let early: SQLQuery =
      "(timezone('UTC', timezone(\(zone), \(timestamp) - INTERVAL 24 HOUR)) + INTERVAL 24 HOUR)"
    let late: SQLQuery = "timezone('UTC', timezone(\(zone), \(timestamp)))"
    return """
      CASE WHEN timezone(\(zone), timezone('UTC', \(early))) = \(timestamp) THEN \(early)
        WHEN timezone(\(zone), timezone('UTC', \(late))) = \(timestamp) THEN \(late)
        ELSE \(early) END
      """
  }

  // MARK: - Columns that have a type

  /// What a typed column is without a declaration; nil where it cannot be loaded.
  static func natural(_ type: String) -> AttributeType? {
    switch type {
    case "BOOLEAN": return .boolean
    case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER":
      return .integer
    case "UBIGINT": return .decimal(precision: 20, scale: 0)
    case "HUGEINT", "UHUGEINT": return .decimal(precision: 38, scale: 0)
    case "FLOAT", "DOUBLE": return .double
    case "VARCHAR", "UUID", "TIME", "JSON": return .text
    case "DATE": return .date
    case _ where type.hasPrefix("TIMESTAMP"): return .datetime
    case _ where type.hasPrefix("ENUM"): return .text
    case _ where type.hasPrefix("DECIMAL") && !type.hasSuffix("]"):
      return AttributeType(name: type.lowercased())
    default: return nil
    }
  }

  private var isNatural: Bool {
    ValueConversion.natural(from) == type && !from.contains("HUGEINT") || type == .text
  }

  private func ofTyped(_ raw: SQLQuery) -> SQLQuery {
    switch (type, ValueConversion.natural(from)) {
    case (.text, _): "CAST(\(raw) AS VARCHAR)"
    case (.datetime, .datetime) where from.contains("TIME ZONE"):
      "timezone('UTC', CAST(\(raw) AS TIMESTAMPTZ))"
    case (.datetime, .datetime), (.datetime, .date): inUTC("CAST(\(raw) AS TIMESTAMP)")
    case (.double, _):
      "CASE WHEN NOT isnan(TRY_CAST(\(raw) AS DOUBLE)) THEN TRY_CAST(\(raw) AS DOUBLE) END"
    case (.integer, .decimal), (.integer, .double):
      "CASE WHEN \(raw) = trunc(\(raw)) THEN TRY_CAST(\(raw) AS BIGINT) END"
    case (.decimal(_, let scale), .decimal(_, let digits)?) where digits > scale:
      "CASE WHEN TRY_CAST(\(raw) AS \(type.sql)) = \(raw) THEN TRY_CAST(\(raw) AS \(type.sql)) END"
    case (.date, .datetime), (.boolean, .integer), (.integer, .boolean), (.date, .date),
      (.boolean, .boolean), (.integer, .integer), (.decimal, .integer), (.decimal, .decimal),
      (.decimal, .double):
      "TRY_CAST(\(raw) AS \(type.sql))"
    default: "CAST(NULL AS \(type.sql))"
    }
  }
}
