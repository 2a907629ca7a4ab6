import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

/// Which segments a list shows, and in which order.
struct SegmentListQuery: Sendable {
  enum Key: String, Sendable, CaseIterable {
    case name, displayName, members, lastRefreshed, changed, created, state, type, audience, owner
  }

  var key: Key
  var isDescending: Bool
  var search: String?
  var tags: [String]
  var states: [SegmentState]
  var types: [SegmentType]
  var audience: String?

  init(_ request: APIRequest) throws {
    let sort = try request.required("sort")
    isDescending = sort.hasPrefix("-")
    key = Key(rawValue: isDescending ? String(sort.dropFirst()) : sort) ?? .name
    search = request.text("search")
    tags = request.texts("tag")
    states = request.words("state", as: SegmentState.self)
    types = request.words("type", as: SegmentType.self)
    audience = request.text("audience")
  }

  func includes(_ segment: ListedSegment) -> Bool {
    (states.isEmpty || states.contains(segment.record.state))
      && (types.isEmpty || types.contains(segment.record.type))
      && (audience == nil || segment.audience.map { Text($0) } == audience.map { Text($0) })
      && tags.allSatisfy { tag in segment.tags.contains { Text($0) == Text(tag) } }
      && matches(segment)
  }

  private func matches(_ segment: ListedSegment) -> Bool {
    guard let search else { return true }
    let texts = [segment.record.name, segment.displayName, segment.description].compactMap(\.self)
    return search.split(whereSeparator: \.isWhitespace).allSatisfy { word in
      texts.contains { $0.range(of: word, options: [.caseInsensitive]) != nil }
    }
  }

  /// Those that it includes, in its order.
  func sorted(_ segments: [ListedSegment]) -> [Positioned] {
    let positioned = segments.filter(includes).map { segment in
      Positioned(
        segment: segment, position: Position(value: value(of: segment), name: segment.record.name))
    }
    return positioned.sorted { precedes($0.position, $1.position) }
  }

  struct Positioned {
    var segment: ListedSegment
    var position: Position
  }

  /// Where a segment stands in the list; also of one that is not there any more.
  struct Position: Codable, Equatable {
    var value: Value?
    var name: String
  }

  enum Value: Codable, Equatable {
    case text(String)
    case number(Int64)
  }

  /// What is missing comes last, whatever the direction; among equals the name decides.
  func precedes(_ left: Position, _ right: Position) -> Bool {
    switch (left.value, right.value) {
    case (let l?, let r?) where l != r: isDescending ? isLess(r, l) : isLess(l, r)
    case (_?, nil): true
    case (nil, _?): false
    default: Text(left.name) < Text(right.name)
    }
  }

  private func isLess(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.number(let l), .number(let r)): l < r
    case (.text(let l), .text(let r)): Text(l) < Text(r)
    case (.number, .text): true
    case (.text, .number): false
    }
  }

  private func value(of segment: ListedSegment) -> Value? {
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
  private func text(_ text: String) -> Value? { .text(text.lowercased()) }
}
