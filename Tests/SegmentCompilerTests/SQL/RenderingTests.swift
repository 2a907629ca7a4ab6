import Testing

@testable import SegmentCompiler

/// What is said where the data version does not hold what a plan needs.
@Suite struct RenderingTests {
  private func problem(_ version: DataVersion, _ predicate: RowPredicate) -> RenderingError? {
    let leaf = Leaf.profile(audience: "Customer", table: "Customer", predicate)
    let renderer = LeafRenderer(SQLSource(version: version, memberTables: [:]))
    return #expect(throws: RenderingError.self) { try renderer.ordinals(of: leaf) }
  }

  @Test func `a table that is not loaded`() {
    let problem = problem(DataVersion(id: 1, parts: [:]), .always(true))
    #expect(problem?.description == "The table 'Customer' is not loaded yet. Run 'muster load'.")
  }

  @Test func `an audience that was declared after the load`() {
    let part = Part(id: 1, table: "Customer", rows: 0, routes: [])
    let problem = problem(DataVersion(id: 1, parts: ["Customer": part]), .always(true))
    #expect(
      problem?.description
        == "The table 'Customer' was loaded before the audience 'Customer' was declared. Run 'muster load'."
    )
  }

  @Test func `members that are not at hand`() {
    let route = Route(audience: "Customer", steps: [], column: "o")
    let part = Part(id: 1, table: "Customer", rows: 0, routes: [route])
    let problem = problem(
      DataVersion(id: 1, parts: ["Customer": part]),
      .member(RowReference(place: 0), audience: "Customer", segment: "vip"))
    #expect(problem == .noMembers(segment: "vip"))
    #expect(problem?.description == "The members of the segment 'vip' are not at hand.")
  }

  @Test func `a long conjunction is one filter for the engine`() throws {
    let route = Route(audience: "Customer", steps: [], column: "o")
    let part = Part(id: 1, table: "Customer", rows: 0, routes: [route])
    let source = SQLSource(
      version: DataVersion(id: 1, parts: ["Customer": part]), memberTables: [:])
    func sql(_ count: Int) throws -> String {
      let predicate = RowPredicate.all(Array(repeating: .always(false), count: count))
      return try LeafRenderer(source).ordinals(
        of: .profile(audience: "Customer", table: "Customer", predicate)
      ).text
    }
    #expect(try sql(100).hasSuffix("FALSE AND FALSE)"))
    #expect(try sql(101).hasSuffix("FALSE AND FALSE) IS TRUE)"))
  }
}
