import GRDB

/// The file of a segment's output table, and what it shows.
public struct OutputFileRecord: Sendable, Equatable {
  public var segmentID: Int64
  /// The output name that the file has.
  public var name: String
  /// The run whose members it holds.
  public var run: Int64
  /// Of the file, in hexadecimal digits.
  public var sha256: String

  public init(segmentID: Int64, name: String, run: Int64, sha256: String) {
    self.segmentID = segmentID
    self.name = name
    self.run = run
    self.sha256 = sha256
  }
}

/// The file that a segment is to have.
public struct WantedOutputFile: Sendable, Equatable {
  public var segmentID: Int64
  public var segment: String
  public var name: String
  /// Its last published run.
  public var run: Int64
  /// The file that there is; nil before it is written.
  public var written: OutputFileRecord?

  /// Whether the file shows the last run, under the name that it is to have.
  public var isCurrent: Bool { written?.run == run && written?.name == name }
}

func registerOutputFiles(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("outputFiles") { db in
    // `run` may expire before the file is written anew, so it is a plain number.
    try db.execute(
      sql: """
        ALTER TABLE segment ADD COLUMN keepsOutputFile INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE outputFile (
          segmentId INTEGER PRIMARY KEY REFERENCES segment(id) ON DELETE CASCADE,
          name TEXT NOT NULL,
          run INTEGER NOT NULL,
          sha256 TEXT NOT NULL
        ) STRICT;
        """)
  }
}

extension SegmentStore {
  /// The files of all segments that are to have one and have members, by name.
  public func wantedOutputFiles() throws -> [WantedOutputFile] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT s.id AS id, s.name AS segment, s.outputName, r.id AS lastRun, o.* FROM segment s
          JOIN run r ON r.position = (
            SELECT max(position) FROM run WHERE segmentId = s.id AND status = 'succeeded')
          LEFT JOIN outputFile o ON o.segmentId = s.id
          WHERE s.keepsOutputFile AND s.name IS NOT NULL ORDER BY s.outputName
          """
      ).map { row in
        let segment: Int64 = row["id"]
        let written = (row["sha256"] as String?).map {
          OutputFileRecord(segmentID: segment, name: row["name"], run: row["run"], sha256: $0)
        }
        return WantedOutputFile(
          segmentID: segment, segment: row["segment"], name: row["outputName"],
          run: row["lastRun"], written: written)
      }
    }
  }

  /// Takes note of a file that is on disk, unless the segment is to have none of that name any more.
  ///
  /// - Returns: whether it is.
  public func noteOutputFile(_ file: OutputFileRecord) throws -> Bool {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO outputFile SELECT id, outputName, ?, ? FROM segment
          WHERE id = ? AND outputName = ? COLLATE BINARY AND keepsOutputFile
          ON CONFLICT (segmentId) DO UPDATE SET name = excluded.name, run = excluded.run,
            sha256 = excluded.sha256
          """, arguments: [file.run, file.sha256, file.segmentID, file.name])
      return db.changesCount > 0
    }
  }

  /// All files have to be written anew.
  public func forgetOutputFiles() throws {
    try write { try $0.execute(sql: "DELETE FROM outputFile") }
  }
}
