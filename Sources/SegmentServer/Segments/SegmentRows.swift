import Foundation
import SegmentCompiler
import SegmentService
import Synchronization

/// A segment as lists show, search and sort it.
final class SegmentRow: Sendable {
  let segment: ListedSegment
  /// Its words, one way whatever the case of their letters.
  private let words: Text
  private let json = Mutex<[UInt8]?>(nil)

  /// - Parameter before: the row of the same segment that it takes the place of.
  init(_ segment: ListedSegment, before: SegmentRow?) {
    self.segment = segment
    if let before, before.segment.hasTexts(of: segment) {
      words = before.words
      return
    }
    // What no search can hold stands between them.
    words = Text(segment.texts.compactMap(\.self).map(SegmentRow.folded).joined(separator: "\n"))
  }

  /// As ``SegmentSummaryBody``, made once.
  func encoded() throws -> [UInt8] {
    try json.withLock { json in
      if let json { return json }
      let encoded = [UInt8](try JSONEncoder.response.encode(SegmentSummaryBody(segment)))
      json = encoded
      return encoded
    }
  }

  /// Whether each of these words stands in name, display name or description.
  func contains(_ wanted: [Text]) -> Bool { wanted.allSatisfy { words.contains($0) } }

  static func words(of search: String) -> [Text] {
    search.split(whereSeparator: \.isWhitespace).map { Text(folded(String($0))) }
  }

  /// By way of capital letters, since some, such as Σ, have several small ones.
  private static func folded(_ text: String) -> String {
    text.precomposedStringWithCanonicalMapping.uppercased().lowercased()
  }
}

/// The rows of the list in its orders, kept as long as the service says the same of them: a request only picks.
final class SegmentRows: Sendable {
  private struct State {
    var moment: Int?
    var rows: [Int64: SegmentRow] = [:]
    /// Those that were asked for.
    var orders: [SegmentListQuery.Order: [SegmentListQuery.Positioned]] = [:]
  }

  private let state = Mutex(State())

  /// All rows in an order.
  func rows(_ order: SegmentListQuery.Order, of service: SegmentService) throws
    -> [SegmentListQuery.Positioned]
  {
    try state.withLock { state in
      let listing = try service.listing()
      if state.moment != listing.moment { SegmentRows.update(&state, to: listing) }
      if let known = state.orders[order] { return known }
      let sorted = state.rows.values.map(order.positioned).sorted(by: order.precedes)
      state.orders[order] = sorted
      return sorted
    }
  }

  /// Gives up what is kept.
  func forget() { state.withLock { $0 = State() } }

  private static func update(_ state: inout State, to listing: SegmentListing) {
    var rows: [Int64: SegmentRow] = [:]
    rows.reserveCapacity(listing.segments.count)
    for segment in listing.segments {
      let known = state.rows[segment.record.id]
      let isSame = known?.segment.moment == segment.moment
      rows[segment.record.id] = isSame ? known : SegmentRow(segment, before: known)
    }
    for (order, known) in state.orders { state.orders[order] = updated(known, order, to: rows) }
    state.rows = rows
    state.moment = listing.moment
  }

  /// The rows in an order: most of them stay where they were.
  private static func updated(
    _ known: [SegmentListQuery.Positioned], _ order: SegmentListQuery.Order,
    to rows: [Int64: SegmentRow]
  ) -> [SegmentListQuery.Positioned] {
    var moved = rows
    var stayed: [SegmentListQuery.Positioned] = []
    stayed.reserveCapacity(known.count)
    for old in known {
      guard let row = rows[old.row.segment.record.id] else { continue }
      let new = row === old.row ? old : order.positioned(row)
      guard !order.precedes(new, old), !order.precedes(old, new) else { continue }
      stayed.append(new)
      moved[row.segment.record.id] = nil
    }
    guard !moved.isEmpty else { return stayed }
    let sorted = moved.values.map(order.positioned).sorted(by: order.precedes)
    return merged(stayed, sorted, by: order.precedes)
  }
}

extension ListedSegment {
  /// Whether it is called and described as another one, byte by byte.
  fileprivate func hasTexts(of other: ListedSegment) -> Bool {
    zip(texts, other.texts).allSatisfy { $0.map { Text($0) } == $1.map { Text($0) } }
  }

  fileprivate var texts: [String?] { [record.name, displayName, description] }
}

extension Text {
  /// Whether the bytes of another text stand somewhere in it.
  fileprivate func contains(_ other: Text) -> Bool {
    guard let first = other.utf8.first else { return true }
    return utf8.withUnsafeBytes { bytes in
      other.utf8.withUnsafeBytes { wanted in
        var rest = bytes[...]
        while rest.count >= wanted.count, let start = rest.firstIndex(of: first) {
          rest = rest[start...]
          if rest.starts(with: wanted) { return true }
          rest = rest.dropFirst()
        }
        return false
      }
    }
  }
}
