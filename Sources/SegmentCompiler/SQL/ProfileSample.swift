/// A random share of all profiles, drawn by a hash of their ordinals.
///
/// Which profiles are in it does not depend on what is asked about them: a profile comes with all of its rows or not
/// at all, so every condition is as true of it as it is without sampling.
public struct ProfileSample: Sendable, Hashable {
  /// Of all profiles, above 0 and up to 1.
  public let share: Double
  /// Another seed draws other profiles.
  public let seed: Int

  public init(share: Double, seed: Int) {
    precondition(share > 0 && share <= 1)
    self.share = share
    self.seed = seed
  }

  /// Whether the profile of an ordinal is in it.
  func contains(_ ordinal: SQLQuery, in dialect: Dialect) -> SQLQuery {
    let bound = Int((share * Double(1 << 32)).rounded(.up))
    return "\(dialect.hash32(ordinal, seed)) < \(number: bound)"
  }
}
