import Crypto
import Foundation
import SegmentStore

/// Signatures as Standard Webhooks has them (https://www.standardwebhooks.com).
enum WebhookSignature {
  /// For the header `webhook-signature`: one for each secret, with a blank between them.
  ///
  /// - Parameters:
  ///   - message: its id, for `webhook-id`.
  ///   - timestamp: seconds, for `webhook-timestamp`.
  static func text(
    of body: String, message: String, timestamp: Int64, secrets: WebhookSecrets
  ) -> String {
    let signed = Data("\(message).\(timestamp).\(body)".utf8)
    return ([secrets.current] + (secrets.old.map { [$0] } ?? [])).map { secret in
      let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: secret))
      return "v1,\(Data(code).base64EncodedString())"
    }.joined(separator: " ")
  }

  /// 32 random bytes.
  static func newSecret() -> Data { Token.randomBytes(32) }

  /// As receivers are given it: `whsec_` and base64.
  static func text(of secret: Data) -> String { "whsec_\(secret.base64EncodedString())" }
}
