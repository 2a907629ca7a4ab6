import Hummingbird
import SegmentCompiler
import SegmentEngines
import SegmentService
import SegmentStore

/// What refreshes gave, and counts of definitions.
struct ResultHandlers: Sendable {
  let service: SegmentService

  func estimate(_ request: APIRequest) async throws -> Response {
    let wait = request.flag("wait")
    let estimates = try await service.estimate(
      try request.definitions(), asOf: request.instant("asOf"),
      budget: .milliseconds(request.integer("budget") ?? 1_000)
    ) { _ in wait }
    guard estimates.count == 1 else {
      throw Problem(
        .badRequest, "notJSON", "One definition is expected here, not \(estimates.count).")
    }
    return .json(EstimateBody(estimates[0]))
  }

  func members(_ request: APIRequest) async throws -> Response {
    let position = try request.text("cursor").map { text in
      guard let position = MemberPosition(text) else { throw PositionError.unreadable(text) }
      return position
    }
    let page = try await service.membersPage(
      try request.selection(), after: position, limit: request.integer("limit") ?? 100)
    return .json(MembersBody(page))
  }

  // MARK: Runs

  func runs(_ request: APIRequest) throws -> Response {
    let list = try request.required("segment")
    let cursor = try Cursor<Int64>(request, list: "runs \(list)")
    let limit = request.integer("limit") ?? 100
    var runs = try service.history(of: list, limit: limit + 1, before: cursor?.position)
    var next: String?
    if runs.count > limit {
      runs.removeLast()
      next = try Cursor(list: "runs \(list)", position: runs[limit - 1].id).text()
    }
    let rest = try service.rest(of: runs)
    return .json(
      Page(items: runs.map { RunJSON($0, rest: rest[$0.id]) }, total: nil, next: next))
  }

  func run(_ request: APIRequest) throws -> Response {
    let run = try service.run(try request.runNumber(), of: try request.required("segment"))
    return .json(RunJSON(run, rest: try service.rest(of: [run])[run.id]))
  }

  func difference(_ request: APIRequest) async throws -> Response {
    struct Body: Encodable {
      var from: Int64
      var to: Int64
      var entered: Int
      var exited: Int
      var enteredKeys: [KeyBody]
      var exitedKeys: [KeyBody]
    }
    let name = try request.required("segment")
    let to = try service.run(try request.runNumber(), of: name)
    guard let from = request.integer("from").map(Int64.init) ?? to.result?.previousRun else {
      throw Problem(
        .conflict, "noRunBefore", "No run of the segment was published before run \(to.id).")
    }
    let difference = try service.runDifference(of: name, from: from, to: to.id)
    let limit = request.integer("keys") ?? 100
    let keys =
      limit == 0
      ? (entered: [], exited: []) : try await service.keys(of: difference, limit: limit)
    return .json(
      Body(
        from: from, to: to.id, entered: difference.entered, exited: difference.exited,
        enteredKeys: keys.entered.map(KeyBody.init), exitedKeys: keys.exited.map(KeyBody.init)))
  }

  func trend(_ request: APIRequest) throws -> Response {
    struct Point: Encodable {
      var run: Int64
      var asOf: String
      var finished: String
      var members: Int
      var entered: Int
      var exited: Int
      var runs: Int
    }
    let trend = try service.trend(
      of: try request.required("segment"), since: request.instant("since"),
      until: request.instant("until"), points: request.integer("points"))
    return .json(
      Items(
        items: trend.map { point in
          Point(
            run: point.run, asOf: point.asOf.description, finished: point.finished.description,
            members: point.count, entered: point.entered, exited: point.exited, runs: point.runs)
        }))
  }

  // MARK: Explanations

  func why(_ request: APIRequest) async throws -> Response {
    let why = try await service.why(
      segment: try request.required("segment"), key: try request.required("key"),
      run: request.integer("run").map(Int64.init))
    return .json(WhyBody(why))
  }

  func explain(_ request: APIRequest) throws -> Response {
    let explanation = try service.explain(
      segment: try request.required("segment"), asOf: request.instant("asOf"))
    return .json(ExplanationBody(explanation))
  }
}

extension APIRequest {
  /// Which members are asked for.
  func selection() throws -> MemberSelection {
    MemberSelection(
      segment: try required("segment"), part: word("part", as: MemberSelection.Part.self) ?? .all,
      run: integer("run").map(Int64.init))
  }

  fileprivate func runNumber() throws -> Int64 {
    // The contract has it as a number.
    Int64(try required("run")) ?? 0
  }
}
