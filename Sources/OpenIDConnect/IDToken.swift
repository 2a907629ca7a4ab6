import Foundation
import JWTKit

/// An ID token that came from a provider, and proves nothing yet.
struct IDToken: Sendable {
  /// How far the clocks of two machines may differ, in seconds.
  static let leeway = 60.0

  let algorithm: SigningAlgorithm
  let keyID: String?
  private let text: String

  private struct Header: Decodable {
    var alg: String
    var kid: String?
    var crit: [String]?
  }

  /// - Throws: ``OpenIDError/token(_:)``.
  init(_ text: String) throws {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let data = Data(base64URL: parts[0]),
      let header = try? JSONDecoder().decode(Header.self, from: data)
    else { throw OpenIDError.token(.malformed) }
    guard let algorithm = SigningAlgorithm(rawValue: header.alg), header.crit == nil else {
      throw OpenIDError.token(.algorithm)
    }
    self.algorithm = algorithm
    keyID = header.kid
    self.text = text
  }

  /// What the token says, once its signature is by the key.
  ///
  /// - Throws: ``OpenIDError/token(_:)``.
  func claims(signedBy key: JWK) async throws -> Claims {
    // With one key in it there is nothing to choose, whatever the token's header asks for.
    let keys = JWTKeyCollection()
    do {
      try await keys.add(jwk: key)
      return try await keys.verify(text, as: Claims.self)
    } catch let error as JWTError where error.errorType == .malformedToken {
      throw OpenIDError.token(.malformed)
    } catch {
      throw OpenIDError.token(.signature)
    }
  }
}

extension Claims {
  /// Holds them against what is expected of the token of one sign-in.
  ///
  /// - Throws: ``OpenIDError/token(_:)``.
  func require(issuer: String, audience: String, nonce: String, at now: Date) throws {
    func require(_ isFulfilled: Bool, _ problem: TokenProblem) throws {
      if !isFulfilled { throw OpenIDError.token(problem) }
    }
    let (time, leeway) = (now.timeIntervalSince1970, IDToken.leeway)
    let audiences = texts(at: "aud")
    let party = text("azp")
    try require(number("exp") != nil && number("iat") != nil, .malformed)
    try require(text("iss") == issuer, .issuer)
    try require(audiences.contains(audience), .audience)
    try require(party == audience || (party == nil && audiences.count == 1), .audience)
    try require(number("exp").map { time < $0 + leeway } == true, .expired)
    try require(number("iat").map { $0 <= time + leeway } == true, .issuedInFuture)
    try require(number("nbf").map { $0 <= time + leeway } ?? true, .issuedInFuture)
    try require(text("nonce") == nonce, .nonce)
    try require((text("sub")?.utf8.count).map { $0 <= 255 } == true, .subject)
  }
}

extension Data {
  init?(base64URL text: some StringProtocol) {
    let plain = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    self.init(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
  }

  var base64URL: String {
    String(
      base64EncodedString().filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }
}
