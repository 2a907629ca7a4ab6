import Foundation

/// An IANA time zone.
public struct Zone: Sendable, Hashable {
  public let name: String
  private let zone: TimeZone

  public static let utc = Zone("UTC")!

  /// nil where no such zone is known; abbreviations and `GMT+3` are not accepted.
  public init?(_ name: String) {
    guard
      name == "UTC" || name == "GMT" || TimeZone.knownTimeZoneIdentifiers.contains(name)
        || (name.contains("/") && name.utf8.allSatisfy(Zone.isPartOfName)
          && TimeZone(identifier: name) != nil),
      let zone = TimeZone(identifier: name)
    else { return nil }
    self.name = name
    self.zone = zone
  }

  /// The system looks names up as paths of files.
  private static func isPartOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "/_+-".utf8.contains(byte)
    }
  }

  public static var knownNames: [String] { TimeZone.knownTimeZoneIdentifiers + ["UTC"] }

  private func offset(at microseconds: Int64) -> Int64 {
    let date = Date(timeIntervalSince1970: (Double(microseconds) / 1e6).rounded(.down))
    return Int64(zone.secondsFromGMT(for: date)) * LocalTime.second
  }

  /// What a clock in this zone shows at an instant.
  public func localTime(at instant: Instant) -> LocalTime {
    LocalTime(wallClock: instant.microseconds + offset(at: instant.microseconds))
  }

  /// The instant at which a clock in this zone shows a time: in an overlap the earlier one, in a gap the
  /// time moved forward by the gap.
  public func instant(of local: LocalTime) -> Instant {
    let before = offset(at: local.wallClock - LocalTime.day)
    let after = offset(at: local.wallClock + LocalTime.day)
    let early = local.wallClock - before
    if before == after || offset(at: early) == before { return Instant(microseconds: early) }
    let late = local.wallClock - after
    if offset(at: late) == after { return Instant(microseconds: late) }
    return Instant(microseconds: early)
  }

  /// The first instant of a local day.
  public func start(of date: CivilDate) -> Instant { instant(of: LocalTime(date: date)) }

  /// The offsets from UTC over some time, in microseconds.
  struct Offsets: Sendable {
    struct Change: Sendable {
      /// The first instant with the new offset.
      var at: Int64
      var offset: Int64
    }

    var initial: Int64
    /// In order of time.
    var changes: [Change]
  }

  /// Every change of the offset between two instants. Two changes within one day that undo each other are not
  /// seen; no zone has any.
  func offsets(from start: Int64, to end: Int64) -> Offsets {
    var result = Offsets(initial: offset(at: start), changes: [])
    var current = result.initial
    for day in stride(from: start, to: end, by: Int64.Stride(LocalTime.day)) {
      let next = offset(at: day + LocalTime.day)
      guard next != current else { continue }
      var (low, high) = (day / LocalTime.second, (day + LocalTime.day) / LocalTime.second)
      while high - low > 1 {
        let middle = (low + high) / 2
        if offset(at: middle * LocalTime.second) == current { low = middle } else { high = middle }
      }
      result.changes.append(Offsets.Change(at: high * LocalTime.second, offset: next))
      current = next
    }
    return result
  }
}
