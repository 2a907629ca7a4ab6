import Foundation

/// The name under which a segment's members are a table and a file: an ASCII letter, then ASCII letters and
/// digits. Two names that differ in case only are the same name.
public enum OutputName {
  /// What databases take without shortening it.
  public static let longest = 63

  /// What is wrong with a name; nil for nothing.
  public static func problem(of name: String) -> Diagnostic? {
    guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9]*/) == nil || name.utf8.count > longest else {
      return nil
    }
    return Diagnostic(
      code: "outputName", place: "outputName",
      message: "'\(name)' is no output table name.",
      hint: "Expected are 1 to \(longest) letters and digits of ASCII, a letter first.")
  }

  /// A name made of another one: `Loyal customers` becomes `LoyalCustomers`.
  ///
  /// - Parameter isTaken: asked until it says no; a number makes the name another one.
  public static func suggestion(for name: String, isTaken: (String) throws -> Bool) rethrows
    -> String
  {
    let base = base(of: name)
    var suggestion = base
    var number = 2
    while try isTaken(suggestion) {
      let digits = String(number)
      suggestion = base.prefix(longest - digits.count) + digits
      number += 1
    }
    return suggestion
  }

  private static func base(of name: String) -> String {
    let latin = name.applyingTransform(.toLatin, reverse: false) ?? name
    let plain = latin.applyingTransform(.stripDiacritics, reverse: false) ?? latin
    let words = plain.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let joined = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    let named = joined.first?.isLetter == true ? joined : "Segment" + joined
    return String(named.prefix(longest))
  }
}
