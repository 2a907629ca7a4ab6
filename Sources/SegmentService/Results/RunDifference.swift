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

  fileprivate static let entered = DuckDBValue.text("entered")
  fileprivate static let exited = DuckDBValue.text("exited")
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
    var keys = (entered: [ProfileKey](), exited: [ProfileKey]())
    let (rows, lease) = try rows(of: difference, limit: limit)
    for try await slice in rows {
      for row in slice {
        guard let key = ProfileKey(row[1]) else { continue }
        if row[0] == RunDifference.entered {
          keys.entered.append(key)
        } else {
          keys.exited.append(key)
        }
      }
    }
    withExtendedLifetime(lease) {}
    return keys
  }

  /// Writes a row for everybody who entered or left: `entered` or `exited`, and the key.
  public func write(
    _ difference: RunDifference, as format: TextFormat, to write: ([UInt8]) async throws -> Void
  ) async throws {
    let key = definition.keyAttribute(ofAudience: try audienceName(of: difference.to))
    let (rows, lease) = try rows(of: difference, limit: nil)
    let writer = RowWriter(rows, format: format, columns: ["change", key])
    while let piece = try await writer.next() { try await write(piece) }
    withExtendedLifetime(lease) {}
  }

  /// Who entered is listed from the data of the second run, who left from that of the first: what became of them, and
  /// the key.
  private func rows(of difference: RunDifference, limit: Int?) throws -> (
    Pulled<[[DuckDBValue]]>, Lease
  ) {
    let parts = [
      (difference.enteredSet, difference.to, RunDifference.entered),
      (difference.exitedSet, difference.from, RunDifference.exited),
    ].filter { $0.0.count > 0 }
    return try leases.take(choosing: {
      // Refused before anything is written, if it has to be.
      let sources = try parts.map { try keyRows(of: $0.1) }
      let lists = zip(parts, sources).map { part, source in
        let (snapshot, audience) = source
        let request = MemberRows(
          members: part.0, audience: audience, catalog: snapshot.catalog, projection: [],
          limit: limit)
        return (engine.rows(request, in: snapshot.version), part.2)
      }
      let rest = Guarded(lists[...])
      let rows = Pulled<[[DuckDBValue]]> {
        while let (list, change) = rest.withLock({ $0.first }) {
          if let slice = try await list.next() {
            return slice.map { [change, $0[0]] }
          }
          rest.withLock { _ = $0.popFirst() }
        }
        return nil
      }
      return (rows, Set(sources.map { .dataVersion($0.0.version.id) }))
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
