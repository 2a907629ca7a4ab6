import Testing

@testable import SegmentCompiler

/// The fast reader of JSON gives what the reader of YAML gives.
@Suite struct JSONTests {
  @Test(arguments: [
    "null", "true", " false ", "0", "-12", "3.50", "1e6", "1E-7", #""""#, #""a""#, "[]", "{}",
    #"[1, "two", [3.0], {"four": null}]"#, #"{"a": {"b": [true]}, "c": "d"}"#,
    #""\"\\\/\b\f\n\r\t\u00e9\u20AC""#, #""\ud83d\ude00 and 😀""#, #""e\u0301""#, "\"é東京\"",
  ])
  func `values are the same`(_ json: String) throws {
    let fast = try #require(Document(json: json))
    let slow = try #require(try Document.parse(json).first)
    #expect(Text(fast.json) == Text(slow.json))
  }

  @Test(arguments: [
    "", "tru", "01", "1.", "-", "+1", ".5", "1e", "[1,]", "[1 2]", #"{"a" 1}"#, #"{"a":1,"a":2}"#,
    #"{a: 1}"#, "'a'", #""a"#, "\"a\nb\"", #""\x""#, #""\u12""#, #""\u+123""#, #""\ud83d""#,
    #""\ude00""#, "1 2", "# no\n1", "nul", "[", "{", "fals", #"{"a":1]"#, #"{"a":1"#, "[1",
    "\"\\n\u{1}\"", #""\n"#, #""\"#, #""\ud83d\n""#, #""\ud83d\u0041""#,
  ])
  func `what is no JSON is left to others`(_ text: String) {
    #expect(Document(json: text) == nil)
  }

  @Test func `very deep nesting is left to others`() {
    #expect(Document(json: String(repeating: "[", count: 5_000)) == nil)
  }
}
