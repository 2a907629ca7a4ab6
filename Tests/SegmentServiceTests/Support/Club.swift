import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// A workspace with people of two audiences who leave traces in every kind of table; of two of them every value is
/// one that stands nowhere else, so that it can be looked for in the bytes of files.
final class Club: Sendable {
  static let yaml = """
    workspace: Club
    tables:
      Account: {files: Account.csv, key: AccountId}
      Member: {files: "Member*.csv", key: MemberId, calculated: {Greeting: "concat('Dear ', Name)"}}
      Passport: {files: Passport.csv, key: PassportId}
      Order:
        files: "Order*.csv"
        key: OrderId
        attributes: {OrderId: integer}
        calculated: {Loud: upper(Note)}
      Line: {files: "Line*.csv", attributes: {OrderId: integer}}
      Product: {files: Product.csv, key: ProductId}
      Mailbox: {derivedFrom: Member.Email, key: Address}
      Letter: {files: Letter.csv, key: LetterId}
      Visit: {files: Visit.csv, key: VisitId}
    relationships:
      - Member.AccountId -> Account.AccountId
      - {from: Member.PassportId, to: Passport.PassportId, kind: one-to-one}
      - Order.MemberId -> Member.MemberId
      - Line.OrderId -> Order.OrderId
      - Line.ProductId -> Product.ProductId
      - Letter.Address -> Mailbox.Address
      - {from: Visit.HostId, to: Member.MemberId, name: Host, onErasure: missing}
    audiences:
      Member: {table: Member}
      Regular: {table: Member}
      Account: {table: Account, kind: account}
      Mailbox: {table: Mailbox, kind: contact}
    retention: {dataVersions: all}
    """

  /// Of the member: the key and what else is only hers.
  static let key = "mk-9f3a7c51-Ødegård"
  static let traces = [
    key, "Xantippe Quillfeather", "xantippe@quillfeather.example", "4417-XQ-PASS",
    "note-zeta-kumquat",
    "NOTE-ZETA-KUMQUAT", "message-omega-persimmon", "letter-sigma-tamarind",
  ]
  /// The keys of her orders.
  static let orders: [Int64] = [4_711_820_033_991_122, 4_711_820_033_991_123]
  /// Of the account.
  static let account: Int64 = 7_203_984_511_223_344_551
  static let accountTraces = ["Zwickelhuber Konditorei KG"]

  static let files = [
    "Account.csv": """
    AccountId,Title
    \(account),\(accountTraces[0])
    12,Plain Ltd

    """,
    "Member.csv": """
    MemberId,Name,Email,AccountId,PassportId,City
    a,Ann,ann@club.example,12,pa,Oslo
    b,Bob,bob@club.example,\(account),pb,Oslo
    \(key),\(traces[1]),\(traces[2]),\(account),\(traces[3]),Oslo
    c,Cat,cat@club.example,12,,Bergen

    """,
    "Passport.csv": "PassportId,Country\npa,NO\npb,NO\n\(traces[3]),AT\nspare,SE\n",
    "Order-1.csv": """
    OrderId,MemberId,Note
    1,a,tea
    2,b,coffee
    \(orders[0]),\(key),\(traces[4])

    """,
    "Line-1.csv": """
    OrderId,ProductId,Message
    1,1,hello
    2,2,there
    \(orders[0]),1,\(traces[6])
    \(orders[0]),3,again

    """,
    "Product.csv": "ProductId,Label\n1,Tea\n2,Coffee\n3,Engraved\n",
    "Letter.csv":
      "LetterId,Address,Text\n1,ann@club.example,Hi\n2,\(traces[2]),\(traces[7])\n",
    "Visit.csv": "VisitId,HostId,Guests\n1,a,4\n2,\(key),6\n",
  ]

  static let segments = """
    segment: oslo
    audience: Member
    rules: [{match: {attribute: Member.City, is: equalTo, value: Oslo}}]
    project: [Member.Name]
    ---
    segment: buyers
    audience: Member
    rules: [{from: Line, match: {attribute: Line.OrderId, isNot: empty}}]
    project: [Line.Message, Order.Note]
    ---
    segment: friends
    audience: Member
    keys: [a, \(key), not-yet-there]
    ---
    segment: accounts
    audience: Account
    rules: [{from: Member, match: {attribute: Member.Name, isNot: empty}}]
    ---
    segment: watched
    audience: Account
    keys: [12, \(account)]
    ---
    segment: reachable
    audience: Mailbox
    rules: [{match: {attribute: Mailbox.Address, isNot: empty}}]

    """

  static let asOf = Instant("2024-03-31T12:00:00Z")!

  let root: URL
  /// nil while the workspace is closed.
  private let opened = Guarded<SegmentService?>(nil)
  private let writes = Guarded(0)

  init(yaml: String = Club.yaml, files: [String: String] = Club.files) throws {
    root = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    try write("workspace.yaml", yaml)
    for (name, text) in files { try write(name, text) }
  }

  /// Loaded three times and refreshed after each: three data versions, old runs and new ones, cached results.
  static func withHistory() async throws -> Club {
    let club = try Club(files: [:])
    // Later than any file that was loaded.
    club.writes.withLock { $0 = 1_000 }
    for (path, data) in try await history.value {
      let url = club.root.appending(path: path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url)
    }
    return club
  }

  /// Every file of it, made once for all tests.
  private static let history = Task {
    let club = try Club()
    try await club.load()
    _ = try club.service.save(segments)
    try await club.refresh()
    try club.write("Order-2.csv", "OrderId,MemberId,Note\n3,c,juice\n\(orders[1]),\(key),again\n")
    try await club.load()
    try await club.refresh()
    try club.write("Line-2.csv", "OrderId,ProductId,Message\n3,2,thanks\n\(orders[1]),3,more\n")
    try await club.load()
    try await club.refresh()
    club.close()
    let root = club.root.resolvingSymlinksInPath().path + "/"
    var files: [String: Data] = [:]
    for url in TestFiles.all(in: club.root, ending: "") {
      let path = url.resolvingSymlinksInPath().path
      if let data = try? Data(contentsOf: url) { files[String(path.dropFirst(root.count))] = data }
    }
    return files
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  var service: SegmentService {
    get throws {
      try opened.withLock { service in
        if let service { return service }
        let new = try SegmentService(
          folder: WorkspaceFolder(root), purpose: "a test", author: .tester,
          settings: SegmentService.Settings(memoryLimit: "1GB", threads: 1), now: { Club.asOf })
        service = new
        return new
      }
    }
  }

  func close() { opened.withLock { $0 = nil } }

  /// Writes a file, each time a second later than before.
  func write(_ name: String, _ text: String) throws {
    let url = root.appending(path: name)
    try Data(text.utf8).write(to: url)
    let count = writes.withLock { count in
      count += 1
      return count
    }
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 + Double(count))],
      ofItemAtPath: url.path)
  }

  /// Loads; values are stored as they are, not packed, so that their bytes can be found.
  @discardableResult
  func load() async throws -> LoadReport {
    try await service.database.connect().execute("SET GLOBAL force_compression = 'uncompressed'")
    return try await service.load()
  }

  func refresh() async throws { _ = try await service.refresh(asOf: Club.asOf) }

  @discardableResult
  func erase(_ key: String = Club.key, from audience: String = "Member") async throws
    -> ErasureReport
  {
    try await service.erase(.profiles(audience: audience, keys: [.key(key)]))
  }

  /// The keys of members of a run, the last one unless named.
  func keys(_ segment: String, _ part: MemberSelection.Part = .all, run: Int64? = nil) async throws
    -> [String]
  {
    try await lines(segment, part, run: run).map {
      String($0.prefix { $0 != "," })
    }
  }

  /// The rows of members as CSV, without the header.
  func lines(_ segment: String, _ part: MemberSelection.Part = .all, run: Int64? = nil) async throws
    -> [String]
  {
    let bytes = Guarded<[UInt8]>([])
    try await service.writeMembers(
      MemberSelection(segment: segment, part: part, run: run), as: .csv(raw: true)
    ) { piece in bytes.withLock { $0 += piece } }
    return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
      .components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
  }

  func runs(_ segment: String) throws -> [RunRecord] { try service.history(of: segment) }

  /// Rows in force, as SQL over the tables' names; the first column as text.
  func column(_ sql: String) async throws -> [String] {
    let service = try service
    let connection = try service.database.connect()
    let version = try #require(try service.store.currentDataVersion())
    for part in version.parts.values {
      try await connection.execute(
        "CREATE TEMP VIEW \(identifier: part.table) AS FROM \(identifier: part.storedName)")
    }
    return try await connection.rows(SQLQuery(stringLiteral: sql)).map { row in
      switch row[0] {
      case .text(let text): text.string
      case .integer(let number): String(number)
      case .null: "∅"
      default: "\(row[0])"
      }
    }
  }

  /// All rows in force as texts, sorted: attributes, and the keys of the profiles that the row leads to.
  func content() async throws -> [String: [String]] {
    let service = try service
    let connection = try service.database.connect()
    let version = try #require(try service.store.currentDataVersion())
    let columns = try await StoredColumns(connection)
    var content: [String: [String]] = [:]
    for part in version.parts.values {
      let attributes = columns.types(of: part.storedName).keys.filter { !$0.hasPrefix("_muster") }
        .sorted().map { "CAST(\(identifier: $0) AS VARCHAR)" as SQLQuery }
      let keys = part.routes.map { route in
        """
        (SELECT CAST(d.key AS VARCHAR) FROM \(identifier: LoadNames.ordinals(route.audience)) AS d
          WHERE d.ordinal = \(identifier: route.column))
        """ as SQLQuery
      }
      let rows = try await connection.rows(
        "SELECT to_json([\((attributes + keys).joined(", "))]) FROM \(identifier: part.storedName)")
      content[part.table] = rows.compactMap { $0[0].string }.sorted()
    }
    return content
  }

  /// Ordinals of an audience by key; burnt ones as `∅`, several times.
  func ordinals(_ audience: String) async throws -> [String: [UInt32]] {
    let rows = try await service.database.connect().rows(
      "SELECT CAST(key AS VARCHAR), CAST(ordinal AS BIGINT) FROM \(identifier: LoadNames.ordinals(audience)) ORDER BY ordinal"
    )
    return Dictionary(
      grouping: rows, by: { $0[0].string ?? "∅" }
    ).mapValues { $0.compactMap { $0[1].integer.map(UInt32.init) } }
  }

  // MARK: Bytes

  /// The files below `.muster` that hold the bytes, by name.
  func files(with bytes: [UInt8]) throws -> [String] {
    let wanted = Data(bytes)
    return TestFiles.all(in: root.appending(path: ".muster"), ending: "").filter { url in
      guard let data = try? Data(contentsOf: url) else { return false }
      return data.range(of: wanted) != nil
    }.map(\.lastPathComponent)
  }

  func files(with text: String) throws -> [String] { try files(with: Array(text.utf8)) }

  /// As a 64-bit integer is stored.
  func files(with number: Int64) throws -> [String] {
    try files(with: withUnsafeBytes(of: number.littleEndian) { Array($0) })
  }
}
