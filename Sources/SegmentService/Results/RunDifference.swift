import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Who entered a segment and who left it between two runs.
public struct RunDifference: Sendable {
  public var segment: String
  public var from: RunRecord
  public var to: RunRecord
  /// Members of the second run that the first one did not have; and the other way round.
  public var entered: Int { enteredSet.count }
  public var exited: Int { exitedSet.count }

  let enteredSet: MemberSet
  let exitedSet: MemberSet
}

/// Runs whose members are keys of different tables.
public struct RunsOfTwoAudiences: Error, CustomStringConvertible {
  public var runs: (Int64, Int64)
  public var audiences: (String, String)

  public var description: String {
    "Run \(runs.0) is about '\(audiences.0)' and run \(runs.1) about '\(audiences.1)': their members have nothing in common."
  }
}

extension SegmentService {
  /// Compares the members of two runs of a segment.
  ///
  /// - Throws: ``WorkspaceError`` where the members of a run are not kept any more.
  public func runDifference(of name: String, from: Int64, to: Int64) throws -> RunDifference {
    let (first, second) = (try publishedRun(from, of: name), try publishedRun(to, of: name))
    let audiences = (try audienceName(of: first), try audienceName(of: second))
    guard audiences.0 == audiences.1 else {
      throw RunsOfTwoAudiences(runs: (from, to), audiences: audiences)
    }
    let (before, after) = (try members(of: first), try members(of: second))
    return RunDifference(
      segment: first.segment, from: first, to: second, enteredSet: after.subtracting(before),
      exitedSet: before.subtracting(after))
  }

  /// The keys of those who entered and who left, in key order.
  ///
  /// - Parameter limit: of each at most so many; nil for all.
  /// - Throws: ``WorkspaceError/dataGone(run:)`` where the data that has the keys is not kept any more.
  public func keys(of difference: RunDifference, limit: Int? = nil) async throws -> (
    entered: [ProfileKey], exited: [ProfileKey]
  ) {
    let entered = Guarded<[ProfileKey]>([])
    let exited = Guarded<[ProfileKey]>([])
    try await rows(of: difference, limit: limit) { isEntered, value in
      guard let key = ProfileKey(value) else { return }
      (isEntered ? entered : exited).withLock { $0.append(key) }
    }
    return (entered.withLock { $0 }, exited.withLock { $0 })
  }

  /// Writes a row for everybody who entered or left: `entered` or `exited`, and the key.
  public func write(
    _ difference: RunDifference, as format: TextFormat,
    to write: @escaping @Sendable ([UInt8]) throws -> Void
  ) async throws {
    let key = definition.keyAttribute(ofAudience: try audienceName(of: difference.to))
    let writer = RowWriter(format: format, columns: ["change", key], write: write)
    try writer.begin()
    try await rows(of: difference, limit: nil) { isEntered, key in
      try writer.add([.text(Text(isEntered ? "entered" : "exited")), key])
    }
    try writer.end()
  }

  /// Who entered is listed from the data of the second run, who left from that of the first.
  private func rows(
    of difference: RunDifference, limit: Int?,
    each: @escaping @Sendable (_ isEntered: Bool, _ key: DuckDBValue) throws -> Void
  ) async throws {
    let parts = [
      (difference.enteredSet, difference.to, true), (difference.exitedSet, difference.from, false),
    ].filter { $0.0.count > 0 }
    try await leases.lend(
      choosing: {
        // Refused before anything is written, if it has to be.
        let sources = try parts.map { try keyRows(of: $0.1) }
        return (sources, Set(sources.map { .dataVersion($0.0.version.id) }))
      },
      to: { sources in
        for ((set, _, isEntered), (snapshot, audience)) in zip(parts, sources) {
          let request = MemberRows(
            members: set, audience: audience, catalog: snapshot.catalog, projection: [],
            limit: limit)
          try await engine.rows(request, in: snapshot.version) { try each(isEntered, $0[0]) }
        }
      })
  }

  /// Where the keys of a run's members are.
  private func keyRows(of run: RunRecord) throws -> (Snapshot, Audience) {
    guard let version = try store.dataVersion(id: run.dataVersion) else {
      throw WorkspaceError.dataGone(run: run.id)
    }
    let snapshot = try snapshot(of: version, by: workspace(of: run))
    guard let audience = snapshot.catalog.audience(try audienceName(of: run)) else {
      throw WorkspaceError.dataGone(run: run.id)
    }
    return (snapshot, audience)
  }

  private func audienceName(of run: RunRecord) throws -> String {
    let version = try store.version(of: run)
    return try version?.decoded().audience ?? workspace(of: run).soleAudience
  }
}
