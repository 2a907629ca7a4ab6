import SegmentCompiler
import SegmentEngines
import SegmentStore

extension Checkup {
  /// Keys and ordinals are unique, and no fewer than were recorded.
  mutating func checkDictionaries() async throws {
    let recorded = try service.store.dictionarySizes()
    for audience in try await audiences().union(recorded.keys).sorted() {
      let about = "ordinals of \(audience)"
      do {
        let size = try await readDictionary(audience)
        dictionaries[audience] = size
        report.verified.dictionaries += 1
        if let known = recorded[audience],
          size.rows < known.rows || size.ordinals < known.ordinals && known.rows > 0
        {
          dictionaries[audience] = nil
          report.note(
            .damage, about, "There are \(size.rows) of \(known.rows) that were given.",
            .rebuildDictionary(audience: audience))
        }
      } catch let error as MissingTable {
        // After the data file was given up there are none, until the next load.
        if recorded[audience]?.rows == 0 { continue }
        report.note(.damage, about, "\(error)", .rebuildDictionary(audience: audience))
      } catch let error as DuckDBError {
        report.note(
          .damage, about, "They cannot be read: \(error.brief)",
          .rebuildDictionary(audience: audience))
      } catch let error as DoubledKeys {
        report.note(.damage, about, "\(error)", .rebuildDictionary(audience: audience))
      }
    }
  }

  private func audiences() async throws -> Set<String> {
    let prefix = LoadNames.ordinals("")
    return Set(
      try await tables.all().filter { $0.hasPrefix(prefix) }.map {
        String($0.dropFirst(prefix.count))
      })
  }

  private func readDictionary(_ audience: String) async throws -> DictionarySize {
    let table = LoadNames.ordinals(audience)
    let content = StoredContent(connection: connection)
    guard try await !content.columns(of: table).isEmpty else { throw MissingTable(table: table) }
    _ = try await content.read(table)
    let counts = try await connection.rows(
      """
      SELECT count(*) - count(DISTINCT ordinal), count(key) - count(DISTINCT key)
      FROM \(identifier: table)
      """)[0]
    guard counts[0].integer == 0, counts[1].integer == 0 else {
      throw DoubledKeys(ordinals: counts[0].integer ?? 0, keys: counts[1].integer ?? 0)
    }
    return try await OrdinalDictionary(connection: connection).size(audience)
  }

  /// Every part is there, can be read to its last block, and holds what it held when it was written.
  mutating func checkParts() async throws {
    for record in parts {
      let name = record.part.storedName
      do {
        let (content, rows) = try await StoredContent(connection: connection).read(name)
        report.verified.parts += 1
        report.verified.rows += rows
        if let problem = try await problem(of: record, content, rows: rows) {
          report.note(.damage, "part \(name)", problem, .forgetPart(record.part.id))
        }
      } catch let error as MissingTable {
        report.note(.damage, "part \(name)", "\(error)", .forgetPart(record.part.id))
      } catch let error as DuckDBError where error.category != .interrupted {
        report.note(
          .damage, "part \(name)", "Its rows cannot be read: \(error.brief)",
          .forgetPart(record.part.id))
      }
    }
  }

  private mutating func problem(
    of record: PartRecord, _ content: TableContent, rows: Int64
  ) async throws -> String? {
    let part = record.part
    guard rows == part.rows else { return "It has \(rows) rows and had \(part.rows)." }
    let types = Dictionary(content.columns.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
    for attribute in record.attributes {
      guard let type = types[attribute.name] else {
        return "The attribute \(attribute.name) is missing."
      }
      if ValueConversion.natural(type) != attribute.type {
        return "The attribute \(attribute.name) is \(type) and was \(attribute.type.name)."
      }
    }
    for column in [Part.rowColumn] + part.routes.map(\.column) where types[column] == nil {
      return "The column \(column) is missing."
    }
    if let known = record.content {
      if known.columns != content.columns {
        return "Its columns are others than it was written with."
      }
      if known.engine == content.engine, known.checksum != content.checksum {
        return "Its rows do not match their checksum."
      }
      if known.engine != content.engine {
        report.note(
          .notice, "part \(part.storedName)",
          "Its checksum is of DuckDB \(known.engine) and cannot be compared by \(content.engine).",
          .none)
      }
    }
    if let problem = try await keyProblem(of: record) { return problem }
    return try await routeProblem(of: record)
  }

  private func keyProblem(of record: PartRecord) async throws -> String? {
    guard let table = service.definition.table(record.part.table),
      record.definition == service.definition.definitionHash(of: table), !table.key.isEmpty
    else { return nil }
    let checks = DataChecks(
      connection: connection, table: table.name, rows: "\(identifier: record.part.storedName)",
      files: record.files)
    return try await checks.key(table.key, what: "key", mayBeMissing: false).first?.message
  }

  /// Ordinals in routes are those of the dictionary; beside a profile's key stands its own.
  private func routeProblem(of record: PartRecord) async throws -> String? {
    let part = record.part
    for route in part.routes where dictionaries[route.audience] != nil {
      let dictionary: SQLQuery = "\(identifier: LoadNames.ordinals(route.audience))"
      let ordinal: SQLQuery = "p.\(identifier: route.column)"
      let unknown =
        try await connection.rows(
          """
          SELECT count(*) FROM \(identifier: part.storedName) AS p
          WHERE \(ordinal) IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM \(dictionary) AS d WHERE d.ordinal = \(ordinal))
          """)[0][0].integer ?? 0
      if unknown > 0 {
        return
          "\(unknown.counted("row")) \(unknown == 1 ? "leads" : "lead") to an ordinal of \(route.audience) that was never given."
      }
      guard route.steps.isEmpty, let key = key(of: record) else { continue }
      let wrong =
        try await connection.rows(
          """
          SELECT count(*) FROM \(identifier: part.storedName) AS p
          JOIN \(dictionary) AS d ON d.ordinal = \(ordinal)
          WHERE d.key IS DISTINCT FROM p.\(identifier: key)
          """)[0][0].integer ?? 0
      if wrong > 0 {
        return
          "\(wrong.counted("profile")) \(wrong == 1 ? "has" : "have") the ordinal of another \(route.audience)."
      }
    }
    return nil
  }

  /// The key of a profile table, as far as it is known what it was when the part was made.
  func key(of record: PartRecord) -> String? {
    guard let table = service.definition.table(record.part.table),
      record.definition == service.definition.definitionHash(of: table)
    else { return nil }
    return table.key.first
  }
}

private struct DoubledKeys: Error, CustomStringConvertible {
  var ordinals: Int64
  var keys: Int64
  var description: String {
    "\(ordinals.counted("ordinal")) and \(keys.counted("key")) are there more than once."
  }
}
