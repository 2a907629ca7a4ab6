/// After how long segments that nobody uses are deactivated.
public enum Cleanup: Sendable, Equatable {
  case off
  /// Days or longer units.
  case after(CalendarDuration)

  /// What holds where the workspace file says nothing.
  public static let standard = Cleanup.after(CalendarDuration(count: 45, unit: .day))
}

/// Numbers from which on people are warned. Nothing is refused because of them.
public struct Limits: Sendable, Equatable {
  public var activeSegments = 1_000

  public init() {}
}

extension WorkspaceDecoder {
  func cleanup(_ document: Document) -> Cleanup {
    guard let entries = reader.mapping(document, at: "cleanup", known: ["unusedFor"]),
      let entry = entries["unusedFor"]
    else { return .standard }
    switch entry.value {
    case .scalar(.text("off")): return .off
    case .scalar(.text(let text)):
      if let age = CalendarDuration(text), age.calendarUnit != nil { return .after(age) }
    default: break
    }
    reader.note(
      "wrongShape", at: "cleanup.unusedFor",
      "Expected is a time of days or longer, such as '45 days', or 'off'.", in: entry)
    return .standard
  }

  func limits(_ document: Document) -> Limits {
    var limits = Limits()
    guard let entries = reader.mapping(document, at: "limits", known: ["activeSegments"]),
      let entry = entries["activeSegments"]
    else { return limits }
    limits.activeSegments =
      reader.wholeNumber(entry, at: "limits.activeSegments", in: 1...1_000_000)
      ?? limits.activeSegments
    return limits
  }
}
