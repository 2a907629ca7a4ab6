import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// Definitions in files and folders, and checking them without data.
@Suite struct DefinitionSourceTests {
  // MARK: Folders

  @Test func `a folder is its definition files, nested ones too, and nothing else`() throws {
    let folder = try DefinitionFolder([
      "b.yaml": Shop.oslo, "a.YML": Shop.coffee, "deep/er/c.json": Shop.newcomers,
      "README.md": "# Segments", ".gitkeep": "", ".hidden.yaml": "no: definition",
      ".git/config.yaml": "no: definition", "keys.csv": "Id\n1\n", "notes.txt": "",
    ])
    let files = try folder.sources().map { folder.short($0.file ?? "") }
    #expect(files == ["a.YML", "b.yaml", "deep/er/c.json"])
  }

  @Test func `the problems of all files are told, each with file and line`() async throws {
    let shop = try await Shop()
    let folder = try DefinitionFolder([
      "a.yaml": "segment: a\n\nrulez: []\n",
      "b/two.yaml": Shop.oslo + "---\nsegment: b\nrules: 7\n",
      "c.yaml": "segment: [", "d.yaml": "# nothing yet\n", "e.yaml": "name: compose\n",
    ])
    let errors = try #require(
      #expect(throws: DefinitionErrors.self) { try shop.service.save(folder.sources()) })
    let lines = folder.short("\(errors)").split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("a.yaml:3: error: rulez: There is no key 'rulez' here") })
    #expect(lines.contains { $0.hasPrefix("b/two.yaml:4: error: rules: A list is expected") })
    #expect(lines.contains { $0.hasPrefix("c.yaml:") && $0.contains("neither YAML nor JSON") })
    #expect(lines.contains { $0.hasPrefix("d.yaml: error: There is no definition in this file.") })
    #expect(lines.contains { $0.hasPrefix("e.yaml:1: error: name: There is no key 'name' here") })
    #expect(try shop.service.segments().isEmpty)
  }

  @Test func `a problem of meaning has its file and line too`() async throws {
    let shop = try await Shop()
    let folder = try DefinitionFolder([
      "town.yaml":
        "segment: town\nrules:\n  - match:\n      attribute: Customer.Citty\n      is: empty\n"
    ])
    let errors = #expect(throws: DefinitionErrors.self) { try shop.service.save(folder.sources()) }
    #expect(
      folder.short("\(try #require(errors))").hasPrefix(
        "town:\ntown.yaml:4: error: rules[0].match.attribute: "))
  }

  @Test func `a segment in two files is refused, and both are named`() async throws {
    let shop = try await Shop()
    let folder = try DefinitionFolder([
      "a.yaml": Shop.oslo, "b/c.yaml": Shop.coffee + "---\n" + Shop.oslo,
    ])
    let errors = #expect(throws: DefinitionErrors.self) { try shop.service.save(folder.sources()) }
    #expect(
      folder.short("\(try #require(errors))")
        == "oslo:\nb/c.yaml:3: error: segment: The segment 'oslo' is defined 2 times: a.yaml:1, b/c.yaml:3. [duplicateSegment]"
    )
  }

  @Test func `a byte order mark is no part of a definition, and other encodings are refused`()
    throws
  {
    let folder = try DefinitionFolder(["a.yaml": "\u{FEFF}" + Shop.oslo])
    let written = try WrittenDefinition.all(in: folder.sources(), catalog: nil)
    #expect(written.map(\.definition.name) == ["oslo"])
    try folder.write("b.yaml", Data("segment: a\n# caf".utf8) + [0xE9, 0x0A])
    let errors = #expect(throws: DefinitionErrors.self) { try folder.sources() }
    #expect(
      folder.short("\(try #require(errors))")
        == "b.yaml:2: error: The file is not in UTF-8. [notUTF8]")
  }

  @Test func `the workspace file, a missing file and a link to a folder are refused`() throws {
    let folder = try DefinitionFolder(["workspace.yaml": Shop.yaml])
    try FileManager.default.createSymbolicLink(
      at: folder.url.appending(path: "loop"), withDestinationURL: folder.url)
    let errors = try #require(
      #expect(throws: DefinitionErrors.self) {
        try DefinitionSource.all(at: [folder.path, folder.path + "/none.yaml"])
      })
    let codes = errors.all.flatMap { $0.diagnostics.all.map(\.code) }
    #expect(codes.sorted() == ["folderLink", "unreadable", "workspaceFile"])
  }

  @Test func `a linked file is read as if it stood there`() throws {
    let other = try DefinitionFolder(["x.yaml": Shop.oslo])
    let folder = try DefinitionFolder()
    try FileManager.default.createSymbolicLink(
      at: folder.url.appending(path: "a.yaml"),
      withDestinationURL: other.url.appending(path: "x.yaml"))
    #expect(try folder.sources().map(\.text) == [Shop.oslo])
  }

  // MARK: Keys in files

  @Test func `keys are read from a file beside the definition`() async throws {
    let shop = try await Shop()
    let folder = try DefinitionFolder([
      "vip.yaml": "segment: vip\nkeysFile: lists/vip.csv\n",
      "lists/vip.csv": "Name,Id\r\nAda,1\r\nBo,3\r\n\r\nAgain,1\r\nUnknown,77\r\n",
      "other.yaml": "segment: other\nkeysFile: {path: other.txt}\n", "other.txt": "2\n",
      "third.yaml": "segment: third\nkeysFile: {path: third.csv, column: Kunde}\n",
      "third.csv": "Kunde;Ort\n4;Oslo\n",
    ])
    _ = try shop.service.save(folder.sources())
    #expect(
      try shop.service.segment("vip").definition.content
        == .keys(["1", "3", "77"].map { .number($0) }))
    let runs = try await shop.refresh()
    #expect(runs.mapValues { $0.result?.count } == ["vip": 2, "other": 1, "third": 1])
    #expect(try await shop.keys("third") == ["4"])
  }

  @Test func `what is wrong with a file of keys is told with its line`() async throws {
    let shop = try await Shop()
    let folder = try DefinitionFolder([
      "a.yaml": "segment: a\nkeysFile: a.csv\n", "a.csv": "Id\n1\nabc\n2.5\n",
      "b.yaml": "segment: b\nkeysFile: b.csv\n", "b.csv": "1\n2\n",
      "c.yaml": "segment: c\nkeysFile: none.csv\n",
      "d.yaml": "segment: d\nkeysFile: ../outside.csv\n",
      "e.yaml": "segment: e\nkeysFile: /etc/passwd\n",
      "f.yaml": "segment: f\nkeysFile: {colum: Id}\n",
      "g.yaml": "segment: g\nkeysFile: link.csv\n",
    ])
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link.csv", withDestinationPath: "/etc/passwd")
    let errors = try #require(
      #expect(throws: DefinitionErrors.self) { try shop.service.save(folder.sources()) })
    let lines = folder.short("\(errors)").split(separator: "\n")
    for wanted in [
      "a.csv:3: error: 'abc' is no whole number, as the keys 'Id' are.", "a.csv:4: error: '2.5' is",
      "b.csv:1: error: There is no column 'Id'; the first line has '1'.",
      "c.yaml:2: error: keysFile: There is no file 'none.csv' beside",
      "d.yaml:2: error: keysFile: '../outside.csv' leads out of the folder",
      "e.yaml:2: error: keysFile: '/etc/passwd' leads out of the folder",
      "f.yaml:2: error: keysFile.colum: There is no key",
      "g.yaml:2: error: keysFile: 'link.csv' leads out of the folder",
    ] { #expect(lines.contains { $0.hasPrefix(wanted) }, "\(wanted)\n\(lines)") }
  }

  @Test func `a text that is no file cannot name one`() async throws {
    let shop = try await Shop()
    let errors = #expect(throws: DefinitionErrors.self) {
      try shop.service.save("segment: a\nkeysFile: a.csv\n")
    }
    #expect(errors?.all.first?.diagnostics.all.map(\.code) == ["keysFileUnread"])
  }

  // MARK: Without data

  private static let undeclared = """
    workspace: Shop
    tables:
      Customer: {files: Customer.csv, key: Id}
      Order: {files: Order.csv, key: Nr}
    relationships: [Order.CustomerId -> Customer.Id]
    audiences: {Customer: {table: Customer}}
    """

  private func validate(
    _ sources: [DefinitionSource], in root: URL, knowing: KnownSegments = .given
  ) throws -> Validation {
    try SegmentService.validate(
      sources, in: WorkspaceFolder(root), knowing: knowing, now: Shop.asOf)
  }

  @Test func `without data the workspace file says what there is, and the lock file says the rest`()
    async throws
  {
    let folder = try DefinitionFolder([
      "workspace.yaml": Self.undeclared, "segments/oslo.yaml": Shop.oslo,
      "segments/vip.yaml": "segment: vip\nkeys: [1]\n",
    ])
    let sources = try DefinitionSource.all(at: [folder.path + "/segments"])
    let errors = try #require(
      #expect(throws: DefinitionErrors.self) { try validate(sources, in: folder.url) })
    #expect(
      errors.all.map { "\($0.segment) \($0.diagnostics.all.map(\.code))" }
        == [#"oslo ["undeclaredAttribute"]"#, #"vip ["undeclaredAttribute"]"#])
    #expect("\(errors)".contains("muster catalog --lock"))

    let declared = Self.undeclared.replacing(
      "key: Id}", with: "key: Id, attributes: {Id: number, City: text}}")
    try folder.write("workspace.yaml", declared)
    #expect(try validate(sources, in: folder.url).types == .declared)

    let shop = try await Shop(yaml: Self.undeclared)
    let (path, isNew) = try shop.service.writeLock()
    #expect(isNew)
    #expect(try shop.service.writeLock().isChanged == false)
    try folder.write("workspace.yaml", Self.undeclared)
    try folder.write("workspace.lock.yaml", try String(contentsOfFile: path, encoding: .utf8))
    let validation = try validate(sources, in: folder.url)
    #expect(validation.types == .lock && validation.warnings.isEmpty)
    #expect(validation.definitions.map(\.definition.name) == ["oslo", "vip"])
    #expect(try folder.files().allSatisfy { !$0.hasPrefix(".muster") })
  }

  @Test func `a lock file that disagrees is told about`() async throws {
    let shop = try await Shop()
    _ = try shop.service.writeLock()
    #expect(try shop.service.lockDifferences().isEmpty)
    let lock = shop.workspace.root.appending(path: "workspace.lock.yaml")
    let text = try String(contentsOf: lock, encoding: .utf8)
    try Data(text.replacing("City: text", with: "City: date").utf8).write(to: lock)
    #expect(try shop.service.lockDifferences().map(\.code) == ["lockOutdated"])
    let validation = try validate([DefinitionSource(text: Shop.oslo)], in: shop.workspace.root)
    #expect(
      validation.warnings.map(\.message) == [
        "Customer.City is text in the loaded data, and date here."
      ])
    try Data("version: 1\ntables: [x]".utf8).write(to: lock)
    #expect(throws: Diagnostics.self) { try shop.service.lockDifferences() }
  }

  @Test func `where data is loaded it counts, though another process owns the workspace`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo)
    let follower = DefinitionSource(
      text: "{segment: f, rules: [{match: {is: memberOf, value: oslo}}]}")
    #expect(throws: WorkspaceError.self) {
      try SegmentService(
        folder: WorkspaceFolder(shop.workspace.root), purpose: "a second one", author: .tester)
    }
    let errors = #expect(throws: DefinitionErrors.self) {
      try validate([follower], in: shop.workspace.root, knowing: .saved)
    }
    #expect(errors?.all.first?.diagnostics.all.map(\.code) == ["segmentNeverRun"])
    try await shop.refresh()
    let validation = try validate([follower], in: shop.workspace.root, knowing: .saved)
    #expect(validation.types == .data(version: 1))
    #expect(throws: DefinitionErrors.self) {
      try validate([follower], in: shop.workspace.root, knowing: .given)
    }
  }

  @Test func `a workspace that was opened but never loaded is one without data`() throws {
    let workspace = try TestWorkspace {
      try Data(Shop.yaml.utf8).write(to: $0.appending(path: "workspace.yaml"))
    }
    let validation = try validate([DefinitionSource(text: Shop.oslo)], in: workspace.root)
    #expect(validation.types == .declared)
  }
}
