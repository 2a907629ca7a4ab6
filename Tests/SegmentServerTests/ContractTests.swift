import HTTPTypes
import SegmentCompiler
import Testing

@testable import SegmentServer

@Suite struct ContractTests {
  @Test func `the contract has each operation once`() {
    let endpoints = Contract.own.routes.map(\.endpoint)
    #expect(endpoints.count == Endpoint.allCases.count)
    #expect(Set(endpoints) == Set(Endpoint.allCases))
  }

  @Test func `every reference leads somewhere`() throws {
    let document = Contract.own.document
    func check(_ part: Document) {
      for entry in part.entries ?? [] {
        if entry.key == "$ref", let reference = entry.value.textValue {
          let target = reference.split(separator: "/").dropFirst().reduce(Optional(document)) {
            $0?[String($1)]
          }
          #expect(target != nil, "\(reference)")
        }
        check(entry.value)
      }
      for item in part.items ?? [] { check(item) }
    }
    check(document)
  }

  @Test func `a contract that the program cannot keep is refused with every reason`() {
    let yaml = """
      paths:
        /segments:
          get: {operationId: nothing, x-role: viewer}
          post: {operationId: createSegment, x-role: king}
          put:
            operationId: editSegment
            x-role: viewer
            parameters: [{name: p, in: query, schema: {type: object}}]
      """
    let problems = #expect(throws: Diagnostics.self) { try Contract(texts: [yaml]) }
    let messages = problems?.all.map(\.message).joined(separator: "\n") ?? ""
    #expect(messages.contains("operationId") && messages.contains("x-role"))
    #expect(messages.contains("'p'") && messages.contains("'listSegments'"))
  }

  @Test func `what the server answers with is the contract`() async throws {
    try await ServedShop().serve { client in
      let answer = try await client.get("/openapi.json")
      #expect(answer.status == 200 && answer["openapi"] == "3.1.0")
      #expect(answer.json == Document(json: Contract.own.json))
    }
  }

  @Test func `requests that are not as the contract has them are told everything at once`()
    async throws
  {
    try await ServedShop().serve { client in
      let wrong = try await client.get("/segments?limit=0&sort=size&serch=x&cursor=&state=%FF")
      #expect(wrong.status == 400 && wrong.headers[.contentType] == "application/problem+json")
      let places = (0..<6).compactMap { wrong["problems.\($0).place"] }
      #expect(Set(places) == ["limit", "sort", "serch", "cursor", "query"])
      #expect(wrong.text.contains("search"))

      #expect(try await client.ask(.put, "/segments").status == 405)
      #expect(try await client.ask(.put, "/segments").headers[.allow] == "GET, POST")
      #expect(try await client.get("/nothing").status == 404)
      #expect(try await client.get("/nothing")["code"] == "unknownPath")
      let text = try await client.ask(
        .post, "/segments", "x", headers: ["Content-Type": "text/plain"])
      #expect(text.status == 415)
      #expect(try await client.ask(.post, "/segments").status == 400)
      #expect(try await client.ask(.post, "/segments", "{").status == 400)
      #expect(try await client.ask(.post, "/segments", "null").status == 400)
      #expect(try await client.ask(.post, "/segments", "[]").status != 201)
      let large = String(repeating: "x", count: 1 << 20) + "x"
      let refused = try await client.ask(
        .patch, "/segments/oslo", large, headers: ["If-Match": "*"])
      #expect(refused.status == 413)
    }
  }
}
