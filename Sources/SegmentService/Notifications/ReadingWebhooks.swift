import Foundation
import SegmentCompiler
import SegmentStore

/// Webhooks, read without owning the workspace.
extension SegmentService {
  /// All with the names of the segments that they are about, by name.
  public static func webhooks(in folder: WorkspaceFolder) throws -> [(
    webhook: Webhook, segments: [String], json: WebhookJSON
  )] {
    guard let store = try folder.storeToRead() else { return [] }
    let now = Instant(Date()).microseconds
    return try store.webhooks().map { webhook in
      let segments = try store.segmentNames(webhook.segments).values.sorted()
      return (webhook, segments, WebhookJSON(webhook, segments: segments, now: now))
    }
  }

  /// Deliveries to a webhook, the last one first.
  public static func deliveries(
    toWebhook name: String, states: Set<DeliveryState>, limit: Int, in folder: WorkspaceFolder
  ) throws -> [Delivery] {
    guard let store = try folder.storeToRead(), let webhook = try store.webhook(name) else {
      throw WebhookError.unknown(name, hint: nil)
    }
    return try store.deliveries(to: webhook, states: states, limit: limit)
  }
}
