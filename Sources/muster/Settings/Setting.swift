import SegmentService
import SegmentStore

/// One thing that an installation decides for itself, whatever its data and its segments are. Its raw value is its place
/// in the settings file.
enum Setting: String, CaseIterable, Sendable {
  case host = "listen.host"
  case port = "listen.port"
  case isBehindProxy = "listen.behindProxy"
  case publicURL = "listen.publicUrl"
  case logFormat = "log.format"
  case memory = "engine.memory"
  case threads = "engine.threads"
  case backupFolder = "backup.folder"
  case backupKeep = "backup.keep"
  case webhooksAllowHTTP = "webhooks.http"
  case webhooksAllowed = "webhooks.allow"
  case issuer = "oidc.issuer"
  case clientID = "oidc.clientId"
  case clientSecret = "oidc.clientSecret"
  case providerName = "oidc.displayName"
  case scopes = "oidc.scopes"
  case role = "oidc.role"
  case groupsClaim = "oidc.groupsClaim"
  case groups = "oidc.groups"
  case trustsEmail = "oidc.trustEmail"
  case mailHost = "mail.host"
  case mailPort = "mail.port"
  case mailSecurity = "mail.security"
  case mailUser = "mail.user"
  case mailPassword = "mail.password"
  case mailFrom = "mail.from"
  case mailTo = "mail.to"
  case mailTypes = "mail.types"

  /// One sentence, and what holds unless it is set.
  var meaning: String {
    switch self {
    case .host:
      "The address to listen at: one of this machine's own (127.0.0.1), unless a proxy is before it."
    case .port: "The port to listen at (8080); 0 for any that is free."
    case .isBehindProxy:
      "Whether all requests come from a proxy that speaks HTTPS (false). It must set X-Forwarded-For, which is believed, and nobody else must reach the port."
    case .publicURL:
      "The address that browsers know the server by, such as https://muster.example.com (none). An OpenID provider sends them back there."
    case .logFormat: "text for people (unless set), json also tells of each request."
    case .memory: "The most memory that queries may use before they spill to disk (2GB)."
    case .backupFolder:
      "Where backups are made: a folder, best on another disk; relative to the workspace's."
    case .backupKeep: "How many backups stay there (all)."
    case .threads: "How many threads queries may use, 1 to 256 (one per core)."
    case .webhooksAllowHTTP: "Whether webhooks may have URLs with http:// (false)."
    case .webhooksAllowed:
      "Hosts, addresses and ranges such as 10.0.0.0/8 that webhooks may have although they are not of the public internet (none)."
    case .issuer:
      "The OpenID provider that people sign in by (none), as it writes itself in its tokens: an https:// address, or one of this machine for tests."
    case .clientID: "What the provider calls this server."
    case .clientSecret:
      "What this server proves to the provider that it is (none, a public client)."
    case .providerName: "What people know the provider by (its host)."
    case .scopes: "What the provider is asked for, beside openid ([profile, email])."
    case .role:
      "The role of those whom the provider vouches for and no group gives another one (viewer). With none they need an account that an administrator has made, called like their verified e-mail address; let it be none where anybody can have an account at the provider."
    case .groupsClaim:
      "The claim with somebody's groups, with dots where it is within others, as in realm_access.roles (groups)."
    case .groups:
      "Roles by groups (none). The highest counts, and decides at each sign-in: roles given in Muster are replaced."
    case .trustsEmail:
      "Whether e-mail addresses are verified although the provider does not say so (false)."
    case .mailHost: "The mail server that takes letters about what failed (none are sent)."
    case .mailPort: "Its port (587; with tls 465, with none 25)."
    case .mailSecurity:
      "starttls (unless set): encrypted before anything is said; tls: from the first byte; none."
    case .mailUser: "Who signs in to the mail server (nobody)."
    case .mailPassword: "The password to it."
    case .mailFrom: "The address that letters come from."
    case .mailTo: "The addresses that letters go to."
    case .mailTypes:
      "What is told by mail, as webhooks are told (segment.failed, segment.skipped, load.failed)."
    }
  }

  enum Kind: Equatable {
    case text, flag
    case number(ClosedRange<Int>)
    case word([String])
    /// A list.
    case texts
    /// A mapping from texts to words.
    case words([String])
    /// A text that must stay unseen. It may stand in a file of its own: `…File` in the settings, `…_FILE` in the
    /// environment.
    case secret
  }

  var kind: Kind {
    switch self {
    case .host, .memory, .backupFolder, .publicURL, .issuer, .clientID, .providerName, .groupsClaim:
      .text
    case .port: .number(0...65535)
    case .isBehindProxy, .webhooksAllowHTTP, .trustsEmail: .flag
    case .webhooksAllowed, .scopes: .texts
    case .clientSecret: .secret
    case .role: .word(DefaultRole.allCases.map(\.rawValue))
    case .groups: .words(Role.allCases.map(\.rawValue))
    case .mailTo, .mailTypes: .texts
    case .mailHost, .mailUser, .mailFrom: .text
    case .mailPort: .number(1...65535)
    case .mailSecurity: .word(MailSettings.Security.allCases.map(\.rawValue))
    case .mailPassword: .secret
    case .logFormat: .word(LogFormat.allCases.map(\.rawValue))
    case .backupKeep: .number(1...100_000)
    // DuckDB starts them all at once.
    case .threads: .number(1...256)
    }
  }

  /// The environment variable that goes before the settings file.
  var variable: String { Setting.variable(rawValue) }

  static let secretSuffix = "File"

  /// `listen.behindProxy` → `MUSTER_LISTEN_BEHIND_PROXY`.
  static func variable(_ place: String) -> String {
    place.reduce(into: "MUSTER_") { name, character in
      switch character {
      case ".": name += "_"
      case _ where character.isUppercase: name += "_\(character)"
      default: name += character.uppercased()
      }
    }
  }
}
