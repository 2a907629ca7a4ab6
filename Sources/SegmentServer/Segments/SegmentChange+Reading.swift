import SegmentCompiler
import SegmentService
import SegmentStore

extension SegmentChange {
  private static let keys = [
    "name", "state", "type", "outputName", "outputFile", "owner", "displayName", "description",
    "tags",
    "schedule", "activation", "deactivation", "trash",
  ]

  /// The changes that a body asks for; nil where something is wrong with it, which is noted.
  static func all(_ reader: DocumentReader, _ document: Document) -> [SegmentChange]? {
    all(reader, document, at: "")
  }

  /// Of a body that names the segments, too.
  static func several(_ reader: DocumentReader, _ document: Document) throws
    -> (segments: [String], changes: [SegmentChange])?
  {
    guard let fields = reader.mapping(document, at: "", known: ["segments", "change"]) else {
      return nil
    }
    for key in ["segments", "change"] where fields[key] == nil {
      reader.missing(key, at: "", in: document)
    }
    let items = fields["segments"].flatMap { reader.list($0, at: "segments") }
    let names = items?.enumerated().compactMap { index, item in
      name(item, at: "segments[\(index)]", reader)
    }
    if let names, !(1...5000).contains(names.count) {
      reader.note(
        "wrongShape", at: "segments", "There are 1 to 5,000 segments, not \(names.count).")
    }
    let changes = fields["change"].flatMap { all(reader, $0, at: "change") }
    guard let names, let changes else { return nil }
    return (names, changes)
  }

  private static func name(_ item: Document, at place: String, _ reader: DocumentReader) -> String?
  {
    guard let name = reader.text(item, at: place) else { return nil }
    guard (1...400).contains(name.unicodeScalars.count) else {
      reader.note("wrongShape", at: place, "The name of a segment is expected here.")
      return nil
    }
    return name
  }

  private static func all(_ reader: DocumentReader, _ document: Document, at place: String)
    -> [SegmentChange]?
  {
    guard let fields = reader.mapping(document, at: place, known: keys) else { return nil }
    guard !fields.isEmpty else {
      reader.note(
        "nothingToChange", at: place,
        "Something to change is expected: \(keys.joined(separator: ", ")).")
      return nil
    }
    // In a fixed order: what names a thing last.
    return keys.reversed().flatMap { key in
      fields[key].map {
        changes(key, to: $0, at: DocumentReader.join(place, key), reader)
      } ?? []
    }
  }

  private static func changes(
    _ key: String, to value: Document, at place: String, _ reader: DocumentReader
  ) -> [SegmentChange] {
    switch key {
    case "name": reader.text(value, at: place).map { [.rename($0)] } ?? []
    case "state": state(value, at: place, reader)
    case "type": reader.word(value, at: place, as: SegmentType.self).map { [.type($0)] } ?? []
    case "outputName": reader.text(value, at: place).map { [.outputName($0)] } ?? []
    case "outputFile": reader.boolean(value, at: place).map { [.outputFile($0)] } ?? []
    case "owner": [.owner(text(value, at: place, reader))]
    case "displayName": [.displayName(text(value, at: place, reader))]
    case "description": [.description(text(value, at: place, reader))]
    case "tags": tags(value, at: place, reader)
    case "schedule": schedule(value, at: place, reader).map { [.schedule($0)] } ?? []
    case "activation": [.planActivation(planned(value, at: place, reader))]
    case "deactivation": [.planDeactivation(planned(value, at: place, reader))]
    case "trash": [.trash(evenIfUsed: isForced(value, at: place, reader))]
    default: []
    }
  }

  private enum WantedState: String, CaseIterable { case inactive, active }

  private static func state(_ value: Document, at place: String, _ reader: DocumentReader)
    -> [SegmentChange]
  {
    switch reader.word(value, at: place, as: WantedState.self) {
    case .active: [.activate, .refresh]
    case .inactive: [.deactivate]
    case nil: []
    }
  }

  /// nil for null.
  private static func text(_ value: Document, at place: String, _ reader: DocumentReader) -> String?
  {
    value.value == .null ? nil : reader.text(value, at: place)
  }

  private static func tags(_ value: Document, at place: String, _ reader: DocumentReader)
    -> [SegmentChange]
  {
    guard let fields = reader.mapping(value, at: place, known: ["add", "remove"]) else { return [] }
    func texts(_ key: String) -> [String] {
      let place = DocumentReader.join(place, key)
      return fields[key].flatMap { reader.list($0, at: place) }?.enumerated().compactMap {
        reader.text($1, at: "\(place)[\($0)]")
      } ?? []
    }
    let (added, removed) = (texts("add"), texts("remove"))
    return (removed.isEmpty ? [] : [.removeTags(removed)])
      + (added.isEmpty ? [] : [.addTags(added)])
  }

  private static func planned(_ value: Document, at place: String, _ reader: DocumentReader)
    -> PlannedChange?
  {
    guard value.value != .null,
      let fields = reader.mapping(value, at: place, known: ["at", "timeZone"])
    else { return nil }
    for key in ["at", "timeZone"] where fields[key] == nil {
      reader.missing(key, at: place, in: value)
    }
    let text = fields["at"].flatMap { reader.text($0, at: DocumentReader.join(place, "at")) }
    let zone = fields["timeZone"].flatMap {
      reader.text($0, at: DocumentReader.join(place, "timeZone"))
    }
    guard let text, let zone else { return nil }
    guard let instant = Instant(text, zone: Zone(zone) ?? .utc) else {
      reader.note(
        "wrongTime", at: DocumentReader.join(place, "at"),
        "'\(text)' is no time such as 2026-03-31T06:00:00Z.")
      return nil
    }
    return PlannedChange(at: instant.microseconds, timeZone: zone)
  }

  private enum ScheduleKind: String, CaseIterable { case off, everySystemRefresh, weekly, monthly }

  static func schedule(_ value: Document, at place: String, _ reader: DocumentReader)
    -> SegmentSchedule?
  {
    let kindPlace = DocumentReader.join(place, "kind")
    guard let written = value["kind"] else {
      if reader.mapping(value, at: place, known: ["kind", "weekdays", "days"]) != nil {
        reader.missing("kind", at: place, in: value)
      }
      return nil
    }
    guard let kind = reader.word(written, at: kindPlace, as: ScheduleKind.self) else { return nil }
    let list: String? =
      switch kind {
      case .off, .everySystemRefresh: nil
      case .weekly: "weekdays"
      case .monthly: "days"
      }
    guard
      let fields = reader.mapping(value, at: place, known: ["kind"] + [list].compactMap(\.self))
    else { return nil }
    if let list, fields[list] == nil { reader.missing(list, at: place, in: value) }
    let listPlace = DocumentReader.join(place, list ?? "")
    let items = list.flatMap { fields[$0] }.flatMap { reader.list($0, at: listPlace) } ?? []
    let schedule: SegmentSchedule =
      switch kind {
      case .off: .off
      case .everySystemRefresh: .everySystemRefresh
      case .weekly:
        .weekly(
          on: Set(
            items.enumerated().compactMap {
              reader.word($1, at: "\(listPlace)[\($0)]", as: Weekday.self)
            }))
      case .monthly:
        .monthly(
          on: Set(
            items.enumerated().compactMap {
              reader.wholeNumber($1, at: "\(listPlace)[\($0)]", in: 1...31)
            }))
      }
    for problem in schedule.problems {
      reader.note(problem.code, at: DocumentReader.join(place, problem.place), problem.message)
    }
    return schedule
  }

  private static func isForced(_ value: Document, at place: String, _ reader: DocumentReader)
    -> Bool
  {
    guard let fields = reader.mapping(value, at: place, known: ["evenIfUsed"]) else { return false }
    return fields["evenIfUsed"].flatMap {
      reader.boolean($0, at: DocumentReader.join(place, "evenIfUsed"))
    } ?? false
  }
}
