import Foundation

/// A part of a list, and where the next one begins.
struct Page<Item: Encodable>: Encodable {
  var items: [Item]
  /// Of all pages; nil where nobody has counted them.
  var total: Int?
  var next: String?
}

/// A list that is one page.
struct Items<Item: Encodable>: Encodable {
  var items: [Item]
}

/// Where a page begins, as a text that only the server understands.
struct Cursor<Position: Codable>: Codable {
  /// Of which list it is: its order and all that it leaves out.
  var list: String
  /// Of the last item of the page before.
  var position: Position

  init(list: String, position: Position) {
    self.list = list
    self.position = position
  }

  /// - Throws: ``Problem`` for a text that is no cursor of this list.
  init?(_ request: APIRequest, list: String) throws {
    guard let text = request.text("cursor") else { return nil }
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/") + padding
    guard let data = Data(base64Encoded: base64),
      let cursor = try? JSONDecoder().decode(Cursor.self, from: data), cursor.list == list
    else {
      throw Problem(
        .badRequest, "wrongCursor",
        "The cursor is none of this list. Begin without one, with the same parameters on each page."
      )
    }
    self = cursor
  }

  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(self).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}

extension APIRequest {
  /// What the parameters but those of the page say, so that a cursor fits its own list only.
  var listIdentity: String {
    values.filter { !["cursor", "limit"].contains($0.key) }.sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value.sorted())" }.joined(separator: "&")
  }
}
