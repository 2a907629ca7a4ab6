import Testing

@testable import SegmentServer

@Suite struct SegmentListTests {
  private let names = ["a", "b", "c", "d", "e", "f", "g"]

  private func fill(_ client: Client) async throws {
    for name in names {
      let made = try await client.ask(
        .post, "/segments?save=\(name < "d" ? "run" : "only")", ServedShop.city("Oslo", named: name)
      )
      #expect(made.status == 201)
    }
  }

  @Test(arguments: ["name", "-name", "state", "-changed", "members", "displayName"])
  func `pages put together are the whole list`(sort: String) async throws {
    try await ServedShop().serve { client in
      try await fill(client)
      let whole = try await client.get("/segments?sort=\(sort)")
      #expect(whole["total"] == "7" && whole["next"] == nil)
      var (pages, next): ([String], String?) = ([], nil)
      repeat {
        let cursor = next.map { "&cursor=\($0)" } ?? ""
        let page = try await client.get("/segments?limit=2&sort=\(sort)\(cursor)")
        #expect(page.status == 200)
        pages += page.all("name")
        next = page["next"]
      } while next != nil
      #expect(pages == whole.all("name") && Set(pages) == Set(names))
    }
  }

  @Test func `a page goes on where it was although the list has changed`() async throws {
    try await ServedShop().serve { client in
      try await fill(client)
      let first = try await client.get("/segments?limit=3")
      let any = ["If-Match": "*"]
      #expect(try await client.ask(.delete, "/segments/c", headers: any).status == 204)
      #expect(try await client.ask(.delete, "/segments/a", headers: any).status == 204)
      let cursor = try #require(first["next"])
      #expect(
        try await client.get("/segments?limit=3&cursor=\(cursor)").all("name") == ["d", "e", "f"])
    }
  }

  @Test func `filters leave out the others`() async throws {
    try await ServedShop().serve { client in
      try await fill(client)
      let change = #"{"displayName": "Grün und Weiß", "tags": {"add": ["x", "y"]}}"#
      _ = try await client.ask(.patch, "/segments/b", change, headers: ["If-Match": "*"])
      #expect(try await client.get("/segments?state=active").all("name") == ["a", "b", "c"])
      #expect(try await client.get("/segments?state=active&state=inactive")["total"] == "7")
      #expect(try await client.get("/segments?search=GR%C3%9CN+wei%C3%9F").all("name") == ["b"])
      #expect(try await client.get("/segments?tag=x&tag=y").all("name") == ["b"])
      #expect(try await client.get("/segments?tag=x&tag=z").all("name") == [])
      #expect(try await client.get("/segments?audience=Customer")["total"] == "7")
      #expect(try await client.get("/segments?audience=Other")["total"] == "0")
    }
  }

  @Test func `a cursor of another list is refused`() async throws {
    try await ServedShop().serve { client in
      try await fill(client)
      let cursor = try #require(try await client.get("/segments?limit=2")["next"])
      for path in ["?sort=-name&cursor=\(cursor)", "?state=draft&cursor=\(cursor)", "?cursor=x"] {
        let refused = try await client.get("/segments\(path)")
        #expect(refused.status == 400 && refused["code"] == "wrongCursor")
      }
    }
  }

  @Test func `what is kept of answers is what a new server says`() async throws {
    let shop = try await ServedShop()
    let paths =
      ["name", "-name", "displayName", "-changed", "members", "-lastRefreshed", "state", "owner"]
      .map { "/segments?sort=\($0)" }
      + [
        "/segments?search=GR%C3%9CN", "/segments?tag=x&state=active",
        "/segments?limit=2&sort=-members",
      ]
      + ["/audiences/Customer/profiles/1/segments", "/audiences/Customer/profiles/3/segments"]
    let changes: [@Sendable (Client) async throws -> Void] = [
      { try await fill($0) },
      { _ in _ = try await shop.service.refresh(["a", "b"]) },
      { try await change("a", #"{"displayName": "Grün", "tags": {"add": ["x"]}}"#, $0) },
      { try await change("b", #"{"name": "B2", "owner": "me"}"#, $0) },
      { try await change("a", #"{"state": "inactive"}"#, $0) },
      { _ = try await $0.ask(.post, "/segments", ServedShop.city("Bergen", named: "a2")) },
      { _ in _ = try await shop.service.refresh(["a2", "B2"]) },
      { _ = try await $0.ask(.delete, "/segments/B2", headers: ["If-Match": "*"]) },
      { _ = try await $0.ask(.post, "/trash/B2/restore") },
      { _ = try await $0.ask(.delete, "/audiences/Customer/profiles/1") },
    ]
    try await shop.serve { client in
      for (number, change) in changes.enumerated() {
        try await change(client)
        try await shop.serve { fresh in
          for path in paths {
            let (kept, read) = (try await client.get(path), try await fresh.get(path))
            #expect(kept.status == read.status, "\(path) after \(number)")
            // A problem has the id of its request.
            guard read.status == 200 else { continue }
            #expect(kept.text == read.text, "\(path) after \(number)")
          }
        }
      }
      #expect(try await client.get("/audiences/Customer/profiles/1/segments").status == 404)
    }
  }

  private func change(_ name: String, _ change: String, _ client: Client) async throws {
    let answer = try await client.ask(
      .patch, "/segments/\(name)", change, headers: ["If-Match": "*"])
    #expect(answer.status == 200)
  }
}
