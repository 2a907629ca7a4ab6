import Foundation
import SegmentCompiler
import Testing

@testable import SegmentStore

@Suite struct ErasuresTests {
  private func changes(
    dataFile: String = "data-2.duckdb", suppressed: SuppressionList = .new(),
    members: [Int64: ErasedMembers] = [:],
    rewrite: @escaping @Sendable (SegmentVersion) throws -> String? = { _ in nil }
  ) -> ErasureChanges {
    ErasureChanges(
      audience: "Customer", profiles: 1, rows: 3, dataFile: dataFile, partRows: [:],
      suppressed: suppressed, members: members, causes: [:], rewrite: rewrite)
  }

  private func key(_ kind: SuppressedKey.Kind, _ byte: UInt8) -> SuppressedKey {
    SuppressedKey(
      kind: kind, place: KeyPlace(table: "Customer", attribute: "Id"),
      hash: [UInt8](repeating: byte, count: 32))
  }

  @Test func `the list grows and keeps its first secret`() throws {
    let store = try SegmentStore.inMemory(author: .tester)
    #expect(try store.suppressionList() == nil)
    let first = SuppressionList(secret: "one", keys: [key(.profile, 1), key(.row, 1)])
    try store.publish(changes(suppressed: first), over: store.publishedState(), at: 0)
    #expect(try store.suppressionList() == first)
    let second = SuppressionList(secret: "two", keys: [key(.profile, 1), key(.owned, 2)])
    try store.publish(changes(suppressed: second), over: store.publishedState(), at: 0)
    #expect(
      try store.suppressionList()
        == SuppressionList(secret: "one", keys: first.keys.union(second.keys)))
    #expect(SuppressionList.new().secret.count == 32)
    #expect(SuppressionList.new() != SuppressionList.new())
  }

  @Test func `an erasure is unfinished until it is said to be done`() throws {
    let file = try DatabaseFile()
    do {
      let store = try file.open()
      #expect(try store.dataFile() == "data.duckdb" && !store.hasUnfinishedErasures())
      try store.publish(changes(), over: store.publishedState(), at: 7)
    }
    let store = try file.open()
    #expect(try store.dataFile() == "data-2.duckdb" && store.hasUnfinishedErasures())
    try store.finishErasures()
    #expect(try !store.hasUnfinishedErasures())
    #expect(
      try store.erasures() == [
        ErasureRecord(id: 1, erasedAt: 7, audience: "Customer", profiles: 1, rows: 3, runs: 0)
      ])
  }

  @Test func `what was replaced or deleted is in no byte of the database once it is finished`()
    throws
  {
    let file = try DatabaseFile()
    let store = try file.open()
    // Enough for pages that become free.
    for number in 0..<200 {
      try store.save(name: "s\(number)", definition: "replaced-marker-\(number)", at: 0)
    }
    try store.save(
      name: "big", definition: String(repeating: "deleted-marker ", count: 10_000), at: 0)
    try store.delete("big")
    try store.publish(
      changes(rewrite: { _ in "{}" }), over: store.publishedState(), at: 0)
    func holds(_ marker: String) throws -> Bool {
      try FileManager.default.contentsOfDirectory(at: file.folder, includingPropertiesForKeys: nil)
        .contains { try Data(contentsOf: $0).range(of: Data(marker.utf8)) != nil }
    }
    #expect(try holds("replaced-marker") && holds("deleted-marker"))
    try store.finishErasures()
    #expect(try !holds("replaced-marker") && !holds("deleted-marker"))
    #expect(try store.segments().map(\.definition) == Array(repeating: "{}", count: 200))
  }

  @Test func `nothing is published over another state than it was computed from`() throws {
    let store = try SegmentStore.inMemory(author: .tester)
    let state = try store.publishedState()
    try store.publish(changes(), over: state, at: 0)
    #expect(throws: SegmentStoreError.rewrittenMeanwhile) {
      try store.publish(changes(dataFile: "data-3.duckdb"), over: state, at: 0)
    }
    #expect(try store.dataFile() == "data-2.duckdb" && store.erasures().count == 1)
    #expect(throws: SegmentStoreError.rewrittenMeanwhile) {
      try store.publish(parts: [], types: [:], in: "data.duckdb", at: 0)
    }
    try store.publish(parts: [], types: [:], in: "data-2.duckdb", at: 0)
  }

  @Test func `a part remembers the relationships it was made with`() throws {
    let store = try SegmentStore.inMemory(author: .tester)
    let lineage = Lineage(
      relationships: [
        Relationship(
          name: RelationshipName(table: "Order", name: "Customer"), foreignKey: "By",
          target: "Customer", targetKey: "Id", kind: .oneToOne, onErasure: .missing)
      ],
      derivation: .init(key: "K", origin: KeyPlace(table: "O", attribute: "A")))
    let records = [lineage, nil].enumerated().map { index, lineage in
      PartRecord(
        part: Part(id: Int64(index + 1), table: "T\(index)", rows: 0, routes: []), definition: "",
        fingerprint: "", files: [], attributes: [], lineage: lineage)
    }
    let version = try store.publish(parts: records, types: [:], at: 0)
    let read = try store.partRecords(dataVersion: version.id)
    #expect(read["T0"]?.lineage == lineage && read["T1"]?.lineage == nil)
    #expect(try store.dataVersionIDs() == [version.id])
  }
}
