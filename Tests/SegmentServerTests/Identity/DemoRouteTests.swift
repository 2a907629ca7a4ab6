import HTTPTypes
import SegmentService
import SegmentStore
import Testing

@testable import SegmentServer

/// A demonstration that anybody may enter, at this machine only.
@Suite struct DemoRouteTests {
  @Test func `anybody enters a demonstration, and works there`() async throws {
    let shop = try await ServedShop(allowsDemo: true)
    try await shop.serve { client in
      let nobody = ["Authorization": ""]
      #expect(try await client.ask(.get, "/session/methods", headers: nobody)["demo"] == "true")
      let entered = try await client.ask(.post, "/session/demo", headers: nobody)
      #expect(entered.status == 201 && entered["account.isDemo"] == "true")
      #expect(entered["account.name"] == "demo" && entered["method"] == "demo")
      let headers = try sessionHeaders(entered)
      let made = try await client.ask(
        .post, "/segments", ServedShop.city("Oslo"), headers: headers)
      #expect(made.status == 201 && made["owner"] == "demo")
      #expect(try await client.ask(.get, "/accounts", headers: headers).status == 403)
      let log = try await client.get("/audit?author=demo&action=session.started")
      #expect(log["items.0.after.by"] == "demo")
    }
  }

  @Test(arguments: ["evil.example:8080", "localhost.evil.example", "192.168.1.5", ""])
  func `a page that calls this machine by its own name does not get in`(_ host: String) {
    let settings = ServerSettings()
    #expect(!settings.isLoopback(host) && !settings.isLoopback(nil))
    for own in ["localhost:8080", "LOCALHOST", "127.0.0.1:1", "[::1]:8080"] {
      #expect(settings.isLoopback(own), "\(own)")
    }
  }

  @Test func `without a demonstration there is none`() async throws {
    let shop = try await ServedShop(isLoaded: false)
    try await shop.serve { client in
      let refused = try await client.ask(.post, "/session/demo", headers: ["Authorization": ""])
      #expect(refused.status == 404 && refused["code"] == "noDemo")
      #expect(try await client.get("/accounts").all("name") == ["admin"])
    }
  }
}
