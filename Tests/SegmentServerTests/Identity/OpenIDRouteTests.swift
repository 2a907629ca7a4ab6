import Foundation
import HTTPTypes
import JWTKit
import SegmentCompiler
import SegmentService
import SegmentStore
import Synchronization
import Testing

@testable import OpenIDConnect
@testable import SegmentServer

/// Signing in by an OpenID provider, over HTTP, and everything that must not work.
@Suite(.timeLimit(.minutes(30))) struct OpenIDRouteTests {
  /// A shop whose people sign in by a provider.
  private func serve(
    _ provider: TestProvider = TestProvider(), shop: ServedShop? = nil,
    settings: @escaping @Sendable (TestProvider) throws -> OpenIDSignInSettings = {
      try $0.settings()
    },
    _ test: @escaping @Sendable (ServedShop, TestProvider, Client) async throws -> Void
  ) async throws {
    let shop =
      if let shop { shop } else { try await ServedShop(now: provider.now, isLoaded: false) }
    try await provider.serve { provider in
      try await shop.serve(openID: try settings(provider)) { client in
        try await test(shop, provider, client)
      }
    }
  }

  /// That nobody is signed in, and a page says why.
  private func expectRefusal(
    _ answer: Answer, _ status: Int, _ code: String, _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(answer.status == status, "\(comment)", sourceLocation: sourceLocation)
    #expect(
      answer.text.contains("<code>\(code)</code>"), "\(comment): \(answer.text)",
      sourceLocation: sourceLocation)
    #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
    let cookies = answer.headers[values: .setCookie]
    #expect(!cookies.contains { $0.hasPrefix("muster=") }, "\(comment)")
  }

  @Test func `somebody goes to the provider, comes back, and is signed in`() async throws {
    try await serve { shop, provider, client in
      var browser = Browser(client)
      let methods = try await browser.visit("/session/methods")
      #expect(methods["openIDConnect.displayName"] == "Test login" && methods["demo"] == "false")
      #expect(methods["openIDConnect.start"] == "/api/v1/session/openid-connect")

      let begun = try await browser.visit(
        "/session/openid-connect?returnTo=/segments%3Fa%3D%221%22")
      #expect(begun.status == 303)
      let kept = try #require(begun.headers[.setCookie])
      for part in ["muster-sign-in=", "HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"] {
        #expect(kept.contains(part))
      }
      let address = try #require(begun.headers[.location])
      #expect(address.hasPrefix("\(provider.issuer)/authorize?tenant=1&response_type=code&"))
      for part in [
        "client_id=muster", "scope=openid%20profile%20email", "code_challenge_method=S256",
        "redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fapi%2Fv1%2Fsession%2Fopenid-connect%2Fcallback",
      ] {
        #expect(address.contains(part))
      }
      let page = try await browser.comeBack(try provider.authorize(address))
      #expect(
        page.status == 200 && page.text.contains("content=\"0; url=/segments?a=&quot;1&quot;\""))
      #expect(page.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
      let session = page.headers[values: .setCookie].first { $0.hasPrefix("muster=") } ?? ""
      for part in ["HttpOnly", "SameSite=Strict", "Path=/"] { #expect(session.contains(part)) }
      #expect(browser.cookies["muster-sign-in"] == nil)

      let known = try await browser.visit("/session")
      #expect(known["account.name"] == "ann@x.example" && known["account.role"] == "viewer")
      #expect(known["account.issuer"] == provider.issuer && known["method"] == "openIDConnect")
      let log = try await client.get("/audit?action=session.started")
      #expect(log["items.0.author"] == "ann@x.example")
      #expect(log["items.0.after.by"] == "openIDConnect")
      _ = shop
    }
  }

  @Test func `an ID token that proves nothing signs nobody in`() async throws {
    try await serve { _, provider, client in
      let time = ServedShop.asOf.microseconds / 1_000_000
      func claim(_ name: String, _ json: String) -> (inout TestProvider.Behaviour) -> Void {
        { $0.claims[name] = json }
      }
      let wrong: [(String, TokenProblem, (inout TestProvider.Behaviour) -> Void)] = [
        ("another nonce", .nonce, claim("nonce", #""x""#)),
        ("no nonce", .nonce, { $0.claims.updateValue(nil, forKey: "nonce") }),
        ("another issuer", .issuer, claim("iss", #""https://evil.example""#)),
        ("another audience", .audience, claim("aud", #""other""#)),
        ("several audiences without a party", .audience, claim("aud", #"["muster", "other"]"#)),
        ("another party", .audience, claim("azp", #""other""#)),
        ("expired", .expired, claim("exp", "\(time - 61)")),
        ("of the future", .issuedInFuture, claim("iat", "\(time + 61)")),
        ("not valid yet", .issuedInFuture, claim("nbf", "\(time + 61)")),
        ("no end", .malformed, { $0.claims.updateValue(nil, forKey: "exp") }),
        ("no subject", .subject, claim("sub", #""""#)),
        ("an unknown key", .unknownKey, { $0.keyID = "2" }),
        ("another key of the same id", .signature, { $0.key = TestProvider.keys[1] }),
        ("no token", .malformed, { $0.token = "abc" }),
        ("none", .algorithm, { $0.token = unsigned(#"{"alg":"none"}"#) }),
        ("None", .algorithm, { $0.token = unsigned(#"{"alg":"None","kid":"1"}"#) }),
        ("HMAC", .algorithm, { $0.token = unsigned(#"{"alg":"HS256","kid":"1"}"#, "c2ln") }),
        (
          "RSA with an elliptic key", .unknownKey,
          { $0.token = unsigned(#"{"alg":"RS256","kid":"1"}"#, "c2ln") }
        ),
        ("no signature", .signature, { $0.token = unsigned(#"{"alg":"ES256","kid":"1"}"#) }),
        (
          "what must be understood", .algorithm,
          { $0.token = unsigned(#"{"alg":"ES256","kid":"1","crit":["x"]}"#) }
        ),
      ]
      // After twenty failures from an address the next has to wait.
      #expect(wrong.count <= 20)
      for (name, problem, change) in wrong {
        provider.behave {
          $0 = TestProvider.Behaviour()
          change(&$0)
        }
        var browser = Browser(client)
        let answer = try await browser.signIn(at: provider)
        expectRefusal(answer, 403, "token", name)
        #expect(
          answer.text.contains(problem.rawValue.replacing("'", with: "&#39;")),
          "\(name): \(answer.text)")
      }
      #expect(try await client.get("/accounts").all("name") == ["admin"])
    }
  }

  @Test func `small differences of clocks, and several audiences with this party, are fine`()
    async throws
  {
    try await serve { _, provider, client in
      let time = ServedShop.asOf.microseconds / 1_000_000
      provider.behave {
        $0.claims = [
          "iat": "\(time + 59)", "exp": "\(time - 59)", "aud": #"["muster", "other"]"#,
          "azp": #""muster""#,
        ]
      }
      var browser = Browser(client)
      let answer = try await browser.signIn(at: provider)
      #expect(answer.status == 200)
    }
  }

  @Test func `an answer is taken once, by the browser that has asked, and in time`() async throws {
    let clock = Mutex(ServedShop.asOf.microseconds)
    let provider = TestProvider { Instant(microseconds: clock.withLock { $0 }) }
    try await serve(provider) { _, provider, client in
      var (browser, other) = (Browser(client), Browser(client))
      let fields = try provider.authorize(try await browser.start())
      _ = try await other.start()
      expectRefusal(try await other.comeBack(fields), 400, "otherSignIn")
      var stranger = Browser(client)
      expectRefusal(try await stranger.comeBack(fields), 400, "notBegun")
      stranger.cookies["muster-sign-in"] = "bm90IG91cnM="
      expectRefusal(try await stranger.comeBack(fields), 400, "notBegun")
      let (kept, tokens) = (browser, provider.behaviour(\.tokenRequests))
      #expect(tokens == 0, "no code was shown to the provider")
      #expect(try await browser.comeBack(fields).status == 200)
      var again = kept
      expectRefusal(try await again.comeBack(fields), 400, "used")
      // A new sign-in with a code that was used.
      var next = try provider.authorize(try await again.start())
      next["code"] = fields["code"]
      expectRefusal(try await again.comeBack(next), 403, "providerRefused")

      let late = try provider.authorize(try await again.start())
      clock.withLock { $0 += 600_000_000 }
      expectRefusal(try await again.comeBack(late), 400, "notBegun")
    }
  }

  @Test func `what the provider refuses is told, without what others could have written`()
    async throws
  {
    try await serve { _, provider, client in
      func answer(_ change: (inout [String: String]) -> Void) async throws -> Answer {
        var browser = Browser(client)
        var fields = try provider.authorize(try await browser.start())
        change(&fields)
        return try await browser.comeBack(fields)
      }
      let denied = try await answer {
        $0["code"] = nil
        $0["error"] = "access_denied"
        $0["error_description"] = "<b>call 555</b>"
        $0["session_state"] = "x"
      }
      expectRefusal(denied, 403, "providerRefused")
      #expect(denied.text.contains("access was denied") && !denied.text.contains("555"))
      let strange = try await answer { $0["error"] = "<script>alert(1)</script>" }
      expectRefusal(strange, 403, "providerRefused")
      #expect(!strange.text.contains("<script>"))
      expectRefusal(try await answer { $0["code"] = nil }, 502, "provider")
      expectRefusal(try await answer { $0["iss"] = "https://evil.example" }, 403, "token")
      #expect(try await answer { $0["iss"] = provider.issuer }.status == 200)
      expectRefusal(try await answer { $0["code"] = "guessed" }, 403, "providerRefused")
    }
  }

  @Test(arguments: ["//evil.example", "https://evil.example", "/\\evil.example", "segments", ""])
  func `nobody is sent to another site`(_ path: String) async throws {
    try await serve { _, _, client in
      var browser = Browser(client)
      let answer = try await browser.visit(
        "/session/openid-connect?returnTo=\(path.asPathSegment)")
      #expect(answer.status == 400 && answer.headers[.location] == nil)
    }
  }

  @Test func `who may not come in is told why`() async throws {
    let shop = try await ServedShop(isLoaded: false)
    _ = try await shop.person("boss@x.example", as: .administrator)
    _ = try shop.service.identity.createAccount("ann@x.example", role: .viewer)
    try await serve(shop: shop, settings: { try $0.settings(roles: RoleRules(standard: nil)) }) {
      shop, provider, client in
      func answer(_ claims: [String: String?]) async throws -> Answer {
        provider.behave { $0.claims = claims }
        var browser = Browser(client)
        return try await browser.signIn(at: provider)
      }
      expectRefusal(try await answer(["email_verified": "false"]), 403, "emailNotVerified")
      expectRefusal(try await answer(["email_verified": nil]), 403, "emailNotVerified")
      expectRefusal(try await answer(["email": #""boss@x.example""#]), 403, "accountOfOther")
      expectRefusal(try await answer(["email": #""bob@x.example""#]), 403, "notInvited")
      #expect(try await answer([:]).status == 200)
      try shop.service.identity.changeAccount("ann@x.example", [.state(.disabled)])
      expectRefusal(try await answer([:]), 403, "disabled")
      let refused = try await client.get("/audit?action=session.refused&object=ann@x.example")
      #expect(refused["items.0.after.reason"] == "disabled")
    }
  }

  @Test func `groups of the provider give roles, from its userinfo too`() async throws {
    try await serve(settings: {
      try $0.settings(
        roles: RoleRules(groups: ["crm": .contributor]), groupsClaim: "access.roles",
        trustsEmail: true)
    }) { _, provider, client in
      provider.behave {
        $0.claims = ["email_verified": nil, "access": #"{"roles": ["crm", "x"]}"#]
      }
      var browser = Browser(client)
      _ = try await browser.signIn(at: provider)
      #expect(try await browser.visit("/session")["account.role"] == "contributor")

      // Only the token endpoint has said who it is.
      provider.behave {
        $0.claims = ["sub": #""43""#, "email": nil]
        $0.userInfo = #"{"sub": "42", "email": "ann@x.example", "access": {"roles": "crm"}}"#
      }
      // What a provider says of itself is kept for an hour: here it has begun without the endpoint.
      var other = Browser(client)
      #expect(try await other.signIn(at: provider).status == 200)
      #expect(try await other.visit("/session")["account.role"] == "viewer")
    }
    try await serve(settings: {
      try $0.settings(roles: RoleRules(groups: ["crm": .contributor]), groupsClaim: "groups")
    }) { _, provider, client in
      provider.behave {
        $0.userInfo =
          #"{"sub": "42", "email": "eve@x.example", "email_verified": true, "groups": "crm"}"#
        $0.claims = ["email_verified": nil]
      }
      var browser = Browser(client)
      _ = try await browser.signIn(at: provider)
      let session = try await browser.visit("/session")
      #expect(session["account.role"] == "contributor")
      #expect(session["account.name"]?.hasPrefix("user-") == true, "eve's is the verified one")
      provider.behave { $0.userInfo = #"{"sub": "43"}"# }
      var other = Browser(client)
      expectRefusal(try await other.signIn(at: provider), 403, "token")
    }
  }

  @Test func `new keys of the provider are fetched, but not for every token`() async throws {
    let clock = Mutex(ServedShop.asOf.microseconds)
    let provider = TestProvider { Instant(microseconds: clock.withLock { $0 }) }
    try await serve(provider) { _, provider, client in
      func status() async throws -> Int {
        var browser = Browser(client)
        return try await browser.signIn(at: provider).status
      }
      let first = [try await status(), try await status()]
      #expect(first == [200, 200])
      #expect(provider.behaviour(\.keyRequests) == 1)
      provider.behave {
        $0.keyID = "2"
        $0.key = TestProvider.keys[1]
        $0.published = ["2": TestProvider.keys[1]]
      }
      for _ in 1...3 { #expect(try await status() == 403) }
      #expect(provider.behaviour(\.keyRequests) == 1)
      clock.withLock { $0 += 60_000_000 }
      #expect(try await status() == 200)
      #expect(provider.behaviour(\.keyRequests) == 2)
      // The old one is worth nothing any more.
      provider.behave {
        $0.keyID = "1"
        $0.key = TestProvider.keys[0]
      }
      #expect(try await status() == 403)
    }
  }

  @Test func `a provider that cannot be used is left alone for a moment`() async throws {
    let clock = Mutex(ServedShop.asOf.microseconds)
    let provider = TestProvider { Instant(microseconds: clock.withLock { $0 }) }
    try await serve(provider) { _, provider, client in
      let wrong: [(inout TestProvider.Behaviour) -> Void] = [
        { $0.status = .internalServerError }, { $0.status = .found },
        { $0.discovery["issuer"] = "https://evil.example" },
        { $0.discovery["token_endpoint"] = "http://evil.example/token" },
        { $0.discovery["authorization_endpoint"] = "javascript:alert(1)" },
        { $0.discovery.updateValue(nil, forKey: "jwks_uri") },
        { $0.discovery["filler"] = String(repeating: "x", count: 1 << 20) },
      ]
      var browser = Browser(client)
      for change in wrong {
        provider.behave {
          $0 = TestProvider.Behaviour()
          change(&$0)
        }
        expectRefusal(try await browser.visit("/session/openid-connect"), 502, "provider")
        clock.withLock { $0 += 5_000_000 }
      }
      expectRefusal(try await browser.visit("/session/openid-connect"), 502, "provider")
      provider.behave { $0 = TestProvider.Behaviour() }
      #expect(try await browser.visit("/session/openid-connect").status == 502)
      clock.withLock { $0 += 5_000_000 }
      #expect(try await browser.visit("/session/openid-connect").status == 303)
    }
  }

  @Test func `signing out says where the provider's session ends`() async throws {
    try await serve { _, provider, client in
      let end = "\(provider.issuer)/end"
      provider.behave { $0.discovery["end_session_endpoint"] = end }
      var browser = Browser(client)
      _ = try await browser.signIn(at: provider)
      let token = try #require(try await browser.visit("/session")["requestToken"])
      let ended = try await client.ask(
        .delete, "/session",
        headers: [
          "Authorization": "", "Muster-Request-Token": token,
          "Cookie": "muster=\(browser.cookies["muster"] ?? "")",
        ])
      #expect(ended.status == 200)
      #expect(
        ended["providerSignOut"]
          == "\(provider.issuer)/end?client_id=muster&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2F"
      )
      #expect(ended.headers[.setCookie]?.contains("Max-Age=0") == true)
      #expect(try await browser.visit("/session").status == 401)
    }
  }

  @Test func `secrets go over HTTPS only, and are shown nowhere`() throws {
    func settings(_ issuer: String, _ redirect: String = "https://m.example/cb") throws {
      _ = try OpenIDSettings(
        issuer: issuer, clientID: "c", displayName: "P", redirectURI: redirect)
    }
    try settings("https://login.example/realms/a")
    try settings("http://127.0.0.1:9400", "http://localhost:8080/cb")
    for issuer in [
      "http://login.example", "ftp://login.example", "login.example", "https://a@login.example",
      "http://localhost.evil.example", "https://login.example/#x", "",
    ] {
      #expect(throws: OpenIDError.notSecure(issuer)) { try settings(issuer) }
    }
    #expect(throws: OpenIDError.self) {
      try settings("https://login.example", "http://localhost/cb")
    }
    let secret = Secret("hush")
    var text = "\(secret) \(String(reflecting: secret)) \([secret])"
    dump(secret, to: &text)
    #expect(!text.contains("hush"))
  }
}

/// A token that nobody has signed.
private func unsigned(_ header: String, _ signature: String = "") -> String {
  "\(Data(header.utf8).base64URL).\(Data(#"{"sub":"42"}"#.utf8).base64URL).\(signature)"
}
