import Foundation

/// An address of the internet protocol, version 4 or 6.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  /// 4 or 16 bytes, in the order of the network.
  public let bytes: [UInt8]

  /// - Parameter bytes: 4 or 16.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads `192.0.2.1` or `2001:db8::1`, and no other notation of them.
  public init?(_ text: String) {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if inet_pton(family, text, &bytes) == 1 {
        self.bytes = bytes
        return
      }
    }
    return nil
  }

  public var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The address of version 4 that packets to this one of version 6 reach: it is written in it (`::ffff:0:0/96`), or
  /// the network translates it (`64:ff9b::/96`).
  var embedded: IPAddress? {
    let isEmbedding = IPAddress.embedding.contains { $0.contains(self) }
    return isEmbedding ? IPAddress(bytes: Array(bytes.suffix(4))) : nil
  }

  private static let embedding = AddressRange.all("::ffff:0:0/96", "64:ff9b::/96")
}

/// Addresses that begin with the same bits, such as `10.0.0.0/8`; a single address is one, too.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
  private let start: IPAddress
  private let bits: Int

  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let start = IPAddress(String(parts[0])) else { return nil }
    let most = start.bytes.count * 8
    guard let bits = parts.count == 2 ? Int(parts[1]) : most, (0...most).contains(bits) else {
      return nil
    }
    self.start = start
    self.bits = bits
  }

  public func contains(_ address: IPAddress) -> Bool {
    guard address.bytes.count == start.bytes.count else { return false }
    let whole = bits / 8
    guard address.bytes.prefix(whole) == start.bytes.prefix(whole) else { return false }
    let rest = bits % 8
    return rest == 0 || address.bytes[whole] >> (8 - rest) == start.bytes[whole] >> (8 - rest)
  }

  public var description: String { "\(start)/\(bits)" }

  static func all(_ texts: String...) -> [AddressRange] { texts.compactMap(AddressRange.init) }
}

extension IPAddress {
  /// Whether it is an address of the public internet: what reaches no machine of ours or of its own network.
  public var isPublic: Bool {
    if let embedded { return embedded.isPublic }
    if bytes.count == 4 { return !IPAddress.reserved4.contains { $0.contains(self) } }
    return IPAddress.global6.contains { $0.contains(self) }
      && !IPAddress.reserved6.contains { $0.contains(self) }
  }

  /// The registry of addresses with a special purpose (RFC 6890), and multicast.
  private static let reserved4 = AddressRange.all(
    "0.0.0.0/8",  // this host
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  // private
    "100.64.0.0/10",  // shared by customers of a provider
    "127.0.0.0/8",  // loopback
    "169.254.0.0/16",  // link-local: metadata of clouds
    "192.0.0.0/24",  // protocol assignments
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  // documentation
    "192.88.99.0/24",  // 6to4 relays
    "198.18.0.0/15",  // benchmarks
    "224.0.0.0/4",  // multicast
    "240.0.0.0/4")  // reserved, and broadcast

  /// All that is given out to the public; loopback, link-local, unique local and multicast are outside.
  private static let global6 = AddressRange.all("2000::/3")

  private static let reserved6 = AddressRange.all(
    "2001::/23",  // protocol assignments: Teredo, ORCHID
    "2001:db8::/32", "3fff::/20",  // documentation
    "2002::/16")  // 6to4: an address of version 4 in disguise
}
