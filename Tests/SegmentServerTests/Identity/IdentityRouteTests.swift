import Foundation
import HTTPTypes
import SegmentCompiler
import SegmentService
import SegmentStore
import Testing

@testable import SegmentServer

/// Signing in, accounts, keys and the audit log over HTTP.
@Suite struct IdentityRouteTests {
  private func json(_ fields: [String: String]) -> String {
    Document.mapping(fields.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }).json
  }

  @Test func `a one-time secret becomes a session, which is used and ended`() async throws {
    let shop = try await ServedShop()
    let secret = try shop.service.identity.createAccount("ann", role: .contributor).secret.text
    try await shop.serve { client in
      let nobody = ["Authorization": ""]
      let weak = try await client.ask(
        .post, "/session/secret", json(["name": "ann", "secret": secret, "password": "short"]),
        headers: nobody)
      #expect(weak.status == 422 && weak["code"] == "unusablePassword")
      let started = try await client.ask(
        .post, "/session/secret",
        json(["name": "ann", "secret": secret, "password": ServedShop.password]), headers: nobody)
      #expect(started.status == 201 && started["account.role"] == "contributor")
      let cookie = try #require(started.headers[.setCookie])
      #expect(cookie.wholeMatch(of: /muster=[0-9a-f]{64}; .*/) != nil)
      for part in ["HttpOnly", "SameSite=Strict", "Path=/"] { #expect(cookie.contains(part)) }
      #expect(!cookie.contains("Secure") && !cookie.contains("Expires"))

      let signedIn = try await client.ask(
        .post, "/session", json(["name": "Ann", "password": ServedShop.password]), headers: nobody)
      #expect(signedIn.status == 201)
      let headers = try sessionHeaders(signedIn)
      #expect(try await client.ask(.get, "/session", headers: headers)["account.name"] == "ann")
      let listed = try await client.ask(.get, "/sessions", headers: headers)
      #expect(listed.all("isCurrent").sorted() == ["false", "true"])
      let made = try await client.ask(
        .post, "/segments", ServedShop.city("Oslo"), headers: headers)
      #expect(made.status == 201 && made["owner"] == "ann")

      let ended = try await client.ask(.delete, "/session", headers: headers)
      #expect(ended.status == 204 && ended.headers[.setCookie]?.contains("Max-Age=0") == true)
      #expect(try await client.ask(.get, "/session", headers: headers).status == 401)
      let other = try sessionHeaders(started)
      #expect(try await client.ask(.delete, "/sessions", headers: other).status == 204)
      #expect(try await client.ask(.get, "/session", headers: other).status == 401)
    }
  }

  @Test func `wrong passwords are refused alike, then slowed`() async throws {
    let shop = try await ServedShop()
    _ = try await shop.person("ann", as: .viewer)
    try await shop.serve { client in
      func attempt(_ name: String) async throws -> Answer {
        try await client.ask(
          .post, "/session", json(["name": name, "password": "wrong"]),
          headers: ["Authorization": ""])
      }
      for _ in 1...3 {
        let (known, unknown) = (try await attempt("ann"), try await attempt("nobody"))
        #expect(known.status == 401 && known["code"] == "wrongCredentials")
        #expect(unknown.status == 401 && unknown["detail"] == known["detail"])
      }
      let slowed = try await attempt("nobody")
      #expect(slowed.status == 429 && slowed.headers[.retryAfter] == "1")
      #expect(try await client.ask(.post, "/session", json(["name": "ann"])).status == 422)
    }
  }

  @Test func `a password is changed by whoever knows it`() async throws {
    let shop = try await ServedShop()
    let ann = try await shop.person("ann", as: .viewer)
    try await shop.serve { client in
      func change(_ current: String) async throws -> Answer {
        try await client.ask(
          .put, "/session/password", json(["current": current, "new": "another password"]),
          headers: ann.headers)
      }
      let wrong = try await change("wrong")
      #expect(wrong["code"] == "wrongPassword")
      #expect(try await change(ServedShop.password).status == 204)
      #expect(try await client.ask(.get, "/session", headers: ann.headers).status == 200)
    }
  }

  @Test func `an administrator manages accounts`() async throws {
    let shop = try await ServedShop()
    let admin = try await shop.person("boss", as: .administrator)
    try await shop.serve { client in
      let made = try await client.ask(
        .post, "/accounts", json(["name": "ann@x", "displayName": "Ann", "role": "viewer"]),
        headers: admin.headers)
      #expect(made.status == 201 && made["account.role"] == "viewer")
      #expect(made.headers[.location] == "/api/v1/accounts/ann%40x")
      #expect(made["secret.secret"]?.count == 40)
      #expect(try await client.get("/accounts").all("name") == ["admin", "ann@x", "boss"])
      let changed = try await client.ask(
        .patch, "/accounts/ann%40x", #"{"role": "contributor", "displayName": null}"#)
      #expect(changed["role"] == "contributor" && changed["displayName"] == nil)
      let wrong = try await client.ask(.patch, "/accounts/ann%40x", #"{"role": "king", "x": 1}"#)
      #expect(wrong.status == 422 && wrong["problems.1.place"] != nil)
      #expect(try await client.ask(.post, "/accounts/ann%40x/secret").status == 201)
      #expect(try await client.get("/accounts/nobody")["code"] == "unknownAccount")
      #expect(try await client.ask(.delete, "/accounts/ann%40x").status == 204)
      #expect(try await client.ask(.delete, "/accounts/boss").status == 204)
      #expect(try await client.ask(.delete, "/accounts/admin")["code"] == "lastAdministrator")
    }
  }

  @Test func `a key is made by its owner, used by a program, and revoked`() async throws {
    let shop = try await ServedShop()
    let ann = try await shop.person("ann", as: .contributor)
    try await shop.serve { client in
      let body = #"{"name": "nightly", "scopes": ["segments:read", "segments:write"], "days": 7}"#
      let made = try await client.ask(.post, "/api-keys", body, headers: ann.headers)
      #expect(made.status == 201)
      let program = ["Authorization": "Bearer \(try #require(made["secret"]))"]
      let segment = try await client.ask(
        .post, "/segments", ServedShop.city("Oslo"), headers: program)
      #expect(segment.status == 201 && segment["owner"] == "ann")
      #expect(try await client.ask(.get, "/accounts", headers: program)["code"] == "forbidden")
      #expect(try await client.ask(.get, "/api-keys", headers: program)["code"] == "sessionOnly")
      let listed = try await client.ask(.get, "/api-keys", headers: ann.headers)
      #expect(listed.all("name") == ["nightly"] && !listed.text.contains("muster_"))
      #expect(try await client.get("/accounts/ann/api-keys").all("lastUsed") == ["2024-03-31"])
      let beyond = #"{"name": "k", "scopes": ["administration"]}"#
      #expect(
        try await client.ask(.post, "/api-keys", beyond, headers: ann.headers)["code"]
          == "scopesBeyondRole")
      let id = try #require(made["key.key"])
      #expect(try await client.ask(.delete, "/api-keys/\(id)", headers: ann.headers).status == 204)
      #expect(try await client.ask(.get, "/segments", headers: program).status == 401)
    }
  }

  @Test func `the audit log says who did what over HTTP, page by page and as a file`() async throws
  {
    let shop = try await ServedShop()
    let ann = try await shop.person("ann", as: .contributor)
    try await shop.serve(.live) { client in
      let agent = ann.headers.merging(["User-Agent": "Tests"]) { $1 }
      for name in ["a", "b", "c"] {
        _ = try await client.ask(
          .post, "/segments", ServedShop.city("Oslo", named: name), headers: agent)
      }
      let path = "/audit?author=ann&action=segment.created&limit=2"
      let first = try await client.get(path)
      #expect(first.all("object") == ["c", "b"] && first["items.0.kind"] == "account")
      #expect(first["items.0.address"] == "127.0.0.1" && first["items.0.userAgent"] == "Tests")
      let next = try await client.get("\(path)&cursor=\(try #require(first["next"]))")
      #expect(next.all("object") == ["a"] && next["next"] == nil)
      let file = try await client.get("/audit/export?format=csv&author=ann&action=segment.created")
      #expect(file.headers[.contentType] == "text/csv; charset=utf-8")
      #expect(file.text.split(separator: "\r\n").count == 4)
      let lines = try await client.get("/audit/export").text.split(separator: "\n")
      #expect(lines.count > 5 && lines.allSatisfy { Document(json: String($0)) != nil })
    }
  }

  @Test func `every answer has the headers that keep browsers safe`() async throws {
    let shop = try await ServedShop()
    for isBehindProxy in [false, true] {
      try await shop.serve(isBehindProxy: isBehindProxy) { client in
        let answers = [
          try await client.get("/segments"), try await client.get("/nothing"),
          try await client.ask(.put, "/segments"),
          try await client.ask(.get, "/segments", headers: ["Authorization": "Bearer x"]),
        ]
        #expect(answers.map(\.status) == [200, 404, 405, 401])
        for answer in answers {
          func header(_ name: String) -> String? {
            HTTPField.Name(name).flatMap { answer.headers[$0] }
          }
          let policy = try #require(header("Content-Security-Policy"))
          #expect(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
          #expect(!policy.contains("unsafe"))
          for (name, value) in [
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-store"),
          ] {
            #expect(header(name) == value)
          }
          #expect(header("Permissions-Policy")?.contains("geolocation=()") == true)
          #expect((header("Strict-Transport-Security") != nil) == isBehindProxy)
        }
      }
    }
  }

  @Test func `behind a proxy cookies are secure, and the client's address is the proxy's word`()
    async throws
  {
    let shop = try await ServedShop()
    _ = try await shop.person("ann", as: .viewer)
    try await shop.serve(isBehindProxy: true) { client in
      let started = try await client.ask(
        .post, "/session", json(["name": "ann", "password": ServedShop.password]),
        headers: [
          "Authorization": "", "Origin": "https://localhost",
          "X-Forwarded-For": "203.0.113.9, 198.51.100.1",
        ])
      #expect(started.status == 201)
      let cookie = try #require(started.headers[.setCookie])
      #expect(cookie.hasPrefix("__Host-muster=") && cookie.contains("Secure"))
      let last = try await client.get("/audit?action=session.started&limit=1")
      #expect(last["items.0.address"] == "198.51.100.1")
    }
  }
}

/// As a browser sends them once it has the answer to a sign-in.
func sessionHeaders(_ answer: Answer) throws -> [String: String] {
  let cookie = try #require(answer.headers[.setCookie]).prefix { $0 != ";" }
  return ["Cookie": String(cookie), "Muster-Request-Token": try #require(answer["requestToken"])]
}
