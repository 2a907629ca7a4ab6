import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

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
      let found = try await engine.ordinals(of: [key], audience: audience, in: snapshot.version)
      guard let ordinal = found[key] else {
        throw WorkspaceError.noProfile(key: text, audience: audience.name)
      }
      return (audience.name, key, ordinal)
    }
    let (entries, moment) = try await memberships.entries(of: audience, in: self)
    var result = Memberships(audience: audience, key: key, segments: [], unreadable: [])
    for entry in entries {
      guard let isMember = entry.contains(ordinal, in: self) else {
        result.unreadable.append(entry.inForce.segment)
        continue
      }
      guard isMember else { continue }
      result.segments.append(
        Memberships.Membership(
          segment: entry.inForce.segment, state: entry.inForce.state, run: entry.inForce.run,
          asOf: Instant(microseconds: entry.inForce.asOf),
          refreshed: Instant(microseconds: entry.inForce.finished)))
    }
    // A file may have been replaced since the list of them was read.
    guard
      result.unreadable.isEmpty || store.changes(of: [.segments], since: moment).owners.isEmpty
    else {
      return try await segments(ofKey: text, audience: name)
    }
    return result
  }
}

/// The members in force of all segments, kept in memory: those that a refresh, an erasure or the trash has replaced
/// are read again when somebody asks.
actor MembershipIndex {
  /// Sets beyond this many bytes are read from their files whenever they are asked.
  static let limit = 1 << 30

  final class Entry: Sendable {
    let inForce: MembersInForce
    /// nil where it is not kept in memory.
    let members: MemberSet?
    let bytes: Int

    init(_ inForce: MembersInForce, _ members: MemberSet? = nil, bytes: Int = 0) {
      (self.inForce, self.members, self.bytes) = (inForce, members, bytes)
    }

    /// nil where the stored members cannot be read.
    func contains(_ ordinal: UInt32, in service: SegmentService) -> Bool? {
      if let members { return members.contains(ordinal) }
      return service.members(in: inForce.file)?.contains(ordinal)
    }
  }

  /// By audience, in the order of the segments' names.
  private var entries: [String: [Entry]] = [:]
  /// Up to when they hold what transactions have changed; nil before the first.
  private var moment: Int?
  private var bytes = 0
  private let limit: Int

  init(limit: Int = MembershipIndex.limit) { self.limit = limit }

  /// The entries of an audience, by the name of the segment, and the moment that they are of.
  func entries(of audience: String, in service: SegmentService) throws -> (
    entries: [Entry], moment: Int
  ) {
    let changes = service.store.changes(of: [.segments], since: moment ?? 0)
    if moment == nil || !changes.owners.isEmpty {
      try update(moment == nil ? nil : changes.owners, service)
      moment = changes.moment
    }
    return (entries[audience] ?? [], moment ?? 0)
  }

  /// Gives up what is kept.
  func forget() { (entries, moment, bytes) = ([:], nil, 0) }

  /// - Parameter changed: ids of segments; nil for all.
  private func update(_ changed: Set<Int64>?, _ service: SegmentService) throws {
    let read = try service.store.membersInForce(of: changed)
    var replaced: [MembersFile: Entry] = [:]
    for (audience, all) in entries {
      var left: [Entry] = []
      for entry in all {
        guard changed?.contains(entry.inForce.segmentID) ?? true else {
          left.append(entry)
          continue
        }
        replaced[entry.inForce.file] = entry
        bytes -= entry.bytes
      }
      entries[audience] = left
    }
    let added = read.map { entry(of: $0, replaced[$0.file], service) }
    for (audience, added) in Dictionary(
      grouping: added, by: { $0.inForce.audience ?? service.soleAudience })
    {
      entries[audience] = merged(entries[audience] ?? [], added) {
        Text($0.inForce.segment) < Text($1.inForce.segment)
      }
    }
  }

  private func entry(of inForce: MembersInForce, _ known: Entry?, _ service: SegmentService)
    -> Entry
  {
    var entry = Entry(inForce)
    if let known, known.members != nil {
      entry = Entry(inForce, known.members, bytes: known.bytes)
    } else if bytes < limit, let stored = service.bytes(of: inForce.file) {
      entry = Entry(inForce, MemberSet(bytes: stored), bytes: stored.count)
    }
    if bytes + entry.bytes > limit { entry = Entry(inForce) }
    bytes += entry.bytes
    return entry
  }
}
