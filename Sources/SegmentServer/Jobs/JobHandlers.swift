import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Jobs: what is refreshed and loaded, was and will be.
struct JobHandlers: Sendable {
  let service: SegmentService
  let runner: JobRunner
  let events: EventLog

  func create(_ request: APIRequest) async throws -> Response {
    let job = try await runner.submit(try request.decode(jobRequest), by: service.author)
    return Response.json(JobBody(job, progress: events.progress(of: job.id)), status: .accepted)
      .located("/jobs/\(job.id)")
  }

  private func jobRequest(_ reader: DocumentReader, _ document: Document) -> JobRequest? {
    guard let fields = reader.mapping(document, at: "", known: ["segments", "load"]) else {
      return nil
    }
    let load = fields["load"].flatMap { reader.boolean($0, at: "load") } ?? false
    guard let segments = fields["segments"] else {
      if !load {
        reader.note(
          "nothingToDo", at: "",
          "Something to do is expected: 'segments' with names or \"all\", or 'load' with true.")
      }
      return JobRequest(.named([]), loading: load)
    }
    switch reader.names(segments, at: "segments") {
    case .all: return JobRequest(.all, loading: load)
    case .named(let names): return JobRequest(.named(names), loading: load)
    case nil: return nil
    }
  }

  func list(_ request: APIRequest) throws -> Response {
    let list = request.listIdentity
    let cursor = try Cursor<Int64>(request, list: list)
    let limit = request.integer("limit") ?? 100
    let filter = JobFilter(
      states: Set(request.words("state", as: JobState.self)),
      triggers: Set(request.words("trigger", as: JobTrigger.self)),
      segment: try request.text("segment").map { try service.record(of: $0).id },
      before: cursor?.position)
    // One more says whether there is a further page.
    let found = try service.jobs(filter, limit: limit + 1)
    let items = found.prefix(limit)
    let next =
      try items.count < found.count
      ? items.last.map { try Cursor(list: list, position: $0.job.id).text() } : nil
    return .json(
      Page(
        items: items.map { JobBody($0, progress: events.progress(of: $0.job.id)) }, total: nil,
        next: next))
  }

  func get(_ request: APIRequest) throws -> Response {
    let job = try job(request)
    return .json(JobBody(job, progress: events.progress(of: job.id)))
  }

  func cancel(_ request: APIRequest) async throws -> Response {
    let job = try job(request)
    guard try await runner.cancel(job.id, by: service.author) else {
      throw Problem(.conflict, "jobFinished", "Job \(job.id) is finished.")
    }
    return .json(JobBody(job, progress: events.progress(of: job.id)), status: .accepted)
  }

  private func job(_ request: APIRequest) throws -> JobRecord {
    let id = Int64(try request.required("job")) ?? 0
    guard let job = try service.job(id) else {
      throw Problem(
        .notFound, "unknownJob",
        "There is no job \(id). 'retention' in workspace.yaml says how long finished ones are kept."
      )
    }
    return job
  }
}

/// Segments that a body names.
enum NamedSegments {
  case all
  case named([String])
}

extension DocumentReader {
  /// Names of segments, or the word `all`; nil where it is neither, which is noted.
  func names(_ document: Document, at place: String) -> NamedSegments? {
    if document.textValue == "all" { return .all }
    guard case .list(let items) = document.value, !items.isEmpty else {
      note("wrongShape", at: place, "A list of names is expected here, or \"all\".", in: document)
      return nil
    }
    let names = items.enumerated().compactMap { text($1, at: "\(place)[\($0)]") }
    return names.count == items.count ? .named(names) : nil
  }
}
