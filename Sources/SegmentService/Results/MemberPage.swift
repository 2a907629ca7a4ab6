import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Some members of a run in key order, and where the next ones begin.
public struct MemberPage: Sendable {
  public var run: RunRecord
  /// Of all pages together.
  public var count: Int
  public var rows: ResultTable
  /// nil on the last page.
  public var next: MemberPosition?
}

/// A position in the members of a run: whatever is refreshed meanwhile, the pages are those of the same run.
public struct MemberPosition: Sendable, Equatable, CustomStringConvertible {
  var run: Int64
  var part: MemberSelection.Part
  var after: ProfileKey

  init(run: Int64, part: MemberSelection.Part, after: ProfileKey) {
    self.run = run
    self.part = part
    self.after = after
  }

  /// nil for anything but what ``description`` gives.
  public init?(_ text: String) {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/") + padding
    guard let data = Data(base64Encoded: base64) else { return nil }
    let parts = [UInt8](data).split(
      separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let run = Int64(String(decoding: parts[0], as: UTF8.self)),
      let part = MemberSelection.Part(rawValue: String(decoding: parts[1], as: UTF8.self))
    else { return nil }
    self.run = run
    self.part = part
    switch parts[2] {
    case [UInt8(ascii: "n")]:
      guard let number = Int64(String(decoding: parts[3], as: UTF8.self)) else { return nil }
      after = .integer(number)
    case [UInt8(ascii: "t")]: after = .text(Text(utf8: Array(parts[3])))
    default: return nil
    }
  }

  /// Text for a URL, which means nothing to others.
  public var description: String {
    let key: [UInt8] =
      switch after {
      case .integer(let number): Array("n \(number)".utf8)
      case .text(let text): Array("t ".utf8) + text.utf8
      }
    return Data(Array("\(run) \(part.rawValue) ".utf8) + key).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}

/// A position that is not one of the members asked for.
public enum PositionError: Error, Equatable, CustomStringConvertible {
  case unreadable(String)
  case ofOther(run: Int64, part: MemberSelection.Part)

  public var description: String {
    switch self {
    case .unreadable(let text):
      "'\(text.printable.excerpt(60))' is no position: give the one that came with the page before, or none to begin anew."
    case .ofOther(let run, let part):
      "The position is one among \(part == .all ? "the members" : "those who \(part.rawValue)") of run \(run), and others are asked for: leave the run out, or begin anew without a position."
    }
  }
}

extension SegmentService {
  /// Reads members page by page, in key order.
  ///
  /// - Parameters:
  ///   - after: where the page begins; nil for the first one. It pins the run, also where the selection names none.
  ///   - limit: how many at most.
  /// - Throws: ``WorkspaceError`` where the run's members or data have gone meanwhile; ``PositionError``.
  public func membersPage(
    _ selection: MemberSelection, after: MemberPosition? = nil, limit: Int = 100
  ) async throws -> MemberPage {
    var selection = selection
    if let after {
      guard selection.run ?? after.run == after.run, selection.part == after.part else {
        throw PositionError.ofOther(run: after.run, part: after.part)
      }
      selection.run = after.run
    }
    let list = try memberList(selection)
    var rows = try await list.rows(after: after?.after, limit: limit + 1)
    let isLast = rows.count <= limit
    rows = Array(rows.prefix(limit))
    let next =
      isLast
      ? nil
      : rows.last.flatMap { ProfileKey($0[0]) }.map {
        MemberPosition(run: list.run.id, part: selection.part, after: $0)
      }
    return MemberPage(
      run: list.run, count: list.count, rows: ResultTable(columns: list.columns, rows: rows),
      next: next)
  }
}
