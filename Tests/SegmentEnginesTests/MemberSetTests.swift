import SegmentCompiler
import Testing

@testable import SegmentEngines

@Suite struct MemberSetTests {
  /// Ordinals of every container kind: sparse, dense, runs, far apart.
  private func sample(_ generator: inout some RandomNumberGenerator) -> Set<UInt32> {
    var set: Set<UInt32> = []
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      let base = UInt32.random(in: 0...3, using: &generator) * 65_536
      switch Int.random(in: 0...3, using: &generator) {
      case 0: for _ in 0..<50 { set.insert(base + .random(in: 0..<200_000, using: &generator)) }
      case 1: for _ in 0..<9_000 { set.insert(base + .random(in: 0..<65_536, using: &generator)) }
      case 2: set.formUnion(base + 60_000..<base + 70_000)
      default: set.insert(.max - .random(in: 0...5, using: &generator))
      }
    }
    return set
  }

  @Test(arguments: 0..<20)
  func `sets that are asked together answer as each of them`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let sets = (0..<30).map { _ in MemberSet(sample(&generator)) }
    // They come in groups, of some of which one is left, and members of one cannot be read.
    var stored: [StoredMemberSet?] = []
    for first in stride(from: 0, to: 30, by: 6) {
      let group = StoredMemberSet.sets(of: sets[first..<first + 6].map(\.bytes))
      #expect(group.allSatisfy { $0 != nil })
      stored += group
    }
    stored[7] = nil
    let together = MemberSets(stored)
    #expect(
      together.sets.map { $0.map { Array($0.bytes) } } == stored.map { $0.map { Array($0.bytes) } })
    var asked = (0..<2_000).map { _ in UInt32.random(in: 0..<500_000, using: &generator) }
    asked += (0...6).map { .max - $0 } + [0, 59_999, 60_000, 65_535, 65_536, 69_999, 70_000]
    for set in sets { asked += set.prefix(3) }
    for ordinal in asked {
      let expected = sets.indices.filter { $0 != 7 && sets[$0].contains(ordinal) }
      #expect(together.positions(of: ordinal) == expected, "\(ordinal)")
    }
    #expect(MemberSets([]).positions(of: 0) == [])
  }

  @Test func `sets keep no more memory than twice what they need`() {
    let set = MemberSet((0..<100_000).filter { $0 % 3 == 0 }).bytes
    let all = StoredMemberSet.sets(of: Array(repeating: set, count: 200) + [[1, 2, 3]])
    #expect(all.last! == nil)
    let one = MemberSets([nil, all[17]])
    #expect(one.sets[1].map { Array($0.bytes) } == set)
    #expect(one.positions(of: 3) == [1] && one.positions(of: 4) == [])
    let many = (0..<20).map { number in
      StoredMemberSet.sets(of: [MemberSet([UInt32(number), 70_000]).bytes])[0]
    }
    #expect(MemberSets(many).positions(of: 70_000) == Array(0..<20))
    #expect(MemberSets(many).positions(of: 5) == [5])
    #expect(MemberSets(all).heldBytes == 200 * set.count && one.heldBytes == set.count)
  }

  @Test(arguments: 0..<40)
  func `set algebra agrees with Set`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let a = sample(&generator)
    let b = sample(&generator)
    let x = MemberSet(a)
    let y = MemberSet(b)
    #expect(x.count == a.count && x.isEmpty == a.isEmpty)
    #expect(Array(x) == a.sorted())
    #expect(Array(x.union(y)) == a.union(b).sorted())
    #expect(Array(x.intersection(y)) == a.intersection(b).sorted())
    #expect(Array(x.subtracting(y)) == a.subtracting(b).sorted())
    #expect(Array(x.symmetricDifference(y)) == a.symmetricDifference(b).sorted())
    #expect(x.unionCount(y) == a.union(b).count)
    #expect(x.intersectionCount(y) == a.intersection(b).count)
    #expect(x.subtractingCount(y) == a.subtracting(b).count)
    #expect(x.symmetricDifferenceCount(y) == a.symmetricDifference(b).count)
    #expect(
      x.isSubset(of: y) == a.isSubset(of: b) && x.isDisjoint(with: y) == a.isDisjoint(with: b))
    #expect(x == MemberSet(a.sorted()) && (x == y) == (a == b))
    #expect(MemberSet(bytes: x.bytes) == x)
    for (rank, ordinal) in a.sorted().enumerated().filter({ $0.offset % 97 == 0 }) {
      #expect(x.ordinal(at: rank) == ordinal && x.contains(ordinal))
    }
    #expect(x.ordinal(at: a.count) == nil)
  }

  @Test func `a copy is a value of its own`() {
    let original = MemberSet(0..<10)
    var copy = original
    copy.insert(100)
    copy.remove(0)
    copy.formUnion(MemberSet([200]))
    copy.subtract(MemberSet([1]))
    #expect(Array(original) == Array(0..<10))
    #expect(Array(copy) == Array(2..<10) + [100, 200])
    copy.formIntersection(original)
    #expect(Array(copy) == Array(2..<10))
  }

  @Test func `ranges, empty ones included`() {
    #expect(MemberSet(5..<5).isEmpty)
    #expect(Array(MemberSet(65_535..<65_538)) == [65_535, 65_536, 65_537])
    #expect(MemberSet(0..<10_000_000).bytes.count < 5_000)
    #expect(MemberSet(bytes: MemberSet().bytes) == MemberSet())
  }

  @Test(arguments: 0..<12)
  func `damaged bytes never crash and never give an inconsistent set`(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let bytes = MemberSet(sample(&generator)).bytes
    for _ in 0..<200 {
      var damaged = bytes
      switch Int.random(in: 0...2, using: &generator) {
      case 0: damaged.removeLast(.random(in: 1...bytes.count, using: &generator))
      case 1: damaged.append(.random(in: 0...255, using: &generator))
      default:
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          damaged[Int.random(in: 0..<min(64, bytes.count), using: &generator)] = .random(
            in: 0...255, using: &generator)
        }
      }
      guard let set = MemberSet(bytes: damaged) else { continue }
      let ordinals = Array(set)
      #expect(ordinals.count == set.count && ordinals == Array(Set(ordinals)).sorted())
    }
  }

  @Test func `bytes that are no bitmap are refused`() {
    #expect(MemberSet(bytes: []) == nil)
    #expect(MemberSet(bytes: Array("no bitmap at all".utf8)) == nil)
    #expect(MemberSet(bytes: [0x3B, 0x30, 0xFF, 0xFF]) == nil)
    #expect(MemberSet(bytes: MemberSet([1, 2, 3]).bytes + [0]) == nil)
    // Two values in descending order.
    #expect(
      MemberSet(bytes: [0x3A, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 2, 0, 1, 0]) == nil)
    #expect(
      MemberSet(bytes: [0x3A, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 1, 0, 2, 0])
        == MemberSet([1, 2]))
  }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
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
