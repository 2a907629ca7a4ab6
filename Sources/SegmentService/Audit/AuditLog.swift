import SegmentCompiler
import SegmentStore

extension SegmentService {
  /// Entries of the audit log, the last one first.
  ///
  /// - Parameter before: only entries with a smaller id: of the last one of the page before.
  public func auditEntries(
    _ filter: AuditFilter = AuditFilter(), before: Int64? = nil, limit: Int
  ) throws -> [AuditEntry] {
    try store.auditEntries(filter, before: before, limit: limit)
  }

  /// Writes all entries, the last one first.
  ///
  /// - Parameter write: takes a piece at a time; nothing is held beyond that.
  public func writeAudit(
    _ filter: AuditFilter = AuditFilter(), as format: TextFormat,
    to write: @escaping @Sendable ([UInt8]) throws -> Void
  ) throws {
    try store.writeAudit(filter, as: format, to: write)
  }

  /// The same without owning the workspace, also while another process does.
  public static func writeAudit(
    in folder: WorkspaceFolder, _ filter: AuditFilter = AuditFilter(), as format: TextFormat,
    to write: @escaping @Sendable ([UInt8]) throws -> Void
  ) throws {
    guard let store = try folder.storeToRead() else { return }
    try store.writeAudit(filter, as: format, to: write)
  }
}
