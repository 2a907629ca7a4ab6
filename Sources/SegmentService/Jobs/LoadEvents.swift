import SegmentStore

/// What a load means to the tasks of its tables.
struct LoadEvents {
  private var events: [String: TaskEvent] = [:]
  /// Why nothing can be loaded any more.
  private(set) var lost: DataFileLost?

  /// Of a load that has told nothing.
  init() {}

  /// - Parameter nothingPublished: whether the tables that did not fail are as little loaded.
  init(_ report: LoadReport, nothingPublished: Bool = false) {
    for table in report.tables {
      switch table.outcome {
      case .failed:
        events[table.table] = .failed(
          cause: table.problems.map(\.description).joined(separator: "\n"), isRetryable: false)
      case .loaded, .unchanged:
        events[table.table] =
          nothingPublished
          ? .failed(
            cause: "Another table failed that was never loaded, so that nothing was loaded.",
            isRetryable: false)
          : .succeeded
      }
    }
  }

  /// Of a load that could not be done.
  init(failing tasks: [TaskRecord], _ error: any Error) {
    for task in tasks {
      events[task.name] = .failed(cause: "\(error)", isRetryable: error.retry != .never)
    }
    if error.retry == .afterRestart { lost = DataFileLost(cause: "\(error)") }
  }

  subscript(table: String) -> TaskEvent {
    events[table]
      ?? .failed(cause: "The workspace file does not have the table any more.", isRetryable: false)
  }
}
