/// The rules of the portable Roaring format. CRoaring checks sizes only, and a bitmap whose containers are
/// out of order or miscounted would give wrong sets later, so everything is checked before it is read.
///
/// Source: https://github.com/RoaringBitmap/RoaringFormatSpec
struct PortableFormat {
  /// The members of one block of 65,536 ordinals.
  struct Container {
    enum Kind { case array, bits, runs }

    /// The upper halves of its ordinals.
    var high: UInt16
    var kind: Kind
    /// Where the first of the values, words or runs is in the bytes.
    var start: Int
    /// How many there are.
    var count: Int
  }

  private var rest: ArraySlice<UInt8>

  /// nil where the bytes are anything else than a whole set.
  static func containers(in bytes: [UInt8]) -> [Container]? {
    var reader = PortableFormat(rest: bytes[...])
    guard let containers = reader.readAll(), reader.rest.isEmpty else { return nil }
    return containers
  }

  private static let cookieWithoutRuns: UInt32 = 12346
  private static let cookieWithRuns: UInt32 = 12347
  private static let largestArray = 4096
  /// From this many containers on, and without runs always, the offsets of the containers are stored.
  private static let fewestWithOffsets = 4

  private mutating func readAll() -> [Container]? {
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
    guard let described = descriptors(count) else { return nil }
    if runFlags.isEmpty || count >= PortableFormat.fewestWithOffsets {
      guard take(4 * count) != nil else { return nil }
    }
    var containers: [Container] = []
    for (index, (high, cardinality)) in described.enumerated() {
      let isRun = !runFlags.isEmpty && runFlags[index / 8] & (1 << UInt8(index % 8)) != 0
      let container =
        isRun
        ? readRuns(high, cardinality)
        : cardinality <= PortableFormat.largestArray
          ? readArray(high, cardinality) : readBits(high, cardinality)
      guard let container else { return nil }
      containers.append(container)
    }
    return containers
  }

  /// The high halves of the containers, which must ascend, and their cardinalities.
  private mutating func descriptors(_ count: Int) -> [(UInt16, Int)]? {
    var last = -1
    var containers: [(UInt16, Int)] = []
    for _ in 0..<count {
      guard let high = uint16(), let cardinality = uint16(), Int(high) > last else { return nil }
      last = Int(high)
      containers.append((high, Int(cardinality) + 1))
    }
    return containers
  }

  private mutating func readArray(_ high: UInt16, _ cardinality: Int) -> Container? {
    let start = rest.startIndex
    var last = -1
    for _ in 0..<cardinality {
      guard let value = uint16(), Int(value) > last else { return nil }
      last = Int(value)
    }
    return Container(high: high, kind: .array, start: start, count: cardinality)
  }

  private mutating func readBits(_ high: UInt16, _ cardinality: Int) -> Container? {
    let start = rest.startIndex
    guard let words = take(8192) else { return nil }
    let found = words.reduce(0) { $0 + $1.nonzeroBitCount }
    guard found == cardinality else { return nil }
    return Container(high: high, kind: .bits, start: start, count: 1024)
  }

  private mutating func readRuns(_ high: UInt16, _ cardinality: Int) -> Container? {
    guard let runs = uint16() else { return nil }
    let begin = rest.startIndex
    var last = -1
    var total = 0
    for _ in 0..<runs {
      guard let start = uint16(), let length = uint16(), Int(start) > last else { return nil }
      last = Int(start) + Int(length)
      guard last <= 0xFFFF else { return nil }
      total += Int(length) + 1
    }
    guard total == cardinality else { return nil }
    return Container(high: high, kind: .runs, start: begin, count: Int(runs))
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
