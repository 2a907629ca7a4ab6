import SegmentCompiler
import SegmentEngines

extension ProposalRun {
  /// Both sides of a relationship must have one type: where they differ, one side is declared.
  mutating func settleKeyTypes() {
    for set in connectedColumns() {
      let types = Set(set.compactMap { tables[$0.table].loadedType($0.column) })
      guard types.count > 1 else { continue }
      let profiles = set.compactMap { tables[$0.table].profile.column($0.column) }
      let isNumbers = relationships.contains {
        set.contains($0.source) && $0.match.reading == .asNumbers
      }
      // Leading zeros are lost by a number, so only those of a foreign key to plain numbers may go.
      let isPlain = profiles.allSatisfy { $0.isWhole && ($0.count(.leadingZero) == 0 || isNumbers) }
      let shared: AttributeType = isPlain ? .integer : .text
      for column in set { declare(shared, column) }
    }
  }

  /// Columns that relationships connect, over several of them.
  private func connectedColumns() -> [[DraftColumn]] {
    var sets: [[DraftColumn]] = []
    for draft in relationships {
      guard let key = tables[draft.target].singleKey else { continue }
      join(draft.source, DraftColumn(table: draft.target, column: key.name), &sets)
    }
    for draft in derived {
      for source in draft.sources { join(source.column, draft.origin, &sets) }
    }
    return sets
  }

  private func join(_ a: DraftColumn, _ b: DraftColumn, _ sets: inout [[DraftColumn]]) {
    let touched = sets.filter { $0.contains(a) || $0.contains(b) }
    sets.removeAll { $0.contains(a) || $0.contains(b) }
    var joined = touched.flatMap { $0 }
    for column in [a, b] where !joined.contains(column) { joined.append(column) }
    sets.append(joined)
  }

  private mutating func declare(_ type: AttributeType, _ column: DraftColumn) {
    guard let index = tables[column.table].profile.index(column.column),
      tables[column.table].advice[index].loaded != type
    else { return }
    let profile = tables[column.table].profile.columns[index]
    tables[column.table].advice[index].type = .exactly(type)
    tables[column.table].advice[index].format = nil
    guard !tables[column.table].advice[index].traps.contains(where: { $0.kind == .decimalKey })
    else { return }
    let zeros = profile.count(.leadingZero)
    let message =
      if type == .text {
        "text, as the key it is compared with"
      } else if zeros > 0 {
        "an integer, as the key it is compared with has no leading zeros (here '\(profile.kinds[.leadingZero]!.example)')"
      } else if let example = profile.kinds[.wholeWithPoint]?.example {
        "written as \(example): an integer, as the key it is compared with"
      } else {
        "an integer, as the key it is compared with"
      }
    tables[column.table].advice[index].traps.removeAll { $0.kind == .leadingZeros }
    let kind: Trap.Kind =
      zeros > 0 ? .leadingZeros : profile.count(.wholeWithPoint) > 0 ? .decimalKey : .keyTypes
    tables[column.table].advice[index].traps.append(
      Trap(kind: kind, attribute: column.column, message: message))
  }

  /// Every declared type reads every value, by the conversion of a load, and keeps apart what a key keeps apart; a
  /// type that does not is taken back.
  mutating func verifyTypes() async throws {
    for table in tables.indices {
      for (index, column) in tables[table].profile.columns.enumerated() {
        let advice = tables[table].advice[index]
        guard case .exactly(let type) = advice.type, type != .text, column.natural == nil,
          let values = tables[table].profile.values(column.name)
        else { continue }
        let conversion = ValueConversion(
          type: type, from: "VARCHAR", format: advice.format, source: DataSource())
        let value = conversion.value("v")
        let isWrong = conversion.isWrong("v", value) ?? "false"
        let missing = tables[table].advice.missing.map(SQLQuery.literal).joined(", ")
        let isRead: SQLQuery =
          tables[table].advice.missing.isEmpty ? "true" : "v NOT IN (\(missing))"
        let row = try await connection.rows(
          """
          SELECT CAST(coalesce(sum(n) FILTER (\(isWrong)), 0) AS BIGINT), count(DISTINCT \(value))
          FROM \(values) WHERE \(isRead)
          """)[0]
        let wrong = Int(row[0].integer ?? 0)
        if wrong > 0 {
          takeBack(type, of: column, in: table, "\(wrong.rowsText) hold something else")
        } else if column.isUnique, Int(row[1].integer ?? 0) < column.distinct {
          takeBack(type, of: column, in: table, "some of its values are then the same")
        }
      }
    }
  }

  private mutating func takeBack(
    _ type: AttributeType, of column: ColumnProfile, in table: Int, _ reason: String
  ) {
    guard let index = tables[table].profile.index(column.name) else { return }
    tables[table].advice[index].type = nil
    tables[table].advice[index].format = nil
    tables[table].advice[index].traps.append(
      Trap(
        kind: .mixedValues, attribute: column.name,
        message: "no \(type.name), although most of it looks like it: \(reason)"))
    let isKey = tables[table].key == [column.name]
    relationships.removeAll {
      $0.source == DraftColumn(table: table, column: column.name) || isKey && $0.target == table
    }
  }
}
