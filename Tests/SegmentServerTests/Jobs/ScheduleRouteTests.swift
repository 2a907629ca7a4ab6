import SegmentCompiler
import SegmentService
import SegmentStore
import Synchronization
import Testing

@testable import SegmentServer

@Suite struct ScheduleRouteTests {
  private static let weekdays =
    #"["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]"#

  @Test func `the schedule is set and told with what follows from it`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo", "Bergen")
    try await shop.serve { client in
      let off = try await client.get("/schedule")
      #expect(off["isOn"] == "false" && off["next"] == "[]" && off["conflicts.1.segment"] == "oslo")
      let set = try await client.ask(
        .put, "/schedule",
        #"{"isOn": true, "timeZone": "Europe/Oslo", "weekdays": ["monday"], "times": ["15:00", "03:00"]}"#
      )
      #expect(set.status == 200, "\(set.text)")
      #expect(set["times"] == #"["03:00","15:00"]"# && set["conflicts"] == "[]")
      #expect(set["next.0"] == "2024-04-01T01:00:00Z" && set["next.4"] == "2024-04-15T01:00:00Z")
      #expect(try await client.get("/schedule").text == set.text)
      #expect(try await client.get("/status")["nextRefresh"] == "2024-04-01T01:00:00Z")

      let wrong = try await client.ask(
        .put, "/schedule",
        #"{"isOn": "yes", "timeZone": 7, "weekdays": ["someday"], "times": ["25:00"], "x": 1}"#)
      #expect(wrong.status == 422)
      let places = Set((0..<9).compactMap { wrong["problems.\($0).place"] })
      #expect(places.isSuperset(of: ["isOn", "timeZone", "weekdays[0]", "times[0]", "x"]))
      let useless = try await client.ask(
        .put, "/schedule", #"{"isOn": true, "timeZone": "Mars", "weekdays": [], "times": []}"#)
      #expect(useless.status == 422 && useless["problems.2.code"] == "times")
      #expect(try await client.get("/schedule").text == set.text)
    }
  }

  @Test func `schedules of several segments are set or kept`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo", "Bergen")
    try shop.service.change("oslo", [.schedule(.monthly(on: [1]))])
    try await shop.serve { client in
      _ = try await client.ask(
        .put, "/schedule",
        #"{"isOn": true, "timeZone": "UTC", "weekdays": ["tuesday"], "times": ["03:00"]}"#)
      let kept = try await client.ask(
        .post, "/schedules",
        #"{"segments": "all", "schedule": {"kind": "weekly", "weekdays": ["monday"]}, "individual": "keep"}"#
      )
      #expect(kept.status == 200 && kept.all("segment") == ["bergen", "oslo"])
      #expect(kept.all("isKept") == ["false", "true"])
      #expect(kept["items.0.conflict"]?.contains("tuesday") == true)
      #expect(kept["items.1.next"] == "2024-10-01T03:00:00Z")

      let overridden = try await client.ask(
        .post, "/schedules",
        #"{"segments": ["oslo", "x"], "schedule": {"kind": "off"}, "individual": "override"}"#)
      #expect(overridden.all("status") == ["200", "404"])
      #expect(overridden["items.0.schedule.kind"] == "off")
      let wrong = try await client.ask(.post, "/schedules", #"{"segments": [], "schedule": {}}"#)
      #expect(wrong.status == 422 && wrong.text.contains("individual"))
    }
  }

  // MARK: Cleanup

  @Test func `unused segments are shown, exempted and deactivated`() async throws {
    let now = Mutex(ServedShop.asOf)
    let shop = try await ServedShop(now: { now.withLock { $0 } })
    try shop.save("Oslo", "Bergen")
    _ = try shop.service.deactivateUnused()
    now.withLock { $0 = Instant("2024-06-01T00:00:00Z")! }
    try await shop.serve { client in
      let dry = try await client.get("/cleanup")
      #expect(dry["unusedFor"] == "45 days" && dry.all("segment") == ["bergen", "oslo"])
      #expect(dry["items.0.lastUsed"] == "2024-03-31" && dry["items.0.days"] == "62")
      let exempt = try await client.ask(
        .post, "/cleanup/exemptions", #"{"segments": ["oslo", "x"], "isExempt": true}"#)
      #expect(exempt.all("status") == ["200", "404"] && exempt["items.0.isExempt"] == "true")
      #expect(try await client.get("/segments/oslo")["exemptFromCleanup"] == "true")
      let done = try await client.ask(.post, "/cleanup")
      #expect(done.all("segment") == ["bergen"] && done.all("state") == ["inactive"])
      #expect(try await client.get("/segments?tag=AutoDeactivated").all("name") == ["bergen"])
      #expect(try await client.get("/cleanup").all("segment") == [])
      #expect(
        try await client.ask(.post, "/cleanup/exemptions", #"{"segments": ["oslo"]}"#).status == 422
      )
    }
  }

  @Test func `the status says how many segments are active, and what is loaded`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo")
    try await shop.serve { client in
      let status = try await client.get("/status")
      #expect(status["workspace"] == "Shop" && status["dataVersion"] == "1")
      #expect(status["activeSegments.count"] == "1" && status["activeSegments.limit"] == "1000")
      #expect(status["activeSegments.level"] == "fine" && status["activeSegments.warning"] == nil)
      #expect(status["unfinishedJobs"] == "0" && status["nextRefresh"] == nil)
    }
  }
}
