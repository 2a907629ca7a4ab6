import SegmentCompiler
import SegmentEngines
import Synchronization

/// The ordinals of profiles by key, kept in memory for those who ask for one profile after another.
///
/// What is asked for once is looked up in the data, and so is everything until the keys have been read, and where there are
/// too many of them.
final class KeyIndex: Sendable {
  /// Of audiences with more profiles than this no keys are kept.
  static let limit = 1_000_000

  private struct Kept {
    var version: Int64
    /// How often somebody has asked.
    var asked = 0
    /// nil before they are read, and where there are too many.
    var ordinals: [ProfileKey: UInt32]?
  }

  private struct State {
    /// By audience.
    var kept: [String: Kept] = [:]
    var timesForgotten = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int = KeyIndex.limit) { self.limit = limit }

  /// nil where the data has no such profile.
  func ordinal(
    of key: ProfileKey, _ audience: Audience, in snapshot: Snapshot, by service: SegmentService
  ) async throws -> UInt32? {
    let version = snapshot.version
    let (known, asked, times) = state.withLock { state in
      if state.kept[audience.name]?.version != version.id {
        state.kept[audience.name] = Kept(version: version.id)
      }
      state.kept[audience.name]?.asked += 1
      let kept = state.kept[audience.name]
      return (kept?.ordinals, kept?.asked, state.timesForgotten)
    }
    if let known { return known[key] }
    if asked == 2 {
      Task(executorPreference: WorkerExecutor.jobs, priority: .utility) { [self] in
        await read(audience, version.id, by: service, unlessForgottenAfter: times)
      }
    }
    return try await service.engine.ordinals(of: [key], audience: audience, in: version)[key]
  }

  /// Gives up what is kept, and what is being read.
  func forget() {
    state.withLock { $0 = State(timesForgotten: $0.timesForgotten + 1) }
  }

  /// Whether the keys of an audience are in memory.
  func isKept(_ audience: String) -> Bool {
    state.withLock { $0.kept[audience]?.ordinals != nil }
  }

  private func read(
    _ audience: Audience, _ version: Int64, by service: SegmentService,
    unlessForgottenAfter times: Int
  ) async {
    // Whoever asks meanwhile looks into the data, and is told what is wrong with it.
    let read = try? await service.reading { snapshot in
      snapshot.version.id == version
        ? try await service.engine.ordinals(of: audience, upTo: limit, in: snapshot.version) : nil
    }
    state.withLock { state in
      guard state.timesForgotten == times, state.kept[audience.name]?.version == version else {
        return
      }
      state.kept[audience.name]?.ordinals = read ?? nil
    }
  }
}
