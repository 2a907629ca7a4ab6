import SegmentService
import SegmentStore
import Testing

@testable import SegmentServer

@Suite(.timeLimit(.minutes(30))) struct JobRouteTests {
  @Test func `a job loads and refreshes, and is told with its tasks`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo", "Bergen")
    try await shop.serve { client in
      try await shop.running {
        let made = try await client.ask(.post, "/jobs", #"{"segments": "all", "load": true}"#)
        #expect(made.status == 202 && made["trigger"] == "manual")
        let path = try #require(made.headers[.location]?.dropFirst(Contract.basePath.count))
        #expect(path == "/jobs/\(made["job"] ?? "")")
        try await shop.happened(.finished, #""job":1"#)
        let job = try await client.get(String(path))
        #expect(job["state"] == "successful" && job["counts.successful"] == "4")
        #expect(job["tasks.0.kind"] == "load" && job["tasks.2.kind"] == "segment")
        #expect(job["tasks.2.dependsOn"] == "[1]" && job["tasks.2.run"] != nil)
        #expect(job["tasks.2.started"] != nil && job["tasks.2.finished"] != nil)
        #expect(job["progress"] == nil && job["dataVersion"] == "1")

        let listed = try await client.get("/jobs")
        #expect(listed["items.0.state"] == "successful" && listed["items.0.tasks"] == nil)
        #expect(listed["items.0.counts.successful"] == "4")
        let segment = try await client.get("/segments/oslo")
        #expect(segment["refresh.status"] == "successful" && segment["refresh.job"] == "1")
      }
    }
  }

  @Test func `what is saved to run, or activated, is refreshed at once, by one job`() async throws {
    let shop = try await ServedShop()
    try await shop.serve { client in
      let saved = try await client.ask(.post, "/segments", ServedShop.city("Oslo"))
      #expect(saved["state"] == "active" && saved["refresh.status"] == "queued")
      #expect(saved["refresh.job"] == "1")
      for city in ["Bergen", "Moss"] {
        let only = try await client.ask(.post, "/segments?save=only", ServedShop.city(city))
        #expect(only["state"] == "inactive" && only["refresh.status"] == "notStarted")
      }
      let several = try await client.ask(
        .post, "/segment-changes",
        #"{"segments": ["bergen", "moss", "nobody"], "change": {"state": "active"}}"#)
      #expect(several.all("status") == ["200", "200", "404"])
      let jobs = try await client.get("/jobs")
      #expect(jobs.all("job") == ["2", "1"])
      let second = try await client.get("/jobs/2")
      #expect(second["tasks.1.name"] == "moss" && second["tasks.2.name"] == nil)
      let again = try await client.ask(
        .put, "/segments/oslo", ServedShop.city("Oslo"), headers: ["If-Match": "*"])
      #expect(again.status == 200 && again["refresh.job"] == "3")
      let tags = #"{"tags": {"add": ["x"]}}"#
      _ = try await client.ask(.patch, "/segments/oslo", tags, headers: ["If-Match": "*"])
      let off = #"{"state": "inactive"}"#
      _ = try await client.ask(.patch, "/segments/oslo", off, headers: ["If-Match": "*"])
      #expect(try await client.get("/jobs").all("job").count == 3)
    }
  }

  @Test func `what was to be refreshed at once when the process ended is by the next one`()
    async throws
  {
    let shop = try await ServedShop()
    try shop.save("Oslo")
    try shop.service.change("oslo", [.activate, .refresh])
    let job = try #require(try await shop.runner.submitDue(by: .system("next")))
    #expect(job.tasks.count == 1)
    #expect(try await shop.runner.submitDue(by: .system("next")) == nil)
  }

  @Test func `jobs are listed page by page, filtered by what they are about`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo", "Bergen")
    try await shop.serve { client in
      for segments in [["oslo"], ["bergen"], ["oslo", "bergen"]] {
        let job = try await client.ask(.post, "/jobs", #"{"segments": \#(segments)}"#)
        #expect(job.status == 202, "\(job.text)")
      }
      let first = try await client.get("/jobs?limit=2")
      #expect(first.all("job") == ["3", "2"])
      let cursor = try #require(first["next"])
      let second = try await client.get("/jobs?limit=2&cursor=\(cursor)")
      #expect(second.all("job") == ["1"] && second["next"] == nil)
      #expect(try await client.get("/jobs?segment=oslo").all("job") == ["3", "1"])
      #expect(try await client.get("/jobs?state=waiting&state=failed").all("job").count == 3)
      #expect(try await client.get("/jobs?state=running").all("job") == [])
      #expect(try await client.get("/jobs?trigger=late&trigger=schedule").all("job") == [])
      #expect(try await client.get("/jobs?segment=nobody").status == 404)
      #expect(try await client.get("/jobs?state=done").status == 400)
      #expect(
        try await client.get("/jobs?limit=2&state=waiting&cursor=\(cursor)")["code"]
          == "wrongCursor")
      #expect(try await client.get("/status")["unfinishedJobs"] == "3")
    }
  }

  @Test func `a job is canceled once`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo")
    try await shop.serve { client in
      _ = try await client.ask(.post, "/jobs", #"{"segments": ["oslo"]}"#)
      #expect(try await client.ask(.post, "/jobs/1/cancel").status == 202)
      try await shop.running { try await shop.happened(.finished, #""job":1"#) }
      let job = try await client.get("/jobs/1")
      #expect(job["state"] == "canceled" && job["tasks.0.status"] == "canceled")
      let again = try await client.ask(.post, "/jobs/1/cancel")
      #expect(again.status == 409 && again["code"] == "jobFinished")
      #expect(try await client.get("/segments/oslo")["refresh.status"] == "canceled")
      #expect(try await client.ask(.post, "/jobs/7/cancel")["code"] == "unknownJob")
      #expect(try await client.get("/jobs/7").status == 404)
    }
  }

  @Test func `the same request with the same key is one job`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo")
    try await shop.serve { client in
      func ask(_ body: String, _ key: String) async throws -> Answer {
        try await client.ask(.post, "/jobs", body, headers: ["Idempotency-Key": key])
      }
      let first = try await ask(#"{"segments": ["oslo"]}"#, "k1")
      let second = try await ask(#"{"segments": ["oslo"]}"#, "k1")
      #expect(first.status == 202 && second.status == 202 && first["job"] == second["job"])
      #expect(try await ask(#"{"segments": "all"}"#, "k2")["job"] == "2")
    }
  }

  @Test(arguments: [
    ("{}", ["nothingToDo"]), (#"{"load": false}"#, ["nothingToDo"]),
    (#"{"segments": []}"#, ["wrongShape"]), (#"{"segments": "some"}"#, ["wrongShape"]),
    (#"{"segments": [1], "lod": true}"#, ["unknownKey", "wrongShape"]),
  ]) func `a job that says nothing to do is refused`(body: String, codes: [String]) async throws {
    try await ServedShop().serve { client in
      let refused = try await client.ask(.post, "/jobs", body)
      #expect(refused.status == 422)
      #expect(codes == (0..<codes.count).compactMap { refused["problems.\($0).code"] })
    }
  }

  @Test func `a load alone is a job, too`() async throws {
    try await ServedShop().serve { client in
      let job = try await client.ask(.post, "/jobs", #"{"load": true}"#)
      #expect(job.status == 202 && job["tasks.0.kind"] == "load" && job["tasks.2"] == nil)
      #expect(try await client.ask(.post, "/jobs", #"{"segments": ["x"]}"#).status == 404)
    }
  }
}
