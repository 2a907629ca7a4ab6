import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Webhooks, as administrators manage them.
struct WebhookHandlers: Sendable {
  let service: SegmentService

  func list(_ request: APIRequest) throws -> Response {
    .json(Items(items: try service.webhooks().map(service.json)))
  }

  func get(_ request: APIRequest) throws -> Response {
    try answer(try service.webhook(try request.required("webhook")))
  }

  func create(_ request: APIRequest) throws -> Response {
    let draft = try request.decode { reader, document -> WebhookDraft? in
      let known = ["name", "url", "types", "segments", "tags"]
      guard let fields = reader.mapping(document, at: "", known: known) else { return nil }
      let name = reader.text(required: "name", in: fields, of: document)
      let url = reader.text(required: "url", in: fields, of: document)
      if fields["types"] == nil { reader.missing("types", at: "", in: document) }
      guard let name, let url else { return nil }
      return WebhookDraft(
        name: name, url: url, types: reader.messageTypes(fields) ?? [],
        segments: reader.texts("segments", in: fields) ?? [],
        tags: Set(reader.texts("tags", in: fields) ?? []))
    }
    let created = try service.createWebhook(draft)
    return try answer(created).located("/webhooks/\(created.webhook.name.asPathSegment)")
  }

  func change(_ request: APIRequest) throws -> Response {
    let changes = try request.decode { reader, document -> [WebhookChange]? in
      let known = ["url", "types", "segments", "tags", "state"]
      guard let fields = reader.mapping(document, at: "", known: known) else { return nil }
      var changes: [WebhookChange] = []
      if let url = fields["url"].flatMap({ reader.text($0, at: "url") }) {
        changes.append(.url(url))
      }
      if let types = reader.messageTypes(fields) { changes.append(.types(types)) }
      if let names = reader.texts("segments", in: fields) { changes.append(.segments(names)) }
      if let tags = reader.texts("tags", in: fields) { changes.append(.tags(Set(tags))) }
      if let state = fields["state"].flatMap({ reader.word($0, at: "state", as: WebhookState.self) }
      ) {
        changes.append(.state(state))
      }
      return changes
    }
    return try answer(
      try service.changeWebhook(
        try request.required("webhook"), changes, expecting: try request.expectedRevision()))
  }

  func delete(_ request: APIRequest) throws -> Response {
    try service.deleteWebhook(
      try request.required("webhook"), expecting: try request.expectedRevision())
    return .noContent
  }

  func rotateSecret(_ request: APIRequest) throws -> Response {
    try answer(try service.rotateSecret(ofWebhook: try request.required("webhook")))
  }

  func removeOldSecret(_ request: APIRequest) throws -> Response {
    try service.removeOldSecret(ofWebhook: try request.required("webhook"))
    return .noContent
  }

  private func answer(_ webhook: Webhook) throws -> Response {
    Response.json(try service.json(webhook)).tagged(webhook.revision)
  }

  private func answer(_ new: NewWebhookSecret) throws -> Response {
    struct Body: Encodable {
      var webhook: WebhookJSON
      /// It is not shown again.
      var secret: String
    }
    return Response.json(
      Body(webhook: try service.json(new.webhook), secret: new.text), status: .created
    ).tagged(new.webhook.revision)
  }
}

extension DocumentReader {
  fileprivate func texts(_ key: String, in fields: [String: Document]) -> [String]? {
    fields[key].flatMap { list($0, at: key) }.map { items in
      items.enumerated().compactMap { text($1, at: "\(key)[\($0)]") }
    }
  }

  fileprivate func messageTypes(_ fields: [String: Document]) -> Set<MessageType>? {
    fields["types"].flatMap { list($0, at: "types") }.map { items in
      Set(
        items.enumerated().compactMap { word($1, at: "types[\($0)]", as: MessageType.self) })
    }
  }
}
