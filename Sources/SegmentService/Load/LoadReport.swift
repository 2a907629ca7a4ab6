import SegmentCompiler

/// What a load did, table by table.
public struct LoadReport: Sendable, Equatable {
  /// The data version in force after the load; nil where there is none yet.
  public var dataVersion: Int64?
  /// Whether this load published it; false where nothing had changed.
  public var isNew: Bool
  /// In the order of the workspace file.
  public var tables: [TableReport]
  /// About no single table.
  public var warnings: [String] = []
  public var seconds: Double

  public var failed: [TableReport] { tables.filter { $0.outcome == .failed } }
}

public struct TableReport: Sendable, Equatable {
  public enum Outcome: String, Sendable, Codable {
    /// A new part was made.
    case loaded
    /// Nothing that the table depends on has changed.
    case unchanged
    /// The data loaded before stays in force; the problems say why.
    case failed
  }

  public var table: String
  public var outcome = Outcome.unchanged
  public var rows: Int64 = 0
  public var files = FileCounts()
  public var problems: [LoadProblem] = []
  public var orphans: [OrphanCount] = []
  /// Rows of erased profiles that were left out.
  public var erased: Int64 = 0
  public var seconds = 0.0

  public init(table: String) { self.table = table }
}

public struct FileCounts: Sendable, Equatable {
  public var new = 0
  public var changed = 0
  /// Under another name than before, with the same content.
  public var renamed = 0
  public var vanished = 0
  public var unchanged = 0

  public init(
    new: Int = 0, changed: Int = 0, renamed: Int = 0, vanished: Int = 0, unchanged: Int = 0
  ) {
    self.new = new
    self.changed = changed
    self.renamed = renamed
    self.vanished = vanished
    self.unchanged = unchanged
  }
}

/// Something wrong in the data or its files.
public struct LoadProblem: Sendable, Equatable, CustomStringConvertible {
  /// Whether the table could not be loaded because of it.
  public var isFatal: Bool
  public var message: String
  /// How many rows or values it is about; 0 where it is about none.
  public var count: Int
  /// At most five.
  public var examples: [Example]

  public struct Example: Sendable, Equatable {
    /// Below the workspace.
    public var file: String
    /// Counted from 1, a header not included.
    public var row: Int64
    public var value: String

    public init(file: String, row: Int64, value: String) {
      self.file = file
      self.row = row
      self.value = value.excerpt(200)
    }
  }

  public init(
    isFatal: Bool = true, message: String, count: Int = 0, examples: [Example] = []
  ) {
    self.isFatal = isFatal
    // It may quote names of columns, however long those are.
    self.message = message.excerpt(2_000)
    self.count = count
    self.examples = examples
  }

  public var description: String {
    let examples = examples.map { "\n  \($0.file), row \($0.row): \($0.value)" }
    return message + examples.joined()
  }
}

/// Foreign keys without a target.
public struct OrphanCount: Sendable, Equatable {
  public var relationship: RelationshipName
  /// Rows, not distinct keys.
  public var rows: Int64
}

/// A load that published nothing; the data version before it stays in force.
public struct LoadFailure: Error, Sendable, CustomStringConvertible {
  public var report: LoadReport

  public var description: String {
    let tables = report.failed.map { table in
      "\(table.table):\n" + table.problems.map { "  \($0)" }.joined(separator: "\n")
    }
    return "Nothing was loaded.\n" + tables.joined(separator: "\n")
  }
}

/// Where a load stands.
public struct LoadProgress: Sendable, Equatable {
  public enum Phase: String, Sendable, Codable { case reading, checking, linking, writing }

  public var table: String
  public var phase: Phase
  /// Of the whole load, from 0 to 1.
  public var fraction: Double
}
