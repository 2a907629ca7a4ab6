import Foundation
import SegmentStore
import Testing

@testable import SegmentService

/// Who has an account, and that somebody can always manage them.
@Suite struct AccountTests {
  @Test func `the first start gives a secret for an administrator, until one has a password`()
    async throws
  {
    let people = try People()
    let first = try #require(try people.identity.ensureAdministrator())
    #expect(first.account == "admin")
    let second = try #require(try people.identity.ensureAdministrator())
    await #expect(throws: IdentityError.wrongSecret, "a fresh one takes its place") {
      try await people.identity.redeem(
        secret: first.text, of: "admin", password: People.password, from: People.office)
    }
    let started = try await people.identity.redeem(
      secret: second.text, of: "admin", password: People.password, from: People.office)
    #expect(started.account.role == .administrator)
    #expect(try people.identity.ensureAdministrator() == nil)
  }

  @Test func `an administrator is made beside an account that is called admin`() async throws {
    let people = try People()
    try await people.join("Admin", as: .viewer)
    #expect(try people.identity.ensureAdministrator()?.account == "admin2")
  }

  @Test func `a one-time secret works once, for a day, and only with a usable password`()
    async throws
  {
    let people = try People()
    let secret = try people.identity.createAccount("ann.larsen@x", role: .viewer).secret
    func redeem(_ password: String) async throws {
      _ = try await people.identity.redeem(
        secret: secret.text, of: "ann.larsen@x", password: password, from: People.office)
    }
    for (password, problem) in [
      ("elevenchars", PasswordProblem.tooShort), (String(repeating: "x", count: 201), .tooLong),
      ("ANN.LARSEN@x", .isName),
    ] {
      await #expect(throws: IdentityError.unusablePassword(problem)) { try await redeem(password) }
    }
    try await redeem("twelve chars")
    await #expect(throws: IdentityError.wrongSecret) { try await redeem(People.password) }

    let late = try people.identity.renewSecret(of: "ann.larsen@x")
    people.pass(seconds: 86_400)
    await #expect(throws: IdentityError.wrongSecret) {
      try await people.identity.redeem(
        secret: late.text, of: "ann.larsen@x", password: People.password, from: People.office)
    }
    // The old password has worked all the time.
    _ = try await people.signIn("ann.larsen@x", "twelve chars")
  }

  @Test func `the last active administrator stays one`() async throws {
    let people = try People()
    try await people.join("ann", as: .administrator)
    try await people.join("bob", as: .administrator)
    let identity = people.identity
    try identity.changeAccount("bob", [.state(.disabled)])
    for attempt in [AccountChange.role(.contributor), .state(.disabled)] {
      #expect(throws: SegmentStoreError.lastAdministrator("ann")) {
        try identity.changeAccount("ann", [attempt])
      }
    }
    #expect(throws: SegmentStoreError.lastAdministrator("ann")) {
      try identity.deleteAccount("ann")
    }
    #expect(try identity.account("ann").role == .administrator)
    try identity.changeAccount("bob", [.state(.active)])
    try identity.deleteAccount("ann")
    #expect(try identity.accounts().map(\.name) == ["bob"])
  }

  @Test func `names are unique whatever their case, and of plain letters`() throws {
    let identity = try People().identity
    _ = try identity.createAccount("Ann", displayName: "Ann Lærk", role: .viewer)
    #expect(throws: IdentityError.nameTaken("ANN")) {
      try identity.createAccount("ANN", role: .viewer)
    }
    for name in ["", " ann", "a b", "ånn", "-x", "a\nb", String(repeating: "a", count: 101)] {
      #expect(throws: IdentityError.invalidName(name)) {
        try identity.createAccount(name, role: .viewer)
      }
    }
    #expect(throws: IdentityError.invalidDisplayName) {
      try identity.createAccount("bob", displayName: "\u{1B}[31m", role: .viewer)
    }
    #expect(throws: IdentityError.unknownAccount("anm", hint: "Did you mean 'Ann'?")) {
      try identity.account("anm")
    }
  }
}
