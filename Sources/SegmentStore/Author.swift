/// Who makes a change, and from where: what versions, jobs and the audit log say of it.
public struct Author: Sendable, Hashable {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Somebody who has signed in.
    case account
    /// A program with the key of an account.
    case apiKey
    /// Somebody at the machine, who need not sign in.
    case commandLine
    /// Nobody: the schedule, a job.
    case system
  }

  public var kind: Kind
  /// Of the account, also of one whose key is used; of the user at the machine; of what works by itself.
  public var name: String
  /// The id of the account.
  public var account: Int64?
  /// The id of the key.
  public var apiKey: String?
  /// nil where no request was made.
  public var origin: Origin?

  public init(
    _ kind: Kind, name: String, account: Int64? = nil, apiKey: String? = nil, origin: Origin? = nil
  ) {
    self.kind = kind
    self.name = name
    self.account = account
    self.apiKey = apiKey
    self.origin = origin
  }

  public static func commandLine(user: String) -> Author { Author(.commandLine, name: user) }

  public static func system(_ name: String) -> Author { Author(.system, name: name) }
}

/// Where a request came from.
public struct Origin: Sendable, Hashable {
  /// Of the network: IPv4 or IPv6, without a port.
  public var address: String
  /// As the client calls itself; its first 200 characters.
  public var userAgent: String?
  /// Tells the request from all others.
  public var request: String?

  public init(address: String, userAgent: String? = nil, request: String? = nil) {
    self.address = address
    self.userAgent = userAgent.map { String($0.unicodeScalars.prefix(200)) }
    self.request = request
  }
}
