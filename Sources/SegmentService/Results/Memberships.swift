import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Synchronization

/// The segments whose members in force a profile is one of.
public struct Memberships: Sendable {
  public struct Membership: Sendable, Equatable {
    public var segment: String
    /// Segments that are not refreshed any more keep the members that they had.
    public var state: SegmentState
    public var run: Int64
    public var asOf: Instant
    public var refreshed: Instant
  }

  public var audience: String
  public var key: ProfileKey
  /// By name.
  public var segments: [Membership]
  /// Names of segments whose stored members cannot be read: whether the profile is one of them is not known.
  public var unreadable: [String]
}

extension SegmentService {
  /// All segments of an audience, whatever their state, of whose members in force a profile is one.
  ///
  /// - Parameter audience: may be left out where there is only one.
  /// - Throws: ``WorkspaceError/noProfile(key:audience:)`` where the data in force has no such profile.
  public func segments(ofKey text: String, audience name: String? = nil) async throws
    -> Memberships
  {
    let named = try audience(name)
    let (audience, key, ordinal) = try await reading { snapshot in
      guard let audience = snapshot.catalog.audience(named.name) else {
        throw WorkspaceError.notLoaded
      }
      let key = try profileKey(text, of: audience, in: snapshot.catalog)
      guard let ordinal = try await keys.ordinal(of: key, audience, in: snapshot, by: self) else {
        throw WorkspaceError.noProfile(key: text, audience: audience.name)
      }
      return (audience.name, key, ordinal)
    }
    let table = try memberships.table(of: audience, in: store)
    let (segments, unreadable) = table.segments(of: ordinal, in: folder)
    // A file may have been replaced since the list of them was read.
    let changes = store.changes(of: [.segments], since: table.moment)
    guard unreadable.isEmpty || changes.owners.isEmpty else {
      return try await self.segments(ofKey: text, audience: name)
    }
    return Memberships(
      audience: audience, key: key, segments: segments, unreadable: unreadable)
  }
}

extension Memberships.Membership {
  fileprivate init(_ members: MembersInForce) {
    self.init(
      segment: members.segment, state: members.state, run: members.run,
      asOf: Instant(microseconds: members.asOf),
      refreshed: Instant(microseconds: members.finished))
  }
}

/// The members in force of the segments of an audience.
struct MembershipTable: Sendable {
  struct Entry: Sendable {
    var inForce: MembersInForce
    /// nil where they are not kept in memory.
    var members: StoredMemberSet?
  }

  /// By the name of the segment.
  let entries: [Entry]
  /// Up to when it holds what transactions have changed.
  let moment: Int
  /// What is said of members, by the position of the entry.
  private let memberships: [Memberships.Membership]
  private let sets: MemberSets
  /// Positions of entries whose members are read from their files.
  private let others: [Int]

  init(_ entries: [Entry], at moment: Int) {
    let sets = MemberSets(entries.map(\.members))
    self.entries = zip(entries, sets.sets).map { Entry(inForce: $0.inForce, members: $1) }
    self.moment = moment
    self.sets = sets
    memberships = entries.map { Memberships.Membership($0.inForce) }
    others = entries.indices.filter { entries[$0].members == nil }
  }

  /// By name, the segments of which an ordinal is a member, and those whose stored members cannot be read.
  func segments(of ordinal: UInt32, in folder: WorkspaceFolder) -> (
    [Memberships.Membership], unreadable: [String]
  ) {
    var positions = sets.positions(of: ordinal)
    var unreadable: [String] = []
    if !others.isEmpty {
      var read: [Int] = []
      for position in others {
        let inForce = entries[position].inForce
        switch folder.members(in: inForce.file)?.contains(ordinal) {
        case true?: read.append(position)
        case false?: continue
        case nil: unreadable.append(inForce.segment)
        }
      }
      positions = merged(positions, read, by: <)
    }
    return (positions.map { memberships[$0] }, unreadable)
  }
}

/// The members in force of all segments, kept in memory once somebody has asked for them.
///
/// Whoever replaces some, such as a refresh, an erasure or the trash, brings it up to date before they go on.
final class MembershipIndex: Sendable {
  /// Sets beyond this many bytes are read from their files whenever they are asked.
  static let limit = 1 << 30

  private struct State {
    /// By audience.
    var tables: [String: MembershipTable] = [:]
    var moment: Int
  }

  private let folder: WorkspaceFolder
  private let soleAudience: String
  private let limit: Int
  private let kept = Mutex<State?>(nil)
  /// Of whoever reads what is kept.
  private let turn = Mutex(())

  /// - Parameter soleAudience: of definitions that name none.
  init(
    _ folder: WorkspaceFolder, soleAudience: String, limit: Int = MembershipIndex.limit
  ) {
    self.folder = folder
    self.soleAudience = soleAudience
    self.limit = limit
  }

  func table(of audience: String, in store: SegmentStore) throws -> MembershipTable {
    let state =
      try kept.withLock { $0 }
      ?? turn.withLock { _ in
        if let state = kept.withLock({ $0 }) { return state }
        let moment = store.changes(of: [.segments], since: 0).moment
        let state = update(State(moment: moment), try store.membersInForce(), replacing: nil)
        kept.withLock { $0 = state }
        return state
      }
    return state.tables[audience] ?? MembershipTable([], at: state.moment)
  }

  /// Reads again what transactions have changed. What cannot be read is told to the next one who asks.
  func follow(_ store: SegmentStore) {
    turn.withLock { _ in
      guard let state = kept.withLock({ $0 }) else { return }
      let changes = store.changes(of: [.segments], since: state.moment)
      guard !changes.owners.isEmpty else { return }
      let read = try? store.membersInForce(of: changes.owners)
      let next = read.map { update(state, $0, replacing: changes.owners, at: changes.moment) }
      kept.withLock { $0 = next }
    }
  }

  /// Gives up what is kept.
  func forget() { turn.withLock { _ in kept.withLock { $0 = nil } } }

  /// - Parameter changed: ids of segments; nil for all.
  private func update(
    _ state: State, _ read: [MembersInForce], replacing changed: Set<Int64>?, at moment: Int? = nil
  ) -> State {
    var stayed: [String: [MembershipTable.Entry]] = [:]
    var replaced: [MembersFile: StoredMemberSet] = [:]
    var bytes = 0
    for (audience, table) in state.tables {
      for entry in table.entries {
        if changed?.contains(entry.inForce.segmentID) ?? true {
          replaced[entry.inForce.file] = entry.members
        } else {
          stayed[audience, default: []].append(entry)
          bytes += entry.members?.size ?? 0
        }
      }
    }
    var added: [String: [MembershipTable.Entry]] = [:]
    for entry in entries(of: read, known: replaced, upTo: limit - bytes) {
      added[entry.inForce.audience ?? soleAudience, default: []].append(entry)
    }
    var next = State(moment: moment ?? state.moment)
    for audience in Set(stayed.keys).union(added.keys) {
      let entries = merged(stayed[audience] ?? [], added[audience] ?? []) {
        Text($0.inForce.segment) < Text($1.inForce.segment)
      }
      next.tables[audience] = MembershipTable(entries, at: next.moment)
    }
    return next
  }

  /// - Parameters:
  ///   - known: sets that are in memory.
  ///   - limit: how many bytes there is room for.
  private func entries(
    of read: [MembersInForce], known: [MembersFile: StoredMemberSet], upTo limit: Int
  ) -> [MembershipTable.Entry] {
    var entries = read.map { MembershipTable.Entry(inForce: $0, members: known[$0.file]) }
    var bytes = 0
    var found: [(position: Int, bytes: [UInt8])] = []
    for position in entries.indices {
      if let members = entries[position].members {
        if bytes + members.size > limit { entries[position].members = nil }
        bytes += entries[position].members?.size ?? 0
      } else if bytes < limit, let stored = folder.bytes(of: entries[position].inForce.file),
        bytes + stored.count <= limit
      {
        bytes += stored.count
        found.append((position, stored))
      }
    }
    for (place, set) in zip(found, StoredMemberSet.sets(of: found.map(\.bytes))) {
      entries[place.position].members = set
    }
    return entries
  }
}
