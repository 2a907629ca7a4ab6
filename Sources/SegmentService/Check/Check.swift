import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

extension SegmentService {
  /// Verifies everything that a workspace stores against what was recorded of it, also one that is too damaged
  /// to be opened.
  ///
  /// - Parameter mend: does what the findings propose; the report is then of the state after it. Nothing is
  ///   deleted that cannot be made again.
  /// - Throws: ``WorkspaceError``, `Diagnostics` where there is no workspace that could be checked.
  public static func check(
    _ folder: WorkspaceFolder, mend: Bool = false, purpose: String, author: Author,
    settings: Settings = Settings(), now: @escaping @Sendable () -> Instant = { Instant(Date()) }
  ) async throws -> CheckReport {
    let open = {
      try SegmentService(
        folder: folder, purpose: purpose, author: author, settings: settings, now: now)
    }
    do {
      return try await open().check(mend: mend)
    } catch let error as SegmentStoreError {
      guard case .damaged = error else { throw error }
      return CheckReport(finding: Finding(.damage, "muster.sqlite", "\(error)", .none))
    } catch let error as WorkspaceError where error.isLostFile {
      let canBegin = error != .storeGone
      let finding = Finding(
        .damage, error.file, error.descriptionInCheck, canBegin ? .beginWithoutData : .none)
      guard mend, canBegin else { return CheckReport(finding: finding) }
      try beginWithoutData(folder, purpose: purpose, author: author, at: now().microseconds)
      var report = try await open().check(mend: true)
      report.mended.insert(CheckReport.Mended(finding: finding, failure: nil), at: 0)
      return report
    }
  }

  /// The same of a workspace that is open. Refreshes may go on meanwhile; loads wait.
  public func check(mend: Bool = false) async throws -> CheckReport {
    try await dataTurn.take {
      let first = try await Checkup(service: self).run()
      guard mend, first.findings.contains(where: \.remedy.isMending) else { return first }
      let mended = try await mending(first.findings)
      var report = try await Checkup(service: self).run()
      report.mended = mended
      return report
    }
  }
}

extension CheckReport {
  fileprivate init(finding: Finding) {
    self.init()
    findings = [finding]
  }
}

/// One check on its way.
struct Checkup {
  let service: SegmentService
  let tables: StoredTables
  let connection: DuckDBConnection
  let parts: [PartRecord]
  var report = CheckReport()
  /// Sizes of the dictionaries that are whole, by audience.
  var dictionaries: [String: DictionarySize] = [:]

  init(service: SegmentService) throws {
    self.service = service
    tables = StoredTables(service.database)
    connection = try service.database.connect()
    // Rows that cannot be read are found by the store's own check.
    parts = (try? service.store.partRecords()) ?? []
  }

  func run() async throws -> CheckReport {
    var checkup = self
    return try await checkup.runAll()
  }

  private mutating func runAll() async throws -> CheckReport {
    try await attempt("the store") { try $0.checkStore() }
    // A store that cannot be trusted says nothing about the rest.
    if report.isSound { try await attempt("the definitions") { try $0.checkDefinitions() } }
    try await attempt("the dictionaries") { try await $0.checkDictionaries() }
    try await attempt("the parts") { try await $0.checkParts() }
    try await attempt("the members") { try $0.checkMembers() }
    try await attempt("the output files") { try $0.checkOutputFiles() }
    try await attempt("the cache") { try $0.checkCache() }
    try await attempt("leftovers") { try await $0.findLeftovers() }
    try await attempt("the workspace file") { try $0.compareWorkspaceFile() }
    report.findings.sort { $0.severity < $1.severity }
    return report
  }

  /// What goes wrong while something is checked is a finding about that, and the rest is checked all the same.
  private mutating func attempt(
    _ what: String, _ body: (inout Checkup) async throws -> Void
  ) async throws {
    do {
      try await body(&self)
    } catch let error where !(error is CancellationError) {
      report.note(
        .damage, what, "Cannot be checked: \(error)", .advice("Restore .muster from a backup."))
    }
  }

  private mutating func checkStore() throws {
    for problem in try service.store.check() {
      let remedy: Remedy =
        switch problem.cause {
        case .structure: .reindex
        case .sequence: .raiseSequences
        case .row: .advice("Restore .muster from a backup.")
        }
      report.note(.damage, problem.about, problem.problem, remedy)
    }
    let counts = try service.store.counts()
    report.verified.segments = counts.segments
    report.verified.definitions = counts.versions
    report.verified.runs = counts.runs
    report.verified.dataVersions = counts.dataVersions
  }

  /// Every saved definition is one unless it is a draft, and those in force refer to segments that exist.
  private mutating func checkDefinitions() throws {
    let current = Set(try service.store.segments().map(\.segment))
    for version in try service.store.allVersions() {
      do {
        if version.isDraft {
          _ = try version.document()
        } else {
          _ = try service.storedDefinition(version)
        }
      } catch {
        report.note(
          .damage, "version \(version.number) of segment '\(version.segment)'",
          "The definition cannot be read: \(error)", .advice("Save the segment again."))
      }
    }
    for version in try service.store.segments() {
      guard let definition = try? service.storedDefinition(version) else { continue }
      for name in definition.references where !current.contains(name) {
        report.note(
          .notice, "segment '\(version.segment)'",
          "It refers to '\(name)', which does not exist: it cannot be refreshed.",
          .advice("Save it without that, or bring '\(name)' back."))
      }
    }
  }

  private mutating func compareWorkspaceFile() throws {
    guard let version = try service.store.currentDataVersion() else { return }
    let records = try service.store.partRecords(dataVersion: version.id)
    for table in service.definition.tables {
      let part = records[table.name]
      guard part?.definition != service.definition.definitionHash(of: table) else { continue }
      report.note(
        .notice, "table \(table.name)",
        part == nil
          ? "It has no data." : "The workspace file says something else than at the last load.",
        .advice("Run 'muster load'."))
    }
  }
}
