import SegmentCompiler
import Synchronization
import Testing

@testable import SegmentServer

@Suite struct IdempotencyTests {
  private let key = ["Idempotency-Key": "k-1"]

  @Test func `the same request with the same key is done once`() async throws {
    try await ServedShop().serve { client in
      let first = try await client.ask(.post, "/segments", ServedShop.city("Oslo"), headers: key)
      #expect(first.status == 201 && first.headers[.idempotencyReplayed] == nil)
      let again = try await client.ask(.post, "/segments", ServedShop.city("Oslo"), headers: key)
      #expect(again.status == 201 && again.text == first.text)
      #expect(again.headers[.idempotencyReplayed] == "true")
      #expect(again.headers[.location] == first.headers[.location] && again.eTag == first.eTag)
      for _ in 0..<2 {
        let copy = try await client.ask(
          .post, "/segments/oslo/copies", headers: ["Idempotency-Key": "k-2"])
        #expect(copy.status == 201 && copy["name"] == "oslo copy")
      }
      #expect(try await client.get("/segments")["total"] == "2")
    }
  }

  @Test func `another request with the same key is refused`() async throws {
    try await ServedShop().serve { client in
      _ = try await client.ask(.post, "/segments", ServedShop.city("Oslo"), headers: key)
      for path in ["/segments", "/segments?save=only"] {
        let other = try await client.ask(.post, path, ServedShop.city("Bergen"), headers: key)
        #expect(other.status == 422 && other["code"] == "keyReused")
      }
      #expect(try await client.get("/segments")["total"] == "1")
    }
  }

  @Test func `what failed is tried again, and what was done is forgotten after a day`() async throws
  {
    let time = Mutex(ServedShop.asOf)
    let shop = try await ServedShop { time.withLock { $0 } }
    try await shop.serve { client in
      let refused = try await client.ask(.post, "/segments", #"{"segment": ""}"#, headers: key)
      #expect(refused.status == 422)
      let made = try await client.ask(.post, "/segments", ServedShop.city("Oslo"), headers: key)
      #expect(made.status == 201)
      time.withLock { $0 = Instant(microseconds: $0.microseconds + 24 * 3600 * 1_000_000) }
      let later = try await client.ask(.post, "/segments", ServedShop.city("Oslo"), headers: key)
      #expect(later.status == 409 && later["code"] == "nameTaken")
    }
  }

  @Test func `what was made when the process ended is not made again, and what was not is`()
    async throws
  {
    let shop = try await ServedShop()
    let requests = [("/segments", ServedShop.city("Oslo")), ("/jobs", #"{"segments": "all"}"#)]
    try await shop.serve { client in
      for (path, body) in requests {
        let key = ["Idempotency-Key": path]
        let first = try await client.ask(.post, path, body, headers: key)
        // As a kill before the answer leaves it.
        var known = try #require(try shop.service.request(path, by: "admin"))
        known.answer = nil
        try shop.service.remember(known)
        let again = try await client.ask(.post, path, body, headers: key)
        #expect(again.status == first.status && again.text == first.text)
        #expect(again.headers[.idempotencyReplayed] == "true")
        // As a kill before anything was made leaves it.
        known.id = "nothing"
        known.key = "\(path)-unmade"
        try shop.service.remember(known)
      }
      let unmade = try await client.ask(
        .post, "/jobs", requests[1].1, headers: ["Idempotency-Key": "/jobs-unmade"])
      #expect(unmade.status == 202 && unmade.headers[.idempotencyReplayed] == nil, "\(unmade.text)")
    }
  }

  @Test func `of the same request many times at once one is done`() async throws {
    try await ServedShop().serve(.ahc()) { client in
      let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await client.ask(.post, "/segments", ServedShop.city("Oslo"), headers: key)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.allSatisfy { $0.status == 201 || $0["code"] == "requestRunning" })
      #expect(answers.count { $0.status == 201 && $0.headers[.idempotencyReplayed] == nil } == 1)
    }
  }
}
