import CRoaring
import SegmentCompiler

extension MemberSet {
  /// The set in the portable Roaring format, which every Roaring library reads.
  public var bytes: [UInt8] {
    guard let copy = roaring_bitmap_copy(raw) else { fatalError("out of memory") }
    let compact = MemberSet(adopting: copy)
    roaring_bitmap_run_optimize(compact.raw)
    let size = roaring_bitmap_portable_size_in_bytes(compact.raw)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      initialized = buffer.withMemoryRebound(to: CChar.self) {
        roaring_bitmap_portable_serialize(compact.raw, $0.baseAddress)
      }
    }
  }

  /// Reads the portable Roaring format; nil where the bytes are anything else, cut off or damaged.
  public init?(bytes: [UInt8]) {
    guard PortableFormat.isWellFormed(bytes) else { return nil }
    let raw = bytes.withUnsafeBytes {
      roaring_bitmap_portable_deserialize_safe(
        $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard let raw else { return nil }
    self.init(adopting: raw)
  }
}

/// The rules of the portable Roaring format. CRoaring checks sizes only, and a bitmap whose containers are
/// out of order or miscounted would give wrong sets later, so everything is checked before it is read.
private struct PortableFormat {
  private var rest: ArraySlice<UInt8>

  static func isWellFormed(_ bytes: [UInt8]) -> Bool {
    var reader = PortableFormat(rest: bytes[...])
    return reader.readAll() == true && reader.rest.isEmpty
  }

  private static let cookieWithoutRuns: UInt32 = 12346
  private static let cookieWithRuns: UInt32 = 12347
  private static let largestArray = 4096
  /// From this many containers on, and without runs always, the offsets of the containers are stored.
  private static let fewestWithOffsets = 4

  private mutating func readAll() -> Bool? {
    guard let cookie = uint32() else { return nil }
    var runFlags: [UInt8] = []
    let count: Int
    if cookie & 0xFFFF == PortableFormat.cookieWithRuns {
      count = Int(cookie >> 16) + 1
      guard let flags = take((count + 7) / 8) else { return nil }
      runFlags = Array(flags)
    } else if cookie == PortableFormat.cookieWithoutRuns, let number = uint32(), number <= 65536 {
      count = Int(number)
    } else {
      return nil
    }
    guard let containers = descriptors(count) else { return nil }
    if runFlags.isEmpty || count >= PortableFormat.fewestWithOffsets {
      guard take(4 * count) != nil else { return nil }
    }
    for (index, cardinality) in containers.enumerated() {
      let isRun = !runFlags.isEmpty && runFlags[index / 8] & (1 << UInt8(index % 8)) != 0
      let isWellFormed =
        isRun
        ? readRuns(cardinality)
        : cardinality <= PortableFormat.largestArray
          ? readArray(cardinality) : readBits(cardinality)
      guard isWellFormed == true else { return nil }
    }
    return true
  }

  /// The cardinalities of the containers, whose high halves must ascend.
  private mutating func descriptors(_ count: Int) -> [Int]? {
    var last = -1
    var cardinalities: [Int] = []
    for _ in 0..<count {
      guard let high = uint16(), let cardinality = uint16(), Int(high) > last else { return nil }
      last = Int(high)
      cardinalities.append(Int(cardinality) + 1)
    }
    return cardinalities
  }

  private mutating func readArray(_ cardinality: Int) -> Bool? {
    var last = -1
    for _ in 0..<cardinality {
      guard let value = uint16(), Int(value) > last else { return nil }
      last = Int(value)
    }
    return true
  }

  private mutating func readBits(_ cardinality: Int) -> Bool? {
    guard let words = take(8192) else { return nil }
    return words.reduce(0) { $0 + $1.nonzeroBitCount } == cardinality
  }

  private mutating func readRuns(_ cardinality: Int) -> Bool? {
    guard let runs = uint16() else { return nil }
    var last = -1
    var total = 0
    for _ in 0..<runs {
      guard let start = uint16(), let length = uint16(), Int(start) > last else { return nil }
      last = Int(start) + Int(length)
      guard last <= 0xFFFF else { return nil }
      total += Int(length) + 1
    }
    return total == cardinality
  }

  private mutating func uint16() -> UInt16? {
    take(2).map { UInt16($0.first!) | UInt16($0.last!) << 8 }
  }

  private mutating func uint32() -> UInt32? {
    take(4).map { $0.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
