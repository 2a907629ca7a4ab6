import Crypto
import Foundation
import SegmentCompiler

/// What the file of a segment is called: a name that every file system takes, and no two segments share.
///
/// A name of small letters, digits, `-` and `_` stands for itself. Any other becomes one that resembles it, with a
/// part of its hash: it cannot be told from its neighbours where case or composition does not count.
enum ExportName {
  static func base(for segment: String) -> String {
    if isPlain(segment) { return segment }
    let hash = SHA256.hash(data: Data(segment.utf8)).prefix(6)
      .map { String(format: "%02x", $0) }.joined()
    let readable = readable(segment)
    return readable.isEmpty ? "segment-\(hash)" : "\(readable)-\(hash)"
  }

  private static let reserved: Set<String> = Set(
    ["con", "prn", "aux", "nul", "workspace"] + (0...9).flatMap { ["com\($0)", "lpt\($0)"] })

  private static func isPlain(_ name: String) -> Bool {
    name.utf8.count <= 100 && !name.hasPrefix("-") && !reserved.contains(name)
      && name.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      }
  }

  /// Letters and digits, small, with a hyphen for everything between them.
  private static func readable(_ name: String) -> String {
    let scalars = name.lowercased().precomposedStringWithCanonicalMapping.unicodeScalars
    let words = scalars.split { scalar in
      !(scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_")
    }
    let text = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: "-")
    var result = String.UnicodeScalarView()
    var length = 0
    for scalar in text.unicodeScalars {
      length += String(scalar).utf8.count
      if length > 100 { break }
      result.append(scalar)
    }
    return String(result)
  }
}
