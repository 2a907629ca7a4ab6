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
    let changes = store.changes
    let entries = try await memberships.entries(of: audience, in: self)
    var result = Memberships(audience: audience, key: key, segments: [], unreadable: [])
    for entry in entries {
      guard let members = entry.members ?? members(in: entry.inForce.file) else {
        result.unreadable.append(entry.inForce.segment)
        continue
      }
      guard members.contains(ordinal) else { continue }
      result.segments.append(
        Memberships.Membership(
          segment: entry.inForce.segment, state: entry.inForce.state, run: entry.inForce.run,
          asOf: Instant(microseconds: entry.inForce.asOf),
          refreshed: Instant(microseconds: entry.inForce.finished)))
    }
    // A file may have been replaced since the list of them was read.
    guard result.unreadable.isEmpty || store.changes == changes else {
      return try await segments(ofKey: text, audience: name)
    }
    return result
  }
}

/// The members in force of all segments, kept in memory: bitmaps that a refresh, an erasure or the trash replaces are
/// found out by what the store counts.
actor MembershipIndex {
  /// Sets beyond this many bytes are read from their files whenever they are asked.
  static let limit = 1 << 30

  struct Entry: Sendable {
    var inForce: MembersInForce
    /// nil where it is not kept in memory.
    var members: MemberSet?
    var bytes: Int
  }

  /// By audience.
  private var entries: [String: [Entry]] = [:]
  /// What the store had counted when they were read; nil before.
  private var changes: Int?
  private let limit: Int

  init(limit: Int = MembershipIndex.limit) { self.limit = limit }

  /// The entries of an audience, by the name of the segment.
  func entries(of audience: String, in service: SegmentService) throws -> [Entry] {
    let count = service.store.changes
    if changes != count {
      try update(service)
      changes = count
    }
    return entries[audience] ?? []
  }

  private func update(_ service: SegmentService) throws {
    let known = Dictionary(
      entries.values.joined().map { ($0.inForce.file, $0) }, uniquingKeysWith: { $1 })
    var updated: [String: [Entry]] = [:]
    var room = limit
    for inForce in try service.store.membersInForce() {
      var entry = Entry(inForce: inForce, members: nil, bytes: 0)
      if let old = known[inForce.file], old.members != nil {
        (entry.members, entry.bytes) = (old.members, old.bytes)
      } else if room > 0, let bytes = service.bytes(of: inForce.file) {
        (entry.members, entry.bytes) = (MemberSet(bytes: bytes), bytes.count)
      }
      if entry.bytes > room { (entry.members, entry.bytes) = (nil, 0) }
      room -= entry.bytes
      updated[inForce.audience ?? service.soleAudience, default: []].append(entry)
    }
    entries = updated
  }
}
