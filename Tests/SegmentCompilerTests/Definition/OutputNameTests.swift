import Testing

@testable import SegmentCompiler

@Suite struct OutputNameTests {
  @Test(arguments: [
    ("vip", "Vip"), ("Loyal customers", "LoyalCustomers"), ("big-spenders_2024", "BigSpenders2024"),
    ("90 days", "Segment90Days"), ("Zürich café", "ZurichCafe"), ("東京", "DongJing"),
    ("Клиенты", "Klienty"), ("🎉 vip", "Vip"), ("!!!", "Segment"), ("", "Segment"),
  ]) func `a name is made of letters and digits`(name: String, expected: String) {
    let suggestion = OutputName.suggestion(for: name) { _ in false }
    #expect(suggestion == expected)
    #expect(OutputName.problem(of: suggestion) == nil)
  }

  @Test func `a number makes a taken name another one`() {
    #expect(OutputName.suggestion(for: "vip") { ["Vip", "Vip2"].contains($0) } == "Vip3")
    let long = String(repeating: "a", count: 200)
    let first = OutputName.suggestion(for: long) { _ in false }
    let second = OutputName.suggestion(for: long) { $0 == first }
    #expect(first.count == OutputName.longest && second.count == OutputName.longest)
    #expect(second.hasSuffix("2"))
  }

  @Test(arguments: ["", "1a", "a b", "a-b", "é", "a_b", String(repeating: "a", count: 64)])
  func `other names are refused`(name: String) {
    #expect(OutputName.problem(of: name)?.code == "outputName")
  }
}
