import Foundation

/// What a provider says of itself at `/.well-known/openid-configuration`.
struct Discovery: Sendable {
  var authorization: URL
  var token: URL
  var keys: URL
  var userInfo: URL?
  var endSession: URL?
  /// Whether it takes the secret of a client in the body only.
  var takesSecretInBody: Bool
  /// Whether it says in each answer who it is (RFC 9207).
  var namesItself: Bool

  private struct Document: Decodable {
    var issuer: String
    var authorization_endpoint: String
    var token_endpoint: String
    var jwks_uri: String
    var userinfo_endpoint: String?
    var end_session_endpoint: String?
    var token_endpoint_auth_methods_supported: [String]?
    var authorization_response_iss_parameter_supported: Bool?
  }

  static func url(of settings: OpenIDSettings) throws -> URL {
    let issuer = settings.issuer.hasSuffix("/") ? settings.issuer.dropLast() : settings.issuer[...]
    return try settings.secure("\(issuer)/.well-known/openid-configuration")
  }

  /// - Throws: ``OpenIDError``.
  init(_ json: Data, _ settings: OpenIDSettings) throws {
    guard let document = try? JSONDecoder().decode(Document.self, from: json) else {
      throw OpenIDError.provider("its openid-configuration cannot be read.")
    }
    guard document.issuer == settings.issuer else {
      throw OpenIDError.provider(
        "it calls itself '\(document.issuer)', and not '\(settings.issuer)' as the settings do.")
    }
    authorization = try settings.secure(document.authorization_endpoint)
    token = try settings.secure(document.token_endpoint)
    keys = try settings.secure(document.jwks_uri)
    userInfo = try document.userinfo_endpoint.map(settings.secure)
    endSession = try document.end_session_endpoint.map(settings.secure)
    let methods = document.token_endpoint_auth_methods_supported ?? ["client_secret_basic"]
    takesSecretInBody =
      !methods.contains("client_secret_basic") && methods.contains("client_secret_post")
    namesItself = document.authorization_response_iss_parameter_supported ?? false
  }
}

extension URL {
  /// With these beside the fields of its query.
  func adding(_ fields: [(String, String)]) -> String {
    let separator = absoluteString.contains("?") ? "&" : "?"
    return absoluteString + separator + formEncoded(fields)
  }
}
