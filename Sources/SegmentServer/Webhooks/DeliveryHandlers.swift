import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// What was and will be sent to webhooks.
struct DeliveryHandlers: Sendable {
  let service: SegmentService

  func test(_ request: APIRequest) throws -> Response {
    .json(
      DeliveryJSON(try service.testWebhook(try request.required("webhook"))), status: .accepted)
  }

  func list(_ request: APIRequest) throws -> Response {
    let webhook = try service.webhook(try request.required("webhook"))
    let list = request.listIdentity
    let limit = request.integer("limit") ?? 100
    // One more says whether there is a further page.
    let found = try service.deliveries(
      to: webhook, states: Set(request.words("state", as: DeliveryState.self)),
      before: try Cursor<Int64>(request, list: list)?.position, limit: limit + 1)
    let items = found.prefix(limit)
    let next =
      try items.count < found.count
      ? items.last.map { try Cursor(list: list, position: $0.id).text() } : nil
    return .json(Page(items: items.map(DeliveryJSON.init), total: nil, next: next))
  }

  func get(_ request: APIRequest) throws -> Response {
    let webhook = try service.webhook(try request.required("webhook"))
    return .json(DeliveryJSON(try service.delivery(try id(request), to: webhook)))
  }

  func redeliver(_ request: APIRequest) throws -> Response {
    let delivery = try service.redeliver(
      try id(request), toWebhook: try request.required("webhook"))
    return .json(DeliveryJSON(delivery), status: .accepted)
  }

  func redeliverDead(_ request: APIRequest) throws -> Response {
    let since = try request.decode { reader, document -> Instant? in
      guard let fields = reader.mapping(document, at: "", known: ["since"]),
        let text = reader.text(required: "since", in: fields, of: document)
      else { return nil }
      let instant = Instant(text)
      if instant == nil {
        reader.note(
          "wrongShape", at: "since", "A time such as 2026-03-31T06:00:00Z is expected here.")
      }
      return instant
    }
    struct Body: Encodable { var deliveries: Int }
    let count = try service.redeliverDead(
      toWebhook: try request.required("webhook"), since: since)
    return .json(Body(deliveries: count), status: .accepted)
  }

  private func id(_ request: APIRequest) throws -> Int64 {
    Int64(try request.required("delivery")) ?? 0
  }
}
