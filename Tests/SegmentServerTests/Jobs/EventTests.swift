import AsyncHTTPClient
import Foundation
import HummingbirdTesting
import NIOCore
import SegmentStore
import Testing

@testable import SegmentServer
@testable import SegmentService

@Suite(.timeLimit(.minutes(30))) struct EventTests {
  private func fill(_ log: EventLog, _ jobs: ClosedRange<Int64>) {
    for job in jobs { log.note(.finished(job: job)) }
  }

  /// Kinds and data, without ids.
  private func lines(_ text: String) -> [String] {
    text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { event in
      event.components(separatedBy: "\n").filter { !$0.hasPrefix("id: ") }
        .map { String($0.drop { $0 != " " }.dropFirst()) }.joined(separator: " ")
    }
  }

  private func lastID(_ text: String) -> String? {
    text.components(separatedBy: "\n").last { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
  }

  // MARK: The log

  @Test func `who begins is told where it stands, and then everything in order`() {
    let log = EventLog()
    fill(log, 1...2)
    var reading = EventReading(log, after: nil)
    #expect(lines(reading.beginning) == ["ready {}"])
    #expect(reading.next() == "")
    fill(log, 3...4)
    #expect(lines(reading.next()) == [#"finished {"job":3}"#, #"finished {"job":4}"#])
    #expect(reading.next() == "")
  }

  @Test func `who comes back is told what it has missed`() {
    let log = EventLog()
    fill(log, 1...1)
    let first = EventReading(log, after: nil)
    fill(log, 2...3)
    let back = EventReading(log, after: lastID(first.beginning))
    #expect(lines(back.beginning) == [#"finished {"job":2}"#, #"finished {"job":3}"#])
    #expect(EventReading(log, after: lastID(back.beginning)).beginning == "")
  }

  @Test func `who has missed what is not held any more is told to read again`() {
    let log = EventLog(capacity: 3)
    var slow = EventReading(log, after: nil)
    let id = lastID(slow.beginning)
    fill(log, 1...3)
    #expect(lines(slow.next()).count == 3)
    fill(log, 4...20)
    #expect(lines(slow.next()) == ["resync {}"])
    fill(log, 21...21)
    #expect(lines(slow.next()) == [#"finished {"job":21}"#])
    // The last three are always held; of another process, or of none, nothing is.
    #expect(lines(EventReading(log, after: log.id(of: 18)).beginning).count == 3)
    for lost in [id, EventLog().id(of: 20), log.id(of: 99), "", "x-1", log.id(of: -1)] {
      #expect(lines(EventReading(log, after: lost).beginning) == ["resync {}"])
    }
  }

  @Test func `progress is an event for each twentieth, and known to each step`() {
    let log = EventLog()
    var reading = EventReading(log, after: nil)
    for done in 1...100 { log.note(.progress(job: 7, done: done, of: 100)) }
    #expect(lines(reading.next()).count == 21)
    log.note(.progress(job: 7, done: 1, of: 1_000))
    log.note(.progress(job: 7, done: 2, of: 1_000))
    #expect(log.progress(of: 7) == JobProgress(done: 2, total: 1_000))
    #expect(lines(reading.next()).count == 1)
    log.note(.loading(job: 7, LoadProgress(table: "T", phase: .reading, fraction: 0.5)))
    #expect(
      lines(reading.next()) == [
        #"progress {"job":7,"progress":{"fraction":0.5,"phase":"reading","table":"T"}}"#
      ])
    log.note(.finished(job: 7))
    #expect(log.progress(of: 7) == nil)
  }

  // MARK: The stream

  /// Reads a stream until it holds all of these texts.
  private func read(
    _ shop: ServedShop, _ port: Int, after id: String? = nil, until wanted: [String],
    meanwhile: @escaping @Sendable () async throws -> Void = {}
  ) async throws -> String {
    var request = HTTPClientRequest(url: "http://localhost:\(port)\(Contract.basePath)/events")
    request.headers.add(name: "Authorization", value: "Bearer \(shop.key)")
    if let id { request.headers.add(name: "Last-Event-ID", value: id) }
    let response = try await HTTPClient.shared.execute(request, timeout: .minutes(2))
    #expect(response.status == .ok)
    #expect(response.headers.first(name: "content-type") == "text/event-stream")
    var text = ""
    var hasBegun = false
    for try await piece in response.body {
      text += String(buffer: piece)
      if !hasBegun {
        hasBegun = true
        try await meanwhile()
      }
      if wanted.allSatisfy(text.contains) { break }
    }
    return text
  }

  @Test func `a watcher is told of segments, jobs, tasks and runs, and goes on where it was`()
    async throws
  {
    let shop = try await ServedShop()
    try await shop.serve(.live) { client in
      let port = try #require(client.client.port)
      let text = try await read(shop, port, until: ["event: segments"]) {
        _ = try await client.ask(.post, "/segments", ServedShop.city("Oslo"))
      }
      #expect(text.hasPrefix("retry: 3000\n\nid: ") && text.contains("event: ready\n"))
      #expect(text.contains(#""name":"oslo","revision":1,"state":"active""#))
      let id = try #require(lastID(text))

      try await shop.running {
        _ = try await client.ask(.post, "/jobs", #"{"segments": ["oslo"]}"#)
        let missed = try await read(shop, port, after: id, until: ["event: finished"])
        for kind in ["job", "tasks", "runs", "finished"] {
          #expect(missed.contains("event: \(kind)\n"), "\(kind)")
        }
        #expect(missed.contains(#""members":2"#) && missed.contains(#""status":"processing""#))
        #expect(!missed.contains("event: ready") && !missed.contains("event: segments"))
      }
      let lost = try await read(shop, port, after: "elsewhere-1", until: ["event: resync"])
      #expect(!lost.contains("event: finished"))
    }
  }

  @Test func `a stream lives by heartbeats, and ends with the server`() async throws {
    let shop = try await ServedShop()
    let ended = AsyncStream.makeStream(of: String.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let begun = AsyncStream.makeStream(of: Void.self)
      let port = AsyncStream.makeStream(of: Int.self)
      group.addTask {
        for await port in port.stream {
          let text = try await read(
            shop, port, until: ["never"], meanwhile: { begun.continuation.finish() })
          ended.continuation.yield(text)
        }
      }
      try await shop.serve(.live) { client in
        port.continuation.yield(try #require(client.client.port))
        port.continuation.finish()
        for await _ in begun.stream {}
        _ = try await read(shop, try #require(client.client.port), until: ["\n\n:\n\n:\n\n"])
      }
      // The server has ended although somebody was watching.
      try await group.waitForAll()
    }
    for await text in ended.stream {
      #expect(text.contains("event: ready"))
      break
    }
  }
}
