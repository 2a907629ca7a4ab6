import Crypto
import Foundation
import OpenIDConnect
import SegmentCompiler
import SegmentService
import SegmentStore
import Synchronization

/// How people sign in by an OpenID provider, and what they may then.
public struct OpenIDSignInSettings: Sendable {
  public var provider: OpenIDSettings
  public var roles: RoleRules
  /// The claim with somebody's groups, such as `groups` or `realm_access.roles`; nil where groups decide nothing.
  public var groupsClaim: String?
  /// Whether each address that the provider names is somebody's own, although it does not say so.
  public var trustsEmail: Bool

  public init(
    provider: OpenIDSettings, roles: RoleRules = RoleRules(), groupsClaim: String? = nil,
    trustsEmail: Bool = false
  ) {
    self.provider = provider
    self.roles = roles
    self.groupsClaim = groupsClaim
    self.trustsEmail = trustsEmail
  }

  /// Where a provider sends browsers back to.
  public static func redirectURI(publicURL: String) -> String {
    (publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL) + callbackPath
  }

  static let callbackPath = Contract.basePath + "/session/openid-connect/callback"
}

/// Signing in by a provider, as all requests share it: sign-ins that were begun are known by what their browsers keep,
/// sealed, so that beginning many of them costs nothing here.
final class OpenIDSignIn: Sendable {
  let settings: OpenIDSignInSettings
  let provider: OpenIDProvider
  private let now: @Sendable () -> Instant
  /// Of this process: after a restart a sign-in has to begin anew.
  private let key = SymmetricKey(size: .bits256)
  private let used = Mutex(UsedStates())

  init(_ settings: OpenIDSignInSettings, now: @escaping @Sendable () -> Instant) {
    self.settings = settings
    self.now = now
    provider = OpenIDProvider(settings.provider) {
      Date(timeIntervalSince1970: Double(now().microseconds) / 1e6)
    }
  }

  /// What a browser keeps while it is at the provider.
  struct Begun: Codable, Equatable {
    var pending: OpenIDProvider.Pending
    /// A path of ours.
    var returnTo: String
    /// Microseconds.
    var expires: Int64
  }

  static let seconds = 600

  /// Begins a sign-in.
  ///
  /// - Returns: the provider's address, and what the browser is given to keep.
  func begin(returnTo: String) async throws -> (address: String, sealed: String) {
    let (address, pending) = try await provider.begin()
    let begun = Begun(
      pending: pending, returnTo: returnTo,
      expires: now().microseconds + Int64(OpenIDSignIn.seconds) * 1_000_000)
    let box = try AES.GCM.seal(try JSONEncoder().encode(begun), using: key)
    return (address, box.combined!.base64EncodedString())
  }

  /// What a browser has kept, once, and only for the answer that belongs to it.
  ///
  /// - Throws: ``SignInFailure``.
  func take(_ sealed: String?, state: String?) throws -> Begun {
    guard let data = sealed.flatMap({ Data(base64Encoded: $0) }),
      let box = try? AES.GCM.SealedBox(combined: data),
      let text = try? AES.GCM.open(box, using: key),
      let begun = try? JSONDecoder().decode(Begun.self, from: text),
      now().microseconds < begun.expires
    else { throw SignInFailure.notBegun }
    guard begun.pending.state == state else { throw SignInFailure.otherState }
    let isFirst = used.withLock {
      $0.take(begun.pending.state, until: begun.expires, at: now().microseconds)
    }
    guard isFirst else { throw SignInFailure.used }
    return begun
  }

  /// Who somebody is that comes back with a code.
  ///
  /// - Throws: `OpenIDError`.
  func person(code: String, issuer: String?, _ begun: Begun) async throws -> VouchedPerson {
    let claims = try await provider.finish(
      code: code, issuer: issuer, begun.pending,
      wanting: ["email", "name"] + (settings.groupsClaim.map { [$0] } ?? []))
    return VouchedPerson(
      subject: ProviderSubject(
        issuer: settings.provider.issuer, subject: claims.text("sub") ?? ""),
      email: claims.text("email"),
      isEmailVerified: settings.trustsEmail || claims.flag("email_verified"),
      userName: claims.text("preferred_username"), displayName: claims.text("name"),
      groups: settings.groupsClaim.map { claims.texts(at: $0) } ?? [])
  }
}

/// Why an answer of a provider is none to a sign-in of this browser.
enum SignInFailure: Error, Equatable {
  case notBegun, otherState, used, noCode
}

/// Sign-ins that were answered, until they could not be any more.
struct UsedStates: Sendable {
  private var expiries: [String: Int64] = [:]
  /// Beyond, the oldest make room: their codes are worth nothing any more at the provider either.
  static let most = 100_000

  /// Whether it was not used before.
  mutating func take(_ state: String, until expiry: Int64, at now: Int64) -> Bool {
    guard expiries[state] == nil else { return false }
    if expiries.count >= UsedStates.most {
      expiries = expiries.filter { now < $0.value }
      let surplus = expiries.count - UsedStates.most / 2
      for (state, _) in expiries.sorted(by: { $0.value < $1.value }).prefix(max(0, surplus)) {
        expiries[state] = nil
      }
    }
    expiries[state] = expiry
    return true
  }
}
