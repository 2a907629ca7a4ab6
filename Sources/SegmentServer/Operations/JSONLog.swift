import Foundation
import Logging

/// Writes log entries as a JSON object each, on the error stream.
///
/// What goes in is up to those who log: ids, codes, counts and times; no secret, and no value of a person.
public struct JSONLog: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var logLevel: Logger.Level = .info
  private let label: String
  private let write: @Sendable (String) -> Void

  /// - Parameter write: takes a line.
  public init(
    label: String,
    write: @escaping @Sendable (String) -> Void = { line in
      try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
  ) {
    self.label = label
    self.write = write
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var entry: [String: String] = [
      "time": Date.now.formatted(.iso8601.time(includingFractionalSeconds: true)),
      "level": event.level.rawValue, "message": "\(event.message)",
    ]
    let own = metadata.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in own {
      entry[key == "hb.request.id" ? "request" : key] = "\(value)"
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(entry) else { return }
    write(String(decoding: data, as: UTF8.self) + "\n")
  }
}
