import CRoaring
import SegmentCompiler

/// A set of ordinals, as a roaring bitmap.
///
/// A value: copies share storage until one of them changes.
public struct MemberSet: Sendable, Equatable {
  private var bitmap: Bitmap

  public init() { bitmap = Bitmap(roaring_bitmap_create()) }

  public init(_ ordinals: some Sequence<UInt32>) {
    self.init()
    let inserted: Void? = ordinals.withContiguousStorageIfAvailable { insert(contentsOf: $0) }
    if inserted == nil { for ordinal in ordinals { insert(ordinal) } }
  }

  public init(_ range: Range<UInt32>) {
    let raw =
      range.isEmpty
      ? roaring_bitmap_create()
      : roaring_bitmap_from_range(UInt64(range.lowerBound), UInt64(range.upperBound), 1)
    bitmap = Bitmap(raw)
  }

  init(adopting raw: UnsafeMutablePointer<roaring_bitmap_t>?) { bitmap = Bitmap(raw) }

  // MARK: - Members

  public var count: Int { Int(roaring_bitmap_get_cardinality(raw)) }
  public var isEmpty: Bool { roaring_bitmap_is_empty(raw) }

  public func contains(_ ordinal: UInt32) -> Bool { roaring_bitmap_contains(raw, ordinal) }

  /// The ordinal with `rank` smaller ones before it; nil where the set has no more than `rank`.
  public func ordinal(at rank: Int) -> UInt32? {
    guard let rank = UInt32(exactly: rank) else { return nil }
    var ordinal: UInt32 = 0
    return roaring_bitmap_select(raw, rank, &ordinal) ? ordinal : nil
  }

  public mutating func insert(_ ordinal: UInt32) { roaring_bitmap_add(unique(), ordinal) }

  public mutating func remove(_ ordinal: UInt32) { roaring_bitmap_remove(unique(), ordinal) }

  mutating func insert(contentsOf ordinals: UnsafeBufferPointer<UInt32>) {
    guard let start = ordinals.baseAddress else { return }
    roaring_bitmap_add_many(unique(), ordinals.count, start)
  }

  // MARK: - Algebra

  public func union(_ other: MemberSet) -> MemberSet {
    MemberSet(adopting: roaring_bitmap_or(raw, other.raw))
  }

  public func intersection(_ other: MemberSet) -> MemberSet {
    MemberSet(adopting: roaring_bitmap_and(raw, other.raw))
  }

  public func subtracting(_ other: MemberSet) -> MemberSet {
    MemberSet(adopting: roaring_bitmap_andnot(raw, other.raw))
  }

  public func symmetricDifference(_ other: MemberSet) -> MemberSet {
    MemberSet(adopting: roaring_bitmap_xor(raw, other.raw))
  }

  public mutating func formUnion(_ other: MemberSet) {
    roaring_bitmap_or_inplace(unique(), other.raw)
  }

  public mutating func formIntersection(_ other: MemberSet) {
    roaring_bitmap_and_inplace(unique(), other.raw)
  }

  public mutating func subtract(_ other: MemberSet) {
    roaring_bitmap_andnot_inplace(unique(), other.raw)
  }

  public func unionCount(_ other: MemberSet) -> Int {
    Int(roaring_bitmap_or_cardinality(raw, other.raw))
  }

  public func intersectionCount(_ other: MemberSet) -> Int {
    Int(roaring_bitmap_and_cardinality(raw, other.raw))
  }

  public func subtractingCount(_ other: MemberSet) -> Int {
    Int(roaring_bitmap_andnot_cardinality(raw, other.raw))
  }

  public func symmetricDifferenceCount(_ other: MemberSet) -> Int {
    Int(roaring_bitmap_xor_cardinality(raw, other.raw))
  }

  public func isSubset(of other: MemberSet) -> Bool { roaring_bitmap_is_subset(raw, other.raw) }

  public func isDisjoint(with other: MemberSet) -> Bool { intersectionCount(other) == 0 }

  public static func == (left: MemberSet, right: MemberSet) -> Bool {
    left.bitmap === right.bitmap || roaring_bitmap_equals(left.raw, right.raw)
  }

  // MARK: - Storage

  var raw: UnsafeMutablePointer<roaring_bitmap_t> { bitmap.raw }

  private mutating func unique() -> UnsafeMutablePointer<roaring_bitmap_t> {
    if !isKnownUniquelyReferenced(&bitmap) { bitmap = Bitmap(roaring_bitmap_copy(raw)) }
    return bitmap.raw
  }
}

/// Owns a bitmap; changed only while it has a single owner, so that sharing it between threads is safe.
private final class Bitmap: @unchecked Sendable {
  let raw: UnsafeMutablePointer<roaring_bitmap_t>

  init(_ raw: UnsafeMutablePointer<roaring_bitmap_t>?) {
    guard let raw else { fatalError("out of memory") }
    self.raw = raw
  }

  deinit { roaring_bitmap_free(raw) }
}
