import HTTPTypes
import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Signing in and out, and what an account does for itself.
struct SessionHandlers: Sendable {
  let identity: Identity
  let settings: ServerSettings

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

  func get(_ request: APIRequest) throws -> Response {
    let (account, session, token) = try current(request)
    return .json(SessionBody(account, session, requestToken: identity.requestToken(of: token)))
  }

  func signOut(_ request: APIRequest) throws -> Response {
    let (account, session, _) = try current(request)
    try identity.signOut(session.id, of: account)
    return ended()
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
    response.setCookie(cookie(started.token.text))
    return response
  }

  /// Browsers forget what they have kept of the session.
  private func ended() -> Response {
    var response = Response.noContent
    response.setCookie(cookie("", maxAge: 0))
    response.headers[.clearSiteData] = "\"cache\", \"storage\""
    return response
  }

  /// Until the browser is closed, if the session does not end before.
  private func cookie(_ value: String, maxAge: Int? = nil) -> Cookie {
    Cookie(
      name: settings.cookieName, value: value, maxAge: maxAge, path: "/",
      secure: settings.isBehindProxy, httpOnly: true, sameSite: .strict)
  }
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

private struct SessionBody: Encodable {
  var account: AccountBody
  var session: Int64
  var expires: String
  var requestToken: String

  init(_ account: Account, _ session: Session, requestToken: Token) {
    self.account = AccountBody(account)
    self.session = session.id
    expires = time(session.expires)
    self.requestToken = requestToken.text
  }
}

private struct ListedSessionBody: Encodable {
  var session: Int64
  var created: String
  var lastUsed: String
  var expires: String
  var address: String
  var userAgent: String?
  var isCurrent: Bool

  init(_ session: Session, isCurrent: Bool) {
    self.session = session.id
    created = time(session.created)
    lastUsed = time(session.lastUsed)
    expires = time(session.expires)
    address = session.origin.address
    userAgent = session.origin.userAgent
    self.isCurrent = isCurrent
  }
}
