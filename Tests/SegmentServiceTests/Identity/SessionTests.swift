import Foundation
import SegmentStore
import Testing

@testable import SegmentService

/// Sessions end when they should, and their tokens are nowhere.
@Suite struct SessionTests {
  private static let hour: Int64 = 3_600

  @Test func `a session ends when it is not used, and however much it is used`() async throws {
    let people = try People()
    let idle = try await people.join("ann").token
    let used = try await people.signIn("ann").token
    for _ in 1...27 {
      people.pass(seconds: 6 * Self.hour)
      #expect(try people.identity.session(used) != nil)
    }
    #expect(try people.identity.session(idle) == nil)
    #expect(try people.identity.sessions(of: people.identity.account("ann")).count == 1)
    people.pass(seconds: 6 * Self.hour)
    #expect(try people.identity.session(used) == nil, "after a week")
    // What is over is removed when somebody signs in.
    _ = try await people.signIn("ann")
    #expect(try people.store.sessions(of: people.identity.account("ann").id).count == 1)
  }

  @Test func `one is signed out of one session, or of all`() async throws {
    let people = try People()
    let first = try await people.join("ann")
    let second = try await people.signIn("ann", from: People.elsewhere)
    let third = try await people.signIn("ann")
    let bob = try await people.join("bob")
    let listed = try people.identity.sessions(of: first.account)
    #expect(Set(listed.map(\.origin.address)) == ["192.0.2.1", "198.51.100.7"])
    try people.identity.signOut(first.session.id, of: first.account)
    #expect(throws: IdentityError.unknownSession) {
      try people.identity.signOut(bob.session.id, of: first.account)
    }
    #expect(try people.identity.session(first.token) == nil)
    #expect(try people.identity.session(second.token) != nil)
    #expect(try people.identity.signOutEverywhere(first.account) == 2)
    #expect(try people.identity.session(third.token) == nil)
    #expect(try people.identity.session(bob.token) != nil)
  }

  @Test func `another password ends the other sessions, another role all of them`() async throws {
    let people = try People()
    let one = try await people.join("ann")
    let other = try await people.signIn("ann")
    await #expect(throws: IdentityError.wrongPassword) {
      try await people.identity.changePassword(
        of: one.account, from: "wrong", to: "another password", in: one.session)
    }
    await #expect(throws: IdentityError.unusablePassword(.tooShort)) {
      try await people.identity.changePassword(
        of: one.account, from: People.password, to: "short", in: one.session)
    }
    try await people.identity.changePassword(
      of: one.account, from: People.password, to: "another password", in: one.session)
    #expect(try people.identity.session(one.token) != nil)
    #expect(try people.identity.session(other.token) == nil)
    _ = try await people.signIn("ann", "another password")

    try people.identity.changeAccount("ann", [.displayName("Ann")])
    #expect(try people.identity.session(one.token) != nil)
    try people.identity.changeAccount("ann", [.role(.contributor)])
    #expect(try people.identity.session(one.token) == nil)
  }

  @Test func `a disabled account has no sessions, a deleted one neither`() async throws {
    let people = try People()
    for change in [AccountChange.state(.disabled), nil] {
      let name = change == nil ? "ann" : "bob"
      let started = try await people.join(name)
      if let change {
        try people.identity.changeAccount(name, [change])
      } else {
        try people.identity.deleteAccount(name)
      }
      #expect(try people.identity.session(started.token) == nil)
    }
  }

  @Test func `an account has fifty sessions at most, the ones used last`() async throws {
    let people = try People()
    let first = try await people.join("ann")
    for _ in 1...50 {
      people.pass(seconds: 1)
      _ = try await people.signIn("ann")
    }
    #expect(try people.identity.sessions(of: first.account).count == 50)
    #expect(try people.identity.session(first.token) == nil)
  }

  @Test func `the token of requests belongs to one session and does not tell its token`()
    async throws
  {
    let people = try People()
    let (one, two) = (try await people.join("ann").token, try await people.signIn("ann").token)
    let request = people.identity.requestToken(of: one)
    #expect(people.identity.isRequestToken(request.text, of: one))
    #expect(!people.identity.isRequestToken(request.text, of: two))
    #expect(!people.identity.isRequestToken("", of: one) && request.text != one.text)
    #expect(one.text.count == 64 && one.text != two.text)
  }

  @Test func `no password, token, secret or key can be found in the store`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try SegmentStore(path: folder.appending(path: "s.sqlite").path, author: .tester)
    let people = try People()
    let identity = Identity(
      store: store, passwords: people.identity.passwords, clock: people.identity.clock)
    let created = try identity.createAccount("ann", role: .viewer)
    let started = try await identity.redeem(
      secret: created.secret.text, of: "ann", password: People.password, from: People.office)
    let key = try identity.createAPIKey(
      "reports", of: started.account, scopes: [.readResults], lifetime: 1_000_000)
    var bytes = Data()
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      bytes += try Data(contentsOf: folder.appending(path: file))
    }
    #expect(bytes.range(of: Data("reports".utf8)) != nil)
    for secret in [
      People.password, started.token.text, created.secret.text, String(key.text.suffix(64)),
      identity.requestToken(of: started.token).text,
    ] {
      #expect(bytes.range(of: Data(secret.utf8)) == nil)
    }
  }
}
