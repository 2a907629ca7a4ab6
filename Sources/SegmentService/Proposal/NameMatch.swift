import SegmentCompiler

/// How much the name of a column says that it refers to a table; later ones say more.
enum NameMatch: Int, Comparable {
  case none
  /// `ShipVia` and `Shippers`.
  case similar
  /// `SupportRepId` and `Employee`; `ReportsTo` and its own table.
  case role
  /// `AccountId` and `CustomerAccount`.
  case shorter
  /// `master_customer_id` and a table with the key `customer_id`.
  case qualifiedKey
  /// `BillToAddressId` and `Address`.
  case qualified
  /// The name of the key: `TerritoryID` and `SalesTerritory.TerritoryID`.
  case sameKey
  /// `PersonID` and `Person`.
  case exact

  static func < (left: NameMatch, right: NameMatch) -> Bool { left.rawValue < right.rawValue }

  /// - Parameter target: has a key of one column.
  init(_ column: ColumnName, of source: TableDraft, to target: TableDraft, isSelf: Bool) {
    self = .none
    guard let key = target.singleKey else { return }
    if source.key == [column.name] {
      // A table's own id refers to nothing; one that is named after something else may.
      guard !isSelf, !column.isPlainID, column.base != source.entity else { return }
    }
    let base = column.base
    guard !base.isEmpty else { return }
    let says = column.strength != .none || NameMatch.ends(inPreposition: column.words)
    if !isSelf, base == target.entity {
      self = .exact
    } else if !isSelf, base == key.base, !key.isPlainID {
      self = .sameKey
    } else if says, base.ends(with: target.entity), base != target.entity || !isSelf {
      self = .qualified
    } else if says, !key.isPlainID, base.ends(with: key.base), base != key.base {
      self = .qualifiedKey
    } else if says, !isSelf, target.entity.ends(with: base),
      key.isPlainID || key.base == target.entity
    {
      self = .shorter
    } else if NameMatch.isRole(column, of: source, in: target, isSelf: isSelf) {
      self = .role
    } else if NameMatch.ends(inPreposition: column.words), !isSelf,
      let verb = column.words.words.first, verb.count > 3,
      target.entity.last?.hasPrefix(verb) ?? false
    {
      self = .similar
    }
  }

  /// `ShipVia`, `ReportsTo`, `CreatedBy`.
  static func ends(inPreposition words: NameWords) -> Bool {
    words.words.count > 1 && ["via", "by", "to", "from", "for", "of"].contains(words.last)
  }

  private static func isRole(
    _ column: ColumnName, of source: TableDraft, in target: TableDraft, isSelf: Bool
  ) -> Bool {
    let words = column.base
    guard
      column.strength != .none || ends(inPreposition: column.words)
        || column.words.words.count == 1
    else { return false }
    let kind = EntityKind(target.entity)
    // Users of a system are its staff as well as customers.
    let isStaff = kind == .staff || target.entity.last == "user"
    if isSelf { return words.contains(above) || isStaff && words.contains(managing) }
    if isStaff, EntityKind(source.entity) != .staff, words.contains(serving.union(managing)) {
      return true
    }
    return kind != nil && kind != .staff && words.contains(buying)
  }

  /// Roles within a hierarchy of one table.
  private static let above: Set = [
    "parent", "superior", "predecessor", "successor", "replaced", "superseded", "referrer",
    "referred",
  ]
  private static let managing: Set = [
    "manager", "supervisor", "boss", "lead", "report", "reports", "mentor", "head",
  ]
  private static let serving: Set = [
    "representative", "agent", "salesperson", "seller", "advisor", "assignee", "assigned", "owner",
    "handler",
    "clerk", "cashier", "operator", "technician", "consultant", "created", "modified", "updated",
    "approved",
    "sold", "served", "handled", "employee", "staff", "support",
  ]
  private static let buying: Set = [
    "buyer", "payer", "client", "customer", "user", "member", "guest", "contact", "recipient",
    "shopper",
    "subscriber", "donor", "reviewer", "sponsor",
  ]
}
