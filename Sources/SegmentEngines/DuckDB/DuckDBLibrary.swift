import CDuckDB
import Foundation
import SegmentCompiler

/// DuckDB's shared library, looked for at run time.
public enum DuckDBLibrary {
  /// The library's version, such as `v2.0.0`.
  ///
  /// - Throws: ``DuckDBError`` that says how to get the library where it is missing.
  public static func version() throws -> String {
    try loaded.get()
    return String(cString: duckdb_library_version())
  }

  static func load() throws { try loaded.get() }

  private static let loaded: Result<Void, DuckDBError> = {
    let path = ProcessInfo.processInfo.environment["MUSTER_DUCKDB"]
    guard let problem = path.map({ cduckdb_load($0) }) ?? cduckdb_load(nil) else {
      return .success(())
    }
    let message = """
      DuckDB's library could not be loaded: \(String(cString: problem)).
      Get it by one of these:
        scripts/setup            (Linux; puts libduckdb.so into /usr/local/lib)
        the archive libduckdb-… of a DuckDB release, unpacked into /usr/local/lib
        brew install duckdb      (Homebrew)
      or name a library with MUSTER_DUCKDB=/path/to/libduckdb.so.
      """
    return .failure(DuckDBError(message: message, category: .library))
  }()
}
