import SegmentService
import Testing

@testable import SegmentServer

extension ServedShop {
  /// Runs `body` beside the runner of jobs.
  func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [runner] in try await runner.run() }
      try await body()
      await runner.stop()
      try await group.waitForAll()
    }
  }

  /// Saves a segment of each of these cities.
  func save(_ cities: String...) throws {
    for city in cities { _ = try service.save(ServedShop.city(city)) }
  }

  /// Returns when there is such an event.
  ///
  /// - Parameter text: what its data holds.
  func happened(_ kind: Event.Kind, _ text: String) async throws {
    let watch = events.watch()
    watch.wake()
    for await _ in watch.wakes {
      let events = try #require(events.events(after: max(0, events.last - 50)))
      if events.contains(where: { $0.kind == kind && $0.json.contains(text) }) { return }
    }
  }
}
