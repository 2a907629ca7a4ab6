import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// The use cases of one workspace, on behalf of somebody: load, define, refresh, look at results. The command line
/// and every other front end only call it.
///
/// Copies are the same open workspace: it is closed when the last one is gone.
public struct SegmentService: Sendable {
  public let folder: WorkspaceFolder
  public let definition: WorkspaceDefinition
  /// Of the workspace file.
  let text: String
  /// Changes things on behalf of ``author``.
  private(set) var store: SegmentStore
  let data: DataFile
  let now: @Sendable () -> Instant
  /// Who may use the workspace over the network.
  public private(set) var identity: Identity
  let leases = Leases()
  /// Of loads and of all who remove stored data: one after another.
  let dataTurn = Turn()
  /// Of those who write files of output tables.
  let outputTurn = Turn()
  /// The last day on which a segment was read, as far as this process has seen.
  let used = Guarded<[Int64: Int]>([:])
  /// What is kept in memory of the store; see docs/decisions/0042.
  let definitions: DefinitionCache
  let index: SegmentIndex
  let memberships: MembershipIndex
  let keys = KeyIndex()
  let snapshots = SnapshotInForce()
  /// Where webhooks may be.
  public let webhookRules: WebhookRules
  private let lock: WorkspaceLock

  /// How much of the machine a workspace may use.
  public struct Settings: Sendable {
    /// As DuckDB writes it, such as `2GB`.
    public var memoryLimit: String
    /// nil for one per core.
    public var threads: Int?
    /// What passwords are hashed with.
    public var passwordCost: PasswordCost
    /// Where webhooks may be.
    public var webhooks: WebhookRules
    /// Whether anybody may enter the demo account.
    public var allowsDemo: Bool
    /// Whether somebody waits for answers while jobs are at work: then these leave the processors to the answers.
    public var isServed: Bool

    public init(
      memoryLimit: String = "2GB", threads: Int? = nil, passwordCost: PasswordCost = .standard,
      webhooks: WebhookRules = WebhookRules(), allowsDemo: Bool = false, isServed: Bool = false
    ) {
      self.isServed = isServed
      self.webhooks = webhooks
      self.allowsDemo = allowsDemo
      self.passwordCost = passwordCost
      self.memoryLimit = memoryLimit
      self.threads = threads
    }
  }

  /// Who is responsible for what is changed: the audit log says it.
  public var author: Author { store.author }

  /// The same workspace, for somebody else.
  public func acting(as author: Author) -> SegmentService {
    var service = self
    service.store = store.acting(as: author)
    service.identity = identity.acting(as: author)
    return service
  }

  /// Opens a workspace and becomes its owner until the last copy is gone.
  ///
  /// - Parameters:
  ///   - purpose: what a second process is told it has to wait for, such as `muster refresh`.
  ///   - author: on whose behalf.
  ///   - engine: what answers plans from the loaded data.
  ///   - now: the clock.
  public init(
    folder: WorkspaceFolder, purpose: String, author: Author, settings: Settings = Settings(),
    engine: @escaping @Sendable (DuckDBDatabase) -> any QueryEngine = {
      DuckDBEngine(database: $0)
    },
    now: @escaping @Sendable () -> Instant = { Instant(Date()) }
  ) throws {
    (text, definition) = try folder.readDefinition()
    try folder.createState()
    self.folder = folder
    lock = try WorkspaceLock(folder, purpose: purpose)
    try folder.requireStore()
    store = try SegmentStore(path: folder.store.path, author: author)
    let dataFile = try store.dataFile()
    if try !store.dataVersions().isEmpty { try folder.requireDataFile(dataFile) }
    try folder.removeDataFiles(except: dataFile)
    try folder.removeSpilledFiles()
    try folder.removeUnfinishedStates()
    data = try DataFile(dataFile, in: folder, settings: settings, engine: engine)
    self.now = now
    definitions = DefinitionCache()
    index = SegmentIndex(definitions)
    memberships = MembershipIndex(folder, soleAudience: definition.soleAudience)
    store.follow { [index] in index.follow($0) }
    store.follow { [memberships] in memberships.follow($0) }
    webhookRules = settings.webhooks
    identity = Identity(
      store: store, passwords: Passwords(cost: settings.passwordCost),
      allowsDemo: settings.allowsDemo, clock: now)
    if try store.hasUnfinishedErasures() { try finishErasure() }
  }

  var database: DuckDBDatabase { data.current.database }
  var engine: any QueryEngine { data.current.engine }

  /// Lends the data version in force to `body`: its parts stay until that returns, whatever is loaded or
  /// removed meanwhile.
  func reading<Result>(_ body: (Snapshot) async throws -> Result) async throws -> Result {
    try await leases.lend(
      choosing: {
        let snapshot = try snapshot()
        return (snapshot, [.dataVersion(snapshot.version.id)])
      }, to: body)
  }

  /// Lends a data version as long as it is kept and is what the workspace file says, else the one in force.
  func reading<Result>(
    preferring id: Int64?, _ body: (Snapshot) async throws -> Result
  ) async throws -> Result {
    try await leases.lend(
      choosing: {
        let current = try? snapshot()
        let snapshot =
          if let current, current.version.id == id {
            current
          } else {
            try id.flatMap { try store.dataVersion(id: $0) }
              .flatMap { try Snapshot(unchanged: $0, definition, in: store) } ?? self.snapshot()
          }
        return (snapshot, [.dataVersion(snapshot.version.id)])
      }, to: body)
  }

  /// The data version in force and the catalog that goes with it. Whoever reads rows too needs
  /// ``reading(_:)``.
  func snapshot() throws -> Snapshot { try snapshots.snapshot(of: definition, in: store) }

  func snapshot(of version: DataVersion, by workspace: WorkspaceDefinition) throws -> Snapshot {
    try Snapshot(of: version, workspace, in: store)
  }
}

/// One state of the data: what a refresh reads throughout.
struct Snapshot: Sendable {
  var version: DataVersion
  var catalog: Catalog

  /// The data version in force.
  static func current(of workspace: WorkspaceDefinition, in store: SegmentStore) throws -> Snapshot
  {
    guard let version = try store.currentDataVersion() else { throw WorkspaceError.notLoaded }
    let changed = try changedTables(of: workspace, since: version, in: store)
    guard changed.isEmpty else { throw WorkspaceError.changedSinceLoad(changed) }
    return try Snapshot(of: version, workspace, in: store)
  }

  /// nil where the workspace file describes other tables than those that were loaded.
  init?(unchanged version: DataVersion, _ workspace: WorkspaceDefinition, in store: SegmentStore)
    throws
  {
    guard try Snapshot.changedTables(of: workspace, since: version, in: store).isEmpty else {
      return nil
    }
    try self.init(of: version, workspace, in: store)
  }

  private static func changedTables(
    of workspace: WorkspaceDefinition, since version: DataVersion, in store: SegmentStore
  ) throws -> [String] {
    let records = try store.partRecords(dataVersion: version.id)
    return workspace.tables.filter {
      records[$0.name]?.definition != workspace.definitionHash(of: $0)
    }.map(\.name)
  }

  init(of version: DataVersion, _ workspace: WorkspaceDefinition, in store: SegmentStore) throws {
    self.version = version
    let parts = try store.partRecords(dataVersion: version.id)
    catalog = try workspace.catalog(stored: parts.mapValues(\.attributes))
  }
}

/// The data version in force with its catalog, read again when loads or housekeeping have changed something.
final class SnapshotInForce: Sendable {
  private let kept = Guarded<(moment: Int, snapshot: Snapshot)?>(nil)

  func snapshot(of workspace: WorkspaceDefinition, in store: SegmentStore) throws -> Snapshot {
    let known = kept.withLock { $0 }
    let changes = store.changes(of: [.data], since: known?.moment ?? 0)
    if let known, changes.owners.isEmpty { return known.snapshot }
    let snapshot = try Snapshot.current(of: workspace, in: store)
    kept.withLock { $0 = (changes.moment, snapshot) }
    return snapshot
  }
}

extension Instant {
  public init(_ date: Date) {
    self.init(microseconds: Int64((date.timeIntervalSince1970 * 1e6).rounded(.down)))
  }
}
