import SegmentStore
import Testing

@testable import SegmentService

/// Which account somebody gets whom a provider vouches for.
@Suite struct ProviderSignInTests {
  private static let ann = VouchedPerson(
    subject: ProviderSubject(issuer: "https://login.example", subject: "1"), email: "ann@x.example",
    isEmailVerified: true, userName: "ann", displayName: "Ann")

  private func signIn(
    _ people: People, _ person: VouchedPerson = ann, _ rules: RoleRules = RoleRules()
  ) throws -> Account {
    try people.identity.signIn(person, by: rules, from: People.office).account
  }

  @Test func `somebody new gets an account, and the same one ever after`() throws {
    let people = try People()
    let first = try signIn(people)
    #expect(first.name == "ann@x.example" && first.displayName == "Ann" && first.role == .viewer)
    #expect(first.issuer == "https://login.example" && !first.hasPassword)
    var renamed = Self.ann
    renamed.email = "other@x.example"
    #expect(try signIn(people, renamed).id == first.id)
    let log = try people.log()
    #expect(
      log.map(\.action) == [.accountCreated, .accountChanged, .signedIn, .signedIn]
        && log[0].author.name == "sign-in" && log[2].after?["by"] == "openIDConnect")
  }

  @Test func `the same subject of another issuer is somebody else`() throws {
    let people = try People()
    _ = try signIn(people)
    var other = Self.ann
    other.subject.issuer = "https://evil.example"
    #expect(throws: IdentityError.accountOfOther("ann@x.example")) { try signIn(people, other) }
    other.email = nil
    #expect(try signIn(people, other).name == "ann")
  }

  @Test func `an account that an administrator has made waits for its verified address`() throws {
    let people = try People()
    let secret = try people.identity.createAccount("Ann@X.example", role: .administrator).secret
    var unverified = Self.ann
    unverified.isEmailVerified = false
    #expect(throws: IdentityError.emailNotVerified("Ann@X.example")) {
      try signIn(people, unverified)
    }
    let account = try signIn(people)
    #expect(account.name == "Ann@X.example" && account.role == .administrator)
    #expect(account.secretExpires == nil, "its secret is used up")
    #expect(secret.account == "Ann@X.example")
    let refusal = try #require(try people.log().first { $0.action == .signInFailed })
    #expect(refusal.after == ["by": "openIDConnect", "reason": "emailNotVerified"])
  }

  @Test func `an account with a password is not taken over`() async throws {
    let people = try People()
    try await people.join("ann@x.example", as: .administrator)
    #expect(throws: IdentityError.accountOfOther("ann@x.example")) { try signIn(people) }
    var unverified = Self.ann
    unverified.isEmailVerified = false
    #expect(throws: IdentityError.accountOfOther("ann@x.example")) {
      try signIn(people, unverified)
    }
  }

  @Test func `nobody takes the name that somebody else's account will have`() throws {
    let people = try People()
    var mallory = Self.ann
    mallory.isEmailVerified = false
    mallory.userName = "boss@x.example"
    let account = try signIn(people, mallory)
    #expect(account.name.wholeMatch(of: /user-[0-9a-f]{12}/) != nil)
    mallory.subject.subject = "2"
    mallory.userName = "../<b>"
    #expect(try signIn(people, mallory).name.hasPrefix("user-"))
  }

  @Test func `without a standard role only those who were invited get in`() throws {
    let people = try People()
    let rules = RoleRules(standard: nil)
    #expect(throws: IdentityError.notInvited) { try signIn(people, Self.ann, rules) }
    #expect(try people.identity.accounts().isEmpty)
    _ = try people.identity.createAccount("ann@x.example", role: .contributor)
    #expect(try signIn(people, Self.ann, rules).role == .contributor)
    #expect(try signIn(people, Self.ann, rules).role == .contributor)
  }

  @Test func `the highest role of the groups holds, at each sign-in anew`() throws {
    let people = try People()
    var ann = Self.ann
    ann.groups = ["staff", "marketing", "chess"]
    var rules = RoleRules(groups: ["staff": .viewer, "marketing": .contributor])
    #expect(try signIn(people, ann, rules).role == .contributor)
    let session = try people.identity.signIn(ann, by: rules, from: People.office)
    ann.groups = ["staff"]
    #expect(try signIn(people, ann, rules).role == .viewer)
    #expect(try people.identity.session(session.token) == nil, "that of the higher role has ended")
    rules.standard = nil
    ann.groups = []
    #expect(throws: IdentityError.notInvited) { try signIn(people, ann, rules) }
    // Nobody could manage accounts any more.
    rules.groups["admins"] = .administrator
    ann.groups = ["admins"]
    #expect(try signIn(people, ann, rules).role == .administrator)
    ann.groups = ["staff"]
    #expect(throws: SegmentStoreError.lastAdministrator("ann@x.example")) {
      try signIn(people, ann, rules)
    }
  }

  @Test func `a disabled account is refused, and the audit log says so`() throws {
    let people = try People()
    let account = try signIn(people)
    try people.identity.changeAccount(account.name, [.state(.disabled)])
    #expect(throws: IdentityError.disabled(account.name)) { try signIn(people) }
    let last = try #require(try people.log().last)
    #expect(last.action == .signInFailed && last.object?.name == account.name)
    #expect(last.after?["reason"] == "disabled")
  }

  @Test func `attempts that fail are slowed by where they come from`() async throws {
    let people = try People()
    struct Failure: Error {}
    for _ in 1...20 {
      await #expect(throws: Failure.self) {
        try await people.identity.attempt(from: People.office) { throw Failure() }
      }
    }
    await #expect(throws: IdentityError.tooSoon(seconds: 1)) {
      try await people.identity.attempt(from: People.office) {}
    }
    try await people.identity.attempt(from: People.elsewhere) {}
  }

  @Test func `who was let in is not any more when session, key or account end`() async throws {
    let people = try People()
    let started = try await people.join("ann", as: .contributor)
    let session = try #require(try people.identity.session(started.token))
    let key = try people.identity.createAPIKey(
      "k", of: started.account, scopes: [.readSegments], lifetime: 3_600_000_000)
    let program = try #require(try people.identity.apiKey(key.text))
    #expect(try people.identity.isStillIn(session) && people.identity.isStillIn(program))
    people.pass(seconds: 3_600)
    #expect(try people.identity.isStillIn(session) && !people.identity.isStillIn(program))
    people.pass(seconds: 11 * 3_600)
    #expect(try !people.identity.isStillIn(session), "it was not used for long")

    let again = try await people.signIn("ann")
    let second = try #require(try people.identity.session(again.token))
    try people.identity.changeAccount("ann", [.role(.viewer)])
    #expect(try !people.identity.isStillIn(second))
    let viewer = try people.identity.account("ann")
    let other = try people.identity.createAPIKey(
      "k", of: viewer, scopes: [.readSegments], lifetime: 3_600_000_000)
    let reader = try #require(try people.identity.apiKey(other.text))
    try people.identity.changeAccount("ann", [.state(.disabled)])
    #expect(try !people.identity.isStillIn(reader))
    try people.identity.changeAccount("ann", [.state(.active)])
    #expect(try people.identity.isStillIn(reader))
    try people.identity.revokeAPIKey(other.key.id)
    #expect(try !people.identity.isStillIn(reader))
  }
}
