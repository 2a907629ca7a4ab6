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

  /// All entries as a file, the last one first.
  public func auditExport(_ filter: AuditFilter = AuditFilter(), as format: TextFormat)
    -> AuditExport
  {
    AuditExport(store, filter, format)
  }

  /// The same without owning the workspace, also while another process does; nil where nothing was ever done.
  public static func auditExport(
    in folder: WorkspaceFolder, _ filter: AuditFilter = AuditFilter(), as format: TextFormat
  ) throws -> AuditExport? {
    try folder.storeToRead().map { AuditExport($0, filter, format) }
  }
}
