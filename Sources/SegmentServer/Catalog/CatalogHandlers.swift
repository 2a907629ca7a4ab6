import Hummingbird
import SegmentCompiler
import SegmentEngines
import SegmentService

/// What definitions can speak of, and what is in it.
struct CatalogHandlers: Sendable {
  let service: SegmentService
  let memberships: EncodedItems<Int64, Memberships.Membership>

  func catalog(_ request: APIRequest) throws -> Response {
    .json(CatalogBody(try service.loadedCatalog(), outputs: try service.outputTables()))
  }

  func values(_ request: APIRequest) async throws -> Response {
    let values = try await service.values(
      of: try request.required("attribute"), search: request.text("search"),
      limit: request.integer("limit") ?? SegmentService.suggestedValues)
    return .json(AttributeBody(values))
  }

  func profile(_ request: APIRequest) async throws -> Response {
    .json(AttributeBody(try await service.profile(of: try request.required("attribute"))))
  }

  func memberships(_ request: APIRequest) async throws -> Response {
    let found = try await service.segments(
      ofKey: try request.required("key"), audience: try request.required("audience"))
    return try .json(
      MembershipsBody(found),
      items: memberships.encoded(found.segments, by: \.run, as: MembershipBody.init))
  }
}

private struct AttributeBody: Encodable {
  struct Value: Encodable {
    var value: ValueBody
    var rows: Int
    var isExcerpt: Bool
  }

  struct Bin: Encodable {
    var from: ValueBody
    var to: ValueBody
    var rows: Int
  }

  var attribute: String
  var type: String
  var dataVersion: Int64
  var rows: Int
  var missing: Int
  var distinct: Int
  var isDistinctExact: Bool
  var values: [Value]?
  var isComplete: Bool?
  var minimum: ValueBody?
  var maximum: ValueBody?
  var percentiles: [ValueBody]?
  var histogram: [Bin]?

  init(_ values: AttributeValues) {
    self.init(values.attribute, values.type, values.dataVersion, values.counts.totals)
    set(values.counts)
  }

  init(_ profile: AttributeProfile) {
    self.init(profile.attribute, profile.type, profile.dataVersion, profile.totals)
    switch profile.shape {
    case .categories(let counts): set(counts)
    case .distribution(let distribution):
      minimum = ValueBody(value: distribution.minimum)
      maximum = ValueBody(value: distribution.maximum)
      percentiles = distribution.percentiles.map(ValueBody.init)
      histogram = distribution.histogram.map { bin in
        Bin(from: ValueBody(value: bin.from), to: ValueBody(value: bin.to), rows: bin.rows)
      }
    }
  }

  private init(
    _ attribute: Reference, _ type: AttributeType, _ dataVersion: Int64, _ totals: ValueTotals
  ) {
    self.attribute = attribute.description
    self.type = type.name
    self.dataVersion = dataVersion
    rows = totals.rows
    missing = totals.missing
    distinct = totals.distinct
    isDistinctExact = totals.isDistinctExact
  }

  private mutating func set(_ counts: ValueCounts) {
    values = counts.values.map { count in
      Value(value: ValueBody(value: count.value), rows: count.rows, isExcerpt: count.isExcerpt)
    }
    isComplete = counts.isComplete
  }
}

private struct MembershipBody: Encodable {
  var segment: String
  var state: String
  var run: Int64
  var asOf: String
  var refreshed: String

  init(_ membership: Memberships.Membership) {
    segment = membership.segment
    state = membership.state.rawValue
    run = membership.run
    asOf = membership.asOf.description
    refreshed = membership.refreshed.description
  }
}

/// Without the items.
private struct MembershipsBody: Encodable {
  var audience: String
  var key: KeyBody
  var items: [Never] = []
  var unreadable: [String]

  init(_ memberships: Memberships) {
    audience = memberships.audience
    key = KeyBody(key: memberships.key)
    unreadable = memberships.unreadable
  }
}
