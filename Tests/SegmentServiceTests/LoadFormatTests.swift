import Foundation
import SegmentCompiler
import SegmentEngines
import Testing

@testable import SegmentService

@Suite struct LoadFormatTests {
  private func table(_ extra: String = "", source: String = "") -> String {
    """
    workspace: Test
    sources: {main: {folder: data\(source)}}
    tables:
      T: {files: "t*", key: id\(extra)}
    """
  }

  @Test func `types are inferred over all values`() async throws {
    let workspace = try LoadedWorkspace(
      table(),
      files: [
        "data/t.csv": """
        id,zero,plus,dec,dbl,exact,dot,day,moment,zoned,mixed,flag,yes,empty,big,words
        1,0,1,1.5,1e3,0.000001,.5000,2024-02-29,2024-01-01 10:00,2024-01-01T10:00:00Z,2024-01-01,true,Yes,,1,a
        2,01,+2,-3,nan,123456789012.5,-.25,2023-01-01,2024-01-01T10:00:30.25,2024-01-01 10:00:00+02:00,2024-01-01T01:00,F,no,,9223372036854775807,1
        """
      ])
    try await workspace.load()
    #expect(
      try workspace.types("T") == [
        "id": "integer", "zero": "text", "plus": "text", "dec": "decimal(18,6)", "dbl": "double",
        "exact": "decimal(18,6)", "dot": "decimal(18,6)", "day": "date", "moment": "datetime",
        "zoned": "datetime",
        "mixed": "datetime", "flag": "boolean", "yes": "boolean", "empty": "text",
        "big": "integer", "words": "text",
      ])
    #expect(
      try await workspace.rows(
        "T", "dec, dbl, dot, day, moment, zoned, flag, yes, big", order: "id")
        == [
          [
            "1.500000", "1000.0", "0.500000", "2024-02-29", "2024-01-01T10:00:00Z",
            "2024-01-01T10:00:00Z",
            "true", "true", "1",
          ],
          [
            "-3.000000", "∅", "-0.250000", "2023-01-01", "2024-01-01T10:00:30Z",
            "2024-01-01T08:00:00Z", "false",
            "false", "9223372036854775807",
          ],
        ])
  }

  @Test func `empty cells are missing, quoted ones are not, whatever ends the lines`() async throws
  {
    for newline in ["\n", "\r\n"] {
      let text = [
        "id,\"na\"\"me\",note", "1,\"\",", "2,,\"a\(newline)b\"", "3,\"NULL\",NULL",
        "4,NULL,\" x \"",
      ].joined(separator: newline)
      let workspace = try LoadedWorkspace(
        table(source: ", missing: [\"NULL\"]"), files: ["data/t.csv": "\u{feff}" + text])
      try await workspace.load()
      #expect(
        try await workspace.rows("T", "id, \"na\"\"me\", note") == [
          ["1", "", "∅"], ["2", "∅", "a\(newline)b"], ["3", "∅", "∅"], ["4", "∅", " x "],
        ])
    }
  }

  @Test func `a quoted empty cell is missing where the attribute is no text`() async throws {
    let workspace = try LoadedWorkspace(
      table(), files: ["data/t.csv": "id,n,d\n\"1\",\"\",\"2024-01-01\"\n\"2\",\"5\",\"\"\n"])
    try await workspace.load()
    #expect(
      try await workspace.rows("T", "id, n, d") == [["1", "∅", "2024-01-01"], ["2", "5", "∅"]])
  }

  @Test func `canonically equivalent keys are two profiles`() async throws {
    let workspace = try LoadedWorkspace(
      table() + "\naudiences: {T: {table: T}}",
      files: ["data/t.csv": "id,n\ncaf\u{e9},1\ncafe\u{301},2\n"])
    try await workspace.load()
    #expect(
      try await workspace.rows("T", "_muster_profile_0, n", order: "n") == [
        ["1", "1"], ["0", "2"],
      ])
  }

  @Test func `compressed CSV, NDJSON and Parquet give the same rows`() async throws {
    let workspace = try LoadedWorkspace(
      """
      workspace: Test
      tables:
        A: {files: a.csv.gz, key: id}
        B: {files: b.ndjson, key: id}
        C: {files: c.parquet, key: id}
      """)
    let connection = try workspace.database.connect()
    for name in ["a.csv.gz", "b.ndjson", "c.parquet"] {
      let path = workspace.folder.appending(path: name).path
      let options =
        name.hasSuffix("gz")
        ? "FORMAT csv, HEADER, COMPRESSION gzip"
        : name.hasSuffix("parquet") ? "FORMAT parquet" : "FORMAT json"
      try await connection.execute(
        SQLQuery(
          stringLiteral: """
            COPY (SELECT i AS id, 'n' || i AS name, i % 2 = 0 AS flag, DATE '2024-01-01' + i::INTEGER AS day,
              (i * 1.25)::DECIMAL(18,6) AS amount,
              CASE WHEN i <> 2 THEN TIMESTAMP '2024-01-01 10:00:00' END AS at
              FROM range(1, 4) r(i)) TO '\(path)' (\(options))
            """))
    }
    try await workspace.load()
    let columns = "id, name, flag, day, amount, \"at\""
    let rows = try await workspace.rows("C", columns)
    #expect(rows[1] == ["2", "n2", "true", "2024-01-03", "2.500000", "∅"])
    #expect(try await workspace.rows("A", columns) == rows)
    #expect(try await workspace.rows("B", columns) == rows)
    #expect(try workspace.types("A") == workspace.types("C"))
    #expect(try workspace.types("B") == workspace.types("C"))
  }

  @Test func `NDJSON keeps null apart from empty text and takes keys that come late`() async throws
  {
    let workspace = try LoadedWorkspace(
      table(source: ", missing: [\"-\"]"),
      files: [
        "data/t.jsonl": """
        {"id":"a","x":null,"n":1.50}
        {"id":"b","x":"","late":true,"list":[1,2]}
        {"id":"c","x":"-","n":-2}
        """
      ])
    try await workspace.load()
    #expect(
      try await workspace.rows("T", "id, x, n, late, list") == [
        ["a", "∅", "1.500000", "∅", "∅"], ["b", "", "∅", "true", "[1,2]"],
        ["c", "∅", "-2.000000", "∅", "∅"],
      ])
  }

  @Test func `NDJSON numbers keep their digits, texts that look like them and odd keys too`()
    async throws
  {
    let workspace = try LoadedWorkspace(
      table(),
      files: [
        "data/t.ndjson": #"""
        {"id":1,"n":123456789012.345678,"s":"\": 123456789012.345678,\\","a\"b\\/~.c":"x"}
        {"id":2,"n":0.000001,"s":": 0.0001, ","big":12345678901234567890}
        {"id":9007199254740993,"n":-2.5,"s":null}
        """#
      ])
    try await workspace.load()
    #expect(
      try await workspace.rows("T", #"id, n, s, "a""b\/~.c", big"#) == [
        ["1", "123456789012.345678", #"": 123456789012.345678,\"#, "x", "∅"],
        ["2", "0.000001", ": 0.0001, ", "∅", "12345678901234567890"],
        ["9007199254740993", "-2.500000", "∅", "∅", "∅"],
      ])
  }

  @Test func `datetimes of a source's zone in a gap and in an overlap`() async throws {
    let workspace = try LoadedWorkspace(
      table(", attributes: {t: datetime}", source: ", timeZone: Europe/Oslo"),
      files: ["data/t.csv": "id,t\n1,2024-03-31 02:30\n2,2024-10-27 02:30\n3,2024-10-27 03:00\n"])
    try await workspace.load()
    #expect(
      try await workspace.rows("T", "t") == [
        ["2024-03-31T01:30:00Z"], ["2024-10-27T00:30:00Z"], ["2024-10-27T02:00:00Z"],
      ])
  }

  @Test func `declared types and formats, and the source's time zone`() async throws {
    let workspace = try LoadedWorkspace(
      table(
        """
        , attributes: {id: text, code: text, born: {type: date, format: "%d.%m.%Y"}, us: date,
          seen: datetime, fee: "decimal(12,2)", active: boolean, income: {type: decimal, column: "Yearly income"}}
        """, source: ", timeZone: Europe/Oslo, dateFormat: \"%m/%d/%Y\", delimiter: \";\""),
      files: [
        "data/t.csv": """
        id;code;born;us;seen;fee;active;Yearly income
        1;007;24.12.1980;2/29/2024;2024-07-01 12:00;10.500;1;12.5
        2;;;;2024-01-01T12:00:00+00:00;;no;
        """
      ])
    try await workspace.load()
    #expect(
      try await workspace.rows("T", "id, code, born, us, seen, fee, active, income") == [
        [
          "1", "007", "1980-12-24", "2024-02-29", "2024-07-01T10:00:00Z", "10.50", "true",
          "12.500000",
        ],
        ["2", "∅", "∅", "∅", "2024-01-01T12:00:00Z", "∅", "false", "∅"],
      ])
  }

  @Test func `types of Parquet columns, changed where they are declared otherwise`() async throws {
    let workspace = try LoadedWorkspace(
      table(", attributes: {number: text, whole: integer, price: \"decimal(10,2)\"}"))
    try workspace.write("data/.keep", "")
    let path = workspace.folder.appending(path: "data/t.parquet").path
    try await workspace.database.connect().execute(
      SQLQuery(
        stringLiteral: """
          COPY (SELECT 1::INTEGER AS id, 42 AS number, 7.0::DOUBLE AS whole, 9.99::DOUBLE AS price,
            'nan'::DOUBLE AS nothing, 1.5::DECIMAL(9,3) AS exact,
            TIMESTAMPTZ '2024-01-01 10:00:00+02' AS at) TO '\(path)' (FORMAT parquet)
          """))
    try await workspace.load()
    #expect(
      try await workspace.rows("T", "id, number, whole, price, nothing, exact, \"at\"") == [
        ["1", "42", "7", "9.99", "∅", "1.500", "2024-01-01T08:00:00Z"]
      ])
    #expect(try workspace.types("T")["exact"] == "decimal(9,3)")
  }

  @Test func `file names with signs of globs are plain names`() async throws {
    let workspace = try LoadedWorkspace(table(), files: ["data/t[1]*.csv": "id\n1\n"])
    try await workspace.load()
    #expect(try await workspace.rows("T", "id") == [["1"]])
  }
}
