import Foundation
import SegmentCompiler
import SegmentStore
import Synchronization
import Testing

@testable import SegmentService

/// Segments as things that people manage: drafts, states, names, the trash, several at once.
@Suite struct LifecycleTests {
  private static let fans = "{segment: fans, rules: [{match: {is: memberOf, value: oslo}}]}\n"
  private static let broken =
    "{segment: idea, tags: [x], rules: [{match: {attribute: Customer.Town, is: equalTo, value: Oslo}}]}"
  private static let misshapen = "{segment: idea, displayName: An idea, rules: 7}"

  private func submit(
    _ shop: Shop, _ text: String, as submission: Submission = .either, mode: SaveMode = .run
  ) throws -> SavedSegment {
    try shop.service.acting(as: .named("ann")).submit(
      [DefinitionSource(text: text)], as: submission, mode: mode)[
        0]
  }

  private func list(_ shop: Shop) throws -> [String] {
    try shop.service.list().map {
      "\($0.record.name) \($0.record.state.rawValue) \($0.lastRun?.status.rawValue ?? "–")"
    }
  }

  // MARK: Drafts

  @Test(arguments: [broken, misshapen]) func `what is not valid is kept as a draft`(text: String)
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo)
    let saved = try submit(shop, text)
    #expect(saved.record.state == .draft && !saved.problems.isEmpty)
    #expect(saved.record.owner == "ann" && saved.record.version.author == "ann")

    let draft = try #require(try shop.service.draft("idea"))
    #expect(draft.problems.map(\.place) == saved.problems.map(\.place))
    let written = try Document.parse(text)[0]
    #expect(draft.document.json == written.json)
    #expect(try list(shop) == ["idea draft –", "oslo active –"])

    // It is in nobody's way, and cannot be activated, refreshed or referred to.
    for attempt in [
      SegmentChange.activate, .deactivate,
      .planActivation(PlannedChange(at: .max, timeZone: "UTC")),
    ] {
      #expect(throws: LifecycleError.draft("idea", problems: draft.problems)) {
        try shop.service.change("idea", [attempt])
      }
    }
    await #expect(throws: LifecycleError.self) { try await shop.service.refresh(["idea"]) }
    #expect(throws: LifecycleError.self) { try shop.service.segment("idea") }
    #expect(throws: DefinitionErrors.self) {
      try shop.save("{segment: more, rules: [{match: {is: memberOf, value: idea}}]}")
    }
    try await shop.refresh()
    #expect(try list(shop) == ["idea draft skipped", "oslo active succeeded"])

    let valid = try submit(shop, Shop.coffee.replacing("segment: coffee", with: "segment: idea"))
    #expect(
      valid.record.state == .active && valid.problems.isEmpty && valid.record.version.number == 2)
    #expect(try shop.service.draft("idea") == nil)
    #expect(try shop.service.versions(of: "idea").map(\.isDraft) == [false, true])
    #expect(try await shop.keys(of: "idea", in: shop) == ["1", "2"])
  }

  @Test func `a draft of a valid segment leaves its members and those who refer to it`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo, Self.fans)
    try await shop.refresh()
    let draft = try submit(shop, "{segment: oslo, rules: 7}")
    #expect(draft.record.state == .draft && draft.record.version.number == 2)
    #expect(try await shop.keys("oslo") == ["1", "2"])
    #expect(try shop.service.segment("oslo").version == 1)
    // By name the last members are read; of all, what depends on a draft is skipped.
    #expect(try await shop.result("fans").count == 2)
    let runs = try await shop.refresh()
    #expect(runs["oslo"]?.cause == "It is a draft: its definition is not valid yet.")
    #expect(runs["fans"]?.cause == "It refers to 'oslo', which was not refreshed.")

    #expect(try shop.service.restore("oslo", version: 1).version == 3)
    #expect(try await shop.refresh()["fans"]?.result?.count == 2)
  }

  @Test func `definitions that only others of the same call make valid are no drafts`() async throws
  {
    let shop = try await Shop()
    let saved = try shop.service.submit([DefinitionSource(text: Self.fans + "---\n" + Shop.oslo)])
    #expect(saved.map(\.record.state) == [.active, .active])
    let chain = try shop.service.submit([
      DefinitionSource(
        text: Self.broken
          + "\n---\n{segment: a, rules: [{match: {is: memberOf, value: idea}}]}\n---\n{segment: b, rules: [{match: {is: memberOf, value: a}}]}"
      )
    ])
    #expect(chain.map(\.record.state) == [.draft, .draft, .draft])
    #expect(chain.map(\.problems.count) == [1, 1, 1])
  }

  @Test func `a text without a name, or that is none, is refused`() async throws {
    let shop = try await Shop()
    for text in [
      "{rules: []}", "{segment: ' x'}", "{segment: [", "{segment: a}\n---\n{segment: a}",
    ] {
      #expect(throws: DefinitionErrors.self, "\(text)") { try submit(shop, text) }
    }
    #expect(try shop.service.list().isEmpty)
  }

  // MARK: Who edits

  @Test func `two editors never overwrite each other`() async throws {
    let shop = try await Shop()
    let first = try submit(shop, Shop.oslo, as: .new, mode: .only).record
    #expect(first.revision == 1 && first.state == .inactive)
    #expect(throws: LifecycleError.nameTaken("oslo")) { try submit(shop, Shop.oslo, as: .new) }
    let bergen = Shop.oslo.replacing("value: Oslo", with: "value: Bergen")
    let second = try submit(shop, bergen, as: .edit(revision: 1), mode: .only).record
    #expect(second.revision == 2 && second.state == .inactive)
    let conflict = LifecycleError.conflict(segment: "oslo", expected: 1, found: 2, by: "ann")
    #expect(throws: conflict) { try submit(shop, Shop.oslo, as: .edit(revision: 1)) }
    #expect(throws: conflict) { try shop.service.change("oslo", [.activate], expecting: 1) }
    #expect(throws: WorkspaceError.self) { try submit(shop, Shop.coffee, as: .edit(revision: nil)) }
    let run = try submit(shop, Shop.oslo, as: .edit(revision: 2)).record
    #expect(run.state == .active && run.version.number == 3)
    // Saved only, an active one stays active.
    #expect(try submit(shop, bergen, mode: .only).record.state == .active)
  }

  // MARK: States

  @Test func `inactive segments keep their members and are skipped with what depends on them`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo, Self.fans, Shop.coffee)
    try await shop.refresh()
    try shop.service.acting(as: .named("bo")).change("oslo", [.deactivate])
    let error = await #expect(throws: LifecycleError.self) {
      try await shop.service.refresh(["oslo"])
    }
    #expect(error == .inactive(["oslo"]))
    let runs = try await shop.refresh()
    #expect(runs.mapValues(\.status) == ["oslo": .skipped, "fans": .skipped, "coffee": .succeeded])
    #expect(runs["oslo"]?.cause == "It is inactive.")
    #expect(try await shop.keys("oslo") == ["1", "2"])
    let listed = try #require(try shop.service.list().last)
    #expect(listed.lastPublished?.id == 3 || listed.lastPublished?.status == .succeeded)
    #expect(listed.lastRun?.status == .skipped && listed.record.changedBy == "bo")

    try shop.service.change("oslo", [.activate])
    #expect(try await shop.refresh().values.allSatisfy { $0.status == .succeeded })
  }

  @Test func `an inactive segment is applied without being refreshed`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    try shop.service.change("oslo", [.deactivate])
    let plan = try await shop.service.plan([
      DefinitionSource(text: Shop.oslo.replacing("value: Oslo", with: "value: Bergen")),
      DefinitionSource(text: Shop.coffee.replacing("value: coffee", with: "value: tea")),
    ])
    let applied = try await shop.service.acting(as: .named("cd")).apply(plan, refreshing: true)
    #expect(applied.refreshed.map(\.run.segment) == ["coffee"])
    #expect(try shop.service.list().map(\.record.state) == [.active, .inactive])
    #expect(try shop.service.versions(of: "oslo").map(\.author) == ["cd", "tester"])
  }

  @Test func `apply leaves drafts and inactive segments, and whoever refers to them, alone`()
    async throws
  {
    let bergen = Shop.oslo.replacing("value: Oslo", with: "value: Bergen")
    // A draft over a valid version that refers to what is applied.
    let shop = try await Shop(segments: Self.fans, Shop.oslo)
    try await shop.refresh()
    _ = try submit(shop, "{segment: fans, rules: 7}")
    let plan = try await shop.service.plan([DefinitionSource(text: bergen)], keepingOthers: true)
    #expect(plan.items.map(\.segment) == ["oslo"])
    let applied = try await shop.service.apply(plan, refreshing: true)
    #expect(applied.refreshed.map(\.run.segment) == ["oslo"])
    #expect(try shop.service.store.lastPublished(of: "fans")?.segmentVersion == 1)
    let check = try await shop.service.check()
    #expect(check.isSound)
    #expect(try await shop.keys("fans") == ["1", "2"])

    // An inactive one that an active one refers to.
    let other = try await Shop(segments: Self.fans, Shop.oslo)
    try await other.refresh()
    try other.service.change("oslo", [.deactivate])
    let resting = try await other.service.plan(
      [DefinitionSource(text: bergen), DefinitionSource(text: Self.fans)])
    #expect(resting.items.map(\.segment) == ["oslo"])
    let done = try await other.service.apply(resting, refreshing: true)
    #expect(done.refreshed.isEmpty)
    #expect(try await other.keys("fans") == ["1", "2"])
    #expect(try await other.service.why(segment: "fans", key: "1").isMember)
    #expect(try await other.result("fans").count == 2)
  }

  @Test func `a draft saved after the plan was made is not overrun`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let plan = try await shop.service.plan([
      DefinitionSource(text: Shop.oslo.replacing("value: Oslo", with: "value: Bergen"))
    ])
    _ = try submit(shop, "{segment: oslo, rules: 7}")
    await #expect(throws: SegmentStoreError.changedMeanwhile(["oslo"])) {
      try await shop.service.apply(plan, refreshing: true)
    }
    #expect(try shop.service.draft("oslo") != nil)
  }

  @Test func `planned changes take place when their time has come, once and in order`() async throws
  {
    let now = Mutex(Shop.asOf)
    let shop = try await Shop(now: { now.withLock { $0 } }, segments: Shop.oslo, Shop.coffee)
    func at(_ hours: Int64) -> PlannedChange {
      PlannedChange(
        at: Shop.asOf.microseconds + hours * 3_600_000_000, timeZone: "Europe/Oslo")
    }
    try shop.service.change(
      "oslo", [.deactivate, .planActivation(at(1)), .planDeactivation(at(2))])
    #expect(throws: LifecycleError.self) {
      try shop.service.change("coffee", [.planActivation(at(0))])
    }
    #expect(throws: LifecycleError.self) {
      try shop.service.change(
        "coffee", [.planDeactivation(PlannedChange(at: .max, timeZone: "Europe/Olso"))])
    }
    #expect(try shop.service.makePlannedChanges().isEmpty)
    func states(afterHours hours: Int64) throws -> [String] {
      now.withLock { $0 = Instant(microseconds: at(hours).at) }
      return try shop.service.makePlannedChanges().map {
        let record = try $0.outcome.get()
        return "\(record.name) \(record.state.rawValue) \(record.changedBy ?? "")"
      }
    }
    #expect(try states(afterHours: 1) == ["oslo active schedule"])
    #expect(try states(afterHours: 1) == [])
    #expect(try states(afterHours: 2) == ["oslo inactive schedule"])

    // Both missed: the later one counts. A refresh makes them too.
    try shop.service.change("oslo", [.planActivation(at(4)), .planDeactivation(at(3))])
    now.withLock { $0 = Instant(microseconds: at(9).at) }
    #expect(try await shop.refresh(asOf: Shop.asOf)["oslo"]?.status == .succeeded)
    let record = try #require(try shop.service.list().last?.record)
    #expect(record.state == .active && record.activation == nil && record.deactivation == nil)

    try shop.service.change("oslo", [.planDeactivation(at(20)), .planDeactivation(nil)])
    #expect(try states(afterHours: 30) == [])
  }

  // MARK: Names

  @Test func `renaming breaks no reference`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Self.fans)
    try await shop.refresh()
    _ = try submit(shop, Self.fans.replacing("segment: fans", with: "segment: fans, rubbish: 1"))
    let renamed = try shop.service.acting(as: .named("bo")).change("oslo", [.rename("capital")])
    #expect(renamed.name == "capital" && renamed.version.number == 2)
    #expect(try shop.service.segment("fans").definition.references == ["capital"])
    #expect(try shop.service.draft("fans") != nil, "the draft stays one")
    #expect(try await shop.keys("capital") == ["1", "2"])
    #expect(try await shop.keys("fans") == ["1", "2"])
    #expect(
      try shop.service.versions(of: "capital")[0].changes.map(\.description)
        == ["name: 'oslo' → 'capital'"])
    #expect(try shop.service.restore("fans", version: 3).version == 5)
    #expect(try await shop.refresh().values.allSatisfy { $0.status == .succeeded })
    // What runs of before were about is still known.
    #expect(try await shop.service.why(segment: "fans", key: "1", run: 1).isMember)
    #expect(try shop.service.restore("capital", version: 1).definition.name == "capital")

    #expect(throws: LifecycleError.nameTaken("fans")) {
      try shop.service.change("capital", [.rename("fans")])
    }
    #expect(throws: LifecycleError.invalidName(" ")) {
      try shop.service.change("capital", [.rename(" ")])
    }
    // The name is free for another one, which is nobody's reference.
    try shop.save(Shop.oslo.replacing("value: Oslo", with: "value: Bergen"))
    #expect(try await shop.refresh()["fans"]?.result?.count == 2)
  }

  @Test func `renaming reaches the trash, and what a draft stands before`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Self.fans)
    try shop.service.delete("fans")
    try shop.service.change("oslo", [.rename("capital")])
    try shop.save(Shop.oslo.replacing("value: Oslo", with: "value: Bergen"))
    try shop.service.restore(deleted: "fans")
    #expect(try shop.service.segment("fans").definition.references == ["capital"])
    _ = try submit(shop, "{segment: fans, rules: 7}")
    #expect(throws: SegmentInUse.self) { try shop.service.delete("capital") }
    // Together with whoever refers to it, in whatever order.
    let outcomes = try shop.service.change(["capital", "fans"], [.trash(evenIfUsed: false)])
    #expect(outcomes.allSatisfy { (try? $0.outcome.get()) != nil })
  }

  @Test func `broken drafts in the history are in nobody's way`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let folder = try DefinitionFolder([:])
    _ = try shop.service.export(to: folder.path)
    _ = try submit(shop, "{segment: oslo, rules: 7}")
    _ = try submit(shop, Shop.oslo.replacing("value: Oslo", with: "value: Bergen"))
    #expect(try shop.service.compare("oslo").names == ("version 1", "version 3"))
    #expect(throws: VersionError.unknown(9, segment: "oslo", last: 3)) {
      try shop.service.compare("oslo", from: 9)
    }
    #expect(try shop.service.export(to: folder.path).written.count == 1)
  }

  @Test func `an erased person leaves drafts of any shape`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    for (name, keys) in [
      ("a", "1"), ("b", "[1, 2]"), ("c", "[{id: 1}, [\"1\"], 3]"), ("d", "{1: x}"),
    ] {
      _ = try submit(shop, "{segment: \(name), audience: Custommer, rules: 7, keys: \(keys)}")
    }
    _ = try await shop.service.erase(.profiles(audience: "Customer", keys: [.key("1")]))
    let texts = try ["a", "b", "c", "d"].map {
      try #require(try shop.service.draft($0)).document["keys"]?.json
    }
    #expect(texts == ["[]", "[2]", "[{},[],3]", "{}"])
  }

  @Test func `a copy is inactive and has names of its own`() async throws {
    let shop = try await Shop(
      segments:
        "{segment: oslo, displayName: Oslo, rules: [{match: {attribute: Customer.City, is: equalTo, value: Oslo}}]}"
    )
    let copies = try [nil, nil, "mine"].map {
      try shop.service.acting(as: .named("ann")).duplicate("oslo", as: $0)
    }
    #expect(copies.map(\.name) == ["oslo copy", "oslo copy 2", "mine"])
    #expect(copies.map(\.outputName) == ["OsloCopy", "OsloCopy2", "Mine"])
    #expect(copies.allSatisfy { $0.state == .inactive && $0.owner == "ann" })
    let listed = try shop.service.list().filter { $0.record.name != "oslo" }
    #expect(listed.allSatisfy { $0.displayName == "Oslo (copy)" })
    #expect(throws: LifecycleError.nameTaken("mine")) {
      try shop.service.duplicate("oslo", as: "mine")
    }
    _ = try submit(shop, Self.broken)
    #expect(try shop.service.duplicate("idea").state == .draft)
    try shop.service.change("mine", [.activate])
    #expect(try await shop.result("mine").count == 2)
  }

  // MARK: What is said of it

  @Test func `tags, descriptions, owners and types change alone or of several`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    _ = try submit(shop, Self.misshapen)
    let outcomes = try shop.service.change(
      ["oslo", "idea", "nobody"],
      [.addTags(["a", "b", "a"]), .type(.static), .description("For tests"), .owner("Bo")])
    #expect(outcomes.map { (try? $0.outcome.get().type) } == [.static, .static, nil])
    let listed = try shop.service.list()
    #expect(listed.map(\.tags) == [[], ["a", "b"], ["a", "b"]])
    #expect(listed.map(\.description) == [nil, "For tests", "For tests"])
    #expect(listed.map(\.record.owner) == [nil, "Bo", "Bo"])

    try shop.service.change(
      "oslo", [.removeTags(["a", "z"]), .description(nil), .displayName("Oslo!")])
    let oslo = try shop.service.segment("oslo").definition
    #expect(oslo.tags == ["b"] && oslo.description == nil && oslo.displayName == "Oslo!")
    #expect(throws: LifecycleError.tooManyTags("oslo", count: 21)) {
      try shop.service.change("oslo", [.addTags((1...20).map(String.init))])
    }
    #expect(throws: LifecycleError.invalidTag("")) {
      try shop.service.change("oslo", [.addTags([""])])
    }
    #expect(throws: LifecycleError.outputNameTaken("COFFEE", suggestion: "COFFEE2")) {
      try shop.service.change("oslo", [.outputName("COFFEE")])
    }
    #expect(try shop.service.change("oslo", [.outputName("OSLO")]).outputName == "OSLO")
    #expect(throws: Diagnostics.self) { try shop.service.change("oslo", [.outputName("my table")]) }
    // All or none.
    let before = try shop.service.list().map(\.record)
    #expect(throws: LifecycleError.self) {
      try shop.service.change("oslo", [.owner("X"), .rename("coffee")])
    }
    #expect(try shop.service.list().map(\.record) == before)
  }
}

extension Shop {
  /// The keys of a segment after a refresh.
  fileprivate func keys(of name: String, in shop: Shop) async throws -> [String] {
    try await shop.refresh([name])
    return try await shop.keys(name)
  }
}
