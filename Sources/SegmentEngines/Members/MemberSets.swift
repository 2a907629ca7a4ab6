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

  /// The same sets in as little memory as they need: a shelf stays as long as one of its sets does.
  static func packed(_ sets: [StoredMemberSet?]) -> [StoredMemberSet?] {
    var shelves: [ObjectIdentifier: Int] = [:]
    for case let set? in sets { shelves[ObjectIdentifier(set.shelf)] = set.shelf.bytes.count }
    let needed = sets.reduce(0) { $0 + ($1?.size ?? 0) }
    guard shelves.values.reduce(0, +) > 2 * needed + (1 << 20) else { return sets }
    return shelve(sets.map { set in set.map { ($0.bytes, $0.containers) } })
  }

  private static func shelve(
    _ sets: [(bytes: ArraySlice<UInt8>, containers: [PortableFormat.Container])?]
  ) -> [StoredMemberSet?] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sets.reduce(0) { $0 + ($1?.bytes.count ?? 0) })
    for case let set? in sets { bytes += set.bytes }
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
    var kind: PortableFormat.Container.Kind
  }

  private struct Shelf {
    var bytes: StoredMemberSet.Shelf
    /// By the upper half of the ordinals.
    var blocks: [[Part]] = []
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
        while shelves[number].blocks.count <= high { shelves[number].blocks.append([]) }
        shelves[number].blocks[high].append(
          Part(
            set: UInt32(position), start: UInt32(set.start + container.start),
            count: UInt16(container.count), kind: container.kind))
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
    var found: [Int] = []
    for shelf in shelves where high < shelf.blocks.count {
      shelf.bytes.bytes.withUnsafeBytes { bytes in
        for part in shelf.blocks[high] where MemberSets.contains(low, part, bytes) {
          found.append(Int(part.set))
        }
      }
    }
    // One shelf has them in their order.
    return shelves.count > 1 ? found.sorted() : found
  }

  private static func contains(_ low: UInt16, _ part: Part, _ bytes: UnsafeRawBufferPointer)
    -> Bool
  {
    let start = Int(part.start)
    func value(_ offset: Int) -> UInt16 {
      UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt16.self))
    }
    switch part.kind {
    case .bits: return bytes[start + Int(low >> 3)] >> (low & 7) & 1 == 1
    case .array:
      return value(2 * last(notAfter: low, Int(part.count)) { value(2 * $0) }) == low
    case .runs:
      guard part.count > 0 else { return false }
      let run = last(notAfter: low, Int(part.count)) { value(4 * $0) }
      let first = value(4 * run)
      return first <= low && low - first <= value(4 * run + 2)
    }
  }

  /// The last of ascending values that is not after `low`, or the first one.
  ///
  /// It looks where the value would be if they were spread evenly, which ordinals mostly are, and goes on from there in
  /// growing steps: at best it stays within a cache line, at worst it takes twice as many steps as halving.
  private static func last(notAfter low: UInt16, _ count: Int, _ value: (Int) -> UInt16) -> Int {
    let guess = Int(low) * count >> 16
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
