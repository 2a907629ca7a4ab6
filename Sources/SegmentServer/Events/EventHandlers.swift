import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Server-sent events, as HTML has them.
struct EventHandlers: Sendable {
  let events: EventLog
  /// How long nothing may be sent: a client and what is between notice by that whether the other one is there.
  let heartbeat: Duration

  func watch(_ request: APIRequest) -> Response {
    let last = request.text("Last-Event-ID")
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/event-stream", .cacheControl: "no-store",
        // Proxies that gather answers before they hand them on would keep events back.
        HTTPField.Name("X-Accel-Buffering")!: "no",
      ],
      body: ResponseBody { writer in
        let watch = events.watch()
        try await withGracefulShutdownHandler {
          try await write(after: last, wokenBy: watch, to: &writer)
        } onGracefulShutdown: {
          watch.end()
        }
        try await writer.finish(nil)
      })
  }

  private func write(
    after last: String?, wokenBy watch: EventWatch, to writer: inout any ResponseBodyWriter
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          try await Task.sleep(for: heartbeat)
          watch.wake()
        }
      }
      defer { group.cancelAll() }
      var reading = EventReading(events, after: last)
      try await writer.write(ByteBuffer(string: "retry: 3000\n\n\(reading.beginning)"))
      for await _ in watch.wakes {
        let text = reading.next()
        try await writer.write(ByteBuffer(string: text.isEmpty ? ":\n\n" : text))
      }
    }
  }
}

/// One watcher's way through the events.
struct EventReading {
  private let events: EventLog
  /// The number of the last event that was told.
  private var position: Int
  /// What is told first: where the watcher stands, what it has missed, or that this is not known any more.
  private(set) var beginning = ""

  /// - Parameter last: the id that the watcher has seen last; nil for one who begins.
  init(_ events: EventLog, after last: String?) {
    self.events = events
    position = events.last
    guard let last else {
      beginning = text(Event(number: position, kind: .ready, json: "{}"))
      return
    }
    // Of another process nobody knows what came after it.
    position = events.number(of: last) ?? -1
    beginning = next()
  }

  /// What has happened since; empty for nothing.
  mutating func next() -> String {
    guard let new = events.events(after: position) else {
      position = events.last
      return text(Event(number: position, kind: .resync, json: "{}"))
    }
    position = new.last?.number ?? position
    return new.map(text).joined()
  }

  private func text(_ event: Event) -> String {
    "id: \(events.id(of: event.number))\nevent: \(event.kind.rawValue)\ndata: \(event.json)\n\n"
  }
}
