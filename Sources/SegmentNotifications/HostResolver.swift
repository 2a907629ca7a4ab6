import Foundation
import NIOPosix
import SegmentService

/// Asks the system for the addresses of hosts, on threads of its own: it may take long, and cannot be cancelled.
public struct HostResolver: Sendable {
  private let pool: NIOThreadPool

  public static let shared = HostResolver()

  private init() {
    pool = NIOThreadPool(numberOfThreads: 8)
    pool.start()
  }

  /// Nobody knows the name, or nobody could be asked.
  public struct UnknownHost: Error {}

  /// Both versions, in the order in which the system would try them.
  public func addresses(of host: String) async throws -> [IPAddress] {
    try await pool.runIfActive {
      var hints = addrinfo()
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      var list: UnsafeMutablePointer<addrinfo>?
      guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw UnknownHost() }
      defer { freeaddrinfo(list) }
      return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }
        .compactMap { $0.flatMap(address) }
    }
  }
}

private func address(_ item: UnsafeMutablePointer<addrinfo>) -> IPAddress? {
  guard let address = item.pointee.ai_addr else { return nil }
  switch item.pointee.ai_family {
  case AF_INET:
    return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
      withUnsafeBytes(of: address.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
    }
  case AF_INET6:
    return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
      withUnsafeBytes(of: address.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
    }
  default: return nil
  }
}
