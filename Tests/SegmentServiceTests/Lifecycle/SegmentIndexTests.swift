import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// What is kept in memory says what a read would say, whatever is changed by whomever.
@Suite struct SegmentIndexTests {
  /// One after another, at random, all kinds of things that change what is kept.
  private struct Changes {
    let shop: Shop
    var random: SplitMix
    var made = 0

    init(_ shop: Shop, seed: UInt64) {
      self.shop = shop
      random = SplitMix(seed: seed)
    }

    private mutating func name() throws -> String? {
      try shop.service.store.segmentRecords().map(\.name).randomElement(using: &random)
    }

    /// - Returns: what was done.
    mutating func next() async throws -> String {
      let service = shop.service
      switch Int.random(in: 0..<14, using: &random) {
      case 0...2:
        made += 1
        try shop.save(Shop.oslo.replacing("oslo", with: "city \(made)"))
        return "save city \(made)"
      case 3:
        guard let name = try name() else { return "" }
        let points = Int.random(in: 0...50, using: &random)
        try shop.save(
          "{segment: '\(name)', rules: [{match: {attribute: Customer.Points, is: greaterThan, value: \(points)}}]}"
        )
        return "save \(name)"
      case 4, 5:
        try await shop.refresh(try service.activeNames())
        return "refresh"
      case 6:
        guard let name = try service.activeNames().randomElement(using: &random) else { return "" }
        try await shop.refresh([name])
        return "refresh \(name)"
      case 7:
        _ = try await shop.finish(try service.makeJob(JobRequest(.all)))
        return "job"
      case 8:
        _ = try service.makeJob(JobRequest(.all))
        return "job that waits"
      case 9:
        guard let name = try name() else { return "" }
        _ = try service.change(name, [Bool.random(using: &random) ? .activate : .deactivate])
        return "state of \(name)"
      case 10:
        guard let name = try name() else { return "" }
        made += 1
        _ = try service.change(name, [.rename("renamed \(made)")])
        return "rename \(name)"
      case 11:
        guard let name = try name() else { return "" }
        try service.delete(name)
        return "delete \(name)"
      case 12:
        guard let trashed = try service.trash().randomElement(using: &random) else { return "" }
        made += 1
        _ = try service.restore(deleted: trashed.name, as: "restored \(made)")
        return "restore \(trashed.name)"
      default:
        try await shop.load(
          "Customer.csv", Shop.customers + "\(100 + made),Oslo,\(made),2024-01-01\n")
        return "load"
      }
    }
  }

  @Test(arguments: 1...4) func `what is kept is what a read gives`(seed: UInt64) async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Shop.newcomers)
    let service = shop.service
    var changes = Changes(shop, seed: seed)
    for _ in 1...30 {
      let change = try await changes.next()
      let fresh = try SegmentIndex(DefinitionCache()).listing(of: service.store).segments
      let kept = try service.list()
      #expect(kept.map(\.withoutMoment) == fresh.map(\.withoutMoment), "\(change)")
      #expect(
        try kept.map(\.withoutMoment)
          == kept.map { try service.listed($0.record).withoutMoment }, "\(change)")
      let index = try service.memberships.table(of: "Customer", in: service.store).entries
      let read = try MembershipIndex(service.folder, soleAudience: "Customer")
        .table(of: "Customer", in: service.store).entries
      #expect(index.map(\.inForce) == read.map(\.inForce), "\(change)")
      #expect(
        index.map { $0.members.map { Array($0.bytes) } }
          == read.map { $0.members.map { Array($0.bytes) } }, "\(change)")
      let current = try Snapshot.current(of: service.definition, in: service.store)
      #expect(try service.snapshot().version == current.version, "\(change)")
      #expect(try service.snapshot().catalog == current.catalog, "\(change)")
    }
  }

  @Test func `only what has changed is read again`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    let before = try shop.service.listing()
    #expect(try shop.service.listing().moment == before.moment)
    try await shop.refresh(["coffee"])
    let after = try shop.service.listing()
    #expect(after.moment > before.moment)
    #expect(after.segments.map { $0.moment == after.moment } == [true, false])
    // What is about data alone leaves the list as it is.
    try await shop.load("Order.csv", Shop.orders + "9,5,coffee,2024-03-31,1\n")
    #expect(try shop.service.listing().segments.map(\.moment) == after.segments.map(\.moment))
  }

  @Test func `whoever has changed something finds it when they go on`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    let service = shop.service
    _ = try service.listing()
    // As many as there are threads and more, each of whom looks for what they have done.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...20 {
        group.addTask {
          let name = "city \(number)"
          try shop.save(Shop.oslo.replacing("oslo", with: name))
          #expect(try service.list().contains { $0.record.name == name })
          _ = try service.change(name, [.deactivate])
          #expect(try service.list().first { $0.record.name == name }?.record.state == .inactive)
        }
      }
      try await group.waitForAll()
    }
    #expect(try service.list().count == 22)
  }

  @Test func `those who follow are told of commits alone, in their order`() throws {
    let store = try SegmentStore.inMemory(author: .tester)
    let told = Guarded<[String]>([])
    for name in ["first", "second"] {
      store.follow { store in
        let names = try? store.segmentRecords().map(\.name).joined(separator: " ")
        told.withLock { $0.append("\(name): \(names ?? "")") }
      }
    }
    _ = try store.save(name: "a", definition: "{}", at: 1)
    #expect(told.withLock { $0 } == ["first: a", "second: a"])
    // What is of no matter to anybody is not told.
    try store.noteSettings { try $0.set("x", to: "1") }
    #expect(told.withLock { $0 }.count == 2)
  }

  @Test func `what is rolled back leaves what is kept`() throws {
    struct Refused: Error {}
    let store = try SegmentStore.inMemory(author: .tester)
    _ = try store.save(name: "a", definition: "{}", at: 1)
    let before = store.changes(of: [.segments], since: 0)
    #expect(before.owners.count == 1)
    #expect(throws: Refused.self) {
      try store.edit(at: 2) { edits in
        _ = try edits.save("{\"x\": 1}", of: "a")
        throw Refused()
      }
    }
    #expect(try store.overviews().map(\.record.version.number) == [1])
    // It is told nevertheless: to read in vain does no harm.
    #expect(store.changes(of: [.segments], since: before.moment).owners == before.owners)
    #expect(store.changes(of: [.tasks, .data], since: 0).owners.isEmpty)
  }

  @Test func `an erasure leaves nothing of before in memory`() async throws {
    let club = try await Club.withHistory()
    _ = try club.service.listing()
    let key = Text(Club.key)
    try await club.erase()
    let listed = try club.service.list()
    #expect(!listed.isEmpty)
    for segment in listed {
      #expect(!Text(segment.record.version.definition).string.contains(key.string))
    }
    #expect(
      listed.map(\.withoutMoment)
        == (try SegmentIndex(DefinitionCache()).listing(of: club.service.store).segments
          .map(\.withoutMoment)))
  }
}

extension ListedSegment {
  fileprivate var withoutMoment: ListedSegment {
    var segment = self
    segment.moment = 0
    return segment
  }
}

extension SegmentService {
  fileprivate func activeNames() throws -> [String] {
    try store.segmentRecords().filter { $0.state == .active }.map(\.name)
  }
}

/// SplitMix64: the same numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
