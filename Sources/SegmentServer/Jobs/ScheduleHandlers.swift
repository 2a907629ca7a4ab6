import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// When things are refreshed.
struct ScheduleHandlers: Sendable {
  let service: SegmentService

  func get(_ request: APIRequest) throws -> Response { .json(try ScheduleBody(service)) }

  func set(_ request: APIRequest) throws -> Response {
    try service.set(request.decode(systemSchedule))
    return .json(try ScheduleBody(service))
  }

  private func systemSchedule(_ reader: DocumentReader, _ document: Document) -> SystemSchedule? {
    let known = ["isOn", "timeZone", "weekdays", "times"]
    guard let fields = reader.mapping(document, at: "", known: known) else { return nil }
    for key in known where fields[key] == nil { reader.missing(key, at: "", in: document) }
    func items<Item: Hashable>(_ key: String, _ read: (Document, String) -> Item?) -> Set<Item> {
      let items = fields[key].flatMap { reader.list($0, at: key) } ?? []
      return Set(items.enumerated().compactMap { read($1, "\(key)[\($0)]") })
    }
    return SystemSchedule(
      isOn: fields["isOn"].flatMap { reader.boolean($0, at: "isOn") } ?? false,
      timeZone: fields["timeZone"].flatMap { reader.text($0, at: "timeZone") } ?? "",
      weekdays: items("weekdays") { reader.word($0, at: $1, as: Weekday.self) },
      times: items("times") { item, place in
        guard let text = reader.text(item, at: place) else { return nil }
        guard let time = TimeOfDay(text) else {
          reader.note("wrongTime", at: place, "'\(text)' is no time from 00:00 to 23:59.", in: item)
          return nil
        }
        return time
      })
  }

  // MARK: Of several segments

  func setSeveral(_ request: APIRequest) throws -> Response {
    let wanted = try request.decode(severalSchedules)
    let names: [String]? =
      switch wanted.segments {
      case .all: nil
      case .named(let names): names
      }
    let scheduled = try service.setSchedule(
      wanted.schedule, of: names, keepingOwn: wanted.individual == .keep)
    return .json(Items(items: scheduled.map(ScheduledSegmentBody.init)))
  }

  private enum Individual: String, CaseIterable { case keep, override }

  private struct Wanted {
    var segments: NamedSegments
    var schedule: SegmentSchedule
    var individual: Individual
  }

  private func severalSchedules(_ reader: DocumentReader, _ document: Document) -> Wanted? {
    let known = ["segments", "schedule", "individual"]
    guard let fields = reader.mapping(document, at: "", known: known) else { return nil }
    for key in known where fields[key] == nil { reader.missing(key, at: "", in: document) }
    let segments = fields["segments"].flatMap { reader.names($0, at: "segments") }
    let schedule = fields["schedule"].flatMap {
      SegmentChange.schedule($0, at: "schedule", reader)
    }
    let individual = fields["individual"].flatMap {
      reader.word($0, at: "individual", as: Individual.self)
    }
    guard let segments, let schedule, let individual else { return nil }
    return Wanted(segments: segments, schedule: schedule, individual: individual)
  }
}

/// The system schedule with what follows from it.
struct ScheduleBody: Encodable {
  struct Conflict: Encodable {
    var segment: String
    var conflict: String
  }

  var isOn: Bool
  var timeZone: String
  var weekdays: [Weekday]
  var times: [String]
  /// The next occurrences, five at most.
  var next: [String]
  /// Segments that are never refreshed by schedule.
  var conflicts: [Conflict]

  init(_ service: SegmentService) throws {
    let schedule = try service.schedule()
    isOn = schedule.isOn
    timeZone = schedule.timeZone
    weekdays = schedule.weekdays.sorted { $0.number < $1.number }
    times = schedule.times.sorted().map(\.description)
    next = try service.nextOccurrences(5).map { time($0.instant.microseconds) }
    conflicts = try service.scheduleConflicts().map {
      Conflict(segment: $0.segment, conflict: $0.conflict)
    }
  }
}

/// What became of one segment's schedule.
private struct ScheduledSegmentBody: Encodable {
  var segment: String
  var status: Int
  var schedule: SegmentSchedule?
  var isKept: Bool?
  var next: String?
  var conflict: String?
  var problem: ProblemBody?

  init(_ scheduled: ScheduledSegment) {
    segment = scheduled.segment
    switch scheduled.outcome {
    case .success(let now):
      status = 200
      schedule = now.schedule
      isKept = now.isKept
      next = now.next.map { time($0.instant.microseconds) }
      conflict = now.conflict
    case .failure(let error):
      let problem = Problem(error)
      status = problem.status.code
      self.problem = ProblemBody(problem)
    }
  }
}
