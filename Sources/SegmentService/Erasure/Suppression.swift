import SegmentCompiler
import SegmentEngines
import SegmentStore

/// The suppression list beside a cascade: finds keys that are on it, and gives the hashes of keys that are not yet.
struct Suppression {
  let cascade: Cascade
  let list: SuppressionList

  private static let hashes: SQLQuery = "\(identifier: "_muster_suppressed")"

  private var connection: DuckDBConnection { cascade.connection }

  init(_ list: SuppressionList, _ cascade: Cascade) async throws {
    self.list = list
    self.cascade = cascade
    try await connection.execute(
      "CREATE OR REPLACE TEMPORARY TABLE \(Suppression.hashes) (\"set\" INTEGER NOT NULL, hash BLOB NOT NULL)"
    )
    let keys = Array(list.keys)
    for start in stride(from: 0, to: keys.count, by: 1_000) {
      let values = keys[start..<min(start + 1_000, keys.count)].map { key in
        "(\(number: cascade.number(of: KeySet(key.kind, key.place))), \(bind: .blob(key.hash)))"
          as SQLQuery
      }
      try await connection.execute(
        "INSERT INTO \(Suppression.hashes) VALUES \(values.joined(", "))")
    }
  }

  /// Adds to the cascade the keys in rows of a table that are on the list.
  func findKeys(in rows: StoredRows, links: [Link]) async throws {
    for set in Set(list.keys.map { KeySet($0.kind, $0.place) }) {
      var attributes: Set<String> = []
      switch set.kind {
      case .suppressed(.profile):
        if set.place.table == rows.table { attributes.insert(set.place.attribute) }
        attributes.formUnion(
          links.filter {
            $0.isDerivation && $0.target == set.place && $0.source.table == rows.table
          }
          .map(\.source.attribute))
      case .suppressed(.row):
        attributes.formUnion(
          links.filter {
            !$0.isDerivation && $0.target == set.place && $0.source.table == rows.table
          }
          .map(\.source.attribute))
      case .suppressed(.owned):
        if set.place.table == rows.table { attributes.insert(set.place.attribute) }
      case .referredTo: break
      }
      for attribute in attributes { try await find(attribute, of: rows, in: set) }
    }
  }

  /// Adds to the cascade the profiles of a dictionary whose keys are on the list.
  func findProfiles(in dictionary: StoredRows, of place: KeyPlace) async throws {
    guard list.keys.contains(where: { $0.kind == .profile && $0.place == place }) else { return }
    try await find("key", of: dictionary, in: KeySet(.profile, place))
  }

  private func find(_ attribute: String, of rows: StoredRows, in set: KeySet) async throws {
    guard let type = rows.columns[attribute] else { return }
    let text = KeyText(type: type)
    let hashes: SQLQuery =
      "(SELECT hash FROM \(Suppression.hashes) WHERE \"set\" = \(number: cascade.number(of: set)))"
    try await cascade.add(
      """
      SELECT \(text.text("r.value"))
      FROM (SELECT DISTINCT \(identifier: attribute) AS value FROM \(rows.sql)) AS r
      WHERE r.value IS NOT NULL AND \(text.isHashed(in: hashes, "r.value", secret: list.secret))
      """, as: text.form, to: set)
  }

  /// What the cascade has found that is not on the list yet.
  func additions() async throws -> SuppressionList {
    var kinds: [Int64: (SuppressedKey.Kind, KeyPlace)] = [:]
    for (set, number) in cascade.sets {
      if case .suppressed(let kind) = set.kind { kinds[Int64(number)] = (kind, set.place) }
    }
    let found = try await connection.rows(
      """
      \(KeyText.hashes(of: Cascade.keys, secret: list.secret))
      EXCEPT SELECT "set", hash FROM \(Suppression.hashes)
      """)
    let keys = found.compactMap { row -> SuppressedKey? in
      guard let number = row[0].integer, let (kind, place) = kinds[number],
        case .blob(let hash) = row[1]
      else { return nil }
      return SuppressedKey(kind: kind, place: place, hash: hash)
    }
    return SuppressionList(secret: list.secret, keys: Set(keys))
  }
}
