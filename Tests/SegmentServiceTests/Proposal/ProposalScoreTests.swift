import Foundation
import SegmentCompiler
import SegmentEngines
import Testing

@testable import SegmentService

/// What is proposed for the published data sets against their READMEs, which `Tests/RealData/*/keys.yaml` repeats.
@Suite(.serialized) struct ProposalScoreTests {
  static let sets = [
    "adventureworks", "bank_marketing", "cdnow", "chinook", "contoso_ci", "northwind",
    "online_retail",
    "pagila", "telco_churn",
  ]

  @Test(.enabled(if: RealDataTests.isThere, "no real data; set MUSTER_TEST_DATA to its folder"))
  func
    `nine tenths of the keys and relationships of each README are proposed, and the proposal loads`()
    async throws
  {
    var total = Score()
    for set in ProposalScoreTests.sets {
      let score = try await score(set)
      print("\(set): \(score)")
      #expect(score.found * 10 >= score.expected * 9, "\(set): \(score)")
      total += score
    }
    print("all sets: \(total)")
  }

  /// Another judge: its workspace file was written before anything proposed one.
  @Test func `the sample company is proposed as its own workspace file says`() async throws {
    let folder = try await ProposedFolder { root in
      let company = SampleCompany(customers: 1_000, seed: 1, today: CivilDate("2026-01-01")!)
      try await company.write(to: root)
    }
    let file = folder.root.appending(path: "workspace.yaml")
    let own = try WorkspaceDefinition(yaml: String(contentsOf: file, encoding: .utf8))
    for table in own.tables { #expect(try folder.key(table.name) == table.key, "\(table.name)") }
    let named = { (definition: WorkspaceDefinition) in
      Swift.Set(
        definition.relationships.map {
          "\($0.name): \($0.foreignKey) -> \($0.target).\($0.targetKey), \($0.kind.rawValue)"
        })
    }
    #expect(named(folder.proposal.definition) == named(own))
    #expect(folder.audiences == ["Customer: Customer, consumer"])
    try await folder.load()
  }

  private func score(_ set: String) async throws -> Score {
    let readme = try Expected(set)
    let folder = try await ProposedFolder { root in
      try FileManager.default.createSymbolicLink(
        at: root.appending(path: "data"),
        withDestinationURL: RealDataTests.data.appending(path: set))
    }
    let proposed = Proposed(folder.proposal)
    var score = Score()
    for (table, key) in readme.keys {
      let isFound = proposed.keys[table] == key
      score.keys.count(isFound)
      if !isFound { print("  \(set): key of \(table): \(key), not \(proposed.keys[table] ?? [])") }
    }
    for relationship in readme.relationships {
      let isFound = proposed.relationships.contains(relationship)
      score.relationships.count(isFound)
      if !isFound { print("  \(set): not proposed: \(relationship)") }
    }
    // Each relationship that no README has was looked at; one that is new has to be, too.
    let further = proposed.relationships.filter { !readme.relationships.contains($0) }
    score.further = further.count
    for relationship in further {
      print("  \(set): in no README: \(relationship)")
      #expect(readme.further.contains(relationship), "\(set): \(relationship) is in no README")
    }
    #expect(proposed.rows == readme.rows, "\(set)")
    let leftOut = Swift.Set(folder.proposal.leftOut.map(\.path))
    for file in readme.leftOut { #expect(leftOut.contains("data/" + file), "\(set): \(file)") }
    for (column, orphans) in readme.orphans {
      #expect(proposed.orphans[column] == orphans, "\(set): orphans of \(column)")
    }
    let loaded = try await folder.load()
    try await checkTypes(readme, proposed, loaded)
    try await checkNothingIsLost(folder, loaded)
    return score
  }

  private func checkTypes(
    _ readme: Expected, _ proposed: Proposed, _ loaded: LoadedProposal
  ) async throws {
    for (columns, type) in [(readme.texts, "text"), (readme.dates, "date")] {
      for column in columns {
        let parts = column.split(separator: ".").map(String.init)
        let table = try #require(proposed.tables[parts[0]])
        #expect(try loaded.types(table)[parts[1]] == type, "\(column)")
      }
    }
  }

  /// Each column has as many values after the load as in its files, and each key as many distinct ones; counted
  /// by DuckDB's own reading of the files.
  private func checkNothingIsLost(_ folder: ProposedFolder, _ loaded: LoadedProposal) async throws {
    for (table, evidence) in zip(folder.proposal.definition.tables, folder.proposal.tables) {
      guard !table.isDerived, case .files(let source, _) = table.origin else { continue }
      let types = try loaded.types(table.name)
      let file = folder.root.appending(path: evidence.files[0]).path
      let names = types.keys.sorted()
      let keys = Swift.Set(
        table.key
          + folder.proposal.definition.relationships.filter { $0.source == table.name }.map(
            \.foreignKey))
      let quoted = names.map { SQLQuery.quote(identifier: $0) }
      let texts = zip(names, quoted).map { name, column in
        "count(nullif(trim(\(column)), ''))"
          + (keys.contains(name) ? ", count(DISTINCT nullif(trim(\(column)), ''))" : "")
      }
      let values = zip(names, quoted).map { name, column in
        let value = types[name] == "text" ? "nullif(trim(\(column)), '')" : column
        return "count(\(value))" + (keys.contains(name) ? ", count(DISTINCT \(value))" : "")
      }
      let inFiles = try await loaded.rows(
        "SELECT \(texts.joined(separator: ", ")) FROM read_csv('\(file)', all_varchar = true, header = true, delim = '\(source.delimiter)', quote = '\"', nullstr = '')"
      )
      let inTable = try await loaded.rows(
        "SELECT \(values.joined(separator: ", ")) FROM \(SQLQuery.quote(identifier: table.name))")
      #expect(inTable == inFiles, "values of \(table.name)")
    }
  }
}

/// What was expected and what of it was found.
private struct Score: CustomStringConvertible {
  struct Share {
    var found = 0
    var expected = 0

    mutating func count(_ isFound: Bool) {
      expected += 1
      if isFound { found += 1 }
    }
  }

  var keys = Share()
  var relationships = Share()
  /// Relationships that are in no README.
  var further = 0

  var found: Int { keys.found + relationships.found }
  var expected: Int { keys.expected + relationships.expected }

  static func += (left: inout Score, right: Score) {
    left.keys.found += right.keys.found
    left.keys.expected += right.keys.expected
    left.relationships.found += right.relationships.found
    left.relationships.expected += right.relationships.expected
    left.further += right.further
  }

  var description: String {
    let proposed = relationships.found + further
    let precision =
      proposed == 0 ? "" : ", precision \(percentText(relationships.found, of: proposed))"
    return
      "\(keys.found) of \(keys.expected) keys, \(relationships.found) of \(relationships.expected) relationships (recall \(percentText(found, of: expected))\(precision))"
  }
}

/// A `keys.yaml`; tables named by their files.
private struct Expected {
  var rows: [String: Int]
  var keys: [(table: String, key: [String])]
  var relationships: [String]
  var further: [String]
  var leftOut: [String]
  var orphans: [(column: String, rows: Int)]
  var texts: [String]
  var dates: [String]

  init(_ set: String) throws {
    let file = TestFiles.tests.appending(path: "RealData/\(set)/keys.yaml")
    let document = try Document.file(file)
    let list = { (key: String) in document[key]?.items.compactMap(\.plain) ?? [] }
    rows = Dictionary(
      uniqueKeysWithValues: (document["rows"]?.entries ?? []).compactMap { entry in
        entry.value.plain.flatMap { Int($0) }.map { (entry.key, $0) }
      })
    keys = (document["keys"]?.entries ?? []).map { entry in
      (entry.key, entry.value.plain.map { [$0] } ?? entry.value.items.compactMap(\.plain))
    }
    relationships = list("relationships")
    further = list("further")
    leftOut = list("leftOut")
    texts = list("texts")
    dates = list("dates")
    orphans = (document["orphans"]?.entries ?? []).compactMap { entry in
      entry.value.plain.flatMap { Int($0) }.map { (entry.key, $0) }
    }
    guard !rows.isEmpty else { throw TestFailure("\(set): no rows in keys.yaml") }
  }
}

/// A proposal in the names of files; what refers to a derived table refers to the attribute it is derived from.
private struct Proposed {
  /// Tables by files.
  var tables: [String: String] = [:]
  var rows: [String: Int] = [:]
  var keys: [String: [String]] = [:]
  var relationships: [String] = []
  var orphans: [String: Int] = [:]

  init(_ proposal: WorkspaceProposal) {
    var files: [String: String] = [:]
    for (table, evidence) in zip(proposal.definition.tables, proposal.tables) {
      guard let path = evidence.files.first else { continue }
      let name = FolderFile(path: path, bytes: 0).stem
      files[table.name] = name
      tables[name] = table.name
      rows[name] = evidence.rows
      keys[name] = table.key
    }
    for (relationship, evidence) in zip(proposal.definition.relationships, proposal.relationships) {
      let source = "\(files[relationship.source] ?? "").\(relationship.foreignKey)"
      var target = "\(files[relationship.target] ?? "").\(relationship.targetKey)"
      if case .derived(let table, let attribute) = proposal.definition.table(relationship.target)?
        .origin
      {
        target = "\(files[table] ?? "").\(attribute)"
      }
      relationships.append("\(source) -> \(target)")
      orphans[source] = evidence.orphans
    }
  }
}
