import Foundation

/// Something that is not as it should be.
public struct Finding: Sendable, Equatable {
  public enum Severity: String, Sendable, Comparable {
    /// Something that is kept cannot be used, or says something else than when it was published.
    case damage
    /// Left by an interrupted command; harmless.
    case leftover
    /// Worth knowing; nothing is wrong.
    case notice

    public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

    private var rank: Int {
      switch self {
      case .damage: 0
      case .leftover: 1
      case .notice: 2
      }
    }
  }

  public var severity: Severity
  /// What it is, such as `part Order@12` or `members of run 7`.
  public var about: String
  public var problem: String
  public var remedy: Remedy

  public init(_ severity: Severity, _ about: String, _ problem: String, _ remedy: Remedy) {
    self.severity = severity
    self.about = about
    self.problem = problem
    self.remedy = remedy
  }
}

/// What can be done about a finding.
public enum Remedy: Sendable, Equatable {
  /// A file that is a leftover, or that is made again when it is needed.
  case removeFile(URL)
  case dropTable(String)
  /// The table has no data until the next load reads its files again.
  case forgetPart(Int64)
  /// The run's members are evaluated again, from the same definition, data, references and as-of.
  case computeMembers(run: Int64)
  /// From the keys and ordinals that are stored beside the profiles.
  case rebuildDictionary(audience: String)
  case reindex
  case raiseSequences
  /// The data file is set aside; the next load begins with an empty one.
  case beginWithoutData
  /// Only a person can do this.
  case advice(String)
  case none

  /// What would be done, or what to do, as a sentence.
  public var text: String? {
    switch self {
    case .removeFile: "Would be removed."
    case .dropTable: "Would be dropped."
    case .forgetPart: "Would be forgotten; the next load reads the table's files again."
    case .computeMembers:
      "Would be computed again from the data of the run, and taken if they match the checksum."
    case .rebuildDictionary:
      "Would be made again from the keys and ordinals stored with the profiles; keys that no kept data version has would get new ordinals."
    case .reindex: "All indexes would be made again."
    case .raiseSequences: "Would be set right."
    case .beginWithoutData:
      "Without a backup of .muster: the data file and the members of all runs would be set aside in .muster/damaged; definitions and counts stay, and the next load reads all files."
    case .advice(let text): text
    case .none: nil
    }
  }

  /// Whether `--mend` does anything about it.
  public var isMending: Bool {
    switch self {
    case .advice, .none: false
    default: true
    }
  }
}

/// What a check has verified and found.
public struct CheckReport: Sendable, Equatable {
  public struct Verified: Sendable, Equatable {
    public var segments = 0
    public var definitions = 0
    public var runs = 0
    public var dataVersions = 0
    public var parts = 0
    public var rows: Int64 = 0
    public var dictionaries = 0
    public var members = 0
    public var outputFiles = 0
    public var cached = 0
  }

  public var verified = Verified()
  /// Damage first.
  public var findings: [Finding] = []
  /// What was mended, and what could not be and why.
  public var mended: [Mended] = []

  public struct Mended: Sendable, Equatable {
    public var finding: Finding
    /// nil where it was mended.
    public var failure: String?
  }

  public init() {}

  /// Whether everything that is kept can be used.
  public var isSound: Bool { !findings.contains { $0.severity == .damage } }

  mutating func note(
    _ severity: Finding.Severity = .damage, _ about: String, _ problem: String, _ remedy: Remedy
  ) {
    findings.append(Finding(severity, about, problem, remedy))
  }
}
