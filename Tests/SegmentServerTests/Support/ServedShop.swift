import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import SegmentCompiler
import SegmentService
import SegmentStore
import Testing

@testable import SegmentServer

/// A few customers with their orders, loaded, and a server before them.
final class ServedShop: Sendable {
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
        attributes: {Nr: integer, CustomerId: integer, Product: text, Day: date, Weight: "decimal(8,2)"}
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
    1,1,tea,2024-01-10,1.50
    2,1,coffee,2024-03-10,2
    3,2,coffee,2024-02-10,3
    4,3,tea,2024-03-30,4

    """

  static let asOf = Instant("2024-03-31T12:00:00Z")!

  /// Customers of a city.
  static func city(_ city: String, named name: String? = nil) -> String {
    """
    {"segment": "\(name ?? city.lowercased())", "rules": [
      {"match": {"attribute": "Customer.City", "is": "equalTo", "value": "\(city)"}}]}
    """
  }

  static let password = "correct horse battery"

  let folder: URL
  let service: SegmentService
  /// Of an administrator: it may do everything that keys may.
  let key: String
  let events = EventLog(capacity: 50)
  let runner: JobRunner

  init(
    now: @escaping @Sendable () -> Instant = { ServedShop.asOf }, isLoaded: Bool = true,
    customers: String = ServedShop.customers, allowsDemo: Bool = false
  ) async throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "muster-server-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(ServedShop.yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
    try Data(customers.utf8).write(to: folder.appending(path: "Customer.csv"))
    try Data(ServedShop.orders.utf8).write(to: folder.appending(path: "Order.csv"))
    service = try SegmentService(
      folder: WorkspaceFolder(folder), purpose: "a test", author: .commandLine(user: "tester"),
      settings: SegmentService.Settings(
        threads: 1, passwordCost: PasswordCost(rounds: 4, blockSize: 8, parallelism: 1),
        allowsDemo: allowsDemo),
      now: now)
    let admin = try service.identity.createAccount("admin", role: .administrator).account
    key = try service.identity.createAPIKey(
      "tests", of: admin, scopes: Set(Scope.allCases), lifetime: 366 * 86_400_000_000
    ).text
    runner = JobRunner(service, note: { [events] in events.note($0) })
    service.observeSegments { [events] in events.note($0) }
    if isLoaded { _ = try await service.load() }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Asks the router itself, or a server on a port of its own.
  func serve(
    _ setup: TestingSetup = .router, isBehindProxy: Bool = false, logger: Logger? = nil,
    backups: BackupSettings? = nil, openID: OpenIDSignInSettings? = nil,
    _ test: @Sendable (Client) async throws -> Void
  ) async throws {
    var silent = Logger(label: "test")
    silent.logLevel = .critical
    var settings = ServerSettings(
      port: 0, isBehindProxy: isBehindProxy, heartbeat: .milliseconds(50), recheck: .zero,
      openID: openID)
    settings.backups = backups
    let server = makeApplication(
      makeRouter(
        API(service, runner: runner, events: events, settings: settings), contract: .own),
      settings: settings, logger: logger ?? silent)
    try await server.test(setup) { [key] in try await test(Client(client: $0, key: key)) }
  }

  /// Somebody who is signed in, and what a browser sends then.
  func person(_ name: String, as role: Role) async throws -> (
    account: Account, headers: [String: String]
  ) {
    let created = try service.identity.createAccount(name, role: role)
    let started = try await service.identity.redeem(
      secret: created.secret.text, of: name, password: ServedShop.password,
      from: Origin(address: "192.0.2.1"))
    let request = service.identity.requestToken(of: started.token)
    return (
      started.account,
      ["Cookie": "muster=\(started.token.text)", "Muster-Request-Token": request.text]
    )
  }
}

/// Asks and reads answers.
struct Client: Sendable {
  let client: any TestClientProtocol
  /// Sent where no other proof is; an empty Authorization is none.
  let key: String

  func ask(
    _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
    headers: [String: String] = [:]
  ) async throws -> Answer {
    try await send(method, Contract.basePath + path, body, headers: headers)
  }

  /// Something beside the API.
  func probe(_ path: String) async throws -> Answer { try await send(.get, path) }

  private func send(
    _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
    headers: [String: String] = [:]
  ) async throws -> Answer {
    var fields: HTTPFields = [:]
    if body != nil { fields[.contentType] = "application/json" }
    if headers["Cookie"] == nil { fields[.authorization] = "Bearer \(key)" }
    for (name, value) in headers {
      fields[try #require(HTTPField.Name(name))] = value.isEmpty ? nil : value
    }
    let response = try await client.execute(
      uri: path, method: method, headers: fields,
      body: body.map { ByteBuffer(string: $0) })
    return Answer(
      status: response.status.code, headers: response.headers, text: String(buffer: response.body))
  }

  func get(_ path: String) async throws -> Answer { try await ask(.get, path) }

  /// An answer that is no text.
  func bytes(_ path: String) async throws -> Data {
    let response = try await client.execute(
      uri: Contract.basePath + path, method: .get, headers: [.authorization: "Bearer \(key)"])
    return Data(response.body.readableBytesView)
  }
}

struct Answer: Sendable {
  var status: Int
  var headers: HTTPFields
  var text: String

  var json: Document { Document(json: text) ?? Document(.null) }

  var eTag: String { headers[.eTag] ?? "" }

  /// What stands behind keys and indices: `items.0.name`, as it would be written.
  subscript(path: String) -> String? {
    var document: Document? = json
    for step in path.split(separator: ".") {
      if let index = Int(step), case .list(let items)? = document?.value {
        document = items.indices.contains(index) ? items[index] : nil
      } else {
        document = document?[String(step)]
      }
    }
    return document.map { $0.textValue ?? $0.json }
  }

  /// The values of a key of all items.
  func all(_ key: String) -> [String] {
    guard case .list(let items)? = json["items"]?.value else { return [] }
    return items.compactMap { $0[key].map { $0.textValue ?? $0.json } }
  }
}
