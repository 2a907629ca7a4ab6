/// How much of what is no longer in force a workspace keeps.
public struct Retention: Sendable, Equatable {
  public enum Limit: Sendable, Equatable {
    case all
    /// That many, the last ones.
    case last(Int)
    /// What is not older.
    case age(CalendarDuration)
  }

  public var dataVersions = Limit.last(3)
  /// Of each segment: runs that keep their members.
  public var members = Limit.last(100)
  /// Of each segment: runs of which a record with its counts stays.
  public var runs = Limit.all
  /// Deleted segments, which can be brought back that long.
  public var trash = Limit.age(CalendarDuration(count: 30, unit: .day))
  /// Finished jobs.
  public var jobs = Limit.age(CalendarDuration(count: 90, unit: .day))
  /// Entries of the audit log.
  public var audit = Limit.all

  public init() {}
}

extension CalendarDuration {
  /// The earliest instant that is not older than this. Days and longer units begin at the start of a day (UTC).
  public func since(_ now: Instant) -> Instant {
    guard let unit = calendarUnit else {
      let seconds = Int64(unit == .minute ? 60 : 3600) * Int64(count)
      return Instant(microseconds: now.microseconds - seconds * LocalTime.second)
    }
    return Zone.utc.start(of: Zone.utc.localTime(at: now).date.moved(by: -count, unit))
  }
}

extension WorkspaceDecoder {
  func retention(_ document: Document) -> Retention {
    var retention = Retention()
    let keys = ["dataVersions", "members", "runs", "trash", "jobs", "audit"]
    guard let entries = reader.mapping(document, at: "retention", known: keys) else {
      return retention
    }
    func read(_ key: String, into limit: inout Retention.Limit) {
      guard let entry = entries[key] else { return }
      limit = self.limit(entry, at: "retention.\(key)") ?? limit
    }
    read("dataVersions", into: &retention.dataVersions)
    read("members", into: &retention.members)
    read("runs", into: &retention.runs)
    read("trash", into: &retention.trash)
    read("jobs", into: &retention.jobs)
    read("audit", into: &retention.audit)
    return retention
  }

  private func limit(_ document: Document, at place: String) -> Retention.Limit? {
    switch document.value {
    case .scalar(.number):
      return reader.wholeNumber(document, at: place, in: 1...1_000_000).map { .last($0) }
    case .scalar(.text("all")): return .all
    case .scalar(.text(let text)):
      if let age = CalendarDuration(text) { return .age(age) }
    default: break
    }
    reader.note(
      "wrongShape", at: place, "Expected is a number, an age such as '30 days', or 'all'.",
      in: document)
    return nil
  }
}
