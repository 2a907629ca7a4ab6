extension Operator {
  private static let days: [SubjectClass] = [.date, .datetime]

  static let dateOperators: [Operator] = [
    Operator(
      "on", "is on", not: "is not on", on: days, .value, takesAttribute: true,
      meaning: "On the same local day."
    ) { lowering in
      lowering.one { lowering.day($0, at: $1) }.map { lowering.compareDay(.equal, $0) }
    },
    relation("before", "is before", not: "is not before", .less, "Before the day or instant."),
    relation(
      "onOrBefore", "is on or before", not: "is not on or before", .lessOrEqual,
      "On the day (or at the instant) or earlier."),
    relation("after", "is after", not: "is not after", .greater, "After the day or instant."),
    relation(
      "onOrAfter", "is on or after", not: "is not on or after", .greaterOrEqual,
      "On the day (or at the instant) or later."),
    Operator(
      "between", "is between", not: "is not between", on: days, .range, takesAttribute: true,
      meaning: "From the first day to the second, both included."
    ) { lowering in
      guard let (low, high) = lowering.range({ lowering.day($0, at: $1) }) else { return nil }
      if case .day(let from) = low, case .day(let to) = high, from > to {
        lowering.warnReversed("\(from)", "\(to)")
      }
      return .all(of: [
        lowering.compareDay(.greaterOrEqual, low), lowering.compareDay(.lessOrEqual, high),
      ])
    },
    Operator(
      "withinLast", "is within the last", not: "is not within the last", on: days, .duration,
      meaning:
        "Later than as-of less the duration, and not after as-of; for dates: later than today less the duration, today included."
    ) { $0.within(last: true) },
    Operator(
      "withinNext", "is within the next", not: "is not within the next", on: days, .duration,
      meaning:
        "After as-of, up to as-of plus the duration; for dates: from tomorrow to today plus the duration."
    ) { $0.within(last: false) },
    toDate("weekToDate", .week),
    toDate("monthToDate", .month),
    toDate("quarterToDate", .quarter),
    toDate("yearToDate", .year),
    anniversary("anniversaryWithinNext", "next", from: 1),
    anniversary("anniversaryWithinLast", "last", from: 0),
    part(
      "dayOfMonth", "has day of month", not: "does not have day of month", .dayOfMonth, 1...31,
      "The local day's number in its month is one of the values."),
    part(
      "monthOf", "is in month", not: "is not in month", .month, 1...12,
      "The local day's month is one of the values (1 = January)."),
    part(
      "yearOf", "is in year", not: "is not in year", .year, 1...9999,
      "The local day's year is one of the values."),
    part(
      "dayOfWeek", "is on weekday", not: "is not on weekday", .dayOfWeek, 1...7,
      "The local day's weekday is one of the values (1 = Monday … 7 = Sunday)."),
    Operator(
      "timeOfDayBetween", "is at a time of day between", not: "is not at a time of day between",
      on: [.datetime], .times,
      meaning:
        "The local time of day lies between the two, both included; a first time above the second wraps over midnight."
    ) { lowering in
      guard let (low, high) = lowering.range({ lowering.timeOfDay($0, at: $1) }) else { return nil }
      let time = RowExpression.part(.timeOfDay, .local(lowering.subject, lowering.scope.zone))
      let fromLow = RowPredicate.compare(time, .greaterOrEqual, .literal(.integer(low)))
      let toHigh = RowPredicate.compare(time, .lessOrEqual, .literal(.integer(high)))
      return low <= high ? .all(of: [fromLow, toHigh]) : .any(of: [fromLow, toHigh])
    },
  ]

  private static func relation(
    _ id: String, _ label: String, not negatedLabel: String, _ relation: RowPredicate.Relation,
    _ meaning: String
  ) -> Operator {
    Operator(
      id, label, not: negatedLabel, on: days, .value, takesAttribute: true, meaning: meaning
    ) { lowering in
      lowering.one { lowering.moment($0, at: $1) }.map { lowering.compareDay(relation, $0) }
    }
  }

  private static func toDate(_ id: String, _ unit: CalendarUnit) -> Operator {
    Operator(
      id, "is in the \(unit.rawValue) to date", not: "is not in the \(unit.rawValue) to date",
      on: days, .nothing,
      meaning: "From the start of the local \(unit.rawValue) to as-of (dates: to today)."
    ) { lowering in
      let scope = lowering.scope
      let start = scope.today.start(of: unit, weekStart: scope.weekStart)
      return .all(of: [
        lowering.compareDay(.greaterOrEqual, .day(start)),
        lowering.type == .date
          ? lowering.compareDay(.lessOrEqual, .day(scope.today))
          : .compare(lowering.subject, .lessOrEqual, .literal(.instant(scope.asOf))),
      ])
    }
  }

  private static func part(
    _ id: String, _ label: String, not negatedLabel: String, _ part: RowExpression.DatePart,
    _ range: ClosedRange<Int>, _ meaning: String
  ) -> Operator {
    Operator(id, label, not: negatedLabel, on: days, .numbers, meaning: meaning) { lowering in
      lowering.wholeNumbers(in: range).map { numbers in
        .oneOf(.part(part, lowering.localSubject), numbers.map { .integer(Int64($0)) })
      }
    }
  }

  private static func anniversary(_ id: String, _ word: String, from first: Int) -> Operator {
    Operator(
      id, "has its anniversary within the \(word)", not: "has no anniversary within the \(word)",
      on: days, .days,
      meaning: first == 1
        ? "Month and day fall on one of the N days after today; 29 February counts as 28 in common years."
        : "Month and day fall on today or one of the N − 1 days before; 29 February counts as 28 in common years."
    ) { lowering in
      guard let count = lowering.dayCount() else { return nil }
      let today = lowering.scope.today
      let days = (first..<first + count).map {
        CivilDate(days: today.days + (first == 1 ? $0 : -$0))
      }
      return .oneOf(
        .part(.monthAndDay, lowering.localSubject),
        Operator.anniversaries(on: days).map { .integer($0) })
    }
  }

  /// Month × 100 + day of every date whose anniversary falls on one of the days.
  private static func anniversaries(on days: [CivilDate]) -> [Int64] {
    var numbers: Set<Int64> = []
    for candidate in days {
      let (year, month, day) = candidate.components
      numbers.insert(Int64(month * 100 + day))
      if month == 2, day == 28, !CivilDate.isLeap(year) { numbers.insert(229) }
    }
    return numbers.sorted()
  }
}

/// What a date or datetime is compared with.
enum MomentOperand {
  case day(CivilDate)
  case instant(Instant)
  case column(RowExpression, isDate: Bool)
}

extension Lowering {
  /// The subject as a local date or wall-clock time.
  var localSubject: RowExpression { local(subject, isDate: type == .date) }

  private func local(_ expression: RowExpression, isDate: Bool) -> RowExpression {
    isDate ? expression : .local(expression, scope.zone)
  }

  private func localDay(_ expression: RowExpression, isDate: Bool) -> RowExpression {
    isDate ? expression : .day(.local(expression, scope.zone))
  }

  /// A day, or another attribute.
  func day(_ operand: Operand, at place: String) -> MomentOperand? {
    guard let moment = moment(operand, at: place) else { return nil }
    if case .instant = moment {
      reader.note(
        "invalidDate", at: place, "'\(test.operator)' takes a day here, without a time.")
      return nil
    }
    return moment
  }

  /// A day, a relative day, an instant (of a datetime subject), or another attribute.
  func moment(_ operand: Operand, at place: String) -> MomentOperand? {
    switch operand {
    case .attribute(let reference):
      return column(reference, at: place, like: [.date, .datetime]).map {
        .column(.column($0), isDate: $0.type == .date)
      }
    case .scalar(.text(let text)):
      if let date = CivilDate(text) { return .day(date) }
      if let relative = RelativeDay(text) {
        let day = relative.resolved(today: scope.today, weekStart: scope.weekStart)
        return inCalendar(day, at: place).map { .day($0) }
      }
      if type == .datetime, let instant = Instant(text, zone: scope.zone) {
        return .instant(instant)
      }
      let time = type == .datetime ? ", a time such as 2024-03-01T10:30," : ""
      reader.note(
        "invalidDate", at: place,
        "'\(text)' is no date; expected is a day such as 2024-03-01\(time) or a relative day such as 'today - 3 months' or 'start of last month'."
      )
      return nil
    default:
      wrongValue(operand, at: place, expected: "a date")
      return nil
    }
  }

  private func inCalendar(_ date: CivilDate, at place: String) -> CivilDate? {
    guard (CivilDate.first...CivilDate.last).contains(date) else {
      reader.note("outOfRange", at: place, "This reaches beyond the years 1 to 9999.")
      return nil
    }
    return date
  }

  /// Compares the subject; a day means the whole local day.
  func compareDay(_ relation: RowPredicate.Relation, _ operand: MomentOperand) -> RowPredicate {
    switch operand {
    case .column(let other, let isDate):
      // To be on the same day is a matter of days for two instants, too.
      if type == .datetime, !isDate, relation != .equal {
        return .compare(subject, relation, other)
      }
      return .compare(
        localDay(subject, isDate: type == .date), relation, localDay(other, isDate: isDate))
    case .instant(let instant):
      return .compare(subject, relation, .literal(.instant(instant)))
    case .day(let day) where type == .date:
      return .compare(subject, relation, .literal(.date(day)))
    case .day(let day):
      let start = RowExpression.literal(.instant(scope.zone.start(of: day)))
      let end = RowExpression.literal(
        .instant(scope.zone.start(of: CivilDate(days: day.days + 1))))
      switch relation {
      case .less: return .compare(subject, .less, start)
      case .lessOrEqual: return .compare(subject, .less, end)
      case .greater: return .compare(subject, .greaterOrEqual, end)
      case .greaterOrEqual: return .compare(subject, .greaterOrEqual, start)
      case .equal:
        return .all(of: [
          .compare(subject, .greaterOrEqual, start), .compare(subject, .less, end),
        ])
      }
    }
  }

  func within(last: Bool) -> RowPredicate? {
    guard let duration = duration() else { return nil }
    let place = DocumentReader.join(place, "value")
    let count = last ? -duration.count : duration.count
    if type == .date {
      guard let unit = duration.calendarUnit else {
        reader.note(
          "invalidDuration", at: place, "A date has no \(duration.unit.rawValue)s.",
          hint: "Use days, weeks, months or years.")
        return nil
      }
      guard let bound = inCalendar(scope.today.moved(by: count, unit), at: place) else {
        return nil
      }
      let (after, upTo) = last ? (bound, scope.today) : (scope.today, bound)
      return .all(of: [
        .compare(subject, .greater, .literal(.date(after))),
        .compare(subject, .lessOrEqual, .literal(.date(upTo))),
      ])
    }
    guard let bound = bound(count, duration, at: place) else { return nil }
    let (after, upTo) = last ? (bound, scope.asOf) : (scope.asOf, bound)
    return .all(of: [
      .compare(subject, .greater, .literal(.instant(after))),
      .compare(subject, .lessOrEqual, .literal(.instant(upTo))),
    ])
  }

  /// As-of moved by a duration: minutes and hours exactly, calendar units on the wall clock.
  private func bound(_ count: Int, _ duration: CalendarDuration, at place: String) -> Instant? {
    guard let unit = duration.calendarUnit else {
      let seconds = Int64(duration.unit == .minute ? 60 : 3600)
      return Instant(
        microseconds: scope.asOf.microseconds + Int64(count) * seconds * LocalTime.second)
    }
    let now = scope.zone.localTime(at: scope.asOf)
    return inCalendar(now.date.moved(by: count, unit), at: place).map {
      scope.zone.instant(of: LocalTime(date: $0, microsecondOfDay: now.microsecondOfDay))
    }
  }

  func duration() -> CalendarDuration? {
    one { operand, place in
      guard case .scalar(.text(let text)) = operand, let duration = CalendarDuration(text) else {
        reader.note(
          "invalidDuration", at: place,
          "Expected is a duration such as '90 days' (1 to \(CalendarDuration.longest) minutes, hours, days, weeks, months or years)."
        )
        return nil
      }
      return duration
    }
  }

  /// The number of days of an anniversary.
  func dayCount() -> Int? {
    guard let duration = duration() else { return nil }
    guard duration.unit == .day, duration.count <= 3_660 else {
      reader.note(
        "invalidDuration", at: DocumentReader.join(place, "value"),
        "Expected are 1 to 3660 days, such as '30 days'.")
      return nil
    }
    return duration.count
  }

  func timeOfDay(_ operand: Operand, at place: String) -> Int64? {
    guard case .scalar(.text(let text)) = operand, let time = LocalTime.parseTimeOfDay(text) else {
      reader.note(
        "invalidTime", at: place, "Expected is a time of day such as \"22:00\", in quotes.")
      return nil
    }
    return time
  }

  /// One whole number or a list of them.
  func wholeNumbers(in range: ClosedRange<Int>) -> [Int]? {
    let place = DocumentReader.join(place, "value")
    guard let value = test.value else {
      missingValue()
      return nil
    }
    let operands: [Operand]
    if case .list(let list) = value { operands = list } else { operands = [value] }
    guard !operands.isEmpty else {
      reader.note("emptyList", at: place, "At least one value is needed here.")
      return nil
    }
    let numbers = operands.enumerated().compactMap { index, operand -> Int? in
      let place = operands.count > 1 ? "\(place)[\(index)]" : place
      guard case .scalar(.number(let text)) = operand, let number = Int(text) else {
        wrongValue(operand, at: place, expected: "a whole number")
        return nil
      }
      guard range.contains(number) else {
        reader.note(
          "outOfRange", at: place,
          "\(number) is outside of \(range.lowerBound) to \(range.upperBound).")
        return nil
      }
      return number
    }
    return numbers.count == operands.count ? numbers : nil
  }
}
