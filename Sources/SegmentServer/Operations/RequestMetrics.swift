import Hummingbird
import Synchronization

/// How many requests were answered, and how long that took: by method, path of the contract and status.
final class RequestMetrics: Sendable {
  struct Label: Hashable, Comparable {
    var method: String
    /// With the names of its parameters, never their values.
    var path: String
    var status: Int

    static func < (left: Label, right: Label) -> Bool {
      (left.path, left.method, left.status) < (right.path, right.method, right.status)
    }
  }

  private struct Figures {
    var count = 0
    var seconds = 0.0
    /// How many took at most as long as the bound of the same index.
    var buckets = [Int](repeating: 0, count: RequestMetrics.bounds.count)
  }

  /// In seconds.
  private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]

  private let figures = Mutex<[Label: Figures]>([:])

  func note(_ label: Label, took duration: Duration) {
    let seconds = duration / .seconds(1)
    figures.withLock { figures in
      var figure = figures[label] ?? Figures()
      figure.count += 1
      figure.seconds += seconds
      for (index, bound) in RequestMetrics.bounds.enumerated() where seconds <= bound {
        figure.buckets[index] += 1
      }
      figures[label] = figure
    }
  }

  func write(to text: inout PrometheusText) {
    let all = figures.withLock { $0 }.sorted { $0.key < $1.key }
    text.begin("muster_http_request_seconds", .histogram, "How long requests took.")
    for (label, figure) in all {
      let labels = [
        ("method", label.method), ("path", label.path), ("status", "\(label.status)"),
      ]
      for (bound, count) in zip(RequestMetrics.bounds, figure.buckets) {
        text.add("_bucket", labels + [("le", "\(bound)")], Double(count))
      }
      text.add("_bucket", labels + [("le", "+Inf")], Double(figure.count))
      text.add("_sum", labels, figure.seconds)
      text.add("_count", labels, Double(figure.count))
    }
  }
}

/// Figures in Prometheus's text format 0.0.4.
struct PrometheusText {
  enum Kind: String { case counter, gauge, histogram }

  private(set) var text = ""
  private var name = ""

  /// Begins a metric: what is added next belongs to it.
  mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func add(
    _ suffix: String = "", _ labels: [(name: String, value: String)] = [], _ value: Double
  ) {
    let inside = labels.map { "\($0.name)=\"\(PrometheusText.escaped($0.value))\"" }
    let braces = inside.isEmpty ? "" : "{\(inside.joined(separator: ","))}"
    let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    text += "\(name)\(suffix)\(braces) \(number)\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
