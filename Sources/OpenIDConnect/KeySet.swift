import Foundation
import JWTKit

/// The keys that a provider signs with.
struct KeySet: Sendable {
  private let keys: [JWK]

  /// Keys of kinds that are not known, or for encryption, are left out.
  ///
  /// - Throws: ``OpenIDError/provider(_:)``.
  init(_ json: Data) throws {
    guard let document = try? JSONSerialization.jsonObject(with: json) as? [String: Any],
      let items = document["keys"] as? [[String: Any]]
    else { throw OpenIDError.provider("its key set cannot be read.") }
    keys = items.compactMap { item in
      guard item["use"] as? String ?? "sig" == "sig",
        let data = try? JSONSerialization.data(withJSONObject: item)
      else { return nil }
      return try? JSONDecoder().decode(JWK.self, from: data)
    }
  }

  /// The key of a token, bound to the algorithm of the token; nil where there is none that fits both.
  func key(id: String?, for algorithm: SigningAlgorithm) -> JWK? {
    let fitting = keys.filter { key in
      key.keyType == algorithm.keyType
        && (key.algorithm == nil || key.algorithm == algorithm.algorithm)
        && (id == nil || key.keyIdentifier?.string == id)
    }
    // A token without the id of a key is clear only where there is one.
    guard var key = fitting.first, fitting.count == 1 else { return nil }
    key.algorithm = algorithm.algorithm
    key.keyIdentifier = key.keyIdentifier ?? "only"
    return key
  }
}

/// How an ID token may be signed: by public keys only. No `none`, and no HMAC, for which a public key would be a secret.
enum SigningAlgorithm: String, CaseIterable, Sendable {
  case RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA

  var algorithm: JWK.Algorithm { JWK.Algorithm(rawValue: rawValue)! }

  var keyType: JWK.KeyType {
    switch self {
    case .RS256, .RS384, .RS512, .PS256, .PS384, .PS512: .rsa
    case .ES256, .ES384, .ES512: .ecdsa
    case .EdDSA: .octetKeyPair
    }
  }
}
