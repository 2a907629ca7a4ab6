import Foundation
import SegmentCompiler

/// Where requests may go. Unless told otherwise: by HTTPS, to the public internet.
public struct WebhookRules: Sendable, Hashable {
  /// Also without encryption.
  public var allowsHTTP: Bool
  /// Addresses that may be connected to although they are not public.
  public var allowedRanges: [AddressRange]
  /// Hosts that may have any address.
  public var allowedHosts: Set<String>

  public init(
    allowsHTTP: Bool = false, allowedRanges: [AddressRange] = [], allowedHosts: Set<String> = []
  ) {
    self.allowsHTTP = allowsHTTP
    self.allowedRanges = allowedRanges
    self.allowedHosts = Set(allowedHosts.map { $0.lowercased() })
  }

  /// Whether a connection to an address may be made for a host.
  ///
  /// - Parameter host: in small letters.
  public func allows(_ address: IPAddress, for host: String) -> Bool {
    address.isPublic || allowedHosts.contains(host)
      || allowedRanges.contains { range in
        range.contains(address) || address.embedded.map(range.contains) ?? false
      }
  }
}

/// The address of a webhook, read once so that nobody reads it otherwise later: `https://host[:port]/path?query`.
public struct WebhookURL: Sendable, Hashable {
  public let text: String
  /// In small letters, without the brackets of an address of version 6.
  public let host: String
  public let isSecure: Bool

  /// The host as an address; nil for a name.
  public var address: IPAddress? { IPAddress(host) }

  static let longest = 2_000

  /// - Throws: ``WebhookError``.
  public init(_ text: String, by rules: WebhookRules) throws {
    guard text.utf8.count <= WebhookURL.longest,
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw WebhookError.invalidURL("it has up to \(WebhookURL.longest) visible ASCII characters")
    }
    let pattern =
      /(?i:(https?)):\/\/(?:([a-z0-9](?:[a-z0-9.\-]*[a-z0-9])?)|\[([0-9a-f:.]+)\])(?::([0-9]{1,5}))?([\/?].*)?/
      .ignoresCase()
    guard let match = text.wholeMatch(of: pattern) else {
      throw WebhookError.invalidURL(
        "expected is https://HOST/PATH, without a name and a password, of a host in ASCII")
    }
    let scheme = match.1.lowercased()
    host = (match.2 ?? match.3 ?? "").lowercased()
    let rest = match.5.map(String.init) ?? ""
    guard !rest.contains("#") else {
      throw WebhookError.invalidURL("what stands behind # is never sent")
    }
    if let port = match.4.map({ Int($0) }), !(1...65535).contains(port ?? 0) {
      throw WebhookError.invalidURL("the port is 1 to 65535")
    }
    if match.3 != nil, IPAddress(host) == nil {
      throw WebhookError.invalidURL("[\(host)] is no address")
    }
    isSecure = scheme == "https"
    guard isSecure || rules.allowsHTTP else { throw WebhookError.notEncrypted }
    let written = match.3 == nil ? host : "[\(host)]"
    self.text = "\(scheme)://\(written)\(match.4.map { ":\($0)" } ?? "")\(rest)"
    guard let url = URL(string: self.text), url.user == nil, url.password == nil else {
      throw WebhookError.invalidURL("it cannot be read")
    }
    if let address, !rules.allows(address, for: host) { throw WebhookError.internalAddress(host) }
  }
}

/// Why a webhook is not made, changed or found.
public enum WebhookError: Error, Equatable, CustomStringConvertible {
  case unknown(String, hint: String?)
  case nameTaken(String)
  case invalidName(String)
  case invalidURL(String)
  case notEncrypted
  case internalAddress(String)
  case noTypes
  case invalidTag(String)
  case tooMany(Int)
  case disabled(String)
  case unknownDelivery(Int64)
  case conflict(String, found: Int)

  public var description: String {
    switch self {
    case .unknown(let name, let hint):
      "There is no webhook '\(name)'." + (hint.map { " \($0)" } ?? "")
    case .nameTaken(let name): "There is a webhook '\(name)' already."
    case .invalidName(let name):
      "'\(name)' is no name of a webhook: it has 1 to 100 letters (a to z), digits and . _ -, and begins with a letter or a digit."
    case .invalidURL(let reason): "The URL cannot be used: \(reason)."
    case .notEncrypted:
      "The URL begins with https://. The settings can allow http:// for webhooks."
    case .internalAddress(let host):
      "\(host) is no address of the public internet. The settings can allow internal addresses for webhooks."
    case .noTypes:
      "A webhook needs types of messages: \(MessageTypes.words)."
    case .invalidTag(let tag): "'\(tag)' is no tag: it has 1 to 100 characters."
    case .tooMany(let most): "There are \(most) webhooks, the most that there can be."
    case .disabled(let name):
      "The webhook '\(name)' is disabled. Activate it first: what is sent to it would be given up at once."
    case .unknownDelivery(let id): "There is no delivery \(id) to this webhook."
    case .conflict(let name, _):
      "Somebody has changed the webhook '\(name)' meanwhile. Look at it again."
    }
  }
}
