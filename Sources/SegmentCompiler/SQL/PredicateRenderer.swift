/// Renders predicates on joined rows.
///
/// A rendered predicate may come out NULL where it means false; `AND`, `OR` and `WHERE` keep that meaning,
/// and a negation asks `IS NOT TRUE`.
struct PredicateRenderer {
  let rows: JoinedRows
  var aggregate: AggregateValue?

  /// The columns that hold a rule's aggregate.
  struct AggregateValue {
    var value: SQLQuery
    /// Of an exact average: the sum, and the number of values.
    var ratio: (sum: SQLQuery, count: SQLQuery)?
  }

  /// DuckDB takes a conjunction apart into filters and compares each with each other: 10,000 of them took 15 GB.
  /// What `IS TRUE` is asked of stays one filter.
  private static let mostFilters = 100

  func sql(_ predicate: RowPredicate) throws -> SQLQuery {
    switch predicate {
    case .always(let value): return value ? "TRUE" : "FALSE"
    case .all(let parts):
      let all: SQLQuery = "(\(try parts.map(sql).joined(" AND ")))"
      return parts.count > PredicateRenderer.mostFilters ? "(\(all) IS TRUE)" : all
    case .any(let parts): return "(\(try parts.map(sql).joined(" OR ")))"
    case .not(.missing(let expression)): return "\(try sql(present: expression)) IS NOT NULL"
    case .not(let part): return "(\(try sql(part))) IS NOT TRUE"
    case .missing(let expression): return "\(try sql(present: expression)) IS NULL"
    case .compare(.aggregate, let relation, .literal(.exact(let number, .ratio))):
      return try ratio(relation, number)
    case .compare(let left, let relation, let right):
      return "\(try sql(left)) \(relation.sql) \(try sql(right))"
    case .oneOf(let expression, let literals):
      return "\(try sql(expression)) IN (\(literals.map(sql).joined(", ")))"
    case .text(let subject, let test, let part):
      let function: SQLQuery =
        switch test {
        case .contains: "contains"
        case .startsWith: "starts_with"
        case .endsWith: "ends_with"
        }
      return "\(function)(\(try sql(subject)), \(try sql(part)))"
    case .member(let row, let audience, let segment):
      return try member(row, audience: audience, segment: segment)
    case .split(let key, let split):
      let hash = rows.source.dialect.splitHash(split.salt, try keyText(key))
      let buckets = split.buckets.map { "\(number: $0)" as SQLQuery }.joined(", ")
      return "\(hash) % \(number: split.of) IN (\(buckets))"
    case .related(let key, let kinship):
      return try related(key, kinship)
    }
  }

  func keyText(_ key: Column) throws -> SQLQuery {
    key.type == .text ? rows.column(key) : "CAST(\(rows.column(key)) AS VARCHAR)"
  }

  // MARK: Rows

  private func member(_ row: RowReference, audience: String, segment: String) throws -> SQLQuery {
    guard let table = rows.source.memberTables[segment] else {
      throw RenderingError.noMembers(segment: segment)
    }
    let ordinal: SQLQuery
    if row == RowReference(place: 0), audience == rows.path.audience {
      ordinal = rows.ordinal
    } else {
      let column = try rows.source.ordinalColumn(
        of: rows.path.table(of: row), audience: audience)
      ordinal = "\(rows.alias(of: row)).\(identifier: column)"
    }
    return "\(ordinal) IN (SELECT ordinal FROM \(identifier: table))"
  }

  private func related(_ key: Column, _ kinship: RowPredicate.Kinship) throws -> SQLQuery {
    let table: SQLQuery = "\(identifier: try rows.source.part(kinship.table).storedName)"
    let (found, known) =
      kinship.child ? (kinship.key, kinship.parentKey) : (kinship.parentKey, kinship.key)
    // The parent of a child has to be there: a foreign key without a row reaches nothing.
    let direct: SQLQuery =
      "SELECT t.\(identifier: found) AS k FROM \(table) AS t JOIN \(table) AS parent ON parent.\(identifier: kinship.key) = t.\(identifier: kinship.parentKey) WHERE t.\(identifier: known) = \(sql(kinship.of))"
    guard kinship.allLevels else { return "\(rows.column(key)) IN (\(direct))" }
    // UNION (not ALL) ends at cycles.
    return
      "\(rows.column(key)) IN (WITH RECURSIVE kin AS (\(direct) UNION SELECT t.\(identifier: found) FROM \(table) AS t JOIN kin ON t.\(identifier: known) = kin.k) SELECT k FROM kin)"
  }

  // MARK: Expressions

  private func ratio(_ relation: RowPredicate.Relation, _ number: ExactNumber) throws -> SQLQuery {
    guard let ratio = aggregate?.ratio else { preconditionFailure("only averages are ratios") }
    return "\(ratio.sum) \(relation.sql) \(sql(.exact(number, .ratio))) * \(ratio.count)"
  }

  /// What is asked for being there.
  private func sql(present expression: RowExpression) throws -> SQLQuery {
    if case .aggregate = expression, let ratio = aggregate?.ratio { return ratio.sum }
    return try sql(expression)
  }

  func sql(_ expression: RowExpression) throws -> SQLQuery {
    let dialect = rows.source.dialect
    switch expression {
    case .column(let column): return rows.column(column)
    case .literal(let literal): return sql(literal)
    case .aggregate:
      guard let value = aggregate?.value else {
        preconditionFailure("an aggregate stands in tests of aggregates only")
      }
      return value
    case .lowercased(let inner): return "lower(\(try sql(inner)))"
    case .local(let inner, let zone): return dialect.local(try sql(inner), zone)
    case .day(let inner): return "CAST(\(try sql(inner)) AS DATE)"
    case .part(let part, let inner):
      let value = try sql(inner)
      switch part {
      case .dayOfMonth: return "day(\(value))"
      case .month: return "month(\(value))"
      case .year: return "year(\(value))"
      case .dayOfWeek: return dialect.dayOfWeek(value)
      case .monthAndDay: return "(month(\(value)) * 100 + day(\(value)))"
      case .timeOfDay: return dialect.microsecondOfDay(value)
      }
    }
  }

  func sql(_ literal: Literal) -> SQLQuery {
    switch literal {
    case .text(let text): "\(bind: .text(text))"
    case .integer(let number): "\(bind: .integer(number))"
    case .double(let number): "\(bind: .double(number))"
    case .boolean(let value): "\(bind: .boolean(value))"
    case .date(let date): "\(bind: .date(Int32(date.days)))"
    case .instant(let instant): "\(bind: .instant(instant.microseconds))"
    case .exact(let number, .decimal(let precision, let scale)):
      "CAST(\(bind: .decimal(number.description)) AS DECIMAL(\(number: precision), \(number: scale)))"
    case .exact(let number, .wide):
      "CAST(\(bind: .decimal(number.description)) AS HUGEINT)"
    case .exact(let number, .ratio):
      "CAST(\(bind: .decimal(number.description)) AS \(number.sqlType))"
    }
  }
}

extension ExactNumber {
  /// The narrowest DECIMAL that holds it.
  fileprivate var sqlType: SQLQuery {
    "DECIMAL(\(number: min(38, max(1, wholeDigits + scale))), \(number: min(38, scale)))"
  }
}

extension RowPredicate.Relation {
  fileprivate var sql: SQLQuery {
    switch self {
    case .equal: "="
    case .less: "<"
    case .lessOrEqual: "<="
    case .greater: ">"
    case .greaterOrEqual: ">="
    }
  }
}
