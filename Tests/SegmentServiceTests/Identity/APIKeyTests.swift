import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Keys of programs may what they were made for, as long as their owner may.
@Suite struct APIKeyTests {
  private static let day: Int64 = 86_400_000_000

  @Test func `a key lets in until it is over, for its scopes`() async throws {
    let people = try People()
    let ann = try await people.join("ann", as: .contributor).account
    let new = try people.identity.createAPIKey(
      "nightly", of: ann, scopes: [.readSegments, .writeSegments], lifetime: 2 * Self.day)
    #expect(new.text.wholeMatch(of: /muster_[0-9a-f]{16}_[0-9a-f]{64}/) != nil)
    let known = try #require(try people.identity.apiKey(new.text))
    #expect(known.account.name == "ann")
    #expect(known.may(.viewer, .readSegments) && known.may(.contributor, .writeSegments))
    #expect(!known.may(.viewer, .readResults), "no such scope")
    #expect(!known.may(.administrator, .writeSegments), "no such role")
    let author = known.author(from: People.office)
    #expect(author.kind == .apiKey && author.name == "ann" && author.apiKey == new.key.id)

    let day = try #require(try people.identity.apiKeys()[0].lastUsed)
    #expect(day % Self.day == 0)
    people.pass(seconds: 2 * 86_400)
    #expect(try people.identity.apiKey(new.text) == nil)
    #expect(try people.identity.apiKeys(of: ann).map(\.id) == [new.key.id])
  }

  @Test func `the use of a key is written once a day, and no request waits for more`()
    async throws
  {
    let people = try People()
    let ann = try await people.join("ann").account
    // Time goes on while a key is looked at.
    let clock = Guarded<Int64>(20_000 * Self.day + 5)
    let identity = Identity(store: people.store, passwords: people.identity.passwords) {
      clock.withLock { clock in
        clock += 1
        return Instant(microseconds: clock)
      }
    }
    let key = try identity.createAPIKey(
      "nightly", of: ann, scopes: [.readJobs], lifetime: 9 * Self.day)
    var writes: [Int] = []
    for _ in 0..<3 {
      for _ in 0..<5 { #expect(try identity.apiKey(key.text) != nil) }
      writes.append(people.store.changes(of: [.keys], since: 0).moment)
      #expect(try identity.apiKeys()[0].lastUsed == clock.withLock { $0 / Self.day * Self.day })
      clock.withLock { $0 += Self.day }
    }
    #expect(writes[1] == writes[0] + 1 && writes[2] == writes[1] + 1)
  }

  @Test func `a key that is not whole, revoked, or of somebody who is gone lets nobody in`()
    async throws
  {
    let people = try People()
    let ann = try await people.join("ann").account
    let bob = try await people.join("bob").account
    func make() throws -> NewAPIKey {
      try people.identity.createAPIKey(
        "k", of: ann, scopes: [.readJobs], lifetime: 9 * Self.day)
    }
    let new = try make()
    for text in [
      "", "muster_", String(new.text.dropLast()), String(new.text.dropLast()) + "g",
      new.text.replacing(new.key.id, with: try make().key.id), new.text + "\n",
    ] {
      #expect(try people.identity.apiKey(text) == nil)
    }
    #expect(throws: IdentityError.unknownKey(new.key.id)) {
      try people.identity.revokeAPIKey(new.key.id, of: bob)
    }
    try people.identity.revokeAPIKey(new.key.id, of: ann)
    #expect(try people.identity.apiKey(new.text) == nil)

    let other = try make()
    try people.identity.changeAccount("ann", [.state(.disabled)])
    #expect(try people.identity.apiKey(other.text) == nil)
    try people.identity.changeAccount("ann", [.state(.active)])
    #expect(try people.identity.apiKey(other.text) != nil)
    try people.identity.deleteAccount("ann")
    #expect(try people.identity.apiKey(other.text) == nil && people.identity.apiKeys().isEmpty)
  }

  @Test func `a key cannot do more than its owner, nor be without purpose or end`() async throws {
    let people = try People()
    let viewer = try await people.join("vic", as: .viewer).account
    func make(_ scopes: Set<Scope>, name: String = "k", days: Int64 = 1) throws {
      _ = try people.identity.createAPIKey(
        name, of: viewer, scopes: scopes, lifetime: days * Self.day)
    }
    #expect(throws: IdentityError.scopesBeyondRole([.writeSegments, .administer], .viewer)) {
      try make([.administer, .writeSegments, .readResults])
    }
    #expect(throws: IdentityError.noScopes) { try make([]) }
    #expect(throws: IdentityError.invalidKeyName) { try make([.readJobs], name: " ") }
    for days: Int64 in [0, -1, 367] {
      #expect(throws: IdentityError.invalidExpiry(days: 366)) { try make([.readJobs], days: days) }
    }
    try make([.readSegments, .readCatalog, .readResults, .readJobs])
    // Who loses a role loses it for the keys, too.
    let contributor = try await people.join("con", as: .contributor).account
    let key = try people.identity.createAPIKey(
      "k", of: contributor, scopes: [.writeJobs], lifetime: Self.day)
    try people.identity.changeAccount("con", [.role(.viewer)])
    #expect(try people.identity.apiKey(key.text)?.may(.contributor, .writeJobs) == false)
  }
}
