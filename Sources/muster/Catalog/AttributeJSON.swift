import SegmentCompiler
import SegmentEngines
import SegmentService

/// What an attribute holds, as programs read it; values as text.
struct AttributeJSON: Encodable {
  struct Value: Encodable {
    var value: String
    var rows: Int
    /// The value is longer: this is its beginning.
    var isExcerpt: Bool?

    init(_ count: ValueCount) {
      value = count.value.plainText
      rows = count.rows
      isExcerpt = count.isExcerpt ? true : nil
    }
  }
  struct Bin: Encodable {
    var from: String
    var to: String
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
  /// Whether `values` are all there are.
  var isComplete: Bool?
  var minimum: String?
  var maximum: String?
  /// From 1 % to 99 %.
  var percentiles: [String]?
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
      guard !distribution.percentiles.isEmpty else { return }
      minimum = distribution.minimum.plainText
      maximum = distribution.maximum.plainText
      percentiles = distribution.percentiles.map(\.plainText)
      histogram = distribution.histogram.map {
        Bin(from: $0.from.plainText, to: $0.to.plainText, rows: $0.rows)
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
    values = counts.values.map { Value($0) }
    isComplete = counts.isComplete
  }
}
