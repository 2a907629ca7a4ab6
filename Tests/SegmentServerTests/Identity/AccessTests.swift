import HTTPTypes
import SegmentCompiler
import SegmentService
import SegmentStore
import Testing

@testable import SegmentServer

/// Every operation of the contract with everybody who may ask: nobody, each role by a session, and keys with each scope.
///
/// Each request has a parameter that no operation has: who may ask is told that (400), and nothing is done.
@Suite struct AccessTests {
  private struct Asker {
    var name: String
    var role: Role?
    /// nil for a session.
    var scopes: Set<Scope>?
    var headers: [String: String]
  }

  private static func path(of route: SegmentServer.Route) -> String {
    route.path.replacing(/\{[^}]*\}/, with: "1") + "?no-such-parameter=1"
  }

  private func askers(_ shop: ServedShop) async throws -> [Asker] {
    var askers = [Asker(name: "nobody", role: nil, scopes: nil, headers: ["Authorization": ""])]
    for role in Role.allCases {
      let person = try await shop.person(role.rawValue, as: role)
      askers.append(
        Asker(name: "a \(role.rawValue)", role: role, scopes: nil, headers: person.headers))
      let scopes = Set(Scope.allCases.filter { $0.role <= role })
      for scopes in [scopes] + scopes.map({ [$0] }) {
        let key = try shop.service.identity.createAPIKey(
          "k", of: person.account, scopes: scopes, lifetime: 1_000_000_000)
        askers.append(
          Asker(
            name: "a \(role.rawValue)'s key for \(scopes.map(\.rawValue).sorted())", role: role,
            scopes: scopes, headers: ["Authorization": "Bearer \(key.text)"]))
      }
    }
    return askers
  }

  /// What the contract says, read from its document and not from the routes.
  private func status(for asker: Asker, _ route: SegmentServer.Route) throws -> Int {
    let operation = Contract.own.document["paths"]?[route.path]?[
      route.method.rawValue.lowercased()]
    let least = try #require(operation?["x-role"]?.textValue)
    // Its query is open, and there is no provider here.
    guard route.endpoint != .finishOpenIDSignIn else { return 404 }
    guard least != "anyone" else { return 400 }
    guard let role = asker.role else { return 401 }
    guard role >= (try #require(Role(rawValue: least))) else { return 403 }
    guard let scopes = asker.scopes else { return 400 }
    guard let scope = route.scope else { return 403 }
    #expect(
      scope.role <= role || operation?["x-scope"] != nil, "\(route.endpoint): a scope for nobody")
    return scopes.contains(scope) ? 400 : 403
  }

  @Test func `who may not do it is refused, with every operation and proof`() async throws {
    let shop = try await ServedShop()
    let askers = try await askers(shop)
    try await shop.serve { client in
      for route in Contract.own.routes {
        for asker in askers {
          let answer = try await client.ask(
            route.method, Self.path(of: route), headers: asker.headers)
          let expected = try status(for: asker, route)
          #expect(
            answer.status == expected, "\(route.endpoint) by \(asker.name): \(answer.text)")
          #expect(answer.headers[.contentType] == "application/problem+json")
          if expected == 401 {
            #expect(answer.headers[.wwwAuthenticate] == "Bearer realm=\"Muster\"")
          }
        }
      }
    }
  }

  @Test func `a session changes nothing without its own token, nor from another site`() async throws
  {
    let shop = try await ServedShop()
    let ann = try await shop.person("ann", as: .administrator)
    let bob = try await shop.person("bob", as: .administrator)
    try await shop.serve { client in
      for route in Contract.own.routes where route.changesSomething {
        func code(_ headers: [String: String?]) async throws -> String? {
          let all = ann.headers.merging(headers.compactMapValues { $0 ?? "" }) { $1 }
          return try await client.ask(route.method, Self.path(of: route), headers: all)["code"]
        }
        if route.role != .anyone {
          let without = try await code(["Muster-Request-Token": ""])
          let others = try await code([
            "Muster-Request-Token": bob.headers["Muster-Request-Token"]
          ])
          #expect(without == "requestToken" && others == "requestToken", "\(route.endpoint)")
        }
        for foreign in [
          ["Origin": "https://evil.example"], ["Origin": "null"], ["Sec-Fetch-Site": "cross-site"],
          ["Sec-Fetch-Site": "same-site"],
        ] {
          let refused = try await code(foreign)
          #expect(refused == "foreignOrigin", "\(route.endpoint) \(foreign)")
        }
        let own = try await code([
          "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin",
        ])
        #expect(own == "wrongParameters", "\(route.endpoint)")
      }
    }
  }

  @Test func `viewers change nothing but what is their own`() {
    let own: Set<Endpoint> = [
      .signOut, .changePassword, .signOutEverywhere, .endSession, .createAPIKey, .revokeAPIKey,
    ]
    for route in Contract.own.routes where route.changesSomething && route.role == .viewer {
      // Definitions are asked about with a body, and stay as they are.
      #expect(own.contains(route.endpoint) || route.path.hasPrefix("/definitions/"))
    }
    let open = Contract.own.routes.filter { $0.role == .anyone }.map(\.endpoint)
    #expect(
      Set(open) == [
        .getContract, .getSignInMethods, .signIn, .redeemSecret, .enterDemo, .startOpenIDSignIn,
        .finishOpenIDSignIn,
      ])
    #expect(Contract.own.routes.filter(\.isQueryOpen).map(\.endpoint) == [.finishOpenIDSignIn])
  }
}
