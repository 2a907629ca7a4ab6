import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Writes a part: the rows of a table with the ordinals of the profiles they lead to.
struct PartWriter {
  let workspace: WorkspaceDefinition
  let connection: DuckDBConnection
  /// Where the rows of each table are: staged or in the part that stays.
  let relations: [String: SQLQuery]

  /// Makes the table `part.storedName` and returns what it holds.
  ///
  /// - Parameter rows: the table with the attributes, calculated ones and the row id.
  func write(_ part: Part, attributes: [String], rows: SQLQuery) async throws -> (
    content: TableContent, rows: Int64
  ) {
    var joins: SQLQuery = ""
    var aliases: [[RelationshipName]: SQLQuery] = [[]: "b"]
    var columns = (attributes + [Part.rowColumn]).map { "b.\(identifier: $0)" as SQLQuery }
    for (index, route) in part.routes.enumerated() {
      let profile = join(route.steps, &joins, &aliases)
      let audience = workspace.audiences.first { $0.name == route.audience }!
      let key = workspace.table(audience.table)!.key[0]
      let alias: SQLQuery = "\(identifier: "o\(index)")"
      joins += """
         LEFT JOIN \(identifier: LoadNames.ordinals(route.audience)) AS \(alias)
          ON \(alias).key = \(profile).\(identifier: key)
        """
      columns.append("\(alias).ordinal AS \(identifier: route.column)")
    }
    let order = part.routes.prefix(1).map { "\(identifier: $0.column) NULLS LAST" as SQLQuery }
    try await connection.execute(
      """
      CREATE TABLE \(identifier: part.storedName) AS
      SELECT \(columns.joined(", ")) FROM \(rows) AS b\(joins)
      ORDER BY \((order + ["\(identifier: Part.rowColumn)"]).joined(", "))
      """)
    return try await StoredContent(connection: connection).read(part.storedName)
  }

  /// Joins the tables that `steps` lead through, each chain of first steps once; gives the last one's alias.
  private func join(
    _ steps: [RelationshipName], _ joins: inout SQLQuery,
    _ aliases: inout [[RelationshipName]: SQLQuery]
  ) -> SQLQuery {
    if let known = aliases[steps] { return known }
    let before = join(Array(steps.dropLast()), &joins, &aliases)
    let relationship = workspace.relationships.first { $0.name == steps.last }!
    let alias: SQLQuery = "\(identifier: "t\(aliases.count)")"
    joins += """
       LEFT JOIN \(relations[relationship.target]!) AS \(alias)
        ON \(alias).\(identifier: relationship.targetKey) = \(before).\(identifier: relationship.foreignKey)
      """
    aliases[steps] = alias
    return alias
  }
}

/// The append-only dictionaries from keys of profiles to ordinals.
struct OrdinalDictionary {
  let connection: DuckDBConnection

  /// Gives every key that is new in `rows` the next ordinals, in the order of the keys.
  ///
  /// - Parameter given: how many ordinals were given before, whether or not the dictionary still has them.
  func extend(_ audience: String, key: Attribute, rows: SQLQuery, given: Int64) async throws {
    let table = LoadNames.ordinals(audience)
    try await connection.execute(
      """
      CREATE TABLE IF NOT EXISTS \(identifier: table) (key \(key.type.sql), ordinal UINTEGER NOT NULL)
      """)
    try await connection.execute(
      """
      INSERT INTO \(identifier: table)
      SELECT key,
        (SELECT greatest(coalesce(max(ordinal) + 1, 0), \(bind: .integer(given))) FROM \(identifier: table))
        + row_number() OVER (ORDER BY key) - 1
      FROM (SELECT DISTINCT \(identifier: key.name) AS key FROM \(rows)) AS present
      WHERE key IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM \(identifier: table) AS known WHERE known.key = present.key)
      """)
  }

  func size(_ audience: String) async throws -> DictionarySize {
    let rows = try await connection.rows(
      """
      SELECT coalesce(max(CAST(ordinal AS BIGINT)) + 1, 0), count(*)
      FROM \(identifier: LoadNames.ordinals(audience))
      """)
    return DictionarySize(ordinals: rows[0][0].integer ?? 0, rows: rows[0][1].integer ?? 0)
  }

  /// The type of the keys that have ordinals; nil where there are none yet.
  func keyType(_ audience: String) async throws -> AttributeType? {
    let rows = try await connection.rows(
      """
      SELECT data_type FROM duckdb_columns()
      WHERE table_name = \(bind: .text(LoadNames.ordinals(audience))) AND column_name = 'key'
        AND database_name = current_database()
      """)
    return rows.first?[0].string.flatMap(ValueConversion.natural)
  }
}
