import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// Data files that are broken, are no files at all, or hold what could be taken for something else.
@Suite struct HostileDataTests {
  private static let yaml =
    "{workspace: W, tables: {C: {files: c.csv, key: Id}}, audiences: {C: {table: C}}}"
  private static let good = "Id,City,Age\n1,Oslo,30\n2,Bergen,40\n"

  /// A file, and what must be said of it.
  struct Broken: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var data: Data
    var says: [String]

    init(_ name: String, _ text: String, says: String...) {
      self.init(name, Data(text.utf8), says: says)
    }

    init(_ name: String, _ data: Data, says: [String]) {
      testDescription = name
      self.data = data
      self.says = ["c.csv"] + says
    }
  }

  @Test(arguments: [
    Broken(
      "a cell too few", "Id,City,Age\n1,Oslo,30\n2,Bergen\n", says: "line 3: 2 cells", "has 3"),
    Broken("a cell too many", "Id,City,Age\n1,Oslo,30,x\n", says: "line 2: more cells", "the 3"),
    Broken(
      "an open quote", "Id,City,Age\n1,a,3\n2,\"Bergen,40\n3,x,4\n", says: "line 3: ", "quote"),
    Broken("text behind a quote", "Id,City,Age\n2,\"Ber\"gen,40\n", says: "line 2: ", "quote"),
    Broken(
      "Latin-1", Data("Id,City,Age\n1,Oslo,30\n2,Troms".utf8) + [0xF8] + Data(",40\n".utf8),
      says: ["line 3: ", "not in UTF-8", "-f latin1"]),
    Broken(
      "UTF-16", "\u{FEFF}Id,City,Age\n1,Oslo,30\n".data(using: .utf16LittleEndian)!,
      says: ["line 1: ", "UTF-16", "-f utf-16"]),
    Broken("nothing", "", says: "is empty", "first line"),
    Broken("a column twice", "Id,City,city\n1,a,b\n", says: "'City' and 'city'"),
    Broken(
      "a column twice the same", "Id,City,City\n1,a,b\n", says: "two columns are named 'City'"),
    Broken("a column without a name", "Id,,Age\n1,a,3\n", says: "the column ''", "empty"),
    Broken("a column named NUL", "Id,C\0,Age\n1,a,3\n", says: "the column", "control characters"),
    Broken(
      "too many columns", (["Id"] + (0..<5_000).map { "c\($0)" }).joined(separator: ",") + "\n",
      says: "5001 columns", "at most 1000"),
    Broken("words for numbers", "Id,City,Age\n1,Oslo,old\n", says: "no integer", "row 1", "old"),
    Broken(
      "a number of thousand digits", "Id,City,Age\n1,x,\(String(repeating: "9", count: 1_000))\n",
      says: "no integer", "row 1", "…"),
    Broken(
      "a key twice", "Id,City,Age\n1,a,3\n1,b,4\n", says: "not unique: 2 rows share", "row 2: 1"),
    Broken("no key", "Id,City,Age\n,a,3\n", says: "missing in 1 row.", "row 1: missing"),
    Broken("bytes", Data((0...255).map { UInt8($0) }), says: []),
  ])
  func `a broken file is named with the place, and what was loaded stays`(file: Broken) async throws
  {
    let workspace = try LoadedWorkspace(Self.yaml, files: ["c.csv": Self.good])
    try await workspace.load()
    let before = try workspace.store.currentDataVersion()
    try workspace.write("c.csv", file.data)
    let table = try await workspace.load().tables[0]
    #expect(table.outcome == .failed)
    let message = table.problems.map(\.description).joined(separator: "\n")
    #expect(!message.contains("Error:") && !message.contains(workspace.folder.path))
    for words in file.says { #expect(message.contains(words), "\(message)") }
    #expect(message.utf8.count < 3_000)
    #expect(try workspace.store.currentDataVersion() == before)
    #expect(try await workspace.rows("C", "Id, City") == [["1", "Oslo"], ["2", "Bergen"]])
  }

  @Test(arguments: [
    ("{\"Id\": 1}\n{\"Id\": 2\n{\"Id\": 3}\n", "row 2: no JSON object"),
    ("{\"Id\": 1}\n\n{\"Id\": 2}}\n", "row 2: no JSON object"),
    ("[{\"Id\": 1},\n", "row 1: no JSON"),
  ])
  func `a broken line of NDJSON is named`(text: String, says: String) async throws {
    let workspace = try LoadedWorkspace(
      "{workspace: W, tables: {C: {files: c.ndjson, key: Id}}}", files: ["c.ndjson": text])
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    let message = failure?.report.tables[0].problems.first?.message ?? ""
    #expect(message.hasPrefix("c.ndjson, \(says)"), "\(message)")
  }

  @Test func `a line of 100 MB is refused, whether it is a header or a row`() async throws {
    let workspace = try LoadedWorkspace(Self.yaml, files: ["c.csv": Self.good])
    try await workspace.load()
    var data = Data("Id,City,Age\n1,".utf8)
    data.append(Data(repeating: UInt8(ascii: "x"), count: 100_000_000))
    try workspace.write("c.csv", data)
    let problems = try await workspace.load().tables[0].problems
    #expect(problems.map(\.description).joined().utf8.count < 3_000)
    #expect(
      problems.first?.message.hasPrefix("c.csv, line 2: the line is longer than 16,777,216 bytes")
        == true)
    #expect(try await workspace.rows("C", "count(*)") == [["2"]])
  }

  @Test func `a byte-order mark is no part of the first name`() async throws {
    let workspace = try LoadedWorkspace(Self.yaml, files: ["c.csv": "\u{FEFF}" + Self.good])
    try await workspace.load()
    #expect(try await workspace.rows("C", "Id, Age") == [["1", "30"], ["2", "40"]])
  }

  @Test func `pipes, devices and links in circles are refused and not waited for`() async throws {
    let workspace = try LoadedWorkspace(Self.yaml, files: ["c.csv": Self.good])
    try await workspace.load()
    let path = workspace.folder.appending(path: "c.csv").path
    let ways: [(String, () -> CInt)] = [
      ("c.csv is no file but a pipe or a device.", { mkfifo(path, 0o600) }),
      ("c.csv is no file but a pipe or a device.", { symlink("/dev/zero", path) }),
      ("c.csv cannot be read: Too many levels of symbolic links.", { symlink("c.csv", path) }),
    ]
    for (says, make) in ways {
      try workspace.remove("c.csv")
      try #require(make() == 0)
      #expect(try await workspace.load().tables[0].problems.map(\.message) == [says])
    }
    #expect(try await workspace.rows("C", "count(*)") == [["2"]])
  }

  /// Texts that mean something to SQL, to C, to terminals or to people.
  private static let texts = [
    "'; DROP TABLE \"C@1\"; --", "\" OR 1=1 --", "a\0b", "a", "\u{202E}desrever",
    "zero\u{200B}width",
    "zerowidth", "\u{1B}[2J", "line\nbreak", "100%", "%", "_", "\\", "e\u{301}", "é", "NULL", "?",
    String(repeating: "ß", count: 500_000),
  ]

  @Test func `every text is found as itself and nothing else`() async throws {
    let lines = Self.texts.enumerated().map { index, text in
      "\(index),\"\(text.replacing("\"", with: "\"\""))\""
    }
    let workspace = try TestWorkspace { root in
      try Data(Self.yaml.utf8).write(to: root.appending(path: "workspace.yaml"))
      try Data("Id,\"It's \"\"x\"\"\"\n\(lines.joined(separator: "\n"))\n".utf8)
        .write(to: root.appending(path: "c.csv"))
    }
    _ = try await workspace.service.load()
    for (index, text) in Self.texts.enumerated() {
      for condition in ["is: equalTo, value: …", "is: anyOf, value: […, nothing]"] {
        let comparison = condition.replacing("…", with: Document.quotedJSON(text))
        let definition = try SegmentDefinition.decodeAll(
          #"{segment: "'; DROP TABLE run; --", rules: [{match: {attribute: "C.\"It's \"\"x\"\"\"", \#(comparison)}}]}"#
        )[0]
        let published = try await workspace.publish(definition, asOf: Shop.asOf)
        #expect(published.keys == ["\(index)"], "\(text.prefix(40))")
      }
    }
  }

  @Test func `keys are kept apart by their bytes`() async throws {
    let keys = Self.texts.dropLast()
    let lines = keys.map { "\"\($0.replacing("\"", with: "\"\""))\"" }
    let workspace = try LoadedWorkspace(
      Self.yaml, files: ["c.csv": "Id\n\(lines.joined(separator: "\n"))\n"])
    try await workspace.load()
    let ordinals = try await workspace.database.connect().rows(
      "SELECT count(DISTINCT ordinal) FROM \(identifier: LoadNames.ordinals("C"))")
    #expect(ordinals[0][0].integer == Int64(keys.count))
    #expect(try await workspace.rows("C", "count(*)") == [["\(keys.count)"]])
  }
}
