/// One difference between two definitions, in words.
public struct DefinitionChange: Sendable, Equatable, CustomStringConvertible {
  /// What it is about: `tag`, `rule 2`, `rule 2, Order.Total`.
  public var subject: String
  /// What it was; nil where it was added.
  public var before: String?
  /// What it is; nil where it was removed.
  public var after: String?

  public init(_ subject: String, before: String?, after: String?) {
    self.subject = subject
    self.before = before
    self.after = after
  }

  /// `rule 2, Order.Total: is at least 500 → is at least 600`, `added tag: vip`.
  public var description: String {
    switch (before, after) {
    case (let before?, let after?): "\(subject): \(before) → \(after)"
    case (nil, let after?): "added \(subject): \(after)"
    case (let before?, nil): "removed \(subject): \(before)"
    case (nil, nil): subject
    }
  }
}
