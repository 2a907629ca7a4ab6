import Foundation
import OpenIDConnect
import SegmentServer
import SegmentService
import SegmentStore

/// The role of those who have no group with one.
enum DefaultRole: String, CaseIterable {
  case viewer, contributor, administrator
  /// They are not let in.
  case none

  var role: Role? { Role(rawValue: rawValue) }
}

extension Installation {
  /// How people sign in by an OpenID provider; nil where none is set. Problems are noted.
  static func openID(_ values: SettingValues) -> OpenIDSignInSettings? {
    let parts = [
      Setting.clientID, .clientSecret, .providerName, .scopes, .role, .groupsClaim, .groups,
      .trustsEmail,
    ]
    guard let issuer = values.text(.issuer) else {
      for part in parts {
        values.note(
          "It is about an OpenID provider, and \(Setting.issuer.rawValue) is missing.", of: part)
      }
      return nil
    }
    guard let client = values.text(.clientID) else {
      values.note("\(Setting.clientID.rawValue) is missing.", of: .issuer)
      return nil
    }
    guard let url = values.text(.publicURL) else {
      values.note(
        "\(Setting.publicURL.rawValue) is missing: the provider has to send browsers back there.",
        of: .issuer)
      return nil
    }
    do {
      let provider = try OpenIDSettings(
        issuer: issuer, clientID: client,
        clientSecret: values.text(.clientSecret).map { Secret($0) },
        displayName: values.text(.providerName) ?? URL(string: issuer)?.host() ?? issuer,
        scopes: values.texts(.scopes) ?? ["profile", "email"],
        redirectURI: OpenIDSignInSettings.redirectURI(publicURL: url))
      let groups = values.words(.groups, as: Role.self) ?? []
      return OpenIDSignInSettings(
        provider: provider,
        roles: RoleRules(
          standard: (values.word(.role, as: DefaultRole.self) ?? .viewer).role,
          groups: Dictionary(groups.map { ($0.key, $0.value) }, uniquingKeysWith: max)),
        groupsClaim: values.text(.groupsClaim) ?? (groups.isEmpty ? nil : "groups"),
        trustsEmail: values.flag(.trustsEmail) ?? false)
    } catch {
      values.note("\(error)", of: .issuer)
      return nil
    }
  }
}
