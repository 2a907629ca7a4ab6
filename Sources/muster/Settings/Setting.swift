/// One thing that an installation decides for itself, whatever its data and its segments are. Its raw value is its place
/// in the settings file.
enum Setting: String, CaseIterable, Sendable {
  case host = "listen.host"
  case port = "listen.port"
  case isBehindProxy = "listen.behindProxy"
  case logFormat = "log.format"
  case memory = "engine.memory"
  case threads = "engine.threads"
  case backupFolder = "backup.folder"
  case backupKeep = "backup.keep"
  case webhooksAllowHTTP = "webhooks.http"
  case webhooksAllowed = "webhooks.allow"

  /// One sentence, and what holds unless it is set.
  var meaning: String {
    switch self {
    case .host:
      "The address to listen at: one of this machine's own (127.0.0.1), unless a proxy is before it."
    case .port: "The port to listen at (8080); 0 for any that is free."
    case .isBehindProxy:
      "Whether all requests come from a proxy that speaks HTTPS (false). It must set X-Forwarded-For, which is believed, and nobody else must reach the port."
    case .logFormat: "text for people (unless set), json also tells of each request."
    case .memory: "The most memory that queries may use before they spill to disk (2GB)."
    case .backupFolder:
      "Where backups are made: a folder, best on another disk; relative to the workspace's."
    case .backupKeep: "How many backups stay there (all)."
    case .threads: "How many threads queries may use, 1 to 256 (one per core)."
    case .webhooksAllowHTTP: "Whether webhooks may have URLs with http:// (false)."
    case .webhooksAllowed:
      "Hosts, addresses and ranges such as 10.0.0.0/8 that webhooks may have although they are not of the public internet (none)."
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
    case .host, .memory, .backupFolder: .text
    case .port: .number(0...65535)
    case .isBehindProxy, .webhooksAllowHTTP: .flag
    case .webhooksAllowed: .texts
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
