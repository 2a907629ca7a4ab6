import Testing

@testable import SegmentService

/// What DuckDB 2.0.0 says of files that it cannot read, and what is said instead.
@Suite struct DataFileProblemTests {
  private func problem(_ message: String) -> String {
    DataFileProblem(message, path: "/srv/w/data/c.csv", name: "data/c.csv")
      .description(of: "data/c.csv")
  }

  private func csv(_ said: String) -> String {
    problem(
      """
      Invalid Input Error: CSV Error on Line: 3
      Original Line: \(said)
      Possible fixes:
      * Disable the parser's strict mode (strict_mode=false) to allow reading rows that do not comply with the CSV standard.

        file = /srv/w/data/c.csv
        delimiter = , (Set By User)
        quote = " (Set By User)

      """)
  }

  @Test func `lines of CSV with too few or too many cells`() {
    #expect(
      csv("2,b\nExpected Number of Columns: 3 Found: 2")
        == "data/c.csv, line 3: 2 cells, where the header has 3. The line: 2,b")
    #expect(
      csv("2\nExpected Number of Columns: 2 Found: 1")
        == "data/c.csv, line 3: 1 cell, where the header has 2. The line: 2")
    // There are five: DuckDB counts no further than the third.
    #expect(
      csv("2,b,c,d,e\nExpected Number of Columns: 2 Found: 3")
        == "data/c.csv, line 3: more cells than the 2 of the header. The line: 2,b,c,d,e")
    #expect(
      csv("a,b\nExpected Number of Columns: 1 Found: 2")
        == "data/c.csv, line 3: more cells than the one of the header. The line: a,b")
    // With empty lines before it.
    #expect(
      csv("\n\n2,b,c\nExpected Number of Columns: 2 Found: 3").hasSuffix("The line: 2,b,c"))
    let long = csv(
      String(repeating: "x", count: 5_000) + "\nExpected Number of Columns: 2 Found: 1")
    #expect(long.hasSuffix("xxx…") && long.count < 200)
  }

  @Test func `quotes that are not closed, whatever stands in the line`() {
    let says =
      "data/c.csv, line 3: a value begins with a quote that is not closed, or has text behind the closing one; a quote within a value in quotes is written twice. The line: "
    #expect(
      csv("2,\"Bergen,40\n3,x,4\n\nValue with unterminated quote found.\n") == says
        + "2,\"Bergen,40")
    #expect(
      csv("2,\"Ber\"gen,40\nValue with unterminated quote found.\n") == says + "2,\"Ber\"gen,40")
    #expect(
      csv(
        "1,\"\r\nExpected Number of Columns: 3 Found: 2\r\n\nValue with unterminated quote found.\n"
      )
        == says + "1,\"")
  }

  @Test func `texts that are not in UTF-8`() {
    let says =
      "Invalid unicode (byte sequence mismatch) detected. This file is not utf-8 encoded.\n"
    #expect(
      csv("2,Troms?,40\n\(says)")
        == "data/c.csv, line 3: the text is not in UTF-8; convert the file, with 'iconv -f latin1 -t utf-8' for instance if it is in Latin-1. The line: 2,Troms?,40"
    )
    #expect(
      csv("??I\\0d\\0,\\0C\\0\n\(says)").contains("in UTF-16, not in UTF-8; convert the file"))
    #expect(
      problem(
        "Invalid Input Error: Malformed JSON in file \"/srv/w/data/c.csv\", at byte 12 in line 3: invalid UTF-8 encoding in string. "
      ).hasPrefix("data/c.csv, row 2: the text is not in UTF-8;"))
    #expect(
      problem(
        "Invalid Input Error: Malformed JSON in file \"/srv/w/data/c.csv\", at byte 1 in line 2: UTF-16 encoding is not supported. "
      ).contains("-f utf-16"))
  }

  @Test func `lines that are too long`() {
    let text =
      "the line is longer than 16,777,216 bytes, the most that is read; is a quote not closed?"
    #expect(
      csv("1,xxxx\nMaximum line size of 16777216 bytes exceeded. Actual Size:40000002 bytes.\n")
        == "data/c.csv, line 3: \(text) The line: 1,xxxx")
    #expect(
      problem(
        "Invalid Input Error: \"maximum_object_size\" of 16777216 bytes exceeded while reading file \"/srv/w/data/c.csv\" (>33554416 bytes).\n Try increasing \"maximum_object_size\"."
      ) == "data/c.csv: \(text)")
  }

  @Test(arguments: [
    ("at byte 7 in line 4: unexpected end of data. ", "row 3", "unexpected end of data"),
    (
      "at byte 8 in line 3: unexpected content after document. Try auto-detecting the JSON format",
      "row 2", "unexpected content after document"
    ),
    ("at byte 1 in line 2: unexpected character. ", "row 1", "unexpected character"),
  ])
  func `lines that are no JSON`(said: String, row: String, reason: String) {
    #expect(
      problem("Invalid Input Error: Malformed JSON in file \"/srv/w/data/c.csv\", \(said)")
        == "data/c.csv, \(row): no JSON object on a line of its own: \(reason).")
  }

  @Test func `files that are no Parquet`() {
    for said in [
      "No magic bytes found at end of file '/srv/w/data/c.csv'",
      "File '/srv/w/data/c.csv' too small to be a Parquet file",
      "Footer length error in file '/srv/w/data/c.csv'",
    ] {
      let query = "\n\nLINE 1: DESCRIBE SELECT * FROM read_parquet('/srv/w/data/c.csv')\n   ^^^"
      #expect(
        problem("Invalid Input Error: \(said)\(query)")
          == "data/c.csv: this is no Parquet file, or only a part of one.")
    }
  }

  @Test func `anything else stays, without the kind of error and folders`() {
    #expect(
      problem("IO Error: Unexpected end of GZIP stream: /srv/w/data/c.csv")
        == "data/c.csv: Unexpected end of GZIP stream: data/c.csv")
    #expect(
      problem("IO Error: Cannot write \"/srv/w/other\"\n\nLINE 1: SELECT 1\n")
        == "data/c.csv: Cannot write \"other\"")
    #expect(
      csv("2,b\nThe line is not to my liking.")
        == "data/c.csv: CSV Error on Line: 3\nOriginal Line: 2,b\nThe line is not to my liking.")
    #expect(problem("Overflow: 1 Error: 2") == "data/c.csv: Overflow: 1 Error: 2")
    #expect(problem("").isEmpty == false)
  }
}
