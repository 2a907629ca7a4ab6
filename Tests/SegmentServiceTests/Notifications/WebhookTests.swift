import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

@Suite struct WebhookTests {
  private let clock = Clock(Shop.asOf)
  private let workspace: TestWorkspace
  private var service: SegmentService { workspace.service }

  init() throws {
    let clock = clock
    workspace = try TestWorkspace(now: { clock.now }) { folder in
      try Data(Shop.yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
    }
  }

  private func draft(_ name: String, segments: [String] = []) -> WebhookDraft {
    WebhookDraft(
      name: name, url: "https://example.com/", types: [.segmentRefreshed], segments: segments)
  }

  @Test func `a webhook is what it was made as, and follows names`() throws {
    let segment = try service.store.edit(at: 0) { edits in
      try edits.create("a", definition: "{}", state: .inactive)
    }
    let new = try service.createWebhook(draft("CRM", segments: ["a"]))
    #expect(new.text.wholeMatch(of: /whsec_[A-Za-z0-9+\/]{43}=/) != nil)
    #expect(try service.webhook("crm") == new.webhook && new.webhook.segments == [segment.id])
    _ = try service.store.edit(at: 0) { try $0.rename(segment, to: "b") }
    #expect(try service.segmentNames(of: new.webhook) == ["b"])
    let changed = try service.changeWebhook(
      "crm", [.segments([]), .tags(["x"]), .url("https://other.example")], expecting: 1)
    #expect(changed.revision == 2 && changed.segments.isEmpty && changed.tags == ["x"])
    #expect(throws: WebhookError.conflict("CRM", found: 2)) {
      try service.changeWebhook("crm", [.tags([])], expecting: 1)
    }
    try service.deleteWebhook("crm", expecting: 2)
    #expect(try service.webhooks().isEmpty)
  }

  @Test func `what cannot be is refused, and changes nothing`() throws {
    _ = try service.createWebhook(draft("crm"))
    #expect(throws: WebhookError.nameTaken("CRM")) { try service.createWebhook(draft("CRM")) }
    #expect(throws: WebhookError.invalidName("a b")) { try service.createWebhook(draft("a b")) }
    #expect(throws: WorkspaceError.self) {
      try service.createWebhook(draft("x", segments: ["nobody"]))
    }
    #expect(throws: WebhookError.noTypes) {
      try service.createWebhook(
        WebhookDraft(name: "x", url: "https://example.com", types: [.webhookTest]))
    }
    #expect(throws: WebhookError.noTypes) { try service.changeWebhook("crm", [.types([])]) }
    #expect(throws: WebhookError.internalAddress("10.0.0.1")) {
      try service.changeWebhook("crm", [.tags(["x"]), .url("https://10.0.0.1")])
    }
    #expect(throws: WebhookError.unknown("crn", hint: "Did you mean 'crm'?")) {
      try service.webhook("crn")
    }
    #expect(throws: WebhookError.unknownDelivery(7)) {
      try service.redeliver(7, toWebhook: "crm")
    }
    #expect(try service.webhook("crm").revision == 1 && service.webhooks().count == 1)
  }

  @Test func `messages that quote an erased member are forgotten, sent or not`() async throws {
    let club = try await Club.withHistory()
    _ = try club.service.createWebhook(
      WebhookDraft(name: "crm", url: "https://example.com", types: [.segmentActivated]))
    for name in ["Xantippe Quillfeather", "watch"] {
      _ = try club.service.save(
        """
        segment: \(name)
        audience: Member
        rules: [{match: {attribute: Member.City, is: equalTo, value: Oslo}}]
        """)
    }
    #expect(try club.service.store.messageTexts().count == 2)
    try await club.erase()
    #expect(try club.service.store.messageTexts().flatMap(\.texts) == ["watch"])
    let left = try club.service.deliveries(to: club.service.webhook("crm"), limit: 9)
    #expect(left.count == 1 && left[0].state == .pending)
  }
}
