import Foundation
import SegmentEngines
import Testing

@testable import SegmentService

@Suite struct LeafCacheTests {
  @Test func trimmingRemovesWhatWasWrittenFirst() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "cache-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let cache = LeafCache(
      folder: folder, dataFile: "data.duckdb", temporary: FileManager.default.temporaryDirectory)
    for (age, key) in ["old", "middle", "new"].enumerated() {
      let before = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
      try cache.keep(MemberSet([1, 2, 3]), for: key)
      let after = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
      let written = try #require(after.subtracting(before).first)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(age) * 60)],
        ofItemAtPath: folder.appending(path: written).path)
    }
    #expect(try cache.beyond(1 << 20).isEmpty)
    let size = try #require(
      FileManager.default.attributesOfItem(
        atPath: folder.path + "/"
          + FileManager.default.contentsOfDirectory(atPath: folder.path)[0])[.size] as? Int)
    #expect(try cache.beyond(2 * size).map(\.bytes) == [size])
    try cache.trim(to: 2 * size)
    #expect(cache.set(for: "old") == nil)
    #expect(cache.set(for: "new") == MemberSet([1, 2, 3]))
    #expect(try cache.beyond(0).count == 2)
  }

  @Test func `a folder that cannot be written to is named`() throws {
    let folder = URL(filePath: "/nowhere/cache")
    let cache = LeafCache(
      folder: folder, dataFile: "data.duckdb", temporary: FileManager.default.temporaryDirectory)
    let error = #expect(throws: FileError.self) { try cache.keep(MemberSet([1]), for: "key") }
    #expect(error?.path.hasPrefix(folder.path) == true)
  }
}
