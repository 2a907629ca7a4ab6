import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// The JSON Schema of definitions, judged by an independent validator.
@Suite struct SchemaTests {
  /// Python's jsonschema, where it is installed.
  private static let validator = """
    import json, sys
    from jsonschema import Draft202012Validator
    schema, documents = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    json.dump([[e.message[:200] for e in validator.iter_errors(d)] for d in documents], sys.stdout)
    """

  static let isInstalled = (try? python("import jsonschema", []))?.status == 0

  @Test(.enabled(if: isInstalled, "Python's jsonschema is not installed"))
  func `every definition of the cases and of the sample is valid`() throws {
    var texts: [String] = []
    for file in CaseTests.files {
      let document = try Document.file(file)
      texts += (document["segments"]?.items ?? []).map(\.json)
      for testCase in document["cases"]?.items ?? [] where testCase["errors"] == nil {
        guard let definition = testCase["definition"] else { continue }
        let named =
          definition["segment"] == nil ? definition.setting("segment", to: .text("s")) : definition
        texts.append(named.json)
      }
    }
    let samples = try Document.parse(SampleCompany.segmentsText)
    texts += samples.map(\.json)
    // As they are stored and written back, too.
    texts += try samples.map { try SegmentDefinition(decoding: $0).json }
    #expect(texts.count > 500)
    for (text, problems) in zip(texts, try Self.problems(of: texts)) {
      #expect(problems.isEmpty, "\(text)")
    }
  }

  @Test(.enabled(if: isInstalled, "Python's jsonschema is not installed"))
  func `broken definitions are not`() async throws {
    let shop = try await Shop()
    let match = #"{"attribute":"Customer.City","is":"empty"}"#
    func rule(_ rule: String) -> String { #"{"segment":"s","rules":[\#(rule)]}"# }
    let broken = [
      #"{"rules":[{"match":\#(match)}]}"#,
      #"{"segment":"s"}"#,
      #"{"segment":7,"keys":[1]}"#,
      #"{"segment":"s","keys":[1],"rules":[{"match":\#(match)}]}"#,
      #"{"segment":"s","keys":[1.5]}"#,
      #"{"segment":"s","keys":[true]}"#,
      #"{"segment":"s","rules":[]}"#,
      #"{"segment":"s","rules":{"match":\#(match)}}"#,
      #"{"segment":"s","keys":[1],"weekStart":"someday"}"#,
      #"{"segment":"s","keys":[1],"tags":"vip"}"#,
      #"{"segment":"s","keys":[1],"colour":"red"}"#,
      #"{"segment":"s","keys":[1],"limit":{"top":5}}"#,
      #"{"segment":"s","keys":[1],"limit":{"top":0,"by":"Customer.Points"}}"#,
      #"{"segment":"s","keys":[1],"limit":{"random":5,"by":"Customer.Points"}}"#,
      #"{"segment":"s","keys":[1],"project":["Customer.City",7]}"#,
      rule(#"{"match":\#(match),"combine":"minus"}"#),
      rule(#"{"match":\#(match),"form":"Order"}"#),
      rule(#"{"group":[]}"#),
      rule(#"{"group":[{"match":\#(match)}],"match":\#(match)}"#),
      rule(#"{"match":{"attribute":"Customer.City"}}"#),
      rule(#"{"match":{"attribute":"Customer.City","is":"empty","isNot":"empty"}}"#),
      rule(#"{"match":{"attribute":"Customer.City","is":"near","value":"Oslo"}}"#),
      rule(#"{"match":{"attribute":"Customer.City","is":"equalTo","value":{"column":"x"}}}"#),
      rule(#"{"match":{"attribute":"Customer.City","row":"Customer","is":"empty"}}"#),
      rule(#"{"match":{"all":[]}}"#),
      rule(#"{"match":{"all":[\#(match)],"any":[\#(match)]}}"#),
      rule(#"{"match":{"has":{"from":"Order","matches":\#(match)}}}"#),
      rule(#"{"from":"Order","path":["Order.Customer"]}"#),
      rule(#"{"from":"Order","quantifier":"most"}"#),
      rule(#"{"from":"Order","quantifier":{"first":"Order.Day","last":"Order.Day"}}"#),
      rule(#"{"from":"Order","quantifier":{"aggregate":"count"}}"#),
      rule(
        #"{"from":"Order","quantifier":{"aggregate":"median","of":"Order.Total","is":"empty"}}"#),
    ]
    for (text, problems) in zip(broken, try Self.problems(of: broken)) {
      #expect(!problems.isEmpty, "\(text)")
      // Nor are they taken: values and operators are judged with the data at hand.
      #expect(throws: (any Error).self, "\(text)") { try shop.service.validate(text) }
    }
  }

  /// What the validator has against each document.
  private static func problems(of documents: [String]) throws -> [[String]] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = [
      "schema.json": DefinitionSchema.json,
      "documents.json": "[\(documents.joined(separator: ","))]",
    ]
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    let result = try python(
      validator, ["schema.json", "documents.json"].map { folder.appending(path: $0).path })
    guard result.status == 0 else { throw TestFailure("the validator failed") }
    return try JSONDecoder().decode([[String]].self, from: result.output)
  }

  private static func python(_ program: String, _ arguments: [String]) throws -> (
    status: Int32, output: Data
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, data)
  }
}
