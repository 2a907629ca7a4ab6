import Foundation
import Logging
import SegmentCompiler
import Synchronization
import Testing

@testable import SegmentServer

@Suite struct OperationsTests {
  @Test func `supervisors learn whether it lives and is ready`() async throws {
    try await ServedShop().serve { client in
      let (alive, ready) = try await (client.probe("/healthz"), client.probe("/readyz"))
      #expect(alive.text == "alive\n" && ready.text == "ready\n")
    }
    try await ServedShop(isLoaded: false).serve { client in
      #expect(try await client.probe("/healthz").status == 200)
      let notReady = try await client.probe("/readyz")
      #expect(notReady.status == 503 && notReady.text == "not ready: notLoaded\n")
    }
  }

  @Test func `figures count segments and requests by routes, and name no values`() async throws {
    try await ServedShop().serve { client in
      _ = try await client.ask(.post, "/segments", ServedShop.city("Oslo"))
      _ = try await client.get("/segments/oslo")
      _ = try await client.get("/segments/nobody")
      let figures = try await client.probe("/metrics")
      #expect(figures.headers[.contentType]?.hasPrefix("text/plain; version=0.0.4") == true)
      let lines = figures.text.split(separator: "\n")
      #expect(lines.contains("muster_segments{state=\"active\"} 1"))
      #expect(lines.contains("muster_data_version 1"))
      for status in [200, 404] {
        let labels = #"method="GET",path="/api/v1/segments/{segment}",status="\#(status)""#
        #expect(lines.contains("muster_http_request_seconds_count{\(labels)} 1"))
        #expect(lines.contains("muster_http_request_seconds_bucket{\(labels),le=\"+Inf\"} 1"))
      }
      #expect(!figures.text.contains("oslo"))
    }
  }

  @Test func `each request is logged with its id, and no value of it`() async throws {
    let lines = Mutex<[String]>([])
    var logger = Logger(label: "test") { label in
      JSONLog(label: label) { line in lines.withLock { $0.append(line) } }
    }
    logger.logLevel = .info
    try await ServedShop().serve(logger: logger) { client in
      let answer = try await client.get("/segments/secret-name?")
      let entry = try #require(
        lines.withLock { $0 }.compactMap { Document(json: $0) }
          .first { $0["message"]?.textValue == "Request" })
      #expect(entry["path"]?.textValue == "/api/v1/segments/{segment}")
      #expect(entry["status"]?.textValue == "404" && entry["level"]?.textValue == "info")
      #expect(entry["request"]?.textValue == answer.headers[.requestID])
      #expect(answer["requestId"] == answer.headers[.requestID])
      #expect(!lines.withLock { $0 }.joined().contains("secret-name"))
    }
  }
}
