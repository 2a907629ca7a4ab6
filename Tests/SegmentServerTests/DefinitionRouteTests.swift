import Testing

@testable import SegmentServer

@Suite struct DefinitionRouteTests {
  @Test func `definitions are validated together, and nothing is saved`() async throws {
    try await ServedShop().serve { client in
      let both = """
        [\(ServedShop.city("Oslo")),
         {"segment": "user", "rules": [{"match": {"is": "memberOf", "value": "oslo"}}]}]
        """
      let valid = try await client.ask(.post, "/definitions/validate", both)
      #expect(valid.status == 200 && valid["problems"] == "[]")
      #expect(valid.all("segment") == ["oslo", "user"])
      let wrong = try await client.ask(
        .post, "/definitions/validate", ServedShop.city("Oslo").replacing("City", with: "Ctiy"))
      #expect(wrong.status == 200 && wrong["problems.0.code"] == "unknownAttribute")
      #expect(wrong["problems.0.segment"] == "oslo")
      #expect(try await client.get("/segments")["total"] == "0")
    }
  }

  @Test(arguments: ["[]", "[null]", "7", "[[]]", "[{}, 7]", "null"])
  func `what is no definition at all is refused`(body: String) async throws {
    try await ServedShop().serve { client in
      for operation in ["validate", "explain"] {
        let refused = try await client.ask(.post, "/definitions/\(operation)", body)
        #expect(refused.status == 400 || refused.status == 422)
      }
    }
  }

  @Test func `a preview counts and shows members`() async throws {
    try await ServedShop().serve { client in
      let preview = try await client.ask(
        .post, "/definitions/preview?rows=1", ServedShop.city("Oslo"))
      #expect(preview.status == 200 && preview["count"] == "2")
      #expect(preview["rules.0.rule"] == "2" && preview["rows"] == #"[[1,"Oslo"]]"#)
      let none = try await client.ask(.post, "/definitions/preview?rows=0", ServedShop.city("Rome"))
      #expect(none["count"] == "0" && none["rows"] == "[]")
    }
  }

  @Test func `an explanation has words and queries`() async throws {
    try await ServedShop().serve { client in
      let explained = try await client.ask(
        .post, "/definitions/explain?asOf=2024-01-01T00:00:00Z", ServedShop.city("Oslo"))
      #expect(explained.status == 200 && explained["items.0.asOf"] == "2024-01-01T00:00:00Z")
      #expect(explained["items.0.queries.0.sql"]?.contains("SELECT") == true)
      #expect(explained["items.0.queries.0.values"]?.contains("'Oslo'") == true)
    }
  }
}
