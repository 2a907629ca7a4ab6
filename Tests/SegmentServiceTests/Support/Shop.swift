import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// A few customers with their orders: small enough to know every answer by hand.
struct Shop {
  static let yaml = """
    workspace: Shop
    tables:
      Customer:
        files: Customer.csv
        key: Id
        attributes: {Id: integer, City: text, Points: integer, Joined: date}
      Order:
        files: Order.csv
        key: Nr
        attributes: {Nr: integer, CustomerId: integer, Product: text, Day: date, Weight: "decimal(38,0)"}
    relationships: [Order.CustomerId -> Customer.Id]
    audiences: {Customer: {table: Customer}}
    """

  static let customers = """
    Id,City,Points,Joined
    1,Oslo,10,2024-01-01
    2,Oslo,20,2024-02-01
    3,Bergen,30,2024-03-01
    4,Bergen,,2024-03-20
    5,,50,

    """

  static let orders = """
    Nr,CustomerId,Product,Day,Weight
    1,1,tea,2024-01-10,1
    2,1,coffee,2024-03-10,2
    3,2,coffee,2024-02-10,3
    4,3,tea,2024-03-30,4

    """

  static let asOf = Instant("2024-03-31T12:00:00Z")!

  static let oslo =
    "{segment: oslo, rules: [{match: {attribute: Customer.City, is: equalTo, value: Oslo}}]}\n"
  static let coffee =
    "{segment: coffee, rules: [{from: Order, match: {attribute: Order.Product, is: equalTo, value: coffee}}]}\n"
  /// Customers that joined in the 30 days before.
  static let newcomers =
    "{segment: newcomers, rules: [{match: {attribute: Customer.Joined, is: withinLast, value: 30 days}}]}\n"
  /// Fails with heavy orders: the sum has more than 38 digits.
  static let heavy =
    "{segment: heavy, rules: [{from: Order, quantifier: {aggregate: sum, of: Order.Weight, is: greaterThan, value: 2}}]}\n"
  /// Two orders whose weights together have 39 digits.
  static let tooHeavy = [7, 8].map { number in
    "\(number),1,anvil,2024-03-01,9\(String(repeating: "0", count: 37))\n"
  }.joined()

  let workspace: TestWorkspace
  var service: SegmentService { workspace.service }

  /// Loaded, with these segments saved.
  ///
  /// - Parameter prepare: changes the folder before it is loaded.
  init(
    yaml: String = Shop.yaml, customers: String = Shop.customers, orders: String = Shop.orders,
    engine: @escaping @Sendable (DuckDBDatabase) -> any QueryEngine = {
      DuckDBEngine(database: $0)
    },
    now: @escaping @Sendable () -> Instant = { Shop.asOf },
    prepare: (URL) throws -> Void = { _ in }, segments: String...
  ) async throws {
    workspace = try TestWorkspace(engine: engine, now: now) { folder in
      try Data(yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
      try Data(customers.utf8).write(to: folder.appending(path: "Customer.csv"))
      try Data(orders.utf8).write(to: folder.appending(path: "Order.csv"))
      try prepare(folder)
    }
    _ = try await service.load()
    if !segments.isEmpty { try save(segments.joined(separator: "\n---\n")) }
  }

  func save(_ text: String) throws { _ = try service.save(text) }

  /// Replaces a file and loads.
  func load(_ file: String, _ text: String) async throws {
    try replace(file, text)
    _ = try await service.load()
  }

  /// Replaces a file; later than before, however coarse the clock of the file system is.
  func replace(_ file: String, _ text: String) throws {
    let url = workspace.root.appending(path: file)
    let before = try FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate]
    try Data(text.utf8).write(to: url)
    let later = (before as? Date ?? Date()).addingTimeInterval(1)
    try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: url.path)
  }

  /// Refreshes and gives the runs by segment; nil for all segments.
  @discardableResult
  func refresh(_ names: [String]? = nil, asOf: Instant = Shop.asOf) async throws -> [String:
    RunRecord]
  {
    let refreshed = try await service.refresh(names, asOf: asOf)
    return Dictionary(uniqueKeysWithValues: refreshed.map { ($0.run.segment, $0.run) })
  }

  /// The result of refreshing one segment, which has to succeed.
  @discardableResult
  func result(_ name: String, asOf: Instant = Shop.asOf) async throws -> RunResult {
    let run = try #require(try await refresh([name], asOf: asOf)[name])
    return try #require(run.result, "\(run.cause ?? "")")
  }

  /// Keys as written, in key order.
  func keys(_ name: String, _ part: MemberSelection.Part = .all, run: Int64? = nil) async throws
    -> [String]
  {
    try await text(MemberSelection(segment: name, part: part, run: run), as: .csv(raw: true))
      .components(separatedBy: "\r\n").dropFirst().dropLast()
      .map { $0.components(separatedBy: ",")[0] }
  }

  func text(_ selection: MemberSelection, as format: TextFormat) async throws -> String {
    let bytes = Guarded<[UInt8]>([])
    try await service.writeMembers(selection, as: format) { piece in
      bytes.withLock { $0 += piece }
    }
    return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
  }

  /// Where the members of a run are stored.
  func membersFile(of run: RunRecord?) throws -> URL {
    let file = try #require(run?.result?.members)
    return service.folder.members.appending(path: file.name)
  }

  /// Turns the last byte of a file around.
  static func damage(_ file: URL) throws {
    var data = try Data(contentsOf: file)
    data[data.count - 1] ^= 0xFF
    try data.write(to: file)
  }
}
