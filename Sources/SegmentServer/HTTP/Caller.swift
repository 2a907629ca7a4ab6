import Foundation
import HTTPTypes
import Hummingbird
import SegmentService
import SegmentStore

/// Who makes a request, by what proof, and from where.
struct Caller: Sendable {
  let origin: Origin
  /// nil for nobody who is known.
  let signedIn: SignedIn?
  /// Of the session.
  let token: Token?
  /// Whether it is a command at the machine, which may do everything: whoever runs it can read the files.
  let isCommandLine: Bool

  /// Who is responsible for what the request changes.
  var author: Author {
    if isCommandLine { return .commandLine(user: NSUserName()) }
    return signedIn?.author(from: origin) ?? Author(.system, name: "anonymous", origin: origin)
  }

  /// Reads who asks; whoever shows a proof that is worth nothing is refused.
  init(
    _ request: Request, _ context: APIContext, identity: Identity, settings: ServerSettings
  ) throws {
    origin = Origin(
      address: settings.address(of: request, context), userAgent: request.headers[.userAgent],
      request: context.id)
    isCommandLine = context.isCommandLine
    if isCommandLine {
      (signedIn, token) = (nil, nil)
    } else if let authorization = request.headers[.authorization] {
      let parts = authorization.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer",
        let known = try identity.apiKey(String(parts[1]))
      else {
        throw Problem.unauthenticated("The API key is wrong, revoked, or over.")
      }
      (signedIn, token) = (known, nil)
    } else if let cookie = request.cookies[settings.cookieName] {
      let token = Token(cookie.value)
      signedIn = try identity.session(token)
      self.token = signedIn == nil ? nil : token
    } else {
      (signedIn, token) = (nil, nil)
    }
  }

  /// - Throws: ``Problem`` where the caller may not do it: 401 for those who are not known, 403 for the others.
  func require(
    _ route: Route, _ request: Request, identity: Identity, settings: ServerSettings
  ) throws {
    if isCommandLine { return }
    if route.changesSomething, request.headers[.authorization] == nil {
      try requireOwnPage(request, settings)
    }
    guard let role = route.role.least else { return }
    guard let signedIn else {
      throw Problem.unauthenticated("Sign in, or send an API key: Authorization: Bearer muster_….")
    }
    guard signedIn.account.role >= role else {
      throw Problem(
        .forbidden, "forbidden",
        "It takes the role \(role.rawValue); '\(signedIn.account.name)' is a \(signedIn.account.role.rawValue)."
      )
    }
    switch signedIn.proof {
    case .apiKey:
      guard let scope = route.scope else {
        throw Problem(.forbidden, "sessionOnly", "No API key may do it: sign in.")
      }
      guard signedIn.may(role, scope) else {
        throw Problem(
          .forbidden, "missingScope", "The API key has not the scope \(scope.rawValue).")
      }
    case .session:
      guard route.changesSomething, let token else { return }
      guard let given = request.headers[.requestToken], identity.isRequestToken(given, of: token)
      else {
        throw Problem(
          .forbidden, "requestToken",
          "A request that changes something needs the header Muster-Request-Token, with requestToken of GET /session."
        )
      }
    }
  }

  /// Another site's page must not make a browser change anything here.
  private func requireOwnPage(_ request: Request, _ settings: ServerSettings) throws {
    let site = request.headers[.fetchSite]
    let isForeign = site != nil && site != "same-origin" && site != "none"
    let origin = request.headers[.origin]
    let own = request.head.authority.map { "\(settings.isBehindProxy ? "https" : "http")://\($0)" }
    guard !isForeign, origin == nil || origin == own else {
      throw Problem(.forbidden, "foreignOrigin", "The request comes from another site's page.")
    }
  }
}

extension Route {
  /// Whether a request may change something: by its method.
  var changesSomething: Bool { method != .get && method != .head }
}

extension Route.Role {
  /// nil for anyone.
  var least: Role? {
    switch self {
    case .anyone: nil
    case .viewer: .viewer
    case .contributor: .contributor
    case .administrator: .administrator
    }
  }
}

extension HTTPField.Name {
  static let requestToken = HTTPField.Name("Muster-Request-Token")!
  static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}

extension Problem {
  static func unauthenticated(_ detail: String, code: String = "unauthenticated") -> Problem {
    var problem = Problem(.unauthorized, code, detail)
    problem.headers[.wwwAuthenticate] = "Bearer realm=\"Muster\""
    return problem
  }
}

extension ServerSettings {
  /// The prefix binds a cookie to this host and to HTTPS.
  var cookieName: String { isBehindProxy ? "__Host-muster" : "muster" }

  /// Of the client: the proxy adds it as the last one, whatever the client has written before.
  func address(of request: Request, _ context: APIContext) -> String {
    if isBehindProxy,
      let last = request.headers[values: .forwardedFor].last?.split(separator: ",").last
    {
      return last.trimmingCharacters(in: .whitespaces)
    }
    return context.remoteAddress?.ipAddress ?? "unknown"
  }
}
