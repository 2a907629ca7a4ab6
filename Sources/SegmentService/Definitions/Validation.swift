import Foundation
import SegmentCompiler
import SegmentStore

/// Definitions that were found valid, and what they were checked against.
public struct Validation: Sendable {
  /// Where the types of attributes come from.
  public enum Types: Sendable, Equatable {
    case data(version: Int64)
    /// `workspace.lock.yaml`.
    case lock
    /// The workspace file alone.
    case declared
  }

  public var definitions: [CheckedDefinition]
  public var types: Types
  /// Where the lock file disagrees with the data or the workspace file.
  public var warnings: [Diagnostic]
}

/// Which segments definitions may refer to, besides each other.
public enum KnownSegments: Sendable {
  /// None.
  case given
  /// Those that are saved.
  case saved
}

extension SegmentService {
  /// Checks definitions without owning the workspace: while another process does, and where no data is loaded.
  ///
  /// Types come from the data version in force, else from the lock file, else from the workspace file.
  ///
  /// - Throws: ``DefinitionErrors`` with every problem of every definition.
  public static func validate(
    _ sources: [DefinitionSource], in folder: WorkspaceFolder, knowing segments: KnownSegments,
    now: Instant = Instant(Date())
  ) throws -> Validation {
    let (_, workspace) = try folder.readDefinition()
    let store = try folder.storeToRead()
    let (catalog, types, warnings) = try workspace.knownCatalog(in: folder, store: store)
    let written = try WrittenDefinition.all(in: sources, catalog: catalog)
    var facts: [String: SegmentFacts] = [:]
    if segments == .saved, let store {
      let published = try store.publishedSegments()
      for version in try store.segments() {
        facts.add(
          try version.decoded(), isAvailable: published.contains(version.segmentID), in: workspace)
      }
    }
    for item in written { facts.add(item.definition, isAvailable: true, in: workspace) }
    let planned = try DefinitionCheck(catalog: catalog, asOf: now, facts: facts).planning(written)
    return Validation(definitions: planned.map(\.checked), types: types, warnings: warnings)
  }

  /// Checks definitions as a refresh would, those of the same call refreshed together.
  public func validate(_ text: String) throws -> [CheckedDefinition] {
    try validate([DefinitionSource(text: text)])
  }

  public func validate(_ sources: [DefinitionSource]) throws -> [CheckedDefinition] {
    let catalog = try snapshot().catalog
    let written = try WrittenDefinition.all(in: sources, catalog: catalog)
    let facts = try segmentFacts(adding: written.map(\.definition))
    return try DefinitionCheck(catalog: catalog, asOf: now(), facts: facts).planning(written)
      .map(\.checked)
  }
}

extension WorkspaceDefinition {
  /// The catalog as well as it is known.
  fileprivate func knownCatalog(in folder: WorkspaceFolder, store: SegmentStore?) throws -> (
    Catalog, Validation.Types, warnings: [Diagnostic]
  ) {
    let lock = try folder.readLock()
    if let store, try store.currentDataVersion() != nil {
      let snapshot = try Snapshot.current(of: self, in: store)
      let loaded = try store.catalogLock(of: snapshot.version, in: self)
      return (
        snapshot.catalog, .data(version: snapshot.version.id),
        lock?.differences(from: loaded) ?? []
      )
    }
    return (
      try catalog(lock: lock), lock == nil ? .declared : .lock, lock?.differences(from: self) ?? []
    )
  }
}

// MARK: - The lock file

extension SegmentService {
  /// Writes the lock file beside the workspace file: the types of what is loaded.
  ///
  /// - Returns: its path, and whether it is another than before.
  public func writeLock() throws -> (path: String, isChanged: Bool) {
    let lock = try store.catalogLock(of: snapshot().version, in: definition)
    let text = lock.yaml(in: definition)
    let before = try? String(contentsOf: folder.lockFile, encoding: .utf8)
    let isChanged = before.map { Text($0) } != Text(text)
    if isChanged { try Data(text.utf8).write(to: folder.lockFile, options: .atomic) }
    return (folder.lockFile.path, isChanged)
  }

  /// How the lock file, if there is one, differs from what is loaded.
  public func lockDifferences() throws -> [Diagnostic] {
    guard let lock = try folder.readLock() else { return [] }
    return lock.differences(
      from: try store.catalogLock(of: snapshot().version, in: definition))
  }
}

extension SegmentStore {
  fileprivate func catalogLock(of version: DataVersion, in workspace: WorkspaceDefinition) throws
    -> CatalogLock
  {
    let parts = try partRecords(dataVersion: version.id)
    let loaded = workspace.tables.filter { !$0.isDerived }.compactMap { table in
      parts[table.name].map { (table.name, $0.attributes) }
    }
    return CatalogLock(tables: Dictionary(uniqueKeysWithValues: loaded))
  }
}

extension WorkspaceFolder {
  var lockFile: URL { root.appending(path: CatalogLock.fileName) }

  /// nil where there is none.
  fileprivate func readLock() throws -> CatalogLock? {
    guard FileManager.default.fileExists(atPath: lockFile.path) else { return nil }
    do {
      return try CatalogLock(yaml: TextFile(path: lockFile.path).text)
    } catch let problems as Diagnostics {
      throw problems.located(in: Document(.null), file: CatalogLock.fileName)
    }
  }

  /// nil where nothing was ever saved or loaded.
  func storeToRead() throws -> SegmentStore? {
    guard FileManager.default.fileExists(atPath: store.path) else { return nil }
    do {
      return try SegmentStore(readingFrom: store.path)
    } catch SegmentStoreError.olderSchema {
      // Only its owner may bring it up to date.
      let lock = try WorkspaceLock(self, purpose: "muster validate")
      return try withExtendedLifetime(lock) {
        _ = try SegmentStore(path: store.path, author: .system("upgrade"))
        return try SegmentStore(readingFrom: store.path)
      }
    }
  }
}
