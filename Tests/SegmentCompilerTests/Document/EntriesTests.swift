import Testing

@testable import SegmentCompiler

@Suite struct EntriesTests {
  @Test func `entries are read, replaced, added last and taken away`() throws {
    var document = try Document.parse("{a: 1, b: two}")[0]
    #expect(document["b"]?.textValue == "two" && document["a"]?.textValue == nil)
    #expect(document["c"] == nil)
    document["a"] = .text("x")
    document["c"] = .text("z")
    #expect(document.json == #"{"a":"x","b":"two","c":"z"}"#)
    document["b"] = nil
    document["nothing"] = nil
    #expect(document.json == #"{"a":"x","c":"z"}"#)
  }

  @Test func `what is no mapping has no entries and takes none`() {
    var document = Document.text("a")
    #expect(document["a"] == nil)
    document["a"] = .text("b")
    #expect(document == .text("a"))
  }
}
