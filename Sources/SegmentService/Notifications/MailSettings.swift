import SegmentStore

/// Who is told by mail what failed, and how it gets there.
public struct MailSettings: Sendable, Equatable {
  public enum Security: String, Sendable, CaseIterable {
    /// Encrypted from the first byte, usually at port 465.
    case tls
    /// Begins in clear and must become encrypted before anything is said, usually at port 587.
    case starttls
    /// In clear: for a server on this machine.
    case none
  }

  public var host: String
  public var port: Int
  public var security: Security
  /// nil where the server wants none.
  public var user: String?
  public var password: String?
  public var from: String
  public var recipients: [String]
  public var types: Set<MessageType>

  /// What needs somebody's attention.
  public static let standardTypes: Set<MessageType> = [
    .segmentFailed, .segmentSkipped, .loadFailed,
  ]

  public init(
    host: String, port: Int? = nil, security: Security = .starttls, user: String? = nil,
    password: String? = nil, from: String, recipients: [String],
    types: Set<MessageType> = MailSettings.standardTypes
  ) {
    self.host = host
    self.port = port ?? (security == .tls ? 465 : security == .starttls ? 587 : 25)
    self.security = security
    self.user = user
    self.password = password
    self.from = from
    self.recipients = recipients
    self.types = types
  }

  /// Whether a text is an address and nothing else, so that it can stand in a header and in a command.
  public static func isAddress(_ text: String) -> Bool {
    text.utf8.count <= 254
      && text.wholeMatch(
        of: /[A-Za-z0-9.!#$%&'*+\/=?^_`\{|\}~\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?/)
        != nil
  }
}
