import SegmentCompiler
import SegmentEngines
import SegmentStore

/// One erasure on its way to its commit point. Nothing that is in force changes.
final class ErasureRun {
  let service: SegmentService
  /// What is erased from; published over no other.
  let state: PublishedState
  let data: DataFile.Open
  let connection: DuckDBConnection
  let cascade: Cascade
  /// Of all data versions that are kept, by id.
  private(set) var parts: [Int64: PartRecord] = [:]
  /// The parts as rows, by id.
  private(set) var stored: [Int64: StoredRows] = [:]
  private(set) var versions: [(id: Int64, parts: [String: Int64])] = []
  let columns: StoredColumns

  /// What was found, and what the file without it is to hold.
  struct Found {
    var report: ErasureReport
    /// By audience; they name the profiles in manual lists.
    var keys: [String: Set<ProfileKey>]
    /// By audience.
    var burnt: [String: MemberSet]
    /// Definitions and causes that quote the profiles.
    var quotations: Quotations
    /// Not on the suppression list yet.
    var suppressed: SuppressionList
  }

  init(_ service: SegmentService) async throws {
    self.service = service
    state = try service.store.publishedState()
    data = service.data.current
    guard data.name == state.dataFile else { throw SegmentStoreError.rewrittenMeanwhile }
    connection = try data.database.connect()
    cascade = try await Cascade(connection)
    columns = try await StoredColumns(connection)
    for id in try service.store.dataVersionIDs() {
      let records = try service.store.partRecords(dataVersion: id)
      versions.append((id, records.mapValues(\.part.id)))
      for record in records.values where parts[record.part.id] == nil {
        let part = record.part
        parts[part.id] = record
        stored[part.id] = StoredRows(
          id: part.id, table: part.table, sql: "\(identifier: part.storedName)",
          columns: columns.types(of: part.storedName), routes: part.routes)
      }
    }
  }

  var workspace: WorkspaceDefinition { service.definition }

  /// Finds everything that is of the profiles, in every data version.
  func find(_ request: ErasureRequest) async throws -> Found {
    let list = try service.store.suppressionList()
    let suppression = try await Suppression(list ?? .new(), cascade)
    var report = ErasureReport()
    let views = self.views
    switch request {
    case .profiles(let name, let keys, let alsoUnknown):
      let audience = try service.audience(name)
      report.audience = audience.name
      (report.profiles, report.unknown) = try await add(
        keys, of: audience, alsoUnknown: alsoUnknown)
    case .again:
      for view in views {
        for rows in view.rows.values {
          try await suppression.findKeys(in: rows, links: view.links)
        }
      }
      // Keys whose rows are in no data version any more, which a backup may have brought back.
      for dictionary in dictionaries {
        guard let place = dictionary.place else { continue }
        try await suppression.findProfiles(in: dictionary.rows, of: place)
      }
    }
    try await cascade.follow(views, keysOf: Set(dictionaries.compactMap(\.place)))
    let burnt = try await burn()
    report.tables = try await tables()
    report.dataVersions = versions.count { version in
      version.parts.values.contains { stored[$0].map(cascade.isTouched) ?? false }
    }
    report.leftovers.files = try await files()
    report.leftovers.unreferred = try await unreferred(views)
    report.leftovers.backups = try service.backups().filter(\.isThere).map(\.record.path)
    var found = Found(
      report: report, keys: try await profileKeys(), burnt: burnt,
      quotations: try await quotations(views), suppressed: try await suppression.additions())
    found.report.runs = try burntRuns(burnt).count
    found.report.lists = try lists(naming: found.keys)
    found.report.leftovers.mentions = found.quotations.mentions
    return found
  }

  // MARK: Views

  /// The data versions that are kept, equal ones once.
  private var views: [DataView] {
    var ownership = Ownership(workspace)
    for dictionary in dictionaries {
      if let place = dictionary.place, ownership.profiles[place.table] == nil {
        ownership.profiles[place.table] = [place.attribute]
      }
    }
    var seen: Set<Set<Int64>> = []
    return versions.filter { seen.insert(Set($0.parts.values)).inserted }.map { version in
      var view = DataView(rows: [:], links: [])
      for (table, id) in version.parts.sorted(by: { $0.value < $1.value }) {
        view.rows[table] = stored[id]
        let lineage = parts[id]?.lineage ?? workspace.table(table).map(workspace.lineage)
        if let lineage { view.links += ownership.links(of: table, lineage) }
      }
      return view
    }
  }

  /// The parts in force, by table.
  var current: [String: StoredRows] {
    versions.last?.parts.compactMapValues { stored[$0] } ?? [:]
  }

  // MARK: Keys

  private func add(
    _ keys: [KeyInput], of audience: AudienceDefinition, alsoUnknown: Bool
  ) async throws -> (known: Int, unknown: Int) {
    let place = KeyPlace(table: audience.table, attribute: workspace.table(audience.table)!.key[0])
    let dictionary = dictionaries.first { $0.audience == audience.name }
    let type =
      dictionary?.rows.columns["key"] ?? current[place.table]?.columns[place.attribute] ?? "VARCHAR"
    let form = KeyText(type: type).form
    let attribute = Attribute(name: place.attribute, type: form == .integer ? .integer : .text)
    let wanted = try GivenKeys(keys, of: attribute).keys.map { key -> Text in
      switch key {
      case .integer(let number): Text(String(number))
      case .text(let text): text
      }
    }
    .sorted()
    for start in stride(from: 0, to: wanted.count, by: 1_000) {
      let values = wanted[start..<min(start + 1_000, wanted.count)].map {
        "(\(bind: .text($0)))" as SQLQuery
      }
      for kind in [SuppressedKey.Kind.profile, .row] {
        try await cascade.add("VALUES \(values.joined(", "))", as: form, to: KeySet(kind, place))
      }
    }
    let unknown = try await unknownKeys(KeySet(.profile, place), dictionary)
    if !alsoUnknown, !unknown.isEmpty {
      throw UnknownProfiles(audience: audience.name, keys: unknown)
    }
    return (wanted.count - unknown.count, unknown.count)
  }

  /// Keys without an ordinal: those that no profile ever had.
  private func unknownKeys(_ set: KeySet, _ dictionary: KnownKeys?) async throws -> [String] {
    let known: SQLQuery =
      dictionary.map {
        "SELECT CAST(key AS VARCHAR) FROM \($0.rows.sql) WHERE key IS NOT NULL"
      } ?? "SELECT NULL WHERE false"
    let rows = try await connection.rows(
      """
      SELECT value FROM \(Cascade.keys) WHERE "set" = \(number: cascade.number(of: set))
        AND value NOT IN (\(known)) ORDER BY value
      """)
    return rows.compactMap { $0[0].string }
  }

  // MARK: Ordinals

  /// The keys of an audience with their ordinals.
  struct KnownKeys {
    var audience: String
    var rows: StoredRows
    /// The attribute that its keys are of; nil for an audience that no kept data version knows.
    var place: KeyPlace?
  }

  var dictionaries: [KnownKeys] {
    var places: [String: KeyPlace] = [:]
    for part in parts.values.map(\.part) {
      for route in part.routes where route.steps.isEmpty {
        let key = workspace.table(part.table)?.key.first ?? ""
        places[route.audience] = KeyPlace(table: part.table, attribute: key)
      }
    }
    for audience in workspace.audiences {
      guard let key = workspace.table(audience.table)?.key.first else { continue }
      places[audience.name] = KeyPlace(table: audience.table, attribute: key)
    }
    let prefix = LoadNames.ordinals("")
    return columns.names.filter { $0.hasPrefix(prefix) }.map { name in
      let audience = String(name.dropFirst(prefix.count))
      return KnownKeys(
        audience: audience,
        rows: StoredRows(
          id: -1, table: name, sql: "\(identifier: name)", columns: columns.types(of: name)),
        place: places[audience])
    }
  }

  static let burnt: SQLQuery = "\(identifier: "_muster_burnt")"

  /// Takes the ordinals of profiles that are in no data version any more.
  private func burn() async throws -> [String: MemberSet] {
    try await connection.execute(
      "CREATE OR REPLACE TEMPORARY TABLE \(ErasureRun.burnt) (audience VARCHAR, ordinal UINTEGER)")
    var burnt: [String: MemberSet] = [:]
    for dictionary in dictionaries {
      try await connection.execute(
        """
        INSERT INTO \(ErasureRun.burnt)
        SELECT \(bind: .text(dictionary.audience)), r.ordinal FROM \(dictionary.rows.sql) AS r
        WHERE \(isErased(dictionary))
        """)
      let set = try await connection.members(
        """
        SELECT ordinal FROM \(ErasureRun.burnt)
        WHERE audience = \(bind: .text(dictionary.audience))
        """)
      if !set.isEmpty { burnt[dictionary.audience] = set }
    }
    return burnt
  }

  /// Whether the key of the dictionary's row `r` is that of an erased profile.
  private func isErased(_ dictionary: KnownKeys) -> SQLQuery {
    guard let place = dictionary.place else {
      // Whose keys these are is not known any more: equal ones count as the same.
      let profiles = cascade.sets.keys.filter { $0.kind == .suppressed(.profile) }
      return cascade.isKey("key", of: dictionary.rows, in: profiles)
    }
    let erased = [KeySet(.profile, place), KeySet(.row, place)]
    var condition = cascade.isKey("key", of: dictionary.rows, in: erased)
    for rows in stored.values
    where rows.table == place.table
      && rows.columns[place.attribute] == dictionary.rows.columns["key"]
    {
      condition += """
         AND r.key NOT IN (SELECT r.\(identifier: place.attribute) FROM \(rows.sql) AS r
          WHERE \(cascade.isKey(place.attribute, of: rows, in: erased)) AND NOT \(cascade.isMarked(rows)))
        """
    }
    return condition
  }

  private func profileKeys() async throws -> [String: Set<ProfileKey>] {
    var keys: [String: Set<ProfileKey>] = [:]
    for dictionary in dictionaries {
      let known = try await connection.rows(
        """
        SELECT key FROM \(dictionary.rows.sql) WHERE ordinal IN (
          SELECT ordinal FROM \(ErasureRun.burnt)
          WHERE audience = \(bind: .text(dictionary.audience)))
        """)
      keys[dictionary.audience] = Set(known.compactMap { ProfileKey($0[0]) })
    }
    for audience in workspace.audiences {
      for set in cascade.sets.keys
      where set.kind == .suppressed(.profile) && set.place.table == audience.table {
        let named = try await connection.rows(
          """
          SELECT form, value FROM \(Cascade.keys) WHERE "set" = \(number: cascade.number(of: set))
          """)
        keys[audience.name, default: []].formUnion(
          named.compactMap { row in
            row[0].string == KeyText.Form.integer.rawValue
              ? row[1].string.flatMap(Int64.init).map(ProfileKey.integer)
              : row[1].text.map(ProfileKey.text)
          })
      }
    }
    return keys
  }
}
