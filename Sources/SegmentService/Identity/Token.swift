import Crypto
import Foundation

/// A secret that nobody can guess. Whoever gives one out keeps its hash only.
public struct Token: Sendable {
  /// In hexadecimal digits.
  public let text: String

  public init(_ text: String) { self.text = text }

  /// - Parameter bytes: at least 16.
  static func random(bytes: Int = 32) -> Token { Token(hexadecimal(randomBytes(bytes))) }

  /// From the system's cryptographically secure generator.
  static func randomBytes(_ count: Int) -> Data {
    var generator = SystemRandomNumberGenerator()
    return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  /// SHA-256: what has so many random bits needs no salt and no slow hash.
  var hash: Data { Data(SHA256.hash(data: Data(text.utf8))) }

  /// Takes the same time whether it matches or not.
  func matches(_ hash: Data) -> Bool { SHA256.hash(data: Data(text.utf8)) == hash }

  /// Another secret, which whoever knows this one can derive, and nobody the other way round.
  func derived(for purpose: String) -> Token {
    let code = HMAC<SHA256>.authenticationCode(
      for: Data(purpose.utf8), using: SymmetricKey(data: Data(text.utf8)))
    return Token(hexadecimal(code))
  }

  /// Takes the same time whether they are the same or not.
  func equals(_ other: Token) -> Bool { matches(other.hash) }
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
