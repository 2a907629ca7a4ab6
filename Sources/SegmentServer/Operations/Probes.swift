import Hummingbird
import SegmentCompiler
import SegmentService

/// What supervisors ask: whether the process lives, whether it can do its work, and its figures.
struct Probes: Sendable {
  let service: SegmentService
  let metrics: RequestMetrics

  func add(to router: Router<APIContext>) {
    router.get("healthz") { _, _ in Response.plain("alive\n") }
    router.get("readyz") { _, _ in try ready() }
    router.get("metrics") { _, _ in try figures() }
  }

  /// Whether requests can be answered: the store can be read, and there is loaded data.
  private func ready() throws -> Response {
    do {
      _ = try service.catalog()
      return .plain("ready\n")
    } catch {
      return .plain("not ready: \(Problem(error).code)\n", status: .serviceUnavailable)
    }
  }

  private func figures() throws -> Response {
    var text = PrometheusText()
    let status = try service.figures()
    text.begin("muster_segments", .gauge, "Segments by state.")
    for (state, count) in status.segments.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      text.add("", [("state", state.rawValue)], Double(count))
    }
    text.begin("muster_jobs_unfinished", .gauge, "Jobs that have tasks to do.")
    text.add("", [], Double(status.unfinishedJobs))
    text.begin("muster_data_version", .gauge, "The data version in force; 0 for none.")
    text.add("", [], Double(status.dataVersion ?? 0))
    if let last = status.lastRefreshed {
      text.begin(
        "muster_last_refresh_timestamp_seconds", .gauge, "When members were last published.")
      text.add("", [], Double(last.microseconds) / 1e6)
    }
    metrics.write(to: &text)
    return .plain(text.text, type: "text/plain; version=0.0.4; charset=utf-8")
  }
}

extension Response {
  static func plain(
    _ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
