import SegmentCompiler
import SegmentEngines
import SegmentStore

/// A copy of rows without what a cascade has marked.
struct CleanRows {
  let cascade: Cascade
  let rows: StoredRows
  /// In the order of the copy.
  let columns: [String]
  /// Of the columns, those that were calculated.
  let calculated: Set<String>
  /// How they are calculated; nil where that is no longer known.
  let calculations: [(name: String, calculation: Calculation)]?
  /// Ordinals that are given to nobody any more, a table with `audience` and `ordinal`; nil for none.
  var burnt: SQLQuery?

  /// The rows that stay, in their order.
  func query() async throws -> SQLQuery {
    let cleared = try await clearedColumns()
    // A calculated attribute may have been made from what is missing now.
    let stale = cleared.allSatisfy(isRoute) ? [] : calculated
    let known = calculations == nil ? [] : stale
    let list = columns.filter { !known.contains($0) }.map { column in
      "\(value(column, cleared, isStale: stale.contains(column))) AS \(identifier: column)"
        as SQLQuery
    }
    let kept: SQLQuery = """
      SELECT \(list.joined(", ")) FROM \(rows.sql) AS r WHERE NOT \(cascade.isMarked(rows))
      """
    guard let calculations, !known.isEmpty else { return kept }
    let all = columns.map { column in
      "\(known.contains(column) && cleared.contains(column) ? clearing(column) : "r.\(identifier: column)") AS \(identifier: column)"
        as SQLQuery
    }
    return """
      SELECT \(all.joined(", "))
      FROM (\(CalculatedColumns.adding(calculations, to: kept))) AS r
      """
  }

  private func value(_ column: String, _ cleared: Set<String>, isStale: Bool) -> SQLQuery {
    if isStale {
      return """
        CASE WHEN r.\(identifier: Part.rowColumn) NOT IN
          (\(marks) AND attribute IS NOT NULL AND NOT starts_with(attribute, '_muster'))
          THEN r.\(identifier: column) END
        """
    }
    let value = cleared.contains(column) ? clearing(column) : "r.\(identifier: column)"
    guard let burnt, let route = rows.routes.first(where: { $0.column == column }) else {
      return value
    }
    return """
      CASE WHEN r.\(identifier: column) NOT IN (
        SELECT ordinal FROM \(burnt) WHERE audience = \(bind: .text(route.audience))) THEN \(value) END
      """
  }

  private func clearing(_ column: String) -> SQLQuery {
    """
    CASE WHEN r.\(identifier: Part.rowColumn) NOT IN (\(marks) AND attribute = \(bind: .text(column)))
      THEN r.\(identifier: column) END
    """
  }

  private var marks: SQLQuery {
    "SELECT \"row\" FROM \(Cascade.marks) WHERE rows = \(bind: .integer(rows.id))"
  }

  private func isRoute(_ column: String) -> Bool { rows.routes.contains { $0.column == column } }

  private func clearedColumns() async throws -> Set<String> {
    let found = try await cascade.connection.rows(
      """
      SELECT DISTINCT attribute FROM \(Cascade.marks)
      WHERE rows = \(bind: .integer(rows.id)) AND attribute IS NOT NULL
      """)
    return Set(found.compactMap { $0[0].string })
  }
}
