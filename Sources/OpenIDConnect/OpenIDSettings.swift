import Foundation

/// What is agreed with an OpenID provider.
public struct OpenIDSettings: Sendable {
  /// As the provider writes it in its ID tokens, such as `https://login.example.com/realms/main`.
  public let issuer: String
  public let clientID: String
  /// nil for a public client.
  public let clientSecret: Secret?
  /// What people know the provider by.
  public let displayName: String
  public let scopes: [String]
  /// Where the provider sends browsers back to; it has to know this address.
  public let redirectURI: String
  /// How long the provider may take for an answer.
  public let timeLimit: Duration

  /// - Throws: ``OpenIDError/notSecure(_:)``.
  public init(
    issuer: String, clientID: String, clientSecret: Secret? = nil, displayName: String,
    scopes: [String] = ["profile", "email"], redirectURI: String,
    timeLimit: Duration = .seconds(10)
  ) throws {
    self.issuer = issuer
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.displayName = displayName
    self.scopes = scopes.contains("openid") ? scopes : ["openid"] + scopes
    self.redirectURI = redirectURI
    self.timeLimit = timeLimit
    _ = try secure(issuer)
    _ = try secure(redirectURI)
  }
}

/// A text that no log shows.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  let text: String

  public init(_ text: String) { self.text = text }

  public var description: String { "(secret)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why somebody is not signed in by a provider. No case holds a token or a secret.
public enum OpenIDError: Error, Equatable, CustomStringConvertible {
  /// An address that is neither HTTPS nor of this machine.
  case notSecure(String)
  /// The provider does not answer, or not as the standard says.
  case provider(String)
  /// It answered with an error, such as `access_denied`.
  case refused(code: String)
  /// Its ID token does not prove who somebody is.
  case token(TokenProblem)

  public var description: String {
    switch self {
    case .notSecure(let address):
      "'\(address)' is no https:// address. Only a provider on this machine itself may be without."
    case .provider(let cause): "The OpenID provider cannot be used: \(cause)"
    case .refused("access_denied"): "The provider says that access was denied."
    case .refused(let code): "The provider refused with the error '\(code)'."
    case .token(let problem): "The provider's ID token was not accepted: \(problem.rawValue)."
    }
  }
}

/// What is wrong with an ID token.
public enum TokenProblem: String, Sendable, Equatable, CaseIterable {
  case malformed = "it cannot be read"
  case algorithm = "it is signed in a way that proves nothing"
  case unknownKey = "its key is none of the provider's"
  case signature = "its signature is wrong"
  case issuer = "it is by another issuer"
  case audience = "it is for another program"
  case expired = "it has expired"
  case issuedInFuture = "it was issued in the future"
  case nonce = "it belongs to another sign-in"
  case subject = "it does not say who somebody is"
}

extension OpenIDSettings {
  /// An address that secrets may be sent to: HTTPS, or on this machine where the issuer is there, too.
  ///
  /// - Throws: ``OpenIDError/notSecure(_:)``.
  func secure(_ address: String) throws -> URL {
    guard let url = URL(string: address), let host = url.host(), url.user() == nil,
      url.fragment() == nil
    else { throw OpenIDError.notSecure(address) }
    switch url.scheme {
    case "https": return url
    case "http" where isLoopback(host) && isLoopback(URL(string: issuer)?.host() ?? ""): return url
    default: throw OpenIDError.notSecure(address)
    }
  }
}

/// Whether a name in an address always means this machine.
private func isLoopback(_ host: String) -> Bool {
  ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host.lowercased())
}
