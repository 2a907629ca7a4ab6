import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// The lists of manual segments: read from texts, changed, and what of them has no profile.
@Suite struct KeyEditTests {
  // MARK: Reading

  private static let number = Attribute(name: "Id", type: .integer)
  private static let text = Attribute(name: "Id", type: .text)

  private func read(
    _ text: String, as format: KeyFormat, _ attribute: Attribute = KeyEditTests.number,
    column: String? = nil
  ) throws -> GivenKeys {
    var reader = KeyListReader(attribute: attribute, column: column, file: "f")
    return try reader.read(text, as: format)
  }

  private func problems(
    _ text: String, as format: KeyFormat, _ attribute: Attribute = KeyEditTests.number,
    column: String? = nil
  ) -> [String] {
    do {
      _ = try read(text, as: format, attribute, column: column)
      return []
    } catch {
      return "\(error)".split(separator: "\n").map(String.init).filter { $0.hasPrefix("f") }
    }
  }

  @Test func `one key per line, whatever ends the lines`() throws {
    for text in [
      "1\n2\n1\n\n3", "1\r\n2\r\n1\r\n\r\n3\r\n", "1\r2\r1\r \r3\r", " 1 \n+2\n01\n\t\n3\n",
    ] {
      let list = try read(text, as: .lines)
      #expect(list.keys == [.integer(1), .integer(2), .integer(3)], "\(text.debugDescription)")
      #expect(list.repeated == 1 && list.blank == 1)
    }
  }

  @Test func `keys of texts are what stands there, byte by byte`() throws {
    let list = try read(" a\na\nA\n007\ncaf\u{E9}\ncafe\u{301}\na\n", as: .lines, Self.text)
    let wanted = [" a", "a", "A", "007", "caf\u{E9}", "cafe\u{301}"]
    #expect(list.keys == wanted.map { .text(Text($0)) } && list.repeated == 1)
  }

  @Test func `a column of a CSV file`() throws {
    let csv = "Name,Id,Note\r\n\"Ada, or\r\nBo\",1,x\r\n\r\nCy,,y\r\nDi, 2 ,\r\nEd,1,\r\n"
    let list = try read(csv, as: .csv)
    #expect(list.keys == [.integer(1), .integer(2)] && list.repeated == 1 && list.blank == 2)
    #expect(
      try read(csv, as: .csv, Self.text, column: "Note").keys == [
        .text(Text("x")), .text(Text("y")),
      ])
    let quoted = "Id\n\"\"\n\"a\"\"b\"\n\" c\"\n"
    #expect(
      try read(quoted, as: .csv, Self.text).keys == ["", "a\"b", " c"].map { .text(Text($0)) })
    #expect(try read("a\tId\n1\t2\n", as: .csv).keys == [.integer(2)])
    #expect(try read("", as: .csv).keys.isEmpty)
  }

  @Test func `lines of NDJSON are keys or objects with one`() throws {
    let list = try read(
      "1\n\"2\"\n{\"Id\": 3, \"x\": [1]}\n\n{\"Id\": null}\n{\"Id\": 3}\n", as: .ndjson)
    #expect(list.keys == [.integer(1), .integer(2), .integer(3)])
    #expect(list.blank == 2 && list.repeated == 1)
    #expect(
      try read("\"\\u0065\\u0301\"\n7\n", as: .ndjson, Self.text).keys == [
        .text(Text("e\u{301}")), .text(Text("7")),
      ])
  }

  @Test func `what is no key is told by its line`() {
    #expect(
      problems("1\nx\n2.5\n9223372036854775808\n", as: .lines) == [
        "f:2: error: 'x' is no whole number, as the keys 'Id' are. [wrongValueType]",
        "f:3: error: '2.5' is no whole number, as the keys 'Id' are. [wrongValueType]",
        "f:4: error: '9223372036854775808' is no whole number, as the keys 'Id' are. [wrongValueType]",
      ])
    #expect(
      problems("A,B\n1,2\n", as: .csv)[0].hasPrefix(
        "f:1: error: There is no column 'Id'; the first line has 'A', 'B'."))
    #expect(
      problems("Id,B\n1,2\n\"x\n", as: .csv)[0].hasPrefix(
        "f:3: error: The quote that begins here has no end."))
    #expect(problems("B,Id\n1\n", as: .csv)[0].hasPrefix("f:2: error: The line has 1 cells"))
    #expect(problems("Id\n\"1\"2\n", as: .csv)[0].hasPrefix("f:2: error: A quoted cell goes on"))
    #expect(problems("{\"id\": 1}\ntrue\n[1]\nnot json\n", as: .ndjson).count == 4)
    let many = problems((0..<50).map { "x\($0)\n" }.joined(), as: .lines)
    #expect(many.count == 21)
    #expect(many[20] == "f: error: The file has 30 further problems of this kind. [wrongValueType]")
  }

  @Test func `the format follows the name`() {
    #expect(KeyFormat(path: "a/VIP.CSV") == .csv)
    #expect(KeyFormat(path: "a.jsonl") == .ndjson)
    #expect(KeyFormat(path: "a.ndjson") == .ndjson)
    #expect(KeyFormat(path: "a.txt") == .lines)
    #expect(KeyFormat(path: "keys") == .lines)
  }

  // MARK: Editing

  private func edit(
    _ edit: KeyEdit, _ keys: String, in shop: Shop, creating: Bool = false, audience: String? = nil
  ) async throws -> KeyEditReport {
    try await shop.service.edit(
      edit, [.text(keys, format: .lines, column: nil, file: "f")], of: "vip", creating: creating,
      audience: audience)
  }

  @Test func `a list is made, added to, taken from and replaced`() async throws {
    let shop = try await Shop()
    let made = try await edit(.add, "1\n70\n1\n\n", in: shop, creating: true)
    #expect(made.version == 1 && made.added == 2 && made.total == 2)
    #expect(made.repeated == 1 && made.blank == 1 && made.pending == [.integer(70)])
    let added = try await edit(.add, "1\n2\n3\n", in: shop)
    #expect(added.version == 2 && added.added == 2 && added.idle == 1 && added.total == 4)
    let removed = try await edit(.remove, "1\n99\n", in: shop)
    #expect(removed.removed == 1 && removed.idle == 1 && removed.total == 3)
    #expect(try await shop.service.keys(of: "vip").keys == [70, 2, 3].map { .integer($0) })
    #expect(try await shop.service.keys(of: "vip", pendingOnly: true).keys == [.integer(70)])
    let replaced = try await edit(.replace, "3\n5\n", in: shop)
    #expect(replaced.added == 1 && replaced.removed == 2 && replaced.idle == 1)
    let same = try await edit(.add, "5\n", in: shop)
    #expect(same.version == replaced.version && same.added == 0)
    #expect(try await shop.result("vip").count == 2)
    #expect(try await shop.keys("vip") == ["3", "5"])
  }

  @Test func `pending keys are told by a refresh, and become members`() async throws {
    let shop = try await Shop()
    _ = try await edit(.add, "1\n70\n", in: shop, creating: true)
    #expect(try await shop.service.refresh()[0].pending == [.integer(70)])
    try await shop.load("Customer.csv", Shop.customers + "70,Oslo,1,2024-01-01\n")
    #expect(try await shop.service.keys(of: "vip", pendingOnly: true).keys.isEmpty)
    #expect(try await shop.service.refresh()[0].pending.isEmpty)
    #expect(try await shop.keys("vip") == ["1", "70"])
  }

  @Test func `only a manual segment has a list`() async throws {
    let shop = try await Shop(segments: Shop.oslo.replacing("segment: oslo", with: "segment: vip"))
    await #expect(throws: KeyEditError.notManual("vip")) { try await edit(.add, "1\n", in: shop) }
    try shop.service.delete("vip")
    await #expect(throws: KeyEditError.unknown("vip")) { try await edit(.add, "1\n", in: shop) }
    await #expect(throws: DefinitionErrors.self) {
      try await edit(.add, "1\n", in: shop, creating: true, audience: "Nobody")
    }
    _ = try await edit(.add, "1\n", in: shop, creating: true, audience: "Customer")
    await #expect(throws: KeyEditError.otherAudience(segment: "vip", audience: "Customer")) {
      try await edit(.add, "1\n", in: shop, creating: true, audience: "Other")
    }
    await #expect(throws: Diagnostics.self) {
      try await shop.service.edit(.add, [.key("x")], of: "vip")
    }
    #expect(try shop.service.segment("vip").version == 1)
  }

  @Test func `a written list can be read again`() async throws {
    let shop = try await Shop(segments: "{segment: vip, keys: [3, 1, 70]}")
    let (name, keys) = try await shop.service.keys(of: "vip")
    let bytes = Guarded<[UInt8]>([])
    try await shop.service.write(keys, called: name, as: .csv(raw: true)) { piece in
      bytes.withLock { $0 += piece }
    }
    let text = String(decoding: bytes.withLock { $0 }, as: UTF8.self)
    #expect(text == "Id\r\n3\r\n1\r\n70\r\n")
    #expect(try read(text, as: .csv).keys == keys)
  }

  @Test func `a list of many thousand keys, over many vectors`() async throws {
    let customers = (1...10_000).map { "\($0 * 2),Oslo,1,2024-01-01\n" }.joined()
    let shop = try await Shop(
      customers: "Id,City,Points,Joined\n" + customers,
      orders: "Nr,CustomerId,Product,Day,Weight\n1,2,tea,2024-01-10,1\n")
    let keys = (1...20_000).map { "\($0)\n" }.joined()
    let report = try await edit(.add, keys, in: shop, creating: true)
    #expect(report.total == 20_000 && report.pending.count == 10_000)
    #expect(report.pending.first == .integer(1) && report.pending.last == .integer(19_999))
    #expect(try await shop.result("vip").count == 10_000)
  }
}
