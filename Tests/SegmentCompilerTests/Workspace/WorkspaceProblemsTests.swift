import SegmentCompiler
import Testing

/// Workspace files that are wrong, piece by piece.
@Suite struct WorkspaceProblemsTests {
  private func problems(_ yaml: String) -> [Diagnostic] {
    do {
      _ = try WorkspaceDefinition(yaml: yaml)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all
    } catch {
      Issue.record(error)
      return []
    }
  }

  private func places(_ yaml: String) -> [String] {
    problems(yaml).map { "\($0.place) \($0.code)" }
  }

  // MARK: The file

  @Test(arguments: [
    ("", [" wrongShape"]), ("workspace: A\n---\nworkspace: B", [" wrongShape"]),
    ("[1]", [" wrongShape"]), ("{}", [" missingKey", " missingKey"]),
    ("{workspace: 7, tables: {}}", ["workspace wrongShape"]),
    (
      "{workspace: W, tables: [], timeZone: 1, weekStart: someday}",
      ["timeZone wrongShape", "weekStart wrongShape", "tables wrongShape"]
    ),
    (
      "{workspace: W, tables: {}, relationships: {}, audiences: [], sources: 5}",
      ["sources wrongShape", "relationships wrongShape", "audiences wrongShape"]
    ),
    ("{workspace: W, tables: {}, retention: 5}", ["retention wrongShape"]),
    (
      "{workspace: W, tables: {}, cleanup: {unusedFor: 7 hours, when: x}, limits: {activeSegments: 0}}",
      [
        "cleanup.when unknownKey", "cleanup.unusedFor wrongShape",
        "limits.activeSegments outOfRange",
      ]
    ),
  ])
  func `what is no workspace file`(yaml: String, expected: [String]) {
    #expect(places(yaml) == expected)
  }

  @Test func `a second document is counted`() {
    #expect(
      problems("workspace: A\n---\nworkspace: B").map(\.message) == [
        "A workspace file is one document, not 2."
      ])
  }

  // MARK: Sources

  @Test(arguments: [
    ("7", [" wrongShape"]), ("{folder: 7}", [".folder wrongShape"]),
    ("{folder: ''}", [".folder badPath"]),
    ("{folder: /data}", [".folder badPath"]), ("{folder: a/../../b}", [".folder badPath"]),
    ("{folder: a/.., format: xml}", [".folder badPath", ".format wrongShape"]),
    ("{delimiter: 7}", [".delimiter wrongShape"]), ("{delimiter: ''}", [".delimiter wrongShape"]),
    ("{delimiter: '||'}", [".delimiter wrongShape"]), ("{delimiter: é}", [".delimiter wrongShape"]),
    ("{delimiter: '\"'}", [".delimiter wrongShape"]),
    ("{delimiter: \"\\n\"}", [".delimiter wrongShape"]),
    ("{timeZone: Oslo}", [".timeZone unknownTimeZone"]),
    ("{missing: {a: b}}", [".missing wrongShape"]),
    ("{missing: [a, 7]}", [".missing[1] wrongShape"]),
    ("{dateFormat: [x]}", [".dateFormat wrongShape"]),
    ("{folder: a.b/..c, delimiter: \"\\t\", missing: n/a}", []),
  ])
  func sources(source: String, expected: [String]) {
    let found = places("{workspace: W, tables: {}, sources: {s: \(source)}}")
    #expect(found == expected.map { "sources.s\($0)" })
  }

  @Test func `a table says which of several sources it comes from`() {
    let found = problems(
      "{workspace: W, sources: {a: {}, b: {}}, tables: {T: {files: t.csv}, U: {files: u.csv, source: 7}, V: {files: v.csv, source: c}}}"
    )
    #expect(
      found.map(\.message) == [
        "The key 'source' is missing here; the workspace has a, b.",
        "Expected is a text, not a number.", "There is no source 'c'.",
      ])
  }

  // MARK: Tables

  @Test(arguments: [
    ("7", [" wrongShape"]), ("{files: 7}", [".files wrongShape"]),
    ("{files: [a.csv, 7, /b.csv]}", [".files[1] wrongShape", ".files[2] badPath"]),
    ("{files: a.csv, key: 7}", [".key wrongShape"]),
    ("{files: a.csv, ignore: [7]}", [".ignore[0] wrongShape"]),
    ("{files: a.csv, onError: forget}", [".onError wrongShape"]),
    ("{derivedFrom: 7, key: K}", [".derivedFrom wrongShape"]),
    ("{derivedFrom: O, key: K}", [".derivedFrom wrongShape"]),
    ("{derivedFrom: O.Id}", [" missingKey"]), ("{derivedFrom: O.Id, key: [K, L]}", [" missingKey"]),
    (
      "{derivedFrom: O.Id, key: K, attributes: {}, ignore: [], onError: fail, source: s, files: x}",
      [
        ".files misplacedKey", ".source misplacedKey", ".attributes misplacedKey",
        ".ignore misplacedKey",
        ".onError misplacedKey",
      ]
    ),
    ("{files: a.csv, attributes: {A: 7}}", [".attributes.A wrongShape"]),
    (
      "{files: a.csv, attributes: {A: {type: 7, kind: text}}}",
      [".attributes.A.kind unknownKey", ".attributes.A.type wrongShape"]
    ),
    ("{files: a.csv, attributes: {A: 'decimal(39,2)'}}", [".attributes.A unknownType"]),
    ("{files: a.csv, attributes: {A: 'decimal(2,3)'}}", [".attributes.A unknownType"]),
    ("{files: a.csv, attributes: {A: {format: '%Y'}}}", [".attributes.A.format misplacedKey"]),
    ("{files: a.csv, attributes: {A: {type: datetime, format: '%Y'}}}", []),
    ("{files: a.csv, attributes: {A: 'decimal( 12 , 2 )', B: {column: b}}}", []),
    ("{files: a.csv, calculated: {A: [1]}}", [".calculated.A wrongShape"]),
    ("{files: a.csv, calculated: {A: true, B: 2.5, C: A}}", []),
    ("{files: a.csv, attributes: {A: text}, calculated: {a: 1}}", [" duplicateName"]),
  ])
  func tables(table: String, expected: [String]) {
    let found = places("{workspace: W, tables: {O: {files: o.csv}, T: \(table)}}")
    #expect(found == expected.map { "tables.T\($0)" })
  }

  @Test func `names that cannot be used say why`() {
    let long = String(repeating: "x", count: 101)
    let found = problems(
      """
      workspace: W
      tables: {"": {files: a.csv}, \(long): {files: b.csv}, "a\\tb": {files: c.csv}, _MUSTER: {files: d.csv}, ok: {files: e.csv}}
      """)
    #expect(
      found.map(\.message) == [
        "A name cannot be empty.", "A name has at most 100 characters.",
        "A name cannot hold control characters.", "A name cannot start with '_muster'.",
      ])
  }

  // MARK: Relationships and audiences

  @Test(arguments: [
    ("7", [" wrongShape"]), ("[]", [" wrongShape"]), ("A.x -> B.id", []), ("A.x->B.id as Far", []),
    ("A.x -> B.id as \"a.b\"", []), ("A.x -> B.id as a.b", [" wrongShape"]),
    ("A.x -> B.id as a as b", [" wrongShape"]),
    ("A.x -> B.id -> A.x", [" wrongShape"]), ("A -> B.id", [" wrongShape"]),
    ("A.x -> B", [" wrongShape"]),
    ("A.\"x -> y\" -> B.\"as as\"", []), ("A.x -> C.id", [" unknownTable"]),
    ("A.x -> B.id as _muster_x", [" badName"]),
    ("{from: A.x, to: B.id, kind: one-to-one, name: Far}", []),
    ("{from: A.x, to: B.id, kind: one-to-many}", [".kind wrongShape"]),
    ("{from: A.x}", [" missingKey"]), ("{from: 7, to: B.id}", [".from wrongShape"]),
    ("{from: A, to: B.id}", [".from wrongShape"]), ("{from: A.x, to: B.id.x}", [".to wrongShape"]),
    ("{from: A.x, to: B.id, as: Far}", [".as unknownKey"]),
    ("{from: A.x, to: B.id, name: ''}", [".name badName"]),
  ])
  func relationships(relationship: String, expected: [String]) {
    let text =
      relationship.hasPrefix("{") || relationship == "7" || relationship == "[]"
      ? relationship : "'\(relationship)'"
    let found = places(
      "{workspace: W, tables: {A: {files: a.csv}, B: {files: b.csv}}, relationships: [\(text)]}")
    #expect(found == expected.map { "relationships[0]\($0)" })
  }

  @Test func `two relationships of one name`() throws {
    let found = problems(
      "{workspace: W, tables: {A: {files: a.csv}, B: {files: b.csv}}, relationships: [A.x -> B.id as Far, A.y -> B.id as Far]}"
    )
    #expect(found.map { "\($0.place) \($0.code)" } == ["relationships[1] duplicateName"])
    #expect(found[0].message == "There is a relationship A.Far already.")
  }

  @Test(arguments: [
    ("7", [" wrongShape"]), ("{}", [" missingKey"]), ("{table: 7}", [".table wrongShape"]),
    ("{table: C}", [".table unknownTable"]), ("{table: B}", [".table audienceKey"]),
    ("{table: A, kind: company}", [".kind wrongShape"]),
    ("{table: A, hierarchy: 7}", [".hierarchy wrongShape"]),
    ("{table: A, hierarchy: A.Parent}", []),
    ("{table: A, hierarchy: Parent}", [".hierarchy hierarchy"]),
    ("{table: A, hierarchy: A.Perent}", [".hierarchy hierarchy"]),
    ("{table: D, hierarchy: D.A}", [".hierarchy hierarchy"]),
  ])
  func audiences(audience: String, expected: [String]) {
    let found = places(
      "{workspace: W, tables: {A: {files: a.csv, key: id}, B: {files: b.csv}, D: {files: d.csv, key: id}}, relationships: [A.p -> A.id as Parent, D.a -> A.id], audiences: {X: \(audience)}}"
    )
    #expect(found == expected.map { "audiences.X\($0)" })
  }

  @Test func `a hierarchy that is none says which there are`() {
    func messages(_ audience: String) -> [String] {
      problems(
        "{workspace: W, tables: {A: {files: a.csv, key: id}, D: {files: d.csv, key: id}}, relationships: [A.p -> A.id as Parent], audiences: {X: \(audience)}}"
      ).map { $0.message + ($0.hint.map { " \($0)" } ?? "") }
    }
    #expect(
      messages("{table: A, hierarchy: A.Perent}") == [
        "'A.Perent' is no relationship from 'A' to itself; it has A.Parent. Did you mean 'A.Parent'?"
      ])
    #expect(
      messages("{table: D, hierarchy: D.A}") == [
        "'D.A' is no relationship from 'D' to itself; it has none."
      ])
  }

  // MARK: The catalog

  private func catalogProblems(_ yaml: String, _ stored: [String: [Attribute]]) throws
    -> [Diagnostic]
  {
    let workspace = try WorkspaceDefinition(yaml: yaml)
    do {
      _ = try workspace.catalog(stored: stored)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all
    }
  }

  @Test(arguments: [
    (AttributeType.integer, AttributeType.text, "Declare A.x as text in the workspace file."),
    (.text, .integer, "Declare B.id as text in the workspace file."),
    (.integer, .plainDecimal, "Declare B.id as integer in the workspace file."),
    (.double, .integer, "Declare A.x as integer in the workspace file."),
    (.date, .datetime, "Declare A.x as text in the workspace file."),
  ])
  func `keys of two types can be declared as one`(
    foreignKey: AttributeType, key: AttributeType, hint: String
  )
    throws
  {
    let found = try catalogProblems(
      "{workspace: W, tables: {A: {files: a.csv}, B: {files: b.csv}}, relationships: [A.x -> B.id]}",
      ["A": [Attribute(name: "x", type: foreignKey)], "B": [Attribute(name: "id", type: key)]])
    #expect(found.map(\.code) == ["keyTypes"] && found.map(\.hint) == [hint])
  }

  @Test func `attributes that the data does not have`() throws {
    let found = try catalogProblems(
      """
      workspace: W
      tables:
        A: {files: a.csv, key: id, calculated: {Name: 1}}
        D: {derivedFrom: A.Nmae, key: K}
      relationships: [A.x -> D.K]
      audiences: {A: {table: A}}
      """, ["A": [Attribute(name: "name", type: .text), Attribute(name: "x", type: .text)]])
    #expect(
      found.map { "\($0.place) \($0.code)" } == [
        "tables.A duplicateName", "tables.A.key unknownAttribute",
        "tables.D.derivedFrom unknownAttribute", "tables.D.key unknownAttribute",
        "relationships[0] unknownAttribute",
      ])
  }

  @Test func `a table without data has no attributes yet`() throws {
    let workspace = try WorkspaceDefinition(
      yaml: "{workspace: W, tables: {A: {files: a.csv}, D: {derivedFrom: A.x, key: K}}}")
    let diagnostics = #expect(throws: Diagnostics.self) { try workspace.catalog(stored: [:]) }
    #expect(
      diagnostics?.all.map(\.place) == ["tables.D.derivedFrom", "tables.D.key"])
  }

  // MARK: Types and formats

  @Test func `types are written as they are read`() {
    let types: [AttributeType] = [
      .text, .integer, .decimal(precision: 12, scale: 2), .double, .date, .datetime, .boolean,
    ]
    for type in types { #expect(AttributeType(name: type.name) == type) }
    #expect(AttributeType(name: "decimal") == .plainDecimal)
    #expect(types.map(\.isNumber) == [false, true, true, true, false, false, false])
    for name in ["", "Text", "int", "decimal()", "decimal(0,0)", "decimal(38,39)", "decimal(39,1)"]
    {
      #expect(AttributeType(name: name) == nil, "\(name)")
    }
  }

  @Test func `formats by the ends of names`() {
    let files = [
      "a.csv", "A.CSV.GZ", "b.ndjson", "b.jsonl", "b.ndjson.gz", "b.jsonl.gz", "c.parquet",
      "c.parquet.gz",
      "csv", "d.txt",
    ]
    #expect(
      files.map { FileFormat(path: $0) } == [
        .csv, .csv, .ndjson, .ndjson, .ndjson, .ndjson, .parquet, nil, nil, nil,
      ])
  }
}
