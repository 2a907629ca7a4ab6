import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

/// Which segments a list shows, and in which order.
struct SegmentListQuery: Sendable {
  enum Key: String, Sendable, CaseIterable {
    case name, displayName, members, lastRefreshed, changed, created, state, type, audience, owner
  }

  var order: Order
  /// Empty for any.
  var search: [Text]
  var tags: [Text]
  var states: [SegmentState]
  var types: [SegmentType]
  var audience: Text?

  init(_ request: APIRequest) throws {
    let sort = try request.required("sort")
    let isDescending = sort.hasPrefix("-")
    order = Order(
      key: Key(rawValue: isDescending ? String(sort.dropFirst()) : sort) ?? .name,
      isDescending: isDescending)
    search = request.text("search").map(SegmentRow.words) ?? []
    tags = request.texts("tag").map { Text($0) }
    states = request.words("state", as: SegmentState.self)
    types = request.words("type", as: SegmentType.self)
    audience = request.text("audience").map { Text($0) }
  }

  /// Whether it leaves nothing out.
  var includesAll: Bool {
    states.isEmpty && types.isEmpty && tags.isEmpty && search.isEmpty && audience == nil
  }

  func includes(_ row: SegmentRow) -> Bool {
    let segment = row.segment
    return (states.isEmpty || states.contains(segment.record.state))
      && (types.isEmpty || types.contains(segment.record.type))
      && (audience.map(row.isOf) ?? true) && row.hasTags(tags) && row.contains(search)
  }

  struct Positioned {
    var row: SegmentRow
    var position: Position
  }

  /// Where a segment stands in the list; also of one that is not there any more.
  struct Position: Codable {
    var value: Value?
    var name: String
  }

  enum Value: Codable {
    case text(String)
    case number(Int64)
  }

  struct Order: Hashable {
    var key: Key
    var isDescending: Bool

    func positioned(_ row: SegmentRow) -> Positioned {
      Positioned(
        row: row,
        position: Position(value: value(of: row.segment), name: row.segment.record.name))
    }

    func precedes(_ left: Positioned, _ right: Positioned) -> Bool {
      precedes(left.position, right.position)
    }

    /// What is missing comes last, whatever the direction; among equals the name decides.
    func precedes(_ left: Position, _ right: Position) -> Bool {
      switch (left.value, right.value) {
      case (let l?, let r?) where isLess(l, r): return !isDescending
      case (let l?, let r?) where isLess(r, l): return isDescending
      case (_?, nil): return true
      case (nil, _?): return false
      default: return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
      }
    }

    /// Those of a list in this order that come after a position.
    func rest(of rows: [Positioned], after position: Position) -> ArraySlice<Positioned> {
      var (low, high) = (rows.startIndex, rows.endIndex)
      while low < high {
        let middle = (low + high) / 2
        if precedes(position, rows[middle].position) { high = middle } else { low = middle + 1 }
      }
      return rows[low...]
    }
  }
}

extension SegmentListQuery.Order {
  private func isLess(_ left: SegmentListQuery.Value, _ right: SegmentListQuery.Value) -> Bool {
    switch (left, right) {
    case (.number(let l), .number(let r)): l < r
    case (.text(let l), .text(let r)): l.utf8.lexicographicallyPrecedes(r.utf8)
    case (.number, .text): true
    case (.text, .number): false
    }
  }

  private func value(of segment: ListedSegment) -> SegmentListQuery.Value? {
    let record = segment.record
    return switch key {
    case .name: text(record.name)
    case .displayName: text(segment.displayName ?? record.name)
    case .members: segment.lastPublished?.result.map { .number(Int64($0.count)) }
    case .lastRefreshed: segment.lastPublished.map { .number($0.finished) }
    case .changed: .number(record.changed)
    case .created: .number(record.created)
    case .state: text(record.state.rawValue)
    case .type: text(record.type.rawValue)
    case .audience: segment.audience.flatMap(text)
    case .owner: record.owner.flatMap(text)
    }
  }

  /// Capital letters stand where small ones do.
  private func text(_ text: String) -> SegmentListQuery.Value? { .text(text.lowercased()) }
}
