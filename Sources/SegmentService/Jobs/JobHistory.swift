import SegmentStore

extension SegmentService {
  /// Jobs, the last one first, read without owning the workspace.
  ///
  /// - Parameter id: only this one.
  public static func jobs(in folder: WorkspaceFolder, id: Int64? = nil, limit: Int) throws
    -> [JobRecord]
  {
    guard let store = try folder.storeToRead() else { return [] }
    if let id { return try store.job(id).map { [$0] } ?? [] }
    return try store.jobs(limit: limit)
  }
}
