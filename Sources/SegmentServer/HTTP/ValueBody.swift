import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentService

/// A value of an attribute as JSON has it: numbers exactly, dates and times as texts.
struct ValueBody: Encodable {
  var value: DuckDBValue

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .null: try container.encodeNil()
    case .boolean(let flag): try container.encode(flag)
    case .integer(let number): try container.encode(number)
    case .double(let number) where number.isFinite: try container.encode(number)
    case .decimal(let digits):
      try container.encode(Decimal(string: digits, locale: Locale(identifier: "en_US_POSIX")))
    case .list(let values): try container.encode(values.map(ValueBody.init))
    case .double, .text, .date, .instant, .blob: try container.encode(value.plainText)
    }
  }
}
