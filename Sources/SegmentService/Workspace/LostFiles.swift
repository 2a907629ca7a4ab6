import Foundation
import SegmentEngines

/// Files without which a workspace must not be opened: empty ones would be made in their place, and what is
/// left of the others would look like leftovers.
extension WorkspaceFolder {
  /// - Throws: ``WorkspaceError/storeGone`` where there is everything but the store.
  func requireStore() throws {
    guard !FileManager.default.fileExists(atPath: store.path) else { return }
    let hasData = try StoredFile.all(in: state).contains {
      $0.url.lastPathComponent.hasPrefix("data") && $0.url.pathExtension == "duckdb"
    }
    if try hasData || !StoredFile.all(in: members).isEmpty { throw WorkspaceError.storeGone }
  }

  /// - Throws: ``WorkspaceError/dataFileGone(_:)``
  func requireDataFile(_ name: String) throws {
    guard FileManager.default.fileExists(atPath: database(name).path) else {
      throw WorkspaceError.dataFileGone(name)
    }
  }
}

extension WorkspaceError {
  /// The description without the advice to check, for those who are doing it.
  var descriptionInCheck: String {
    description.replacing("; without one, 'muster check' says what can be done", with: "")
  }

  /// Whether a file of the workspace is lost.
  var isLostFile: Bool { !file.isEmpty }

  /// The name of the lost file; empty where none is.
  var file: String {
    switch self {
    case .storeGone: "muster.sqlite"
    case .dataFileGone(let name), .dataFileDamaged(let name, _): name
    default: ""
    }
  }
}

extension DuckDBError {
  /// Whether a file could not be opened because of what is in it.
  var isCorruptFile: Bool {
    ["Corrupt database file", "not a valid DuckDB database file", "replaying WAL"].contains {
      message.contains($0)
    }
  }
}
