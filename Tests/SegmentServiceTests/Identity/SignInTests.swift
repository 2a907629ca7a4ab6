import Foundation
import SegmentStore
import Testing

@testable import SegmentService

/// Passwords, and what those who do not know them find out.
@Suite struct SignInTests {
  @Test func `a password lets in whatever the case of the name, a wrong one does not`() async throws
  {
    let people = try People()
    try await people.join("ann", as: .contributor)
    let started = try await people.signIn("ANN")
    #expect(started.account.name == "ann")
    #expect(try people.identity.session(started.token)?.account.role == .contributor)
    await #expect(throws: IdentityError.wrongCredentials) {
      try await people.signIn("ann", "Correct horse battery")
    }
  }

  @Test func `nobody learns whether a name exists: same answer, same waits`() async throws {
    let people = try People()
    try await people.join("ann", from: People.elsewhere)
    _ = try people.identity.createAccount("bob", role: .viewer)
    try await people.join("cat", from: People.elsewhere)
    try people.identity.changeAccount("cat", [.state(.disabled)])
    for attempt in 1...6 {
      let before = try people.log().count
      var answers: [IdentityError] = []
      // Each from an address of its own.
      for (index, name) in ["ann", "bob", "cat", "nobody"].enumerated() {
        let origin = Origin(address: "203.0.113.\(index)")
        let password = name == "cat" ? People.password : "wrong and wrong"
        do {
          _ = try await people.signIn(name, password, from: origin)
        } catch let error as IdentityError {
          answers.append(error)
        }
      }
      #expect(answers == Array(repeating: answers[0], count: 4), "attempt \(attempt)")
      // As many writes for each.
      #expect(try people.log().count - before == (answers[0] == .wrongCredentials ? 4 : 0))
    }
    #expect(try people.log().allSatisfy { $0.object?.name != "nobody" })
  }

  @Test func `attempts are slowed, the more the longer, and the right one forgets them`()
    async throws
  {
    let people = try People()
    try await people.join("ann")
    for _ in 1...3 {
      await #expect(throws: IdentityError.wrongCredentials) { try await people.signIn("ann", "x") }
    }
    for wait in [1, 2, 4, 8] {
      await #expect(throws: IdentityError.tooSoon(seconds: wait)) { try await people.signIn("ann") }
      people.pass(seconds: Int64(wait))
      await #expect(throws: IdentityError.wrongCredentials) { try await people.signIn("ann", "x") }
    }
    people.pass(seconds: 16)
    _ = try await people.signIn("ann")
    await #expect(throws: IdentityError.wrongCredentials) { try await people.signIn("ann", "x") }
    _ = try await people.signIn("ann")
  }

  @Test func `strangers cannot keep out whoever signs in from where they did before`() async throws
  {
    let people = try People()
    try await people.join("ann", from: People.office)
    for _ in 1...12 {
      _ = try? await people.signIn("ann", "x", from: People.elsewhere)
      people.pass(seconds: 1_000)
    }
    await #expect(throws: IdentityError.wrongCredentials) {
      try await people.signIn("ann", "x", from: People.elsewhere)
    }
    await #expect(throws: IdentityError.tooSoon(seconds: 900), "the longest wait") {
      try await people.signIn("ann", from: Origin(address: "198.51.100.8"))
    }
    _ = try await people.signIn("ann", from: People.office)
    // And with a one-time secret from anywhere.
    let secret = try people.identity.renewSecret(of: "ann").text
    _ = try await people.identity.redeem(
      secret: secret, of: "ann", password: People.password, from: Origin(address: "198.51.100.9"))
  }

  @Test func `an address that tries many names is slowed`() async throws {
    let people = try People()
    for number in 1...20 {
      await #expect(throws: IdentityError.wrongCredentials) {
        try await people.signIn("name\(number)", "x")
      }
    }
    await #expect(throws: IdentityError.tooSoon(seconds: 1)) {
      try await people.signIn("name21", "x")
    }
    await #expect(throws: IdentityError.wrongCredentials) {
      try await people.signIn("name21", "x", from: People.elsewhere)
    }
  }

  @Test func `many attempts at once are counted one by one`() async throws {
    let people = try People()
    try await people.join("ann", from: People.elsewhere)
    let tried = await withTaskGroup(of: Bool.self) { group in
      for _ in 1...20 {
        group.addTask {
          do {
            _ = try await people.signIn("ann", "wrong")
            return false
          } catch {
            return error as? IdentityError == .wrongCredentials
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(tried == 3)
  }

  @Test func `what was counted of an account stays counted when the process ends`() async throws {
    let people = try People()
    try await people.join("ann", from: People.elsewhere)
    for _ in 1...3 { _ = try? await people.signIn("ann", "x") }
    let again = Identity(
      store: people.store, passwords: people.identity.passwords, clock: people.identity.clock)
    await #expect(throws: IdentityError.tooSoon(seconds: 1)) {
      try await again.signIn("ann", password: People.password, from: People.office)
    }
  }

  @Test func `a hash of another strength is replaced at the next sign-in`() async throws {
    let people = try People()
    try await people.join("ann")
    let weak = try #require(try people.store.credentials("ann")?.passwordHash)
    #expect(weak.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
    let stronger = Identity(
      store: people.store,
      passwords: Passwords(cost: PasswordCost(rounds: 5, blockSize: 8, parallelism: 1)),
      clock: people.identity.clock)
    _ = try await stronger.signIn("ann", password: People.password, from: People.office)
    let strong = try #require(try people.store.credentials("ann")?.passwordHash)
    #expect(strong.hasPrefix("$scrypt$ln=5,r=8,p=1$"))
    _ = try await people.signIn("ann")
  }

  @Test func `hashes are scrypt of RFC 7914, salted, and of OWASP's strength`() throws {
    let known = try #require(
      PasswordHash(
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"))
    #expect(try known.matches("pleaseletmein"))
    #expect(known.cost == PasswordCost(rounds: 14, blockSize: 8, parallelism: 1))
    let cost = PasswordCost(rounds: 4, blockSize: 8, parallelism: 1)
    let (one, two) = try (
      PasswordHash(of: "pässword", cost: cost), PasswordHash(of: "pässword", cost: cost)
    )
    #expect(one != two && PasswordHash(one.description) == one)
    // However a keyboard composes it.
    #expect(try one.matches("pa\u{308}ssword") && !one.matches("password"))
    #expect(
      PasswordCost.standard == PasswordCost(rounds: 17, blockSize: 8, parallelism: 1))
    for text in ["", "$argon2id$v=19$x$y", "$scrypt$ln=4,r=8,p=1$c2FsdA$c2hvcnQ"] {
      #expect(PasswordHash(text) == nil)
    }
  }
}
