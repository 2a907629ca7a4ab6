/// A decimal number of any precision, exactly as written.
public struct ExactNumber: Sendable, Hashable, CustomStringConvertible {
  public let isNegative: Bool
  /// Digits without leading zeros; empty for zero.
  let digits: String
  /// How many of the digits stand behind the point; never negative, no trailing zeros behind the point.
  public let scale: Int

  /// The most digits a literal may have.
  static let maximumDigits = 200

  /// Parses `-12.50` or `1e6`; nil where the text is no number or has over 200 digits.
  public init?(_ text: String) {
    guard text.utf8.count <= 4 * ExactNumber.maximumDigits,
      let match = text.wholeMatch(of: /(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?[0-9]+))?/)
    else { return nil }
    let fraction = match.3.map(String.init) ?? ""
    var exponent = 0
    if let written = match.4 {
      let limit = ExactNumber.maximumDigits
      guard let value = Int(written), (-limit...limit).contains(value) else { return nil }
      exponent = value
    }
    self.init(
      isNegative: match.1 == "-", digits: match.2 + fraction, scale: fraction.count - exponent)
    guard self.digits.count <= ExactNumber.maximumDigits else { return nil }
  }

  private init(isNegative: Bool, digits: some StringProtocol, scale: Int) {
    var digits = String(digits)
    var scale = scale
    if scale < 0 {
      digits += String(repeating: "0", count: -scale)
      scale = 0
    }
    while scale > 0, digits.isEmpty || digits.last == "0" {
      if !digits.isEmpty { digits.removeLast() }
      scale -= 1
    }
    self.digits = String(digits.drop { $0 == "0" })
    self.scale = self.digits.isEmpty ? 0 : scale
    self.isNegative = isNegative && !self.digits.isEmpty
  }

  /// Plain notation without exponent.
  public var description: String {
    let padding = max(0, scale + 1 - digits.count)
    let padded = String(repeating: "0", count: padding) + digits
    let whole = padded.dropLast(scale)
    let text = scale == 0 ? String(whole) : "\(whole).\(padded.suffix(scale))"
    return (isNegative ? "-" : "") + text
  }

  /// Nearest double.
  public var double: Double { Double(description)! }

  /// The value where it is a whole number of 64 bits.
  public var int64: Int64? { scale == 0 ? Int64(description) : nil }

  /// Digits before the point; 0 for numbers below 1.
  public var wholeDigits: Int { max(0, digits.count - scale) }

  /// The greatest number with `scale` digits behind the point that is not above this one.
  public func floored(toScale scale: Int) -> ExactNumber {
    guard self.scale > scale else { return self }
    let cut = self.scale - scale
    let kept = digits.count > cut ? String(digits.dropLast(cut)) : ""
    guard isNegative else { return ExactNumber(isNegative: false, digits: kept, scale: scale) }
    return ExactNumber(isNegative: true, digits: ExactNumber.incremented(kept), scale: scale)
  }

  private static func incremented(_ digits: String) -> String {
    var result: [Character] = []
    var carry = true
    for digit in digits.reversed() {
      guard carry else {
        result.append(digit)
        continue
      }
      if digit == "9" {
        result.append("0")
      } else {
        result.append(Character(String(digit.wholeNumberValue! + 1)))
        carry = false
      }
    }
    if carry { result.append("1") }
    return String(result.reversed())
  }
}

extension ExactNumber {
  /// Exact comparison.
  func isGreater(than other: ExactNumber) -> Bool {
    if isNegative != other.isNegative { return other.isNegative }
    let scale = max(self.scale, other.scale)
    let mine = aligned(to: scale)
    let theirs = other.aligned(to: scale)
    guard mine != theirs else { return false }
    let isLonger =
      mine.count == theirs.count ? mine > theirs : mine.count > theirs.count
    return isLonger != isNegative
  }

  private func aligned(to scale: Int) -> String {
    let text = digits + String(repeating: "0", count: scale - self.scale)
    return String(text.drop { $0 == "0" })
  }
}
