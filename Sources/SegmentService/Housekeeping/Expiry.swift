import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Something was published, and tidying up after it failed.
public struct TidyingFailure: Error, CustomStringConvertible {
  /// What was published: `load` or `refresh`.
  public var after: String
  public var cause: any Error
  /// What a load did.
  public var report: LoadReport?

  public var description: String {
    "The \(after) was published. Removing what 'retention' no longer keeps failed: \(cause)\nNothing that is kept is lost; 'muster gc' tries it again."
  }
}

extension SegmentService {
  /// Gives up and removes what retention no longer keeps. The caller has the data turn.
  func expire(after what: String) async throws {
    do {
      let expired = try expire()
      for name in expired.members {
        try StoredFile.remove(folder.members.appending(path: name))
      }
      if !expired.parts.isEmpty {
        try await StoredTables(database).drop(expired.parts.map(\.storedName))
      }
    } catch let error where !(error is CancellationError) {
      throw TidyingFailure(after: what, cause: error)
    }
  }

  private func expire() throws -> Expired {
    let (rules, time) = (rules, now().microseconds)
    let found = try store.expired(by: rules, lent: [])
    guard !found.isEmpty else { return found }
    // To find out takes long. Those who want to read wait for it only where something goes that could be lent to them.
    guard !found.dataVersions.isEmpty else {
      return try store.expire(by: rules, lent: try store.dataVersions(), at: time)
    }
    return try leases.decide { lent in
      try store.expire(by: rules, lent: lent.dataVersions, at: time)
    }
  }

  /// What the workspace file says about retention, as of now.
  var rules: RetentionRules {
    let now = now()
    return RetentionRules(
      dataVersions: Kept(definition.retention.dataVersions, now),
      members: Kept(definition.retention.members, now),
      runs: Kept(definition.retention.runs, now),
      trash: Kept(definition.retention.trash, now),
      jobs: Kept(definition.retention.jobs, now),
      audit: Kept(definition.retention.audit, now))
  }
}

extension Kept {
  init(_ limit: Retention.Limit, _ now: Instant) {
    self =
      switch limit {
      case .all: .all
      case .last(let count): .last(count)
      case .age(let age): .since(age.since(now).microseconds)
      }
  }
}
