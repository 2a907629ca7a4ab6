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
    guard PortableFormat.containers(in: bytes) != nil else { return nil }
    let raw = bytes.withUnsafeBytes {
      roaring_bitmap_portable_deserialize_safe(
        $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard let raw else { return nil }
    self.init(adopting: raw)
  }
}
