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
}
