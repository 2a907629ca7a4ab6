import Foundation
import SegmentCompiler
import SegmentEngines

extension ProposalRun {
  // MARK: - Files

  /// Reads all files; what cannot be read is left out.
  mutating func profiles() async throws -> [TableProfile] {
    let found = try FolderFiles(of: root)
    leftOut = found.leftOut
    let sniffer = FileSniffer(root: root, connection: connection)
    var files: [SniffedFile] = []
    for file in found.candidates {
      try Task.checkCancellation()
      do { files.append(try await sniffer.sniff(file)) } catch let reason as LeftOutFile {
        leftOut.append(reason)
      }
    }
    let paths = found.candidates.map(\.path) + found.leftOut.map(\.path)
    let groups = FileGroup.groups(of: files, among: paths)
    let bytes = max(1, files.reduce(0) { $0 + $1.file.bytes })
    var done = 0
    var staged: [TableProfile] = []
    for (id, group) in groups.enumerated() {
      tell(group.name, 0.5 * Double(done) / Double(bytes))
      if let table = try await stage(group, id: id, among: paths) { staged.append(table) }
      done += group.files.reduce(0) { $0 + $1.file.bytes }
    }
    var profiles = try await withoutCopies(staged)
    var named = profiles.map(\.group)
    FileGroup.giveEachItsName(&named)
    for index in profiles.indices { profiles[index].group = named[index] }
    let rows = Double(max(1, profiles.reduce(0) { $0 + $1.rows }))
    var before = 0.0
    for index in profiles.indices {
      let (name, share, start) = (profiles[index].name, Double(profiles[index].rows) / rows, before)
      try await profiler.profile(&profiles[index]) { tell(name, 0.5 + 0.4 * (start + share * $0)) }
      before += share
    }
    return profiles
  }

  private var profiler: TableProfiler { TableProfiler(root: root, connection: connection) }

  /// The rows of a group, without the files that cannot be read; nil where no row is left.
  private mutating func stage(
    _ group: FileGroup, id: Int, among paths: [String]
  ) async throws -> TableProfile? {
    var group = group
    while !group.files.isEmpty {
      do {
        let table = try await profiler.stage(group, id: id)
        if table.rows > 0 { return table }
        leftOut += group.files.map {
          LeftOutFile(
            path: $0.file.path, reason: "no rows below its header, so nothing tells the types")
        }
        return nil
      } catch let reason as LeftOutFile {
        leftOut.append(reason)
        let rest = group.files.filter { $0.file.path != reason.path }
        guard !rest.isEmpty else { return nil }
        group = FileGroup(rest, among: paths)
      }
    }
    return nil
  }

  // MARK: - Copies

  /// Leaves out tables all of whose rows another one has: the same data compressed, in another format, or a
  /// part of it.
  private mutating func withoutCopies(_ tables: [TableProfile]) async throws -> [TableProfile] {
    var kept: [TableProfile] = []
    for table in tables {
      if let whole = try await first(of: kept, where: { try await isWithin(table, $0) }) {
        leaveOut(table, asIn: whole)
        continue
      }
      while let part = try await first(of: kept, where: { try await isWithin($0, table) }) {
        leaveOut(part, asIn: table)
        kept.removeAll { $0.id == part.id }
      }
      kept.append(table)
    }
    return kept
  }

  private func first(
    of tables: [TableProfile], where holds: (TableProfile) async throws -> Bool
  ) async throws -> TableProfile? {
    for table in tables where try await holds(table) { return table }
    return nil
  }

  private func haveSameColumns(_ a: TableProfile, _ b: TableProfile) -> Bool {
    Set(a.columns.map { Text($0.name) }) == Set(b.columns.map { Text($0.name) })
  }

  private func isWithin(_ part: TableProfile, _ whole: TableProfile) async throws -> Bool {
    guard part.rows <= whole.rows, haveSameColumns(part, whole) else { return false }
    // Formats write numbers and times differently, so the name and the count have to do.
    if part.isInOtherFormat(than: whole), part.rows == whole.rows { return true }
    let places = part.columns.map { column in whole.index(column.name) ?? 0 }
    let own = places.indices.map { "\(identifier: "c\($0)")" as SQLQuery }.joined(", ")
    let other = places.map { "\(identifier: "c\($0)")" as SQLQuery }.joined(", ")
    let rest = try await connection.rows(
      """
      SELECT 1 FROM (SELECT \(own) FROM \(part.relation) EXCEPT ALL
        SELECT \(other) FROM \(whole.relation)) LIMIT 1
      """)
    return rest.isEmpty
  }

  private mutating func leaveOut(_ part: TableProfile, asIn whole: TableProfile) {
    let files = whole.group.files.map(\.file.path).joined(separator: ", ")
    let rows = part.rows == 1 ? "its row stands" : "all its \(part.rows.grouped) rows stand"
    leftOut += part.group.files.map {
      LeftOutFile(
        path: $0.file.path,
        reason: part.rows == whole.rows ? "the same rows as \(files)" : "\(rows) in \(files) too")
    }
  }

  /// Of files that are exports of the same rows at different times, only the last is proposed: keys that are
  /// unique in each file but not in all together give them away.
  mutating func leaveOutOldExports(_ profiles: inout [TableProfile]) async throws {
    let paths = profiles.flatMap { $0.group.files.map(\.file.path) } + leftOut.map(\.path)
    for index in profiles.indices where profiles[index].group.files.count > 1 {
      let table = profiles[index]
      guard let key = try await keyPerFile(table) else { continue }
      let last = table.group.files[table.group.files.count - 1]
      let repeated = table.rows - (table.column(key)?.distinct ?? 0)
      var group = FileGroup([last], among: paths)
      group.name = table.name
      guard var newest = try await stage(group, id: table.id, among: paths) else { continue }
      try await profiler.profile(&newest) { _ in }
      leftOut += table.group.files.dropLast().map {
        LeftOutFile(
          path: $0.file.path,
          reason:
            "an older export of the same table as \(last.file.path): \(repeated.rowsText) of all files repeat a \(key)"
        )
      }
      profiles[index] = newest
    }
  }

  private func keyPerFile(_ table: TableProfile) async throws -> String? {
    let entity = TableDraft.entities(of: [table.name])[0]
    let names = table.columns.map { ColumnName($0.name, entities: Set(entity.words)) }
    let choice = KeyChoice(table: table, names: names, entity: entity)
    for (index, column) in table.columns.enumerated() where choice.isNamedAsKey(index) {
      guard column.missing == 0, column.distinct * 10 < table.rows * 9 else { continue }
      let pairs = try await connection.rows(
        "SELECT count(*) FROM (SELECT DISTINCT f, \(identifier: "c\(index)") FROM \(table.relation))"
      )
      if pairs[0][0].integer == Int64(table.rows) { return column.name }
    }
    return nil
  }

  // MARK: - Columns and keys

  mutating func draftTables(_ profiles: [TableProfile]) {
    let entities = TableDraft.entities(of: profiles.map(\.name))
    let words = Set(entities.flatMap(\.words))
    let order = order(profiles)
    tables = zip(profiles, entities).map { profile, entity in
      let names = profile.columns.map { ColumnName($0.name, entities: words) }
      return TableDraft(
        profile: profile, names: names, entity: entity,
        advice: TableAdvice(profile, names: names, order: order))
    }
  }

  /// What the dates of all files say that leave nothing open; else days first, as in most countries.
  private func order(_ profiles: [TableProfile]) -> DateFormat.Order {
    let decided = profiles.flatMap(\.columns).compactMap { column -> DateFormat.Order? in
      let orders = Set(column.dates.filter { $0.rows == column.present }.compactMap(\.format.order))
      return orders.count == 1 ? orders.first : nil
    }
    let monthFirst = decided.count { $0 == .monthFirst }
    return monthFirst * 2 > decided.count ? .monthFirst : .dayFirst
  }

  mutating func chooseKeys() async throws {
    for index in tables.indices {
      tell(tables[index].name, 0.9)
      let draft = tables[index]
      let choice = KeyChoice(table: draft.profile, names: draft.names, entity: draft.entity)
      if let key = choice.single.first {
        tables[index].key = [key]
        tables[index].keyReason = "unique in all \(draft.profile.rows.rowsText)"
        if choice.isRowNumber(key) {
          tables[index].traps.append(
            Trap(
              kind: .rowNumber, attribute: key,
              message:
                "counts the rows of the file: a key only if it stays with its row in the next file")
          )
        }
        continue
      }
      if let nearly = choice.nearly { tables[index].traps.append(nearlyUnique(nearly)) }
      try await chooseCombinedKey(index, choice.combined)
    }
  }

  private func nearlyUnique(_ column: ColumnProfile) -> Trap {
    let repeats = column.present - column.distinct
    var parts: [String] = []
    if repeats > 0 { parts.append("\(repeats.rowsText) repeat one of another row") }
    if column.missing > 0 { parts.append("\(column.missing.rowsText) have none") }
    return Trap(
      kind: .nearlyUnique, attribute: column.name,
      message: "would be the key, but \(parts.joined(separator: ", "))")
  }

  private mutating func chooseCombinedKey(_ index: Int, _ choices: [[String]]) async throws {
    let profile = tables[index].profile
    for columns in choices where try await isUnique(columns, in: profile) {
      tables[index].key = columns
      tables[index].keyReason = "unique together in all \(profile.rows.rowsText)"
      return
    }
    var reasons = ["no key: no column is unique"]
    if let first = choices.first {
      let repeats = profile.rows - (try await distinct(first, in: profile))
      reasons.append(
        "\(repeats.rowsText) repeat the \(first.joined(separator: " and ")) of another")
    }
    let copies = profile.rows - (try await distinct(profile.columns.map(\.name), in: profile))
    if copies > 0 {
      reasons.append(
        "\(copies.rowsText) \(copies == 1 ? "is an exact copy of another" : "are exact copies of others")"
      )
    }
    tables[index].keyReason = reasons.joined(separator: ", ")
  }

  private func isUnique(_ columns: [String], in table: TableProfile) async throws -> Bool {
    // What repeats among the first rows repeats among all.
    let few = 100_000
    if table.rows > 2 * few, try await distinct(columns, in: table, first: few) < few {
      return false
    }
    return try await distinct(columns, in: table) == table.rows
  }

  private func distinct(
    _ columns: [String], in table: TableProfile, first: Int? = nil
  ) async throws -> Int {
    let list = columns.compactMap { table.index($0) }.map { "\(identifier: "c\($0)")" as SQLQuery }
      .joined(", ")
    let limit: SQLQuery = first.map { "LIMIT \(number: $0)" } ?? ""
    let row = try await connection.rows(
      "SELECT count(*) FROM (SELECT DISTINCT \(list) FROM (SELECT \(list) FROM \(table.relation) \(limit)))"
    )
    return Int(row[0][0].integer ?? 0)
  }
}

extension TableProfile {
  fileprivate func isInOtherFormat(than other: TableProfile) -> Bool {
    guard let own = group.files.first?.file, let its = other.group.files.first?.file else {
      return false
    }
    return own.folder == its.folder && own.stem.lowercased() == its.stem.lowercased()
      && FileFormat(path: own.path) != FileFormat(path: its.path)
  }
}
