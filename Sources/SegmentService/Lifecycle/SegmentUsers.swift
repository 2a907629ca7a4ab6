import SegmentCompiler
import SegmentStore

/// Which segments refer to which.
struct SegmentUsers {
  private var users: [Text: Set<Int64>] = [:]
  private var names: [Int64: String] = [:]

  /// The segments that refer to one, by name.
  func of(_ record: SegmentRecord) -> [String] {
    users[Text(record.name), default: []].subtracting([record.id]).compactMap { names[$0] }.sorted {
      Text($0) < Text($1)
    }
  }

  mutating func add(_ record: SegmentRecord, referringTo references: some Sequence<String>) {
    names[record.id] = record.name
    for name in references { users[Text(name), default: []].insert(record.id) }
  }

  /// It refers to none any more.
  mutating func remove(_ record: SegmentRecord) { names[record.id] = nil }
}

extension SegmentService {
  /// The segments that refer to one, by name.
  public func users(of name: String) throws -> [String] {
    let record = try record(of: name)
    return try users(among: store.segmentRecords()) { try store.segment($0.name) }.of(record)
  }

  /// What a draft refers to counts, and what the valid version behind it does.
  func users(
    among records: [SegmentRecord], inForce: (SegmentRecord) throws -> SegmentVersion?
  ) throws -> SegmentUsers {
    try records.reduce(into: SegmentUsers()) { users, record in
      let versions = [record.version, record.version.isDraft ? try inForce(record) : nil]
      for version in versions {
        // A draft need not be a definition.
        guard let version, let definition = try? storedDefinition(version) else { continue }
        users.add(record, referringTo: definition.references)
      }
    }
  }
}
