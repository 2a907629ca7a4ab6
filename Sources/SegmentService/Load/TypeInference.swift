import SegmentCompiler

/// Finds the type that all values of a column have.
struct TypeInference {
  /// Bits of the types that a text can be.
  private struct Fits: OptionSet {
    let rawValue: Int64
    static let integer = Fits(rawValue: 1)
    static let decimal = Fits(rawValue: 2)
    static let double = Fits(rawValue: 4)
    static let date = Fits(rawValue: 8)
    static let datetime = Fits(rawValue: 16)
    static let boolean = Fits(rawValue: 32)
  }

  /// What the texts of all files fit; nil before the first value.
  private var fits: Fits?
  /// Types of columns that have one.
  private var natural: [AttributeType] = []

  /// An aggregate over a column of texts, for ``add(_:)``.
  ///
  /// Missing and empty texts say nothing. Whole numbers beyond 64 bits and numbers with leading zeros are texts: they
  /// are names of things.
  static func aggregate(_ raw: SQLQuery, dateFormat: String?) -> SQLQuery {
    let date: SQLQuery =
      if let dateFormat {
        "try_strptime(\(raw), \(.literal(dateFormat))) IS NOT NULL"
      } else {
        "regexp_full_match(\(raw), '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND TRY_CAST(\(raw) AS DATE) IS NOT NULL"
      }
    return """
      bit_and(CASE
        WHEN \(raw) IS NULL OR \(raw) = '' THEN NULL
        WHEN regexp_full_match(\(raw), '-?(0|[1-9][0-9]{0,11})') THEN 7
        WHEN regexp_full_match(\(raw), '-?(0|[1-9][0-9]{0,18})') AND TRY_CAST(\(raw) AS BIGINT) IS NOT NULL THEN 5
        WHEN regexp_full_match(\(raw), '-?[0-9]{19,}') THEN 0
        WHEN regexp_full_match(\(raw), '-?(0|[1-9][0-9]{0,11})?\\.[0-9]{1,6}0*') THEN 6
        WHEN regexp_full_match(\(raw), '-?((0|[1-9][0-9]*)(\\.[0-9]+)?|\\.[0-9]+)([eE][-+]?[0-9]+)?') THEN 4
        WHEN lower(\(raw)) = 'nan' THEN 4
        WHEN \(date) THEN \(number: dateFormat == nil ? 24 : 8)
        WHEN regexp_full_match(\(raw), '\(ValueConversion.iso)') AND TRY_CAST(\(raw) AS TIMESTAMP) IS NOT NULL THEN 16
        WHEN regexp_full_match(\(raw), '\(ValueConversion.isoWithZone)') AND TRY_CAST(\(raw) AS TIMESTAMPTZ) IS NOT NULL THEN 16
        WHEN lower(\(raw)) IN ('true', 'false', 't', 'f', 'yes', 'no') THEN 32
        ELSE 0 END)
      """
  }

  /// Takes the result of ``aggregate(_:dateFormat:)`` for one file.
  mutating func add(_ mask: Int64?) {
    guard let mask else { return }
    fits = (fits ?? Fits(rawValue: 63)).intersection(Fits(rawValue: mask))
  }

  mutating func add(natural type: AttributeType) {
    if !natural.contains(type) { natural.append(type) }
  }

  /// The type, restricted to numbers where the workspace file asks for one.
  func type(number: Bool) -> AttributeType {
    if number, fits == nil, natural.isEmpty { return .double }
    let found = fits.map(TypeInference.type)
    let types = natural + (found.map { [$0] } ?? [])
    let type = types.reduce(types.first ?? .text) { common($0, $1) }
    return number && !type.isNumber ? .double : type
  }

  private static func type(_ fits: Fits) -> AttributeType {
    if fits.contains(.integer) { return .integer }
    if fits.contains(.decimal) { return .plainDecimal }
    if fits.contains(.double) { return .double }
    if fits.contains(.date) { return .date }
    if fits.contains(.datetime) { return .datetime }
    return fits.contains(.boolean) ? .boolean : .text
  }

  /// The type that files of different formats share.
  private func common(_ a: AttributeType, _ b: AttributeType) -> AttributeType {
    switch (a, b) {
    case _ where a == b: return a
    case (.decimal(let p, let s), .decimal(let q, let t)):
      let scale = max(s, t)
      return .decimal(precision: min(38, max(p - s, q - t) + scale), scale: scale)
    case (.integer, .decimal), (.decimal, .integer):
      return common(.decimal(precision: 19, scale: 0), a == .integer ? b : a)
    case _ where a.isNumber && b.isNumber: return .double
    case (.date, .datetime), (.datetime, .date): return .datetime
    default: return .text
    }
  }
}
