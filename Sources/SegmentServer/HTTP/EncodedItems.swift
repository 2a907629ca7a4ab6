import Foundation
import Hummingbird
import Synchronization

/// Values that are shown again and again as JSON, by key: encoded once, as long as they stay the same.
final class EncodedItems<Key: Hashable & Sendable, Value: Equatable & Sendable>: Sendable {
  private struct Item {
    var value: Value
    var json: [UInt8]
  }

  private let items = Mutex<[Key: Item]>([:])
  private let limit: Int

  /// - Parameter limit: how many are kept; one more, and all are given up.
  init(limit: Int = 50_000) { self.limit = limit }

  /// Those of a list, in its order.
  func encoded(
    _ values: [Value], by key: (Value) -> Key, as body: (Value) -> some Encodable
  ) throws -> [[UInt8]] {
    try items.withLock { items in
      try values.map { value in
        let key = key(value)
        if let known = items[key], known.value == value { return known.json }
        let json = [UInt8](try JSONEncoder.response.encode(body(value)))
        if items.count >= limit { items = [:] }
        items[key] = Item(value: value, json: json)
        return json
      }
    }
  }

  /// Gives up what is kept.
  func forget() { items.withLock { $0 = [:] } }
}

extension Response {
  /// A value as JSON whose `items`, which are empty, are filled with what is JSON already.
  static func json(_ value: some Encodable, items: [[UInt8]]) throws -> Response {
    let json = try JSONEncoder.response.encode(value)
    // No text in it holds this: its quotes would be escaped.
    guard let place = json.range(of: Data(#""items":["#.utf8))?.upperBound else {
      return .json(text: json)
    }
    var body = ByteBuffer()
    body.reserveCapacity(items.reduce(json.count) { $0 + $1.count + 1 })
    body.writeBytes(json[..<place])
    for (number, item) in items.enumerated() {
      if number > 0 { body.writeString(",") }
      body.writeBytes(item)
    }
    body.writeBytes(json[place...])
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: body))
  }
}
