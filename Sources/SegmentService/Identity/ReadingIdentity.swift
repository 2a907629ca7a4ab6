import SegmentStore

/// Who may use a workspace, read without owning it.
extension SegmentService {
  public static func accounts(in folder: WorkspaceFolder) throws -> [Account] {
    try folder.storeToRead()?.accounts() ?? []
  }

  /// All keys with their accounts, the newest first.
  public static func apiKeys(in folder: WorkspaceFolder) throws -> [(key: APIKey, account: Account)]
  {
    guard let store = try folder.storeToRead() else { return [] }
    let accounts = Dictionary(uniqueKeysWithValues: try store.accounts().map { ($0.id, $0) })
    return try store.apiKeys().compactMap { key in accounts[key.account].map { (key, $0) } }
  }
}
