import Crypto
import Foundation
import JWTKit

/// A provider that says who somebody is, by the authorization code flow of OpenID Connect with PKCE.
public actor OpenIDProvider {
  public nonisolated let settings: OpenIDSettings
  private nonisolated let now: @Sendable () -> Date
  private nonisolated let fetch: Fetch
  private var discovery: Kept<Discovery>?
  private var keys: Kept<KeySet>?
  private var failure: Kept<OpenIDError>?

  /// How long what a provider says of itself is believed, in seconds.
  private static let longestKept = 3_600.0
  /// How often keys are asked for again at most.
  private static let shortestKept = 60.0
  /// How long a provider that has failed is left alone.
  private static let pause = 5.0

  private struct Kept<Value: Sendable> {
    var value: Value
    var since: Date
  }

  public init(_ settings: OpenIDSettings, now: @escaping @Sendable () -> Date) {
    self.settings = settings
    self.now = now
    fetch = Fetch(timeLimit: settings.timeLimit)
  }

  /// What has to be kept of a sign-in while the browser is at the provider; the browser must not read it.
  public struct Pending: Sendable, Codable, Equatable {
    /// Tells the answer to this sign-in from all others.
    public var state: String
    /// Binds the ID token to it.
    var nonce: String
    /// Proves to the provider that who has asked is who comes with the code.
    var verifier: String

    fileprivate init() {
      (state, nonce, verifier) = (Pending.random(), Pending.random(), Pending.random())
    }

    /// 256 bits.
    private static func random() -> String {
      SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64URL
    }

    fileprivate var challenge: String {
      Data(SHA256.hash(data: Data(verifier.utf8))).base64URL
    }
  }

  /// Begins a sign-in.
  ///
  /// - Returns: the address to send the browser to, and what ``finish(code:issuer:_:wanting:)`` needs.
  /// - Throws: ``OpenIDError``.
  public func begin() async throws -> (address: String, pending: Pending) {
    let (discovery, pending) = (try await known(), Pending())
    let address = discovery.authorization.adding([
      ("response_type", "code"), ("client_id", settings.clientID),
      ("redirect_uri", settings.redirectURI), ("scope", settings.scopes.joined(separator: " ")),
      ("state", pending.state), ("nonce", pending.nonce),
      ("code_challenge", pending.challenge), ("code_challenge_method", "S256"),
    ])
    return (address, pending)
  }

  /// Ends a sign-in with the code that the browser came back with.
  ///
  /// - Parameters:
  ///   - issuer: who the answer says has sent the browser.
  ///   - wanted: claims that the provider is asked for, where its ID token has not all of them.
  /// - Returns: what the provider says of the person; `sub` is always there.
  /// - Throws: ``OpenIDError``.
  public func finish(
    code: String, issuer: String?, _ pending: Pending, wanting wanted: [String]
  ) async throws -> Claims {
    let discovery = try await known()
    guard issuer == settings.issuer || (issuer == nil && !discovery.namesItself) else {
      throw OpenIDError.token(.issuer)
    }
    let tokens = try await exchange(code, pending, discovery)
    let token = try IDToken(tokens.id_token)
    let claims = try await token.claims(signedBy: key(of: token, discovery))
    try claims.require(
      issuer: settings.issuer, audience: settings.clientID, nonce: pending.nonce, at: now())
    guard let url = discovery.userInfo, let access = tokens.access_token,
      !wanted.allSatisfy(claims.has)
    else { return claims }
    let more = try await userInfo(url, access)
    // An answer about somebody else must not be mixed in.
    guard more.text("sub") == claims.text("sub") else { throw OpenIDError.token(.subject) }
    return claims.completed(by: more)
  }

  /// Where a browser goes to end the session at the provider, too; nil where it offers no such thing, or does not answer.
  public func endSessionAddress() async -> String? {
    guard let url = try? await known().endSession else { return nil }
    let home = URL(string: "/", relativeTo: URL(string: settings.redirectURI))?.absoluteString
    return url.adding([
      ("client_id", settings.clientID), ("post_logout_redirect_uri", home ?? settings.redirectURI),
    ])
  }

  // MARK: Tokens

  private struct Tokens: Decodable {
    var id_token: String
    var access_token: String?
  }

  private struct Refusal: Decodable {
    var error: String
  }

  private func exchange(_ code: String, _ pending: Pending, _ discovery: Discovery) async throws
    -> Tokens
  {
    var form = [
      ("grant_type", "authorization_code"), ("code", code),
      ("redirect_uri", settings.redirectURI), ("code_verifier", pending.verifier),
    ]
    let secret = settings.clientSecret?.text
    let isBasic = secret != nil && !discovery.takesSecretInBody
    if !isBasic { form.append(("client_id", settings.clientID)) }
    if let secret, !isBasic { form.append(("client_secret", secret)) }
    let answer = try await fetch.post(
      discovery.token, form: form, basic: isBasic ? (settings.clientID, secret ?? "") : nil)
    guard answer.status == 200 else {
      let refusal = try? JSONDecoder().decode(Refusal.self, from: answer.body)
      throw refusal.map { OpenIDError.refused(code: errorCode($0.error)) }
        ?? .provider("its token endpoint answered with the status \(answer.status).")
    }
    guard let tokens = try? JSONDecoder().decode(Tokens.self, from: answer.body) else {
      throw OpenIDError.provider("the answer of its token endpoint cannot be read.")
    }
    return tokens
  }

  private func userInfo(_ url: URL, _ access: String) async throws -> Claims {
    let answer = try await fetch.get(url, bearer: access)
    guard answer.status == 200,
      let claims = try? JSONDecoder().decode(Claims.self, from: answer.body)
    else {
      throw OpenIDError.provider(
        "the answer of its userinfo endpoint (status \(answer.status)) cannot be read.")
    }
    return claims
  }

  // MARK: What is known of the provider

  private func known() async throws -> Discovery {
    if let discovery, isFresh(discovery, for: OpenIDProvider.longestKept) { return discovery.value }
    if let failure, isFresh(failure, for: OpenIDProvider.pause) { throw failure.value }
    do {
      let answer = try await fetch.get(try Discovery.url(of: settings))
      guard answer.status == 200 else {
        throw OpenIDError.provider(
          "its openid-configuration was answered with the status \(answer.status).")
      }
      let value = try Discovery(answer.body, settings)
      discovery = Kept(value: value, since: now())
      return value
    } catch let error as OpenIDError {
      failure = Kept(value: error, since: now())
      throw error
    }
  }

  /// Keys are asked for again when they are old, or when there is a new one, but not for each token that names no key
  /// of the provider.
  private func key(of token: IDToken, _ discovery: Discovery) async throws -> JWK {
    if let keys, isFresh(keys, for: OpenIDProvider.longestKept) {
      if let key = keys.value.key(id: token.keyID, for: token.algorithm) { return key }
      guard !isFresh(keys, for: OpenIDProvider.shortestKept) else {
        throw OpenIDError.token(.unknownKey)
      }
    }
    let answer = try await fetch.get(discovery.keys)
    guard answer.status == 200 else {
      throw OpenIDError.provider("its keys were answered with the status \(answer.status).")
    }
    let value = try KeySet(answer.body)
    keys = Kept(value: value, since: now())
    guard let key = value.key(id: token.keyID, for: token.algorithm) else {
      throw OpenIDError.token(.unknownKey)
    }
    return key
  }

  private func isFresh<Value>(_ kept: Kept<Value>, for seconds: Double) -> Bool {
    (0..<seconds).contains(now().timeIntervalSince(kept.since))
  }
}

/// The code of an error as it may be shown and logged.
public func errorCode(_ text: String) -> String {
  let isCode = text.wholeMatch(of: /[A-Za-z0-9_.-]{1,64}/) != nil
  return isCode ? text : "unknown"
}
