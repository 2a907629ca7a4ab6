import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

extension ErasureRun {
  /// Writes everything anew without what was found: on disk when it returns, and not in force.
  func write(
    _ found: Found, progress: @escaping @Sendable (Double) -> Void
  ) async throws -> ErasureChanges {
    // Keys that nothing has are only put on the list.
    let isNeeded = !found.burnt.isEmpty || stored.values.contains(where: cascade.isTouched)
    let name = isNeeded ? DataFileName.next(after: data.name) : data.name
    let parts = isNeeded ? try await writeData(to: name, progress: progress) : [:]
    let members = try writeMembers(found.burnt, number: DataFileName.number(of: name))
    let rewriting = ListRewriting(keys: found.keys, soleAudience: service.soleAudience)
    let cause = "What stood here quoted data that was erased."
    return ErasureChanges(
      audience: found.report.audience, profiles: found.report.profiles, rows: found.report.rows,
      dataFile: name, partRows: parts.mapValues { $0.rows },
      contents: parts.mapValues { $0.content },
      suppressed: found.suppressed, members: members,
      causes: Dictionary(found.quotations.causes.map { ($0, cause) }, uniquingKeysWith: { $1 }),
      redactedEntries: Set(found.quotations.auditEntries).sorted(),
      forgottenMessages: Set(found.quotations.messages).sorted(),
      forgottenMail: Set(found.quotations.mail).sorted(),
      rewrite: rewriting.definition)
  }

  // MARK: Data

  private static let next = "_muster_next"

  private typealias WrittenPart = (content: TableContent, rows: Int64)

  private func writeData(
    to name: String, progress: @escaping @Sendable (Double) -> Void
  ) async throws -> [Int64: WrittenPart] {
    let url = service.folder.database(name)
    // Of an erasure that was interrupted.
    for file in [url.path, url.path + ".wal"] where FileManager.default.fileExists(atPath: file) {
      try FileManager.default.removeItem(atPath: file)
    }
    try await connection.attach(url.path, as: ErasureRun.next)
    do {
      let rows = try await copyAll(progress: progress)
      try await connection.execute("CHECKPOINT \(identifier: ErasureRun.next)")
      try await connection.detach(ErasureRun.next)
      try DurableFile.synchronize(file: url)
      try DurableFile.synchronize(folder: service.folder.state)
      return rows
    } catch {
      // Also after a cancellation: a task of its own is not cancelled.
      await Task { [connection] in
        try? await connection.detach(ErasureRun.next)
      }.value
      try? FileManager.default.removeItem(at: url)
      throw error
    }
  }

  private func copyAll(progress: @escaping @Sendable (Double) -> Void) async throws -> [Int64:
    WrittenPart]
  {
    for dictionary in dictionaries {
      try await copy(
        dictionary.rows.table,
        """
        SELECT CASE WHEN ordinal NOT IN (SELECT ordinal FROM \(ErasureRun.burnt)
            WHERE audience = \(bind: .text(dictionary.audience))) THEN key END AS key, ordinal
        FROM \(dictionary.rows.sql)
        """)
    }
    let all = max(1, self.parts.values.reduce(0) { $0 + $1.part.rows })
    var done: Int64 = 0
    let written = StoredContent(connection: connection, database: ErasureRun.next)
    var parts: [Int64: WrittenPart] = [:]
    for (id, record) in self.parts.sorted(by: { $0.key < $1.key }) {
      progress(Double(done) / Double(all))
      let name = record.part.storedName
      try await copy(name, try await clean(record, stored[id]!).query())
      parts[id] = try await written.read(name)
      done += record.part.rows
    }
    progress(1)
    return parts
  }

  private func copy(_ name: String, _ rows: SQLQuery) async throws {
    try await connection.execute(
      "CREATE TABLE \(identifier: ErasureRun.next).main.\(identifier: name) AS \(rows)")
  }

  private func clean(_ record: PartRecord, _ rows: StoredRows) async throws -> CleanRows {
    let columns = try await columnsInOrder(of: rows)
    let known = Set(
      record.attributes.map(\.name) + record.part.routes.map(\.column) + [Part.rowColumn])
    var calculations: [(name: String, calculation: Calculation)]?
    if let table = workspace.table(record.part.table),
      record.definition == workspace.definitionHash(of: table)
    {
      calculations = try workspace.calculations(of: table, stored: record.attributes)
    }
    return CleanRows(
      cascade: cascade, rows: rows, columns: columns,
      calculated: Set(columns.filter { !known.contains($0) }), calculations: calculations,
      burnt: ErasureRun.burnt)
  }

  private func columnsInOrder(of rows: StoredRows) async throws -> [String] {
    try await connection.rows(
      """
      SELECT column_name FROM duckdb_columns()
      WHERE table_name = \(bind: .text(rows.table + "@\(rows.id)"))
        AND database_name = current_database() ORDER BY column_index
      """
    ).compactMap { $0[0].string }
  }

  // MARK: Members

  private func writeMembers(
    _ burnt: [String: MemberSet], number: Int
  ) throws -> [Int64: ErasedMembers] {
    var written: [Int64: ErasedMembers] = [:]
    for run in try burntRuns(burnt) {
      let name = "\(run.id)-\(number).members"
      guard let (members, erased) = run.left else {
        written[run.id] = ErasedMembers(
          file: MembersFile(name: name, sha256: run.file.sha256), count: 0)
        continue
      }
      let bytes = members.bytes
      try DurableFile.write(bytes, to: service.folder.members.appending(path: name))
      written[run.id] = ErasedMembers(
        file: MembersFile(name: name, sha256: DurableFile.checksum(bytes)), count: erased)
    }
    try DurableFile.synchronize(folder: service.folder.members)
    return written
  }
}

/// The names of data files: `data.duckdb`, and after the first erasure `data-2.duckdb` …
enum DataFileName {
  static func number(of name: String) -> Int {
    name.firstMatch(of: /-([0-9]+)\.duckdb$/).flatMap { Int($0.1) } ?? 1
  }

  static func next(after name: String) -> String { "data-\(number(of: name) + 1).duckdb" }
}
