import Foundation
import GRDB
import Testing

@testable import SegmentStore

@Suite struct SegmentsTests {
  let file: DatabaseFile
  let store: SegmentStore

  init() throws {
    file = try DatabaseFile()
    store = try file.open()
  }

  @Test func `a new file gets the whole schema, and opening it again changes nothing`() throws {
    let saved = try store.save(name: "vip", definition: "{}", at: 1)
    let again = try file.open()
    #expect(try again.segment("vip") == saved)
    #expect(try again.database.read { try migrator.hasCompletedMigrations($0) })
  }

  @Test func `commits are durable and foreign keys are enforced`() throws {
    let pragmas = try store.database.write { db in
      try ["journal_mode", "synchronous", "foreign_keys"].map {
        try String.fetchOne(db, sql: "PRAGMA \($0)")
      }
    }
    #expect(pragmas == ["wal", "2", "1"])
  }

  @Test func `a file that is no database is named, with the reason`() throws {
    let other = try DatabaseFile()
    try Data(repeating: 0x20, count: 4096).write(to: URL(filePath: other.path))
    #expect(
      throws: SegmentStoreError.damaged(path: other.path, reason: "file is not a database")
    ) { try other.open() }
  }

  @Test func `a changed definition is a further version, an equal one is not`() throws {
    let first = try store.save(name: "vip", definition: #"{"a":1}"#, at: 10)
    #expect(first.number == 1)
    #expect(try store.save(name: "vip", definition: #"{"a":1}"#, at: 20) == first)

    let second = try store.save(name: "vip", definition: #"{"a":2}"#, at: 30)
    let third = try store.save(name: "vip", definition: #"{"a":1}"#, at: 40)
    #expect(second.number == 2)
    #expect(third.number == 3)
    #expect(third.contentHash == first.contentHash)
    #expect(try store.segment("vip") == third)
    #expect(try store.versions("vip") == [third, second, first])
    #expect(try store.version("vip", number: 2) == second)
    #expect(try store.version("vip", number: 4) == nil)
  }

  @Test func `the content hash is the SHA-256 of the definition`() throws {
    let saved = try store.save(name: "empty", definition: "{}", at: 0)
    #expect(
      saved.contentHash == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
  }

  @Test func `names and definitions are compared as bytes, not by canonical equivalence`() throws {
    let composed = "caf\u{E9}"
    let decomposed = "cafe\u{301}"
    #expect(composed == decomposed)

    try store.save(name: composed, definition: "1", at: 1)
    try store.save(name: decomposed, definition: "2", at: 2)
    #expect(try store.segments().map(\.definition) == ["2", "1"])
    #expect(try store.segment(composed)?.definition == "1")
    #expect(try store.segment(decomposed)?.definition == "2")

    try store.save(name: "n", definition: composed, at: 3)
    #expect(try store.save(name: "n", definition: decomposed, at: 4).number == 2)
  }

  @Test func `segments are listed in the order of their bytes`() throws {
    for name in ["b", "B", "a", "é", "z"] { try store.save(name: name, definition: "", at: 0) }
    #expect(try store.segments().map(\.segment) == ["B", "a", "b", "z", "é"])
  }

  @Test func `a deleted segment is gone, and its name starts afresh`() throws {
    try store.save(name: "vip", definition: "1", at: 1)
    try store.save(name: "vip", definition: "2", at: 2)
    #expect(try store.delete("vip"))
    #expect(try !store.delete("vip"))
    #expect(try store.segment("vip") == nil)
    #expect(try store.versions("vip") == [])
    #expect(try store.save(name: "vip", definition: "3", at: 3).number == 1)
  }

  @Test func `a store in memory works alike`() throws {
    let store = try SegmentStore.inMemory(author: .tester)
    let saved = try store.save(name: "vip", definition: "{}", at: 1)
    #expect(try store.segments() == [saved])
  }
}
