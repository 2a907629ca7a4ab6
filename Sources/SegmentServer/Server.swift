import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import SegmentService
import ServiceLifecycle

/// Where the server listens.
public struct ServerSettings: Sendable {
  public var host: String
  /// 0 for any that is free.
  public var port: Int
  /// Whether all requests come from a proxy that speaks HTTPS and says in X-Forwarded-For whose they are.
  public var isBehindProxy: Bool
  /// How long nothing may be sent to one who watches events.
  public var heartbeat: Duration
  /// Where backups are made; nil where nobody has said.
  public var backups: BackupSettings?
  /// Where it listens to commands at the machine, too; nil for nowhere.
  public var socket: String?
  /// How often whoever receives something that takes long is asked for: whether a session or key has ended meanwhile.
  public var recheck: Duration
  /// Whether its log is a JSON object per line instead of text.
  public var logsJSON: Bool
  /// nil where nobody signs in by an OpenID provider.
  public var openID: OpenIDSignInSettings?

  public init(
    host: String = "127.0.0.1", port: Int = 8080, isBehindProxy: Bool = false,
    heartbeat: Duration = .seconds(15), recheck: Duration = .seconds(1),
    logsJSON: Bool = false, openID: OpenIDSignInSettings? = nil
  ) {
    self.host = host
    self.port = port
    self.isBehindProxy = isBehindProxy
    self.heartbeat = heartbeat
    self.recheck = recheck
    self.openID = openID
    self.logsJSON = logsJSON
  }

  var logger: Logger {
    var logger =
      logsJSON
      ? Logger(label: "muster") { JSONLog(label: $0) }
      : Logger(label: "muster") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = logsJSON ? .info : .warning
    return logger
  }
}

/// The HTTP server of a workspace.
public struct Server: Sendable {
  /// Begins the paths of all operations.
  public static let basePath = Contract.basePath

  private let group: ServiceGroup
  /// The path of the socket that it listens at.
  private let socket: String?

  /// - Parameters:
  ///   - runner: takes the jobs that are asked for.
  ///   - events: what watchers are told; whoever runs jobs writes it.
  ///   - isRunning: is called with the port when requests can come.
  public init(
    _ service: SegmentService, runner: JobRunner, events: EventLog, settings: ServerSettings,
    isRunning: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    let logger = settings.logger
    let router = makeRouter(
      API(service, runner: runner, events: events, settings: settings), contract: .own)
    var services: [any Service] = [
      makeApplication(router, settings: settings, logger: logger, isRunning: isRunning)
    ]
    socket = settings.socket
    if let socket {
      // Of a process that was killed: the workspace has no other owner.
      unlink(socket)
      services.append(makeApplication(router, at: .unixDomainSocket(path: socket), logger: logger))
    }
    group = ServiceGroup(services: services, logger: logger)
  }

  /// Answers requests until it is stopped.
  ///
  /// - Throws: where the address cannot be listened at.
  public func run() async throws {
    defer { if let socket { unlink(socket) } }
    try await group.run()
  }

  /// Takes no more requests, and ends when those that came are answered.
  public func stop() async { await group.triggerGracefulShutdown() }
}

func makeApplication(
  _ router: Router<APIContext>, settings: ServerSettings, logger: Logger,
  isRunning: @escaping @Sendable (Int) -> Void = { _ in }
) -> some ApplicationProtocol {
  makeApplication(
    router, at: .hostname(settings.host, port: settings.port), logger: logger,
    isRunning: { isRunning($0 ?? settings.port) })
}

/// - Parameter isRunning: is called with the port, where there is one, when requests can come.
private func makeApplication(
  _ router: Router<APIContext>, at address: BindAddress, logger: Logger,
  isRunning: @escaping @Sendable (Int?) -> Void = { _ in }
) -> some ApplicationProtocol {
  Application(
    router: router,
    server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(120))),
    configuration: ApplicationConfiguration(address: address, serverName: "Muster"),
    onServerRunning: { channel in isRunning(channel.localAddress?.port) },
    logger: logger)
}

/// Routes requests as the contract says.
func makeRouter(_ api: API, contract: Contract) -> Router<APIContext> {
  let router = Router(context: APIContext.self)
  let metrics = RequestMetrics()
  router.add(middleware: SecurityHeaders(settings: api.settings))
  router.add(middleware: RequestLog(metrics: metrics))
  router.add(middleware: GzipMiddleware())
  router.add(middleware: ProblemMiddleware(contract: contract, runner: api.jobs.runner))
  Probes(service: api.service, metrics: metrics).add(to: router)
  for route in contract.routes {
    router.on(RouterPath(Contract.basePath + route.path), method: route.method) {
      request, context in
      try await RouteResponder(api: api, contract: contract, route: route).respond(
        to: request, context)
    }
  }
  return router
}
