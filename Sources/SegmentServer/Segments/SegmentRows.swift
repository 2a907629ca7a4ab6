import Foundation
import SegmentCompiler
import SegmentService
import Synchronization

/// A segment as lists show, search and sort it.
final class SegmentRow: Sendable {
  /// What is compared with what somebody looks for.
  private struct Traits: Sendable {
    /// Its words, one way whatever the case of their letters.
    var words: Text
    var tags: [Text]
    var audience: Text?
  }

  let segment: ListedSegment
  private let traits: Traits
  private let json: Mutex<[UInt8]?>

  /// - Parameter before: the row of the same segment that it takes the place of. What was shown of that one will be
  ///   shown of this one.
  init(_ segment: ListedSegment, before: SegmentRow?) {
    self.segment = segment
    if let before, before.segment.hasTexts(of: segment) {
      traits = before.traits
    } else {
      // What no search can hold stands between the words.
      traits = Traits(
        words: Text(
          [segment.record.name, segment.displayName, segment.description].compactMap(\.self)
            .map(SegmentRow.folded).joined(separator: "\n")),
        tags: segment.tags.map { Text($0) }, audience: segment.audience.map { Text($0) })
    }
    let wasShown = before?.json.withLock { $0 != nil } ?? false
    json = Mutex(wasShown ? try? SegmentRow.encode(segment) : nil)
  }

  /// As ``SegmentSummaryBody``, made once.
  func encoded() throws -> [UInt8] {
    try json.withLock { json in
      if let json { return json }
      let encoded = try SegmentRow.encode(segment)
      json = encoded
      return encoded
    }
  }

  private static func encode(_ segment: ListedSegment) throws -> [UInt8] {
    [UInt8](try JSONEncoder.response.encode(SegmentSummaryBody(segment)))
  }

  /// Whether each of these words stands in name, display name or description.
  func contains(_ wanted: [Text]) -> Bool { wanted.allSatisfy { traits.words.contains($0) } }

  func hasTags(_ wanted: [Text]) -> Bool { wanted.allSatisfy(traits.tags.contains) }

  func isOf(audience: Text) -> Bool { traits.audience == audience }

  static func words(of search: String) -> [Text] {
    search.split(whereSeparator: \.isWhitespace).map { Text(folded(String($0))) }
  }

  /// By way of capital letters, since some, such as Σ, have several small ones.
  private static func folded(_ text: String) -> String {
    text.precomposedStringWithCanonicalMapping.uppercased().lowercased()
  }
}

/// The rows of the list in its orders, kept: a request only picks.
///
/// Whoever changes a segment brings them up to date before they go on, so that those who look need not wait.
final class SegmentRows: Sendable {
  private struct State {
    var timesForgotten = 0
    var moment = -1
    var rows: [Int64: SegmentRow] = [:]
    /// Those that were asked for.
    var orders: [SegmentListQuery.Order: [SegmentListQuery.Positioned]] = [:]
  }

  private let service: SegmentService
  private let kept = Mutex(State())
  /// Of whoever makes what is kept.
  private let turn = Mutex(())

  init(_ service: SegmentService) {
    self.service = service
    service.followListing { [weak self] in self?.follow($0) }
  }

  /// All rows in an order.
  func rows(_ order: SegmentListQuery.Order) throws -> [SegmentListQuery.Positioned] {
    while true {
      let (known, times) = kept.withLock { ($0.orders[order], $0.timesForgotten) }
      if let known { return known }
      let listing = try service.listing()
      let sorted: [SegmentListQuery.Positioned]? = turn.withLock { _ in
        var state = kept.withLock { $0 }
        // What was given up meanwhile must not come back.
        guard state.timesForgotten == times else { return nil }
        // Who had the turn before may have seen a later list.
        if state.moment < listing.moment { SegmentRows.update(&state, to: listing) }
        let sorted =
          state.orders[order]
          ?? state.rows.values.map(order.positioned).sorted(by: order.precedes)
        state.orders[order] = sorted
        kept.withLock { $0 = state }
        return sorted
      }
      if let sorted { return sorted }
    }
  }

  /// - Parameter listing: nil to give up what is kept.
  private func follow(_ listing: SegmentListing?) {
    turn.withLock { _ in
      var state = kept.withLock { $0 }
      if let listing {
        if state.moment < listing.moment { SegmentRows.update(&state, to: listing) }
      } else {
        state = State(timesForgotten: state.timesForgotten + 1)
      }
      kept.withLock { $0 = state }
    }
  }

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
    texts.elementsEqual(other.texts) { $0.map { Text($0) } == $1.map { Text($0) } }
  }

  private var texts: [String?] {
    [record.name, displayName, description, audience] + tags
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
