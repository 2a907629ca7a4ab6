import CRoaring
import SegmentCompiler

extension MemberSet: Sequence {
  /// Ordinals in ascending order, decoded a page at a time.
  public struct Iterator: IteratorProtocol {
    private let set: MemberSet
    private let count: Int
    private var page: [UInt32] = []
    private var index = 0
    private var read = 0

    fileprivate init(_ set: MemberSet) {
      self.set = set
      count = set.count
    }

    public mutating func next() -> UInt32? {
      if index == page.count {
        guard read < count else { return nil }
        page = set.page(at: read, count: Swift.min(MemberSet.pageSize, count - read))
        read += page.count
        index = 0
      }
      defer { index += 1 }
      return page[index]
    }
  }

  public func makeIterator() -> Iterator { Iterator(self) }

  public var underestimatedCount: Int { count }

  /// Hands over all ordinals in ascending order, page by page.
  func forEachPage(_ body: (UnsafeBufferPointer<UInt32>) throws -> Void) throws {
    let count = count
    var read = 0
    while read < count {
      let page = page(at: read, count: Swift.min(MemberSet.pageSize, count - read))
      try page.withUnsafeBufferPointer(body)
      read += page.count
    }
  }

  private static let pageSize = 1 << 16

  /// The ordinals with ranks `rank ..< rank + count`, all of which must be there.
  private func page(at rank: Int, count: Int) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
      let complete = roaring_bitmap_range_uint32_array(raw, rank, count, buffer.baseAddress)
      initialized = complete ? count : 0
      guard complete else { fatalError("out of memory") }
    }
  }
}
