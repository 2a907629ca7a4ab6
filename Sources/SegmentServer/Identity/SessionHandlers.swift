import HTTPTypes
import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Signing in and out, and what an account does for itself.
struct SessionHandlers: Sendable {
  let identity: Identity
  let settings: ServerSettings
  let openID: OpenIDSignIn?

  func methods(_ request: APIRequest) -> Response {
    .json(
      SignInMethodsBody(
        password: true, openIDConnect: openID.map { SignInMethodsBody.Provider($0.settings) },
        demo: identity.allowsDemo))
  }

  func signIn(_ request: APIRequest) async throws -> Response {
    let texts = try request.texts(["name", "password"])
    return started(
      try await identity.signIn(texts[0], password: texts[1], from: request.caller.origin))
  }

  func redeem(_ request: APIRequest) async throws -> Response {
    let texts = try request.texts(["name", "secret", "password"])
    return started(
      try await identity.redeem(
        secret: texts[1], of: texts[0], password: texts[2], from: request.caller.origin))
  }

  func enterDemo(_ request: APIRequest) throws -> Response {
    guard identity.allowsDemo else { throw IdentityError.noDemo }
    // A page that has made its own name mean this machine must not get in.
    guard settings.isLoopback(request.authority) else {
      throw Problem(
        .forbidden, "notLoopback", "The demonstration is entered at http://localhost only.")
    }
    return started(try identity.enterDemo(from: request.caller.origin))
  }

  func get(_ request: APIRequest) throws -> Response {
    let (account, session, token) = try current(request)
    return .json(SessionBody(account, session, requestToken: identity.requestToken(of: token)))
  }

  /// Where somebody came by a provider that can end its session too, the answer says where.
  func signOut(_ request: APIRequest) async throws -> Response {
    let (account, session, _) = try current(request)
    try identity.signOut(session.id, of: account)
    guard session.method == .openIDConnect,
      let address = await openID?.provider.endSessionAddress()
    else { return ended() }
    return ended(.json(SignedOutBody(providerSignOut: address)))
  }

  func list(_ request: APIRequest) throws -> Response {
    let (account, session, _) = try current(request)
    return .json(
      Items(
        items: try identity.sessions(of: account).map {
          ListedSessionBody($0, isCurrent: $0.id == session.id)
        }))
  }

  func signOutEverywhere(_ request: APIRequest) throws -> Response {
    try identity.signOutEverywhere(try current(request).account)
    return ended()
  }

  func end(_ request: APIRequest) throws -> Response {
    let (account, current, _) = try current(request)
    guard let id = request.integer("session") else { throw IdentityError.unknownSession }
    try identity.signOut(Int64(id), of: account)
    return Int64(id) == current.id ? ended() : .noContent
  }

  func changePassword(_ request: APIRequest) async throws -> Response {
    let (account, session, _) = try current(request)
    let texts = try request.texts(["current", "new"])
    try await identity.changePassword(of: account, from: texts[0], to: texts[1], in: session)
    return .noContent
  }

  // MARK: Cookies

  private func current(_ request: APIRequest) throws -> (
    account: Account, session: Session, token: Token
  ) {
    guard let signedIn = request.caller.signedIn, let token = request.caller.token,
      case .session(let session) = signedIn.proof
    else { throw Problem.unauthenticated("There is no session.") }
    return (signedIn.account, session, token)
  }

  private func started(_ started: StartedSession) -> Response {
    var response = Response.json(
      SessionBody(
        started.account, started.session, requestToken: identity.requestToken(of: started.token)),
      status: .created)
    response.setCookie(settings.sessionCookie(started.token.text))
    return response
  }

  /// Browsers forget what they have kept of the session.
  private func ended(_ answer: Response = .noContent) -> Response {
    var response = answer
    response.setCookie(settings.sessionCookie("", maxAge: 0))
    response.headers[.clearSiteData] = "\"cache\", \"storage\""
    return response
  }
}

extension ServerSettings {
  /// Until the browser is closed, if the session does not end before.
  func sessionCookie(_ value: String, maxAge: Int? = nil) -> Cookie {
    Cookie(
      name: cookieName, value: value, maxAge: maxAge, path: "/", secure: isBehindProxy,
      httpOnly: true, sameSite: .strict)
  }

  /// Whether a request was sent to a name that always means this machine.
  func isLoopback(_ authority: String?) -> Bool {
    guard let authority else { return false }
    let host =
      authority.hasPrefix("[")
      ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
    return ServerSettings.loopbackHosts.contains(host.lowercased())
  }

  /// What always means this machine.
  public static let loopbackHosts = ["127.0.0.1", "::1", "localhost"]
}

extension APIRequest {
  /// The texts of a body that has these and nothing else.
  fileprivate func texts(_ keys: [String]) throws -> [String] {
    try decode { reader, document in
      guard let fields = reader.mapping(document, at: "", known: keys) else { return nil }
      let texts = keys.compactMap { reader.text(required: $0, in: fields, of: document) }
      return texts.count == keys.count ? texts : nil
    }
  }
}

extension HTTPField.Name {
  fileprivate static let clearSiteData = HTTPField.Name("Clear-Site-Data")!
}

private struct SignInMethodsBody: Encodable {
  struct Provider: Encodable {
    var displayName: String
    var start = Contract.basePath + "/session/openid-connect"

    init(_ settings: OpenIDSignInSettings) { displayName = settings.provider.displayName }
  }

  var password: Bool
  var openIDConnect: Provider?
  var demo: Bool
}

private struct SignedOutBody: Encodable {
  var providerSignOut: String
}

private struct SessionBody: Encodable {
  var account: AccountBody
  var session: Int64
  var method: String
  var expires: String
  var requestToken: String

  init(_ account: Account, _ session: Session, requestToken: Token) {
    self.account = AccountBody(account)
    self.session = session.id
    method = session.method.rawValue
    expires = time(session.expires)
    self.requestToken = requestToken.text
  }
}

private struct ListedSessionBody: Encodable {
  var session: Int64
  var method: String
  var created: String
  var lastUsed: String
  var expires: String
  var address: String
  var userAgent: String?
  var isCurrent: Bool

  init(_ session: Session, isCurrent: Bool) {
    self.session = session.id
    method = session.method.rawValue
    created = time(session.created)
    lastUsed = time(session.lastUsed)
    expires = time(session.expires)
    address = session.origin.address
    userAgent = session.origin.userAgent
    self.isCurrent = isCurrent
  }
}
