#if canImport(Glibc)
  import Glibc
#endif

/// A set as it is stored, in the portable Roaring format; for ``MemberSets``.
public struct StoredMemberSet: Sendable {
  /// The bytes of sets that came at the same time, one after another.
  fileprivate final class Shelf: Sendable {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  fileprivate let shelf: Shelf
  fileprivate let start: Int
  fileprivate let containers: [PortableFormat.Container]
  /// How many bytes it has.
  public let size: Int

  /// Sets by their bytes; nil for those whose bytes are anything else than a whole set.
  public static func sets(of all: [[UInt8]]) -> [StoredMemberSet?] {
    let parsed = all.map { (bytes: $0, containers: PortableFormat.containers(in: $0)) }
    return shelve(parsed.map { set in set.containers.map { (set.bytes[...], $0) } })
  }

  public var bytes: ArraySlice<UInt8> { shelf.bytes[start..<start + size] }

  /// The same sets on one shelf where they are on many, or in much more memory than they need: a shelf stays as long as
  /// one of its sets does.
  static func packed(_ sets: [StoredMemberSet?]) -> [StoredMemberSet?] {
    var shelves: [ObjectIdentifier: Int] = [:]
    for case let set? in sets { shelves[ObjectIdentifier(set.shelf)] = set.shelf.bytes.count }
    let needed = sets.reduce(0) { $0 + ($1?.size ?? 0) }
    guard shelves.count > mostShelves || shelves.values.reduce(0, +) > 2 * needed + (1 << 20) else {
      return sets
    }
    return shelve(sets.map { set in set.map { ($0.bytes, $0.containers) } })
  }

  private static let mostShelves = 16

  private static func shelve(
    _ sets: [(bytes: ArraySlice<UInt8>, containers: [PortableFormat.Container])?]
  ) -> [StoredMemberSet?] {
    let size = sets.reduce(0) { $0 + ($1?.bytes.count ?? 0) }
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      adviseLargePages(UnsafeMutableRawBufferPointer(buffer))
      for case let set? in sets {
        _ = buffer[count...].update(fromContentsOf: set.bytes)
        count += set.bytes.count
      }
    }
    let shelf = Shelf(bytes)
    var start = 0
    return sets.map { set in
      guard let set else { return nil }
      defer { start += set.bytes.count }
      return StoredMemberSet(
        shelf: shelf, start: start, containers: set.containers, size: set.bytes.count)
    }
  }
}

/// Asks the system to keep memory that is about to be written in large pages: who reads a line here and there in many
/// megabytes waits for the addresses of small ones more than for the lines.
private func adviseLargePages(_ memory: UnsafeMutableRawBufferPointer) {
  #if canImport(Glibc)
    let page: UInt = 1 << 21
    guard let base = memory.baseAddress else { return }
    let start = (UInt(bitPattern: base) + page - 1) / page * page
    let end = (UInt(bitPattern: base) + UInt(memory.count)) / page * page
    guard start < end else { return }
    // A system that does not have them says so, and that is fine.
    _ = madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_HUGEPAGE)
  #endif
}

/// Many sets, asked together which of them an ordinal is in.
///
/// For each block of 65,536 ordinals it knows where the sets have their members of that block, so that a question goes
/// through a list and reads a cache line or two of each set: bitmaps of their own, asked one by one, are six steps through
/// memory each.
public struct MemberSets: Sendable {
  private struct Part {
    /// The position of the set.
    var set: UInt32
    var start: UInt32
    var count: UInt16
  }

  /// The parts of sets that have members in a block, by how they are stored: processors guess well what comes next.
  private struct Block {
    var bits: [Part] = []
    var arrays: [Part] = []
    var runs: [Part] = []

    var count: Int { bits.count + arrays.count + runs.count }
  }

  private struct Shelf {
    var bytes: StoredMemberSet.Shelf
    /// By the upper half of the ordinals.
    var blocks: [Block] = []
  }

  /// As they were given; in less memory where they needed much more than they have to.
  public let sets: [StoredMemberSet?]
  private let shelves: [Shelf]

  /// - Parameter sets: those that are nil have no members.
  public init(_ sets: [StoredMemberSet?]) {
    self.sets = StoredMemberSet.packed(sets)
    var shelves: [Shelf] = []
    var numbers: [ObjectIdentifier: Int] = [:]
    for case (let position, let set?) in self.sets.enumerated() {
      let number = numbers[ObjectIdentifier(set.shelf)] ?? shelves.count
      if number == shelves.count {
        numbers[ObjectIdentifier(set.shelf)] = number
        shelves.append(Shelf(bytes: set.shelf))
      }
      for container in set.containers {
        let high = Int(container.high)
        while shelves[number].blocks.count <= high { shelves[number].blocks.append(Block()) }
        let part = Part(
          set: UInt32(position), start: UInt32(set.start + container.start),
          count: UInt16(container.count))
        switch container.kind {
        case .bits: shelves[number].blocks[high].bits.append(part)
        case .array: shelves[number].blocks[high].arrays.append(part)
        case .runs: shelves[number].blocks[high].runs.append(part)
        }
      }
    }
    self.shelves = shelves
  }

  /// How many bytes it keeps in memory.
  var heldBytes: Int { shelves.reduce(0) { $0 + $1.bytes.bytes.count } }

  /// The positions of the sets that an ordinal is in, ascending.
  public func positions(of ordinal: UInt32) -> [Int] {
    let high = Int(ordinal >> 16)
    let low = UInt16(truncatingIfNeeded: ordinal)
    let blocks = shelves.filter { high < $0.blocks.count }.map { ($0.bytes, $0.blocks[high]) }
    let found = [Int](unsafeUninitializedCapacity: blocks.reduce(0) { $0 + $1.1.count }) {
      found, count in
      for (shelf, block) in blocks {
        shelf.bytes.withUnsafeBytes { bytes in
          // Each is written, and the next one over it unless it holds: without a branch, the processor reads on while it
          // waits for memory.
          for part in block.bits {
            found[count] = Int(part.set)
            count += Int(bytes[Int(part.start) + Int(low >> 3)] >> (low & 7) & 1)
          }
          MemberSets.fetch(block.arrays, of: low, in: bytes)
          for part in block.arrays {
            found[count] = Int(part.set)
            count += MemberSets.array(part, in: bytes, has: low) ? 1 : 0
          }
          for part in block.runs {
            found[count] = Int(part.set)
            count += MemberSets.runs(part, in: bytes, have: low) ? 1 : 0
          }
        }
      }
    }
    return found.sorted()
  }

  /// Reads once where each search will begin, all of them at the same time: searches wait for memory one after another.
  @inline(never)
  private static func fetch(_ arrays: [Part], of low: UInt16, in bytes: UnsafeRawBufferPointer) {
    var sum: UInt8 = 0
    for part in arrays { sum &+= bytes[Int(part.start) + 2 * guess(low, Int(part.count))] }
    keep(sum)
  }

  /// For the compiler, somebody might need it.
  @inline(never) @_optimize(none)
  private static func keep(_ sum: UInt8) {}

  private static func array(_ part: Part, in bytes: UnsafeRawBufferPointer, has low: UInt16) -> Bool
  {
    func value(_ index: Int) -> UInt16 { uint16(bytes, Int(part.start) + 2 * index) }
    return value(last(notAfter: low, Int(part.count), value)) == low
  }

  private static func runs(_ part: Part, in bytes: UnsafeRawBufferPointer, have low: UInt16) -> Bool
  {
    guard part.count > 0 else { return false }
    func first(_ run: Int) -> UInt16 { uint16(bytes, Int(part.start) + 4 * run) }
    let run = last(notAfter: low, Int(part.count), first)
    return first(run) <= low && low - first(run) <= uint16(bytes, Int(part.start) + 4 * run + 2)
  }

  private static func uint16(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// Where a value would be among so many if they were spread evenly.
  private static func guess(_ low: UInt16, _ count: Int) -> Int { Int(low) * count >> 16 }

  /// The last of ascending values that is not after `low`, or the first one.
  ///
  /// It looks where the value would be if they were spread evenly, which ordinals mostly are, and goes on from there in
  /// growing steps: at best it stays within a cache line, at worst it takes twice as many steps as halving.
  private static func last(notAfter low: UInt16, _ count: Int, _ value: (Int) -> UInt16) -> Int {
    let guess = guess(low, count)
    var (first, end) = (0, count)
    var step = 8
    if value(guess) <= low {
      first = guess
      while first + step < end, value(first + step) <= low {
        first += step
        step *= 2
      }
      end = min(end, first + step)
    } else {
      end = guess
      while end > step, value(end - step) > low {
        end -= step
        step *= 2
      }
      first = max(0, end - step)
    }
    while end - first > 1 {
      let middle = (first + end) / 2
      if value(middle) <= low { first = middle } else { end = middle }
    }
    return first
  }
}
