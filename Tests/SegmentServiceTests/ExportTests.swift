import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// Definitions as files: written, read back, and written over with care.
@Suite struct ExportTests {
  private static let manual = "{segment: vip, keys: [3, 1, 2]}\n"

  private func isUnchanged(_ folder: DefinitionFolder, in shop: Shop) async throws -> Bool {
    try await shop.service.plan(folder.sources(), withSizes: false).isEmpty
  }

  // MARK: Identity

  @Test func `planning what was exported finds no change`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Self.manual)
    let folder = try DefinitionFolder()
    let report = try shop.service.export(to: folder.path + "/new")
    #expect(
      report.written.map { folder.short($0) } == [
        "new/coffee.yaml", "new/oslo.yaml", "new/vip.yaml",
      ])
    #expect(
      try folder.files() == ["new/coffee.yaml", "new/oslo.yaml", "new/vip.csv", "new/vip.yaml"])
    #expect(
      try folder.read("new/vip.yaml") == "segment: vip\naudience: Customer\nkeysFile: vip.csv\n")
    #expect(try folder.read("new/vip.csv") == "Id\n3\n1\n2\n")
    #expect(try await isUnchanged(folder, in: shop))
    let again = try shop.service.export(to: folder.path + "/new")
    #expect(again.written.isEmpty && again.unchanged == 3 && again.left.isEmpty)
  }

  @Test func `keys of any text come back as they were`() async throws {
    let keys = [
      "007", " a", "a,b", "say \"hi\"", "", "line\nend", "caf\u{E9}", "cafe\u{301}", "=1+1", "true",
    ]
    let rows = keys.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"\n" }.joined()
    let workspace = try TestWorkspace { folder in
      try Data(
        """
        workspace: T
        tables: {User: {files: u.csv, key: "My, key", attributes: {"My, key": text}}}
        audiences: {User: {table: User}}
        """.utf8
      ).write(to: folder.appending(path: "workspace.yaml"))
      try Data("\"My, key\"\nsomebody\n\(rows)".utf8).write(to: folder.appending(path: "u.csv"))
    }
    _ = try await workspace.service.load()
    let definition = SegmentDefinition(name: "m", content: .keys(keys.map { .text($0) }))
    _ = try workspace.service.save(definition.json)
    let folder = try DefinitionFolder()
    _ = try workspace.service.export(to: folder.path)
    #expect(try await workspace.service.plan(folder.sources()).isEmpty)
    let refreshed = try await workspace.service.refresh()
    #expect(refreshed.map(\.run.result?.count) == [keys.count] && refreshed[0].pending.isEmpty)
  }

  // MARK: Names

  @Test func `names that are plain are the files' names, others resemble them`() {
    #expect(ExportName.base(for: "big-spenders_2024") == "big-spenders_2024")
    for (name, start) in [
      ("Big spenders", "big-spenders-"), ("a/b", "a-b-"), ("../../etc/passwd", "etc-passwd-"),
      ("con", "con-"), ("workspace", "workspace-"), (".hidden", "hidden-"), ("-rf", "rf-"),
      ("東京", "東京-"), ("Größe", "größe-"), ("???", "segment-"), ("a.b", "a-b-"), ("COM1", "com1-"),
      (String(repeating: "x", count: 200), String(repeating: "x", count: 100) + "-"),
    ] {
      let base = ExportName.base(for: name)
      #expect(base.hasPrefix(start) && base.utf8.count == start.utf8.count + 12, "\(base)")
    }
  }

  @Test func `no two names share a file, on any file system`() {
    let names = [
      "vip", "VIP", "Vip", "vip ", "v.i.p", "v/i/p", "v-i-p", "caf\u{E9}", "CAF\u{C9}", "cafe",
      "straße", "strasse", "STRASSE", "ﬁn", "fin", "a", "A", "á", "nul", "NUL", "nul.txt",
      String(repeating: "é", count: 150), String(repeating: "é", count: 151),
    ]
    let files = names.map {
      ExportName.base(for: $0).decomposedStringWithCompatibilityMapping.uppercased()
    }
    #expect(Set(files).count == names.count)
    #expect(files.allSatisfy { !$0.contains("/") && !$0.hasPrefix(".") && !$0.hasPrefix("-") })
    #expect(names.allSatisfy { ExportName.base(for: $0).utf8.count <= 200 })
  }

  @Test func `odd names come back too`() async throws {
    let shop = try await Shop()
    for name in ["VIP", "vip", "a/b", "con", "Größe\u{1F600}", "x: y # z", "true", "7"] {
      let definition = SegmentDefinition(
        name: name, content: try #require(SegmentDefinition.decodeAll(Shop.oslo).first?.content))
      try shop.save(definition.json)
    }
    let folder = try DefinitionFolder()
    #expect(try shop.service.export(to: folder.path).written.count == 8)
    #expect(try await isUnchanged(folder, in: shop))
  }

  // MARK: What is there already

  @Test func `a file that export wrote follows the segment, wherever it was moved`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Self.manual)
    let folder = try DefinitionFolder()
    _ = try shop.service.export(to: folder.path)
    let text = try folder.read("oslo.yaml")
    try folder.remove("oslo.yaml")
    try folder.write("towns/my-oslo.yaml", text)
    try shop.save(Shop.oslo.replacing("value: Oslo", with: "value: Bergen"))
    try shop.save("{segment: vip, keys: [3, 1]}")
    let report = try shop.service.export(to: folder.path)
    #expect(report.written.map { folder.short($0) } == ["towns/my-oslo.yaml", "vip.yaml"])
    #expect(try folder.files() == ["towns/my-oslo.yaml", "vip.csv", "vip.yaml"])
    #expect(try folder.read("vip.csv") == "Id\n3\n1\n")
    #expect(try await isUnchanged(folder, in: shop))
  }

  @Test func `a file that says the same otherwise is left as it is`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    let mine = "# Two of ours\n\(Shop.oslo)---\n\(Shop.coffee)"
    let folder = try DefinitionFolder(["mine.yaml": mine])
    let report = try shop.service.export(to: folder.path)
    #expect(report.written.isEmpty && report.unchanged == 2)
    #expect(try folder.read("mine.yaml") == mine)
  }

  @Test func `a file with anything unsaved is not overwritten, and then nothing is written`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Self.manual)
    let edited = Shop.oslo.replacing("value: Oslo", with: "value: Tromsø")
    let folder = try DefinitionFolder([
      "oslo.yaml": edited, "vip.csv": "mine\n",
      "two.yaml": "\(Shop.coffee.replacing("coffee}", with: "tea}"))---\n\(Shop.newcomers)",
    ])
    let error = try #require(
      #expect(throws: ExportRefused.self) { try shop.service.export(to: folder.path) })
    #expect(
      error.problems.map { folder.short($0) } == [
        "two.yaml holds several segments, of which 'coffee' is not as it is saved.",
        "oslo.yaml would be overwritten, and is no saved version of 'oslo'.",
        "vip.csv would be overwritten, and is no saved version of 'vip'.",
      ])
    #expect(try folder.files() == ["oslo.yaml", "two.yaml", "vip.csv"])
    #expect(try folder.read("oslo.yaml") == edited)

    try folder.remove("two.yaml")
    _ = try shop.service.export(to: folder.path, force: true)
    #expect(try folder.read("vip.csv") == "Id\n3\n1\n2\n")
    #expect(try await isUnchanged(folder, in: shop))
  }

  @Test func `files that cannot be read are in the way, unless forced`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let folder = try DefinitionFolder(["oslo.yaml": "segment: ["])
    #expect(throws: ExportRefused.self) { try shop.service.export(to: folder.path) }
    _ = try shop.service.export(to: folder.path, force: true)
    #expect(try await isUnchanged(folder, in: shop))
  }

  @Test func `files of deleted segments are removed when pruning, if export wrote them`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Self.manual)
    let folder = try DefinitionFolder()
    _ = try shop.service.export(to: folder.path)
    try folder.write("newcomers.yaml", Shop.newcomers)
    for name in ["coffee", "vip"] { try shop.service.delete(name) }
    let kept = try shop.service.export(to: folder.path)
    #expect(kept.removed.isEmpty)
    #expect(kept.left.map { folder.short($0) } == ["coffee.yaml", "newcomers.yaml", "vip.yaml"])
    let pruned = try shop.service.export(to: folder.path, pruning: true)
    #expect(pruned.removed.map { folder.short($0) } == ["coffee.yaml", "vip.yaml"])
    #expect(pruned.left.map { folder.short($0) } == ["newcomers.yaml"])
    #expect(try folder.files() == ["newcomers.yaml", "oslo.yaml"])
  }
}
