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

  init(_ segment: ListedSegment) {
    self.segment = segment
    // What no search can hold stands between them.
    let texts = [segment.record.name, segment.displayName, segment.description].compactMap(\.self)
    words = Text(texts.map(SegmentRow.folded).joined(separator: "\n"))
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
    var new: [SegmentRow] = []
    for segment in listing.segments {
      if let known = state.rows[segment.record.id], known.segment.moment == segment.moment {
        rows[segment.record.id] = known
      } else {
        let row = SegmentRow(segment)
        rows[segment.record.id] = row
        new.append(row)
      }
    }
    for (order, known) in state.orders {
      let same = known.filter { rows[$0.row.segment.record.id] === $0.row }
      state.orders[order] = merged(
        same, new.map(order.positioned).sorted(by: order.precedes), by: order.precedes)
    }
    state.rows = rows
    state.moment = listing.moment
  }
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
