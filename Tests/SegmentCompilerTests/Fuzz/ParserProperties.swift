@testable import SegmentCompiler

/// What holds of every text, whatever it is: the fuzzer looks for one of which it does not.
enum ParserProperties {
  struct Violation: Error, CustomStringConvertible {
    var description: String
  }

  // MARK: Definitions

  /// From a text over documents and definitions to SQL: what is written out is read back to the same, what is
  /// refused says where, and what can be planned can be saved and rendered.
  static func definitions(_ text: String) throws {
    let documents: [Document]
    do {
      documents = try Document.parse(text)
    } catch let problems as Diagnostics {
      try explain(problems)
      return
    }
    if let json = Document(json: text) {
      try same(documents.map(\.json), [json.json], "the two readers of JSON")
    }
    for document in documents {
      try same(Document.parse(document.json).map(\.json), [document.json], "JSON read back")
      try same(Document.parse(document.yaml).map(\.json), [document.json], "YAML read back")
      try definition(document)
    }
  }

  private static func definition(_ document: Document) throws {
    let workspace = try FuzzedWorkspace.value
    let definition: SegmentDefinition
    do {
      definition = try SegmentDefinition(decoding: document)
    } catch let problems as Diagnostics {
      try explain(problems.located(in: document))
      return
    }
    try require(SegmentDefinition.decodeAll(definition.json) == [definition], "JSON → definition")
    try require(SegmentDefinition.decodeAll(definition.yaml) == [definition], "YAML → definition")
    let plan: LogicalPlan
    do {
      plan = try workspace.planner.plan(definition)
    } catch let problems as Diagnostics {
      try explain(problems.located(in: document))
      return
    }
    let canonical = try definition.canonical(in: workspace.catalog)
    try require(
      canonical.canonical(in: workspace.catalog) == canonical, "a canonical form has another")
    let saved = try workspace.planner.plan(canonical)
    try require(saved.leaves == plan.leaves, "the saved definition asks something else")
    _ = Sentence.definition(definition, catalog: workspace.catalog)
    let renderer = LeafRenderer(workspace.source)
    for leaf in plan.leaves { try check(renderer.ordinals(of: leaf)) }
  }

  // MARK: Expressions

  /// An expression is refused with a place in it, or becomes SQL that is not much longer.
  static func expression(_ text: String) throws {
    let place = "tables.Order.calculated.X"
    let attributes = try FuzzedWorkspace.value.attributes
    do {
      let calculation = try Calculation(
        text, attributes: attributes, timeZone: "Europe/Oslo", at: place)
      try check(calculation.sql)
      try require(
        calculation.sql.text.utf8.count <= 400 * (text.utf8.count + 1), "the SQL is too long")
    } catch let problems as Diagnostics {
      try explain(problems)
      for problem in problems.all {
        let position = problem.message.wholeMatch(of: /(?s)At character ([0-9]+): .*/)
          .flatMap { Int($0.1) }
        try require(
          problem.place == place && position.map { (1...text.count + 1).contains($0) } ?? false,
          "no position: \(problem)")
      }
    }
  }

  // MARK: Parts

  /// There is an error, each says where it is and what is wrong, and none can command a terminal.
  private static func explain(_ problems: Diagnostics) throws {
    try require(!problems.errors.isEmpty, "refused without an error")
    try require(
      problems.errors.contains { !$0.place.isEmpty || $0.line != nil || $0.code == "tooLarge" },
      "refused without a place: \(problems)")
    for problem in problems.all {
      try require(!problem.code.isEmpty && !problem.message.isEmpty, "an empty message")
      let texts = [problem.place, problem.message, problem.hint ?? ""]
      try require(
        !texts.contains { $0.unicodeScalars.contains { $0.isHidden } }, "a hidden character")
      try require(texts.allSatisfy { $0.utf8.count < 100_000 }, "a message of megabytes")
    }
  }

  /// Outside of quoted identifiers there is one `?` for each value, and nothing that a person wrote.
  private static func check(_ query: SQLQuery) throws {
    var isQuoted = false
    var parameters = 0
    for byte in query.text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "?") where !isQuoted: parameters += 1
      case UInt8(ascii: ";") where !isQuoted: throw Violation(description: "a second statement")
      default:
        try require(
          isQuoted || byte == 0x0A || (0x20...0x7E).contains(byte), "a foreign character in SQL")
      }
    }
    try require(!isQuoted, "an identifier without an end")
    try require(parameters == query.values.count, "values without a parameter")
  }

  private static func same(_ found: [String], _ expected: [String], _ what: String) throws {
    try require(found.map { Text($0) } == expected.map { Text($0) }, "\(what): \(found)")
  }

  private static func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Violation(description: what()) }
  }
}

/// What fuzzed definitions may speak of: a table and an attribute of each kind, under the names of the seeds.
struct FuzzedWorkspace: Sendable {
  let catalog: Catalog
  let planner: Planner
  /// Of the expressions.
  let attributes: [Attribute]
  /// Every table with the ordinals of the audience whose profiles it holds.
  let source: SQLSource

  private static let shared = Result { try FuzzedWorkspace() }

  static var value: FuzzedWorkspace { get throws { try shared.get() } }

  private init() throws {
    let catalog = try WorkspaceDefinition(yaml: FuzzedWorkspace.yaml).catalog(lock: nil)
    self.catalog = catalog
    planner = Planner(
      PlanContext(
        catalog: catalog, asOf: Instant(microseconds: 1_711_886_400_000_000),
        segments: [
          "vip": SegmentFacts(audience: "Customer", references: [], isAvailable: true),
          "never": SegmentFacts(audience: "Customer", references: [], isAvailable: false),
          "round": SegmentFacts(audience: "Customer", references: ["round"], isAvailable: true),
          "large": SegmentFacts(audience: "Account", references: [], isAvailable: true),
        ]))
    attributes = catalog.table("Order")?.attributes ?? []
    let parts = catalog.tables.enumerated().map { number, table in
      let routes = catalog.audiences.filter { $0.table == table.name }
        .map { Route(audience: $0.name, steps: [], column: "_muster_profile_0") }
      return (table.name, Part(id: Int64(number + 1), table: table.name, rows: 1, routes: routes))
    }
    source = SQLSource(
      version: DataVersion(id: 1, parts: Dictionary(uniqueKeysWithValues: parts)),
      memberTables: ["vip": "vip", "large": "large"])
  }

  private static let yaml = """
    workspace: Fuzz
    timeZone: Europe/Oslo
    tables:
      Customer:
        key: Id
        files: c.csv
        attributes:
          {Id: integer, Name: text, City: text, Age: integer, Income: "decimal(12,2)", Score: double, BirthDate: date, JoinedAt: datetime, Active: boolean}
      Order:
        key: Nr
        files: o.csv
        attributes:
          {Nr: integer, CustomerId: integer, ProductId: integer, Total: "decimal(12,2)", Price: double, Quantity: integer, OrderedAt: datetime, Shipped: date, Note: text, Paid: boolean}
      Line: {key: [OrderNr, No], files: l.csv, attributes: {OrderNr: integer, No: integer, ProductId: integer, Amount: decimal}}
      Product: {key: ProductId, files: p.csv, attributes: {ProductId: integer, Category: text, "net.price": double}}
      Account: {key: Code, files: a.csv, attributes: {Code: text, Parent: text, Size: integer}}
    relationships:
      - Order.CustomerId -> Customer.Id
      - Order.ProductId -> Product.ProductId
      - Line.OrderNr -> Order.Nr
      - Line.ProductId -> Product.ProductId
      - Account.Parent -> Account.Code as Parent
    audiences:
      Customer: {table: Customer}
      Account: {table: Account, kind: account, hierarchy: Account.Parent}
    """
}
