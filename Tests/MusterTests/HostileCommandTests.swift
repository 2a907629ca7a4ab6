import Foundation
import Testing

/// What the program says and returns where it is given what it should not be.
@Suite struct HostileCommandTests {
  /// A workspace in a folder of its own, deleted with the value.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID())")

    init() throws {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try write(
        "workspace.yaml",
        "{workspace: W, tables: {C: {files: c.csv, key: Id}}, audiences: {C: {table: C}}}\n")
      try write("c.csv", "Id,City\n1,Oslo\n2,Ber\u{1B}[2J\u{202E}gen\n")
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }
    func write(_ name: String, _ data: Data) throws {
      try data.write(to: url.appending(path: name))
    }

    /// Runs the program here.
    func muster(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
      let process = Process()
      // Built beside the tests.
      process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "muster")
      process.arguments = arguments
      process.currentDirectoryURL = url
      let (output, errors) = (url.appending(path: "out"), url.appending(path: "err"))
      for file in [output, errors] { try Data().write(to: file) }
      process.standardOutput = try FileHandle(forWritingTo: output)
      process.standardError = try FileHandle(forWritingTo: errors)
      process.standardInput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit)
      return (
        process.terminationStatus, try String(contentsOf: output, encoding: .utf8),
        try String(contentsOf: errors, encoding: .utf8)
      )
    }
  }

  @Test func `a hostile file of definitions is named with its line, and the program fails`() throws
  {
    let folder = try Folder()
    let names = (0...40).map { "a\($0)" }
    let laughs = zip(names, names.dropFirst()).map { "\($1): &\($1) [*\($0), *\($0), *\($0)]" }
    let comparison = "{attribute: C.City, is: empty}"
    let tooDeep =
      String(repeating: "{all: [", count: 200) + comparison + String(repeating: "]}", count: 200)
    let texts: [(String, Data, String)] = [
      (
        "utf16.yaml", Data([0xFF, 0xFE, 0x73, 0]), "utf16.yaml:1: error: The file is not in UTF-8."
      ),
      (
        "open.yaml", Data("segment: s\nrules: [\"x".utf8),
        "open.yaml:2: error: This is neither YAML"
      ),
      (
        "laughs.yaml", Data((["a0: &a0 x"] + laughs).joined(separator: "\n").utf8),
        ": error: The document has more than 4000000 values."
      ),
      ("nested.yaml", Data(repeating: UInt8(ascii: "["), count: 100_000), "nested.yaml:1: error: "),
      (
        "deep.yaml", Data("segment: s\nrules:\n- match: \(tooDeep)\n".utf8),
        "deep.yaml:3: error: rules[0].match.all[0]"
      ),
      (
        "tag.yaml", Data("segment: s\nrules: !!python/object:os.system [x]\n".utf8),
        "tag.yaml:2: error: The tag 'tag:yaml.org,2002:python/object:os.system' has no meaning here."
      ),
      (
        "evil.yaml", Data("segment: s\n\"\\e[2J\\u202E\": 1\nkeys: []\n".utf8),
        #"evil.yaml:2: error: \u{1B}[2J\u{202E}: There is no key '\u{1B}[2J\u{202E}' here"#
      ),
      (
        "circle.yaml", Data("segment: s\nrules: [{match: {is: memberOf, value: s}}]\n".utf8),
        "circle.yaml:2: error: rules[0].match.value: "
      ),
    ]
    for (name, data, _) in texts { try folder.write(name, data) }
    for (name, _, says) in texts {
      let run = try folder.muster("validate", name)
      #expect(run.status == 1 && run.output.isEmpty, "\(name)")
      #expect(run.errors.contains(says), "\(name): \(run.errors.prefix(2_000))")
      #expect(run.errors.utf8.count < 20_000)
    }
    let missing = try folder.muster("validate", "nowhere.yaml")
    #expect(missing.status == 1)
    #expect(missing.errors.contains("nowhere.yaml: error: There is no such file or folder."))
  }

  @Test func `a broken data file is named with its line, and what was loaded can be used`() throws {
    let folder = try Folder()
    #expect(try folder.muster("load").status == 0)
    try folder.write("c.csv", "Id,City\n1,Oslo\n2,\"Bergen\n")
    let load = try folder.muster("load")
    #expect(load.status == 1)
    let said = load.output + load.errors
    #expect(said.contains("c.csv, line 3: a value begins with a quote"), "\(said)")

    try folder.write(
      "s.yaml", "segment: \"x';--\"\nrules: [{match: {attribute: C.City, isNot: empty}}]\n")
    #expect(try folder.muster("save", "s.yaml").status == 0)
    #expect(try folder.muster("refresh", "x';--").status == 0)
    let members = try folder.muster("members", "x';--")
    #expect(members.status == 0 && members.output == "Id\r\n1\r\n2\r\n", "\(members)")
    let why = try folder.muster("why", "x';--", "--key", "2")
    #expect(why.status == 0, "\(why)")
    #expect(why.output.contains(#"Ber\u{1B}[2J\u{202E}gen"#), "\(why)")
    #expect(!why.output.contains("\u{1B}") && !why.output.contains("\u{202E}"))
  }

  @Test func `a broken workspace file is named with its line`() throws {
    let folder = try Folder()
    try folder.write("workspace.yaml", "workspace: W\ntables: {C: {files: c.csv, kee: Id}}\n")
    for command in ["load", "list"] {
      let run = try folder.muster(command)
      #expect(run.status == 1)
      #expect(run.errors.contains("workspace.yaml:2: error: tables.C.kee: "), "\(run.errors)")
    }
    try FileManager.default.removeItem(at: folder.url.appending(path: "workspace.yaml"))
    try #require(mkfifo(folder.url.appending(path: "workspace.yaml").path, 0o600) == 0)
    let run = try folder.muster("load")
    #expect(run.status == 1)
    #expect(run.errors.contains("workspace.yaml: error: This is no file but a pipe or a device."))
  }

  @Test(arguments: ["999999999", "257", "0", "-1", "99999999999999999999", "two"])
  func `threads are bounded`(threads: String) throws {
    let folder = try Folder()
    let run = try folder.muster("load", "--threads=\(threads)")
    #expect(run.status == 64)
    #expect(run.errors.contains("threads"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: ".muster").path))
  }
}
