import SegmentStore

extension SegmentService {
  /// Jobs in short, the last one first, read without owning the workspace.
  public static func jobs(in folder: WorkspaceFolder, limit: Int) throws -> [JobSummary] {
    try folder.storeToRead()?.jobSummaries(limit: limit) ?? []
  }

  /// A job with its tasks, read without owning the workspace.
  public static func job(_ id: Int64, in folder: WorkspaceFolder) throws -> JobRecord? {
    try folder.storeToRead()?.job(id)
  }
}
