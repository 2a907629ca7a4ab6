import SegmentCompiler
import Testing

/// References and steps of paths, as they are written.
@Suite struct ReferenceTests {
  @Test(arguments: [
    ("City", ["City"]), ("Order.Total", ["Order", "Total"]), ("a.b.c", ["a", "b", "c"]),
    ("Order.\"net.total\"", ["Order", "net.total"]), ("\"a\"\"b\".c", ["a\"b", "c"]),
    ("Bill To.City", ["Bill To", "City"]), ("\" x\".y", [" x", "y"]),
    ("Customer#2.City", ["Customer#2", "City"]),
  ])
  func `references that are well formed`(text: String, parts: [String]) {
    #expect(Reference(text)?.parts == parts)
  }

  @Test(arguments: [
    "", ".", "a.", ".a", "a..b", " a", "a ", "a. b", "a\"b", "\"\"", "\"open", "\"a\"b", "\"a\"\"",
    "a.\"\"",
  ])
  func `references that are not`(text: String) {
    #expect(Reference(text) == nil)
  }

  @Test(arguments: [
    ["a"], ["a", "b"], ["a.b"], ["a\"b", "~c"], [" a", "b "], ["caf\u{E9}", "cafe\u{301}"],
    ["a b", "c#2"],
  ])
  func `what is written reads back`(parts: [String]) {
    let reference = Reference(parts)
    #expect(Reference(reference.description) == reference)
  }

  @Test func `names are quoted where they must be`() {
    #expect(
      ["a", "a b", "", "a.b", "a\"b", "~a", " a", "a "].map(Reference.quoted) == [
        "a", "a b", "\"\"", "\"a.b\"", "\"a\"\"b\"", "\"~a\"", "\" a\"", "\"a \"",
      ])
  }

  @Test func `steps are relationships, walked either way`() throws {
    let name = RelationshipName(table: "Order", name: "Bill.To")
    let step = try #require(PathStep("Order.\"Bill.To\""))
    #expect(step == PathStep(relationship: name))
    #expect(PathStep("~Order.\"Bill.To\"") == PathStep(relationship: name, reversed: true))
    #expect(PathStep("~Order.\"Bill.To\"")?.description == "~Order.\"Bill.To\"")
    for text in ["", "~", "Order", "~Order", "a.b.c", "Order.", "~~Order.Customer.x"] {
      #expect(PathStep(text) == nil, "\(text)")
    }
  }
}
