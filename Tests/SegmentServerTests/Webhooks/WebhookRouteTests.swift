import SegmentCompiler
import SegmentService
import SegmentStore
import Testing

@testable import SegmentServer

@Suite struct WebhookRouteTests {
  private static let draft = """
    {"name": "crm", "url": "https://example.com/hook", "types": ["segment.activated", "segment.deleted"]}
    """

  /// Sends what is due, once, and answers it with a status.
  private func deliver(_ shop: ServedShop, status: Int) async {
    let (answered, answer) = AsyncStream<Void>.makeStream()
    let sender = WebhookSender(
      shop.service,
      send: { _ in .status(status) },
      sleep: { _ in try await Task.sleep(for: .seconds(3_600)) })
    shop.service.observeDeliveries { answer.yield() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await sender.run() }
      for await _ in answered { break }
      group.cancelAll()
    }
  }

  @Test func `a webhook is made, read, changed and deleted`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo")
    try await shop.serve { client in
      let made = try await client.ask(.post, "/webhooks", Self.draft)
      #expect(made.status == 201 && made.headers[.location] == "/api/v1/webhooks/crm")
      let secret = try #require(made["secret"])
      #expect(secret.hasPrefix("whsec_"))
      let read = try await client.get("/webhooks/CRM")
      #expect(read.json == made.json["webhook"] && !read.text.contains(secret))
      #expect(read.eTag == "\"1\"")

      let change = #"{"segments": ["oslo"], "tags": ["x"], "types": ["segment.failed"]}"#
      let changed = try await client.ask(
        .patch, "/webhooks/crm", change, headers: ["If-Match": read.eTag])
      #expect(changed.status == 200 && changed["segments.0"] == "oslo" && changed["tags.0"] == "x")
      let late = try await client.ask(
        .patch, "/webhooks/crm", change, headers: ["If-Match": read.eTag])
      #expect(late.status == 412 && late["revision"] == "2")
      #expect(try await client.get("/webhooks").all("name") == ["crm"])

      let rotated = try await client.ask(.post, "/webhooks/crm/secret")
      #expect(rotated.status == 201 && rotated["secret"] != secret)
      #expect(rotated["webhook.oldSecretExpires"] == "2024-04-01T12:00:00Z")
      #expect(try await client.ask(.delete, "/webhooks/crm/secret/old").status == 204)
      let single = try await client.get("/webhooks/crm")
      #expect(single["oldSecretExpires"] == nil && !single.text.contains("whsec"))
      let gone = try await client.ask(.delete, "/webhooks/crm", headers: ["If-Match": "*"])
      #expect(gone.status == 204)
      #expect(try await client.get("/webhooks/crm")["code"] == "unknownWebhook")
      let audit = try await client.get("/audit?object=crm")
      #expect(!audit.text.contains("whsec") && !audit.text.contains("/hook"))
      #expect(audit.all("action").count == 5)
    }
  }

  @Test func `what cannot be is refused with why`() async throws {
    try await ServedShop().serve { client in
      func code(_ body: String) async throws -> String? {
        try await client.ask(.post, "/webhooks", body)["code"]
      }
      func url(_ url: String) async throws -> String? {
        try await code(#"{"name": "a", "url": "\#(url)", "types": ["segment.failed"]}"#)
      }
      #expect(try await url("http://example.com") == "notEncrypted")
      #expect(try await url("https://169.254.169.254/latest") == "internalAddress")
      #expect(try await url("https://me:you@example.com") == "invalidURL")
      let none = #"{"name": "a", "url": "https://example.com", "types": []}"#
      #expect(try await code(none) == "noTypes")
      let test = #"{"name": "a", "url": "https://example.com", "types": ["webhook.test"]}"#
      #expect(try await code(test) == "noTypes")
      let unknown = #"{"name": "a", "url": "https://example.com", "types": ["x"], "secret": "y"}"#
      #expect(try await code(unknown) == "notValid")
      let nobody =
        #"{"name": "a", "url": "https://e.com", "types": ["segment.failed"], "segments": ["b"]}"#
      #expect(try await code(nobody) == "unknownSegment")
      #expect(try await code(Self.draft) == nil)
      #expect(try await code(Self.draft) == "nameTaken")
      let disabled = try await client.ask(
        .patch, "/webhooks/crm", #"{"state": "disabled"}"#, headers: ["If-Match": "*"])
      #expect(disabled["state"] == "disabled")
      #expect(try await client.ask(.post, "/webhooks/crm/test").status == 409)
    }
  }

  @Test func `deliveries are listed, tried out and sent again`() async throws {
    let shop = try await ServedShop()
    try await shop.serve { client in
      _ = try await client.ask(.post, "/webhooks", Self.draft)
      try shop.save("Oslo", "Bergen")
      let tried = try await client.ask(.post, "/webhooks/crm/test")
      #expect(tried.status == 202 && tried["type"] == "webhook.test")
      let first = try await client.get("/webhooks/crm/deliveries?limit=2&state=pending")
      #expect(first.all("type") == ["webhook.test", "segment.activated"])
      let next = try #require(first["next"])
      let second = try await client.get(
        "/webhooks/crm/deliveries?limit=2&state=pending&cursor=\(next)")
      #expect(second.all("state") == ["pending"] && second["next"] == nil)
      let body = try #require(second["items.0.body"])
      #expect(Document(json: body)?["data"]?["segment"]?["name"]?.textValue == "oslo")

      await deliver(shop, status: 410)
      let dead = try await client.get("/webhooks/crm/deliveries?state=dead")
      #expect(dead.all("delivery").count == 3)
      #expect(try await client.get("/webhooks/crm")["reason"]?.contains("410") == true)
      _ = try await client.ask(
        .patch, "/webhooks/crm", #"{"state": "active"}"#, headers: ["If-Match": "*"])
      let id = try #require(dead["items.0.delivery"])
      let one = try await client.ask(.post, "/webhooks/crm/deliveries/\(id)/redeliver")
      #expect(one.status == 202 && one["state"] == "pending" && one["attempts"] == "0")
      #expect(one["message"] == dead["items.0.message"])
      let rest = try await client.ask(
        .post, "/webhooks/crm/redeliveries", #"{"since": "2024-01-01T00:00:00Z"}"#)
      #expect(rest.status == 202 && rest["deliveries"] == "2")
      let wrong = try await client.ask(.post, "/webhooks/crm/redeliveries", #"{"since": "noon"}"#)
      #expect(wrong.status == 422)
      #expect(try await client.get("/webhooks/crm/deliveries/\(id)")["state"] == "pending")
      let unknown = try await client.get("/webhooks/crm/deliveries/999")
      #expect(unknown["code"] == "unknownDelivery")
    }
  }
}
