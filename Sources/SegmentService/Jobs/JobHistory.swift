import SegmentStore

extension SegmentService {
  /// Jobs in short, the last one first.
  public func jobs(_ filter: JobFilter = JobFilter(), limit: Int) throws -> [JobSummary] {
    try store.jobSummaries(filter, limit: limit)
  }

  public func unfinishedJobs() throws -> Int { try store.unfinishedJobCount() }

  /// A job with its tasks; nil where there is none of that number.
  public func job(_ id: Int64) throws -> JobRecord? { try store.job(id) }

  /// Jobs in short, the last one first, read without owning the workspace.
  public static func jobs(in folder: WorkspaceFolder, limit: Int) throws -> [JobSummary] {
    try folder.storeToRead()?.jobSummaries(limit: limit) ?? []
  }

  /// A job with its tasks, read without owning the workspace.
  public static func job(_ id: Int64, in folder: WorkspaceFolder) throws -> JobRecord? {
    try folder.storeToRead()?.job(id)
  }
}
