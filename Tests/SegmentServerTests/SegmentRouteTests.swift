import Testing

@testable import SegmentServer

@Suite struct SegmentRouteTests {
  @Test func `a segment is created, read, edited and deleted`() async throws {
    try await ServedShop().serve { client in
      let created = try await client.ask(.post, "/segments", ServedShop.city("Oslo"))
      #expect(created.status == 201)
      #expect(created.headers[.location] == "/api/v1/segments/oslo")
      #expect(created["state"] == "active" && created["version"] == "1")
      #expect(created["sentence"]?.contains("Oslo") == true)

      let read = try await client.get("/segments/oslo")
      #expect(read.status == 200 && read.text == created.text && read.eTag == created.eTag)

      let edited = try await client.ask(
        .put, "/segments/oslo", ServedShop.city("Bergen", named: "oslo"),
        headers: ["If-Match": read.eTag])
      #expect(edited.status == 200 && edited["version"] == "2" && edited.eTag != read.eTag)

      let gone = try await client.ask(
        .delete, "/segments/oslo", headers: ["If-Match": edited.eTag])
      #expect(gone.status == 204 && gone.text.isEmpty)
      #expect(try await client.get("/segments/oslo").status == 404)
      #expect(try await client.get("/trash").all("name") == ["oslo"])
      #expect(try await client.ask(.post, "/trash/oslo/restore").status == 200)
      #expect(try await client.get("/segments/oslo")["version"] == "2")
    }
  }

  @Test func `two editors never overwrite each other silently`() async throws {
    try await ServedShop().serve { client in
      let read = try await client.ask(.post, "/segments", ServedShop.city("Oslo"))
      let change = #"{"description": "first"}"#
      let first = try await client.ask(
        .patch, "/segments/oslo", change, headers: ["If-Match": read.eTag])
      #expect(first.status == 200 && first["description"] == "first")

      let second = try await client.ask(
        .patch, "/segments/oslo", #"{"description": "second"}"#, headers: ["If-Match": read.eTag])
      #expect(second.status == 412 && second["code"] == "changedMeanwhile")
      #expect(second["revision"].map { "\"\($0)\"" } == first.eTag)
      #expect(try await client.get("/segments/oslo")["description"] == "first")

      let unconditional = try await client.ask(.patch, "/segments/oslo", change)
      #expect(unconditional.status == 428 && unconditional["code"] == "revisionRequired")
      let any = try await client.ask(
        .patch, "/segments/oslo", #"{"description": null}"#, headers: ["If-Match": "*"])
      #expect(any.status == 200 && any["description"] == nil)
      for wrong in ["12", "\"x\"", "W/\"1\""] {
        let refused = try await client.ask(
          .patch, "/segments/oslo", change, headers: ["If-Match": wrong])
        #expect(refused.status == 400 && refused["code"] == "wrongETag")
      }
    }
  }

  @Test func `a definition that is not valid is saved as a draft with all its problems`()
    async throws
  {
    try await ServedShop().serve { client in
      let draft = try await client.ask(
        .post, "/segments",
        """
        {"segment": "d", "rules": [{"match": {"any": [
          {"attribute": "Customer.Citty", "is": "equalTo", "value": "Oslo"},
          {"attribute": "Customer.Points", "is": "equalTo", "value": "many"}]}}]}
        """)
      #expect(draft.status == 201 && draft["state"] == "draft")
      #expect(draft["problems.0.place"] == "rules[0].match.any[0].attribute")
      #expect(draft["problems.0.hint"]?.contains("City") == true)
      #expect(draft["problems.1.place"] == "rules[0].match.any[1].value")

      let refused = try await client.ask(
        .patch, "/segments/d", #"{"state": "active"}"#, headers: ["If-Match": draft.eTag])
      #expect(refused.status == 409 && refused["code"] == "draft")
      #expect(refused["problems.1.code"] == draft["problems.1.code"])
    }
  }

  @Test func `changes are made all or none, and all that is wrong with them is told`() async throws
  {
    try await ServedShop().serve { client in
      let segment = try await client.ask(.post, "/segments?save=only", ServedShop.city("Oslo"))
      #expect(segment["state"] == "inactive")
      let wrong = try await client.ask(
        .patch, "/segments/oslo",
        #"{"state": "gone", "tagz": {}, "schedule": {"kind": "weekly"}, "activation": {"at": "soon"}}"#,
        headers: ["If-Match": segment.eTag])
      #expect(wrong.status == 422)
      let places = Set((0..<8).compactMap { wrong["problems.\($0).place"] })
      #expect(places.isSuperset(of: ["state", "tagz", "schedule", "activation"]))

      let right = try await client.ask(
        .patch, "/segments/oslo",
        """
        {"name": "Oslo ☕", "state": "active", "type": "static", "outputName": "Oslo1", "owner": "ann",
         "displayName": "In Oslo", "tags": {"add": ["a", "b"], "remove": ["a"]},
         "schedule": {"kind": "monthly", "days": [31]},
         "deactivation": {"at": "2024-04-30T00:00:00Z", "timeZone": "Europe/Oslo"}}
        """, headers: ["If-Match": segment.eTag])
      #expect(right.status == 200, "\(right.text)")
      let read = try await client.get("/segments/Oslo%20%E2%98%95")
      #expect(read.text == right.text)
      #expect(read["type"] == "static" && read["outputName"] == "Oslo1" && read["owner"] == "ann")
      #expect(read["tags"] == #"["a","b"]"# && read["schedule.days"] == "[31]")
      #expect(read["deactivation.timeZone"] == "Europe/Oslo")
      #expect(read["definition.segment"] == "Oslo ☕")
    }
  }

  @Test func `several are changed at once, and what came of each is told`() async throws {
    try await ServedShop().serve { client in
      for city in ["Oslo", "Bergen"] {
        _ = try await client.ask(.post, "/segments", ServedShop.city(city))
      }
      let changed = try await client.ask(
        .post, "/segment-changes",
        #"{"segments": ["oslo", "nowhere", "bergen"], "change": {"tags": {"add": ["north"]}}}"#)
      #expect(changed.status == 200)
      #expect(changed.all("status") == ["200", "404", "200"])
      #expect(changed["items.1.problem.code"] == "unknownSegment")
      #expect(try await client.get("/segments?tag=north").all("name") == ["bergen", "oslo"])
    }
  }

  @Test func `a segment that others use is deleted only on purpose`() async throws {
    try await ServedShop().serve { client in
      _ = try await client.ask(.post, "/segments", ServedShop.city("Oslo"))
      let user =
        #"{"segment": "user", "rules": [{"match": {"is": "memberOf", "value": "oslo"}}]}"#
      #expect(try await client.ask(.post, "/segments", user)["state"] == "active")
      #expect(try await client.get("/segments/oslo/usage")["segments"] == #"["user"]"#)
      let any = ["If-Match": "*"]
      let refused = try await client.ask(.delete, "/segments/oslo", headers: any)
      #expect(refused.status == 409 && refused["users"] == #"["user"]"#)
      let done = try await client.ask(.delete, "/segments/oslo?evenIfUsed=true", headers: any)
      #expect(done.status == 204)
    }
  }

  @Test func `versions are listed, compared and restored`() async throws {
    try await ServedShop().serve { client in
      _ = try await client.ask(.post, "/segments", ServedShop.city("Oslo", named: "s"))
      let second = try await client.ask(
        .put, "/segments/s", ServedShop.city("Bergen", named: "s"), headers: ["If-Match": "*"])
      #expect(try await client.get("/segments/s/versions").all("version") == ["2", "1"])
      #expect(
        try await client.get("/segments/s/versions/1")["definition"]?.contains("Oslo") == true)
      let difference = try await client.get("/segments/s/difference?from=1&to=2")
      #expect(
        difference["yaml"]?.contains("+") == true
          && difference["changes"]?.contains("Bergen") == true)
      #expect(try await client.get("/segments/s/versions/7").status == 404)

      let late = try await client.ask(
        .post, "/segments/s/versions/1/restore", headers: ["If-Match": "\"1\""])
      #expect(late.status == 412)
      let restored = try await client.ask(
        .post, "/segments/s/versions/1/restore", headers: ["If-Match": second.eTag])
      #expect(restored["version"] == "3" && restored["sentence"]?.contains("Oslo") == true)
    }
  }

  @Test func `a copy has a name of its own`() async throws {
    try await ServedShop().serve { client in
      _ = try await client.ask(.post, "/segments", ServedShop.city("Oslo"))
      let copy = try await client.ask(.post, "/segments/oslo/copies")
      #expect(copy.status == 201 && copy["name"] == "oslo copy" && copy["state"] == "inactive")
      #expect(copy.headers[.location] == "/api/v1/segments/oslo%20copy")
      let named = try await client.ask(.post, "/segments/oslo/copies", #"{"name": "o2"}"#)
      #expect(named["name"] == "o2")
      let taken = try await client.ask(.post, "/segments/oslo/copies", #"{"name": "o2"}"#)
      #expect(taken.status == 409 && taken["code"] == "nameTaken")
    }
  }
}
