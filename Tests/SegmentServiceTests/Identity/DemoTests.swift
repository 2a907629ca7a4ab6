import SegmentStore
import Testing

@testable import SegmentService

/// The account that anybody may enter, while a demonstration is shown and not afterwards.
@Suite struct DemoTests {
  @Test func `anybody enters the demo account, which is made once and marked`() throws {
    let people = try People()
    let demo = people.identity(allowsDemo: true)
    let first = try demo.enterDemo(from: People.office)
    let second = try demo.enterDemo(from: People.elsewhere)
    #expect(first.account.name == "demo" && first.account.isDemo && !first.account.hasPassword)
    #expect(first.account.role == .contributor && second.account.id == first.account.id)
    #expect(first.session.method == .demo && first.token.text != second.token.text)
    #expect(try people.identity.accounts().map(\.isDemo) == [true])
    let log = try people.log()
    #expect(log.contains { $0.action == .accountChanged && $0.after == ["isDemo": true] })
    #expect(log.last?.author.name == "demo" && log.last?.after?["by"] == "demo")
  }

  @Test func `a later start without a demonstration leaves it unusable`() throws {
    let people = try People()
    let demo = people.identity(allowsDemo: true)
    let started = try demo.enterDemo(from: People.office)
    let key = try demo.createAPIKey(
      "k", of: started.account, scopes: [.readSegments], lifetime: 1_000_000_000)
    let signedIn = try #require(try demo.session(started.token))
    #expect(try demo.apiKey(key.text) != nil && demo.isStillIn(signedIn))
    let later = people.identity(allowsDemo: false)
    #expect(try later.session(started.token) == nil)
    #expect(try later.apiKey(key.text) == nil)
    #expect(try !later.isStillIn(signedIn))
    #expect(throws: IdentityError.noDemo) { try later.enterDemo(from: People.office) }
    #expect(throws: IdentityError.noDemo) { try later.ensureDemo() }
  }

  @Test func `it has neither password nor another role, and can be disabled`() throws {
    let people = try People()
    let demo = people.identity(allowsDemo: true)
    _ = try demo.createAccount("Demo", role: .viewer)
    #expect(try demo.ensureDemo().name == "demo2", "whose name it is stays")
    #expect(throws: IdentityError.demoAccount("demo2")) { try demo.renewSecret(of: "demo2") }
    #expect(throws: IdentityError.demoAccount("demo2")) {
      try demo.changeAccount("demo2", [.role(.administrator)])
    }
    try demo.changeAccount("demo2", [.state(.disabled)])
    #expect(throws: IdentityError.disabled("demo2")) { try demo.enterDemo(from: People.office) }
  }
}
