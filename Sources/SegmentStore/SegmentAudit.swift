import SegmentCompiler

/// What the audit log says of segments.
extension SegmentRecord {
  var auditObject: AuditObject { AuditObject(name, id: "\(id)") }

  var auditFacts: AuditDetails {
    .facts([
      "state": .text(state.rawValue), "type": .text(type.rawValue),
      "outputName": .text(outputName), "owner": owner.map { .text($0) },
      "activation": activation.map(auditValue), "deactivation": deactivation.map(auditValue),
      "schedule": schedule.map { .text($0) }, "outputFile": keepsOutputFile ? true : nil,
      "isExemptFromCleanup": isExemptFromCleanup ? true : nil,
      "isAutoDeactivated": autoDeactivated == nil ? nil : true,
    ])
  }
}

private func auditValue(_ planned: PlannedChange) -> AuditValue {
  .text("\(Instant(microseconds: planned.at)) (\(planned.timeZone))")
}

/// What the audit log says of a version: its number, and which entries of the definition it has changed. What they
/// say stands in the versions themselves, where an erasure finds it.
struct VersionFacts {
  private let version: SegmentVersion
  private let definition: Document

  init(_ version: SegmentVersion) {
    self.version = version
    definition = Document(json: version.definition) ?? Document(.null)
  }

  var details: AuditDetails {
    .facts([
      "version": .count(version.number), "isDraft": version.isDraft ? true : nil,
      "keys": keyCount.map { .count($0) },
    ])
  }

  func details(changedFrom before: VersionFacts) -> AuditDetails {
    let (old, new) = (before.entries, entries)
    let changed = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
    return details.merging(["changed": .list(changed)]) { $1 }
  }

  /// The entries of the definition as JSON.
  private var entries: [String: String] {
    guard case .mapping(let entries) = definition.value else { return [:] }
    return Dictionary(entries.map { ($0.key, $0.value.json) }, uniquingKeysWith: { $1 })
  }

  /// Of a manual segment.
  private var keyCount: Int? {
    guard case .list(let keys)? = definition["keys"]?.value else { return nil }
    return keys.count
  }
}
