import SegmentCompiler

/// The key of a profile as JSON has it.
struct KeyBody: Encodable {
  var key: ProfileKey

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch key {
    case .integer(let number): try container.encode(number)
    case .text(let text): try container.encode(text.string)
    }
  }
}
