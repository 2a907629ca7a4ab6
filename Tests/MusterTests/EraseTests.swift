import Testing

@testable import SegmentService
@testable import muster

@Suite struct EraseTests {
  @Test func `the report says what goes, what is rewritten, and what is left`() {
    var report = ErasureReport()
    report.audience = "Customer"
    report.profiles = 1
    report.tables = [
      .init(table: "Customer", rows: 1, cleared: 2, rowsEver: 3),
      .init(table: "Order", rows: 1_204, cleared: 0, rowsEver: 2_408),
    ]
    report.dataVersions = 2
    report.runs = 1
    report.lists = ["vip"]
    report.leftovers.files = [.init(path: "c.csv", table: "Customer", rows: 1)]
    report.leftovers.mentions = [
      .init(place: .segment("s", version: 2), attribute: "Customer.Email")
    ]
    report.leftovers.unreferred = [.init(table: "Address", rows: 1)]
    #expect(
      erasureText(report, isDone: false) == """
        1 profile of Customer would be erased.

        Table      Rows  References  In all data versions
        ────────  ─────  ──────────  ────────────────────
        Customer      1           2                     3
        Order     1,204           0                 2,408

        To be rewritten: 2 data versions, the members of 1 run, 1 manual list (vip).

        Left as it is, for you to look at:
        - c.csv: 1 row of Customer
        - the segment 's', version 2, quotes Customer.Email
        - 1 row of Address to which nothing else refers
        - lists of members that were written to files, copies of the disk, and your data files
        """)
    report.tables = []
    report.unknown = 2
    #expect(
      erasureText(report, isDone: true).hasPrefix(
        """
        1 profile of Customer: erased.
        No row is theirs.
        2 keys that no profile has are kept from being loaded.

        """))
  }

  @Test func `whom to erase is said in one way`() {
    for arguments in [[], ["--again", "--key", "1"], ["--log", "--file", "x"]] {
      #expect(throws: (any Error).self) { try EraseCommand.parse(arguments) }
    }
    for arguments in [
      ["--again"], ["--key", "1", "--file", "x"], ["--log"],
      ["--file", "x", "--format", "csv", "--column", "Id"],
    ] {
      #expect(throws: Never.self) { try EraseCommand.parse(arguments) }
    }
  }
}
