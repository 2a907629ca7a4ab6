/// What is being read or written, so that nothing of it is removed meanwhile.
///
/// To choose what to read and to decide what goes exclude each other: nobody is lent what is about to go.
final class Leases: Sendable {
  enum Item: Hashable, Sendable {
    /// Its parts are read.
    case dataVersion(Int64)
    /// A run whose members are on disk and not yet published.
    case run(Int64)
  }

  private let counts = Guarded<[Item: Int]>([:])

  /// Lends what `choose` picks to `body`, until that returns.
  func lend<Value: Sendable, Result>(
    choosing choose: () throws -> (Value, Set<Item>),
    to body: (Value) async throws -> Result
  ) async throws -> Result {
    let (value, lease) = try take(choosing: choose)
    defer { withExtendedLifetime(lease) {} }
    return try await body(value)
  }

  /// Lends what `choose` picks until the last reference to the lease is gone.
  func take<Value: Sendable>(choosing choose: () throws -> (Value, Set<Item>)) throws -> (
    Value, Lease
  ) {
    try counts.withLock { counts in
      let (value, items) = try choose()
      for item in items { counts[item, default: 0] += 1 }
      return (value, Lease(items, of: self))
    }
  }

  /// Decides what goes, knowing what is lent; nothing is lent meanwhile.
  func decide<Result: Sendable>(_ body: (_ lent: Set<Item>) throws -> Result) rethrows -> Result {
    try counts.withLock { try body(Set($0.keys)) }
  }

  fileprivate func giveBack(_ items: Set<Item>) {
    counts.withLock { counts in
      for item in items {
        let left = (counts[item] ?? 1) - 1
        counts[item] = left == 0 ? nil : left
      }
    }
  }
}

/// Something lent, which is given back with the last reference.
final class Lease: Sendable {
  private let items: Set<Leases.Item>
  private let leases: Leases

  fileprivate init(_ items: Set<Leases.Item>, of leases: Leases) {
    self.items = items
    self.leases = leases
  }

  deinit { leases.giveBack(items) }
}

extension Set<Leases.Item> {
  var dataVersions: Set<Int64> {
    reduce(into: []) { if case .dataVersion(let id) = $1 { $0.insert(id) } }
  }

  var runs: Set<Int64> {
    reduce(into: []) { if case .run(let id) = $1 { $0.insert(id) } }
  }
}
