import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JWTKit
import Logging
import SegmentCompiler
import SegmentService
import Synchronization

@testable import OpenIDConnect
@testable import SegmentServer

/// An OpenID provider that does what a test says, right or wrong.
final class TestProvider: Sendable {
  static let client = "muster"
  static let secret = "it's a secret: 100%"

  struct Behaviour: Sendable {
    /// JSON by the names of claims, in place of the right ones; nil for none.
    var claims: [String: String?] = [:]
    /// In place of the whole ID token.
    var token: String?
    var keyID = "1"
    /// Of the key that signs.
    var key = TestProvider.keys[0]
    /// What its key set has, by ids.
    var published = ["1": TestProvider.keys[0]]
    /// JSON; nil where it has no such endpoint.
    var userInfo: String?
    var discovery: [String: String?] = [:]
    var status = HTTPResponse.Status.ok
    /// How often its keys were asked for.
    var keyRequests = 0
    var tokenRequests = 0
  }

  static let keys = [ES256PrivateKey(), ES256PrivateKey()]

  private struct Sent: Sendable {
    var challenge: String
    var nonce: String
  }

  private let state = Mutex((behaviour: Behaviour(), codes: [String: Sent](), issuer: ""))
  let now: @Sendable () -> Instant

  init(now: @escaping @Sendable () -> Instant = { ServedShop.asOf }) { self.now = now }

  var issuer: String { state.withLock { $0.issuer } }

  func behave(_ change: (inout Behaviour) -> Void) { state.withLock { change(&$0.behaviour) } }
  func behaviour<Value: Sendable>(_ path: KeyPath<Behaviour, Value> & Sendable) -> Value {
    state.withLock { $0.behaviour[keyPath: path] }
  }

  /// Runs it at a port of its own.
  func serve(_ test: @Sendable (TestProvider) async throws -> Void) async throws {
    var silent = Logger(label: "provider")
    silent.logLevel = .critical
    let application = Application(
      router: router(), configuration: ApplicationConfiguration(address: .hostname(port: 0)),
      logger: silent)
    try await application.test(.live) { client in
      state.withLock { $0.issuer = "http://localhost:\(client.port ?? 0)" }
      try await test(self)
    }
  }

  func settings(
    roles: RoleRules = RoleRules(), groupsClaim: String? = nil, trustsEmail: Bool = false
  ) throws -> OpenIDSignInSettings {
    OpenIDSignInSettings(
      provider: try OpenIDSettings(
        issuer: issuer, clientID: TestProvider.client, clientSecret: Secret(TestProvider.secret),
        displayName: "Test login",
        redirectURI: OpenIDSignInSettings.redirectURI(publicURL: "http://localhost:8080/"),
        // On a machine that does much else.
        timeLimit: .seconds(240)),
      roles: roles, groupsClaim: groupsClaim, trustsEmail: trustsEmail)
  }

  /// What somebody does there: signs in, so that the browser is sent back.
  ///
  /// - Returns: the query that it comes back with.
  func authorize(_ address: String) throws -> [String: String] {
    let fields = formFields(URLComponents(string: address)?.percentEncodedQuery ?? "")
    let code = UUID().uuidString
    state.withLock {
      $0.codes[code] = Sent(
        challenge: fields["code_challenge"] ?? "", nonce: fields["nonce"] ?? "")
    }
    return ["code": code, "state": fields["state"] ?? ""]
  }

  // MARK: Endpoints

  private func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("/.well-known/openid-configuration") { [self] _, _ in discovery() }
    router.get("/keys") { [self] _, _ in keySet() }
    router.get("/userinfo") { [self] request, _ in userInfo(request) }
    router.post("/token") { [self] request, _ in
      let body = try await request.body.collect(upTo: 1 << 16)
      return try await token(request, formFields(String(buffer: body)))
    }
    return router
  }

  private func answer(_ json: String, _ status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status,
      headers: [.contentType: "application/json", .location: "\(issuer)/elsewhere"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
  }

  private func discovery() -> Response {
    let (behaviour, issuer) = state.withLock { ($0.behaviour, $0.issuer) }
    var fields: [String: String?] = [
      "issuer": issuer, "authorization_endpoint": "\(issuer)/authorize?tenant=1",
      "token_endpoint": "\(issuer)/token", "jwks_uri": "\(issuer)/keys",
      "userinfo_endpoint": behaviour.userInfo == nil ? nil : "\(issuer)/userinfo",
    ]
    fields.merge(behaviour.discovery) { $1 }
    let texts = fields.compactMapValues { $0 }.sorted { $0.key < $1.key }
    return answer(
      Document.mapping(texts.map { ($0.key, .text($0.value)) }).json, behaviour.status)
  }

  private func keySet() -> Response {
    let published = state.withLock { state in
      state.behaviour.keyRequests += 1
      return state.behaviour.published
    }
    let keys = published.compactMap { id, key in
      key.publicKey.parameters.map {
        #"{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "\#(id)", "x": "\#($0.x)", "y": "\#($0.y)"}"#
      }
    }
    // Keys that are for something else, or of kinds that nobody knows, must not disturb.
    let others = [
      #"{"kty": "oct", "kid": "1", "k": "c2VjcmV0"}"#, #"{"kty": "NEW", "kid": "9"}"#,
      #"{"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "1", "n": "AQAB", "e": "AQAB"}"#,
    ]
    return answer(#"{"keys": [\#((others + keys).joined(separator: ","))]}"#)
  }

  private func userInfo(_ request: Request) -> Response {
    guard request.headers[.authorization] == "Bearer access", let json = behaviour(\.userInfo)
    else { return answer("{}", .unauthorized) }
    return answer(json)
  }

  private func token(_ request: Request, _ form: [String: String]) async throws -> Response {
    let (behaviour, issuer, sent) = state.withLock { state in
      state.behaviour.tokenRequests += 1
      let sent = form["code"].flatMap { state.codes.removeValue(forKey: $0) }
      return (state.behaviour, state.issuer, sent)
    }
    let pair = "muster:it%27s%20a%20secret%3A%20100%25"
    let challenge = Data(SHA256.hash(data: Data((form["code_verifier"] ?? "").utf8))).base64URL
    guard request.headers[.authorization] == "Basic \(Data(pair.utf8).base64EncodedString())" else {
      return answer(#"{"error": "invalid_client"}"#, .unauthorized)
    }
    guard let sent, sent.challenge == challenge, form["grant_type"] == "authorization_code",
      form["redirect_uri"] == "http://localhost:8080/api/v1/session/openid-connect/callback"
    else { return answer(#"{"error": "invalid_grant"}"#, .badRequest) }
    let token = try await idToken(behaviour, issuer, sent)
    return answer(#"{"access_token": "access", "token_type": "Bearer", "id_token": "\#(token)"}"#)
  }

  private func idToken(_ behaviour: Behaviour, _ issuer: String, _ sent: Sent) async throws
    -> String
  {
    if let token = behaviour.token { return token }
    let time = now().microseconds / 1_000_000
    var claims: [String: String?] = [
      "iss": "\"\(issuer)\"", "aud": "\"\(TestProvider.client)\"", "sub": "\"42\"",
      "iat": "\(time)", "exp": "\(time + 300)", "nonce": "\"\(sent.nonce)\"",
      "email": "\"ann@x.example\"", "email_verified": "true", "name": "\"Ann\"",
    ]
    claims.merge(behaviour.claims) { $1 }
    let json = claims.compactMapValues { $0 }.map { "\"\($0)\": \($1)" }.joined(separator: ",")
    let keys = JWTKeyCollection()
    await keys.add(ecdsa: behaviour.key)
    return try await keys.sign(
      JSONDecoder().decode(Claims.self, from: Data("{\(json)}".utf8)),
      header: ["kid": .string(behaviour.keyID)])
  }
}

/// The names and values of a form or a query.
private func formFields(_ text: String) -> [String: String] {
  text.split(separator: "&").reduce(into: [:]) { fields, pair in
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    fields[String(parts[0])] = parts.count > 1 ? String(parts[1]).removingPercentEncoding : ""
  }
}

/// A browser: it keeps cookies, and goes where it is sent.
struct Browser {
  let client: Client
  var cookies: [String: String] = [:]

  init(_ client: Client) { self.client = client }

  mutating func visit(_ path: String) async throws -> Answer {
    let answer = try await client.ask(
      .get, path,
      headers: [
        "Authorization": "", "Cookie": cookies.map { "\($0)=\($1)" }.joined(separator: "; "),
      ])
    for field in answer.headers[values: .setCookie] {
      let pair = field.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
      cookies[String(pair[0])] = pair.count > 1 ? String(pair[1]) : nil
    }
    return answer
  }

  /// Begins a sign-in.
  ///
  /// - Returns: the address that the browser is sent to.
  mutating func start(_ query: String = "") async throws -> String {
    try await visit("/session/openid-connect\(query)").headers[.location] ?? ""
  }

  /// Comes back from a provider.
  mutating func comeBack(_ fields: [String: String]) async throws -> Answer {
    let query = fields.map { "\($0)=\($1.asPathSegment)" }.joined(separator: "&")
    return try await visit("/session/openid-connect/callback?\(query)")
  }

  /// Signs in.
  mutating func signIn(at provider: TestProvider, _ query: String = "") async throws -> Answer {
    try await comeBack(try provider.authorize(try await start(query)))
  }
}
