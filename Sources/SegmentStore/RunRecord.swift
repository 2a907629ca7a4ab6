/// One refresh of one segment: what it read, and what came of it.
public struct RunRecord: Sendable, Equatable {
  /// From ``SegmentStore/reserveRuns(_:)``: never given twice.
  public var id: Int64
  public var segment: String
  /// What says which segment it is: the name may have been given to another one by now. nil of a segment that is saved
  /// together with the run.
  public var segmentID: Int64?
  public var segmentVersion: Int
  /// The instant at which relative conditions were judged.
  public var asOf: Int64
  public var dataVersion: Int64
  public var started: Int64
  public var finished: Int64
  /// The runs whose members this one read by `memberOf`.
  public var references: [RunReference]
  public var outcome: Outcome
  /// SHA-256 of the workspace file that the run was planned with; nil for runs of Muster 0.1.0.
  public var workspaceFile: String?

  public enum Outcome: Sendable, Equatable {
    case succeeded(RunResult)
    case failed(cause: String)
    /// Not tried, because of something it depends on.
    case skipped(cause: String)
  }

  public init(
    id: Int64, segment: String, segmentID: Int64? = nil, segmentVersion: Int, asOf: Int64,
    dataVersion: Int64,
    started: Int64, finished: Int64, references: [RunReference] = [], outcome: Outcome,
    workspaceFile: String? = nil
  ) {
    self.id = id
    self.segment = segment
    self.segmentID = segmentID
    self.segmentVersion = segmentVersion
    self.asOf = asOf
    self.dataVersion = dataVersion
    self.started = started
    self.finished = finished
    self.references = references
    self.outcome = outcome
    self.workspaceFile = workspaceFile
  }

  public var status: RunStatus {
    switch outcome {
    case .succeeded: .succeeded
    case .failed: .failed
    case .skipped: .skipped
    }
  }

  /// nil unless the run succeeded.
  public var result: RunResult? {
    if case .succeeded(let result) = outcome { result } else { nil }
  }

  /// Why the run did not succeed.
  public var cause: String? {
    switch outcome {
    case .succeeded: nil
    case .failed(let cause), .skipped(let cause): cause
    }
  }
}

public enum RunStatus: String, Sendable, CaseIterable {
  case succeeded, failed, skipped
}

/// What a succeeded run published.
public struct RunResult: Sendable, Equatable {
  public var members: MembersFile
  public var count: Int
  /// Members that were not in the previous run, and members of that run that are none any more.
  public var entered: Int
  public var exited: Int
  /// Members that were erased since: the file holds so many fewer than ``count``.
  public var erased: Int
  public var rules: [RuleCount]
  /// The segment's last published run before this one: with its members, those that entered and
  /// exited can be listed as long as its file is kept.
  public var previousRun: Int64?

  public init(
    members: MembersFile, count: Int, entered: Int, exited: Int, erased: Int = 0,
    rules: [RuleCount] = [], previousRun: Int64? = nil
  ) {
    self.members = members
    self.count = count
    self.entered = entered
    self.exited = exited
    self.erased = erased
    self.rules = rules
    self.previousRun = previousRun
  }
}

/// A file with the members of a run, and its SHA-256 in hexadecimal digits.
public struct MembersFile: Sendable, Hashable {
  public var name: String
  public var sha256: String
  /// When it was given up; nil as long as it is kept.
  public internal(set) var gone: Int64?

  public init(name: String, sha256: String) {
    self.name = name
    self.sha256 = sha256
  }
}

/// Profiles that satisfy one rule, and that are left after combining all rules up to it.
public struct RuleCount: Sendable, Equatable, Codable {
  public var rule: Int
  public var cumulative: Int

  public init(rule: Int, cumulative: Int) {
    self.rule = rule
    self.cumulative = cumulative
  }
}

/// The run of a segment that another run read.
public struct RunReference: Sendable, Equatable, Codable {
  public var segment: String
  public var run: Int64

  public init(segment: String, run: Int64) {
    self.segment = segment
    self.run = run
  }
}
