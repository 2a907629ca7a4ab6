import Foundation
import Hummingbird

extension Response {
  /// A value as JSON, its keys sorted.
  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
    do {
      return .json(text: try JSONEncoder.response.encode(value), status: status)
    } catch {
      // Only numbers that are none cannot be encoded, and no answer has any.
      return Problem(.internalServerError, "internal", "\(error)").response(id: nil)
    }
  }

  static func json(text: some Collection<UInt8>, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: text)))
  }

  static let noContent = Response(status: .noContent)

  /// With the revision of what it shows.
  func tagged(_ revision: Int) -> Response {
    var response = self
    response.headers[.eTag] = "\"\(revision)\""
    return response
  }

  /// With where the new thing is.
  func located(_ path: String) -> Response {
    var response = self
    response.headers[.location] = Contract.basePath + path
    return response
  }
}

extension JSONEncoder {
  /// Of answers: keys are sorted.
  static var response: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}

extension String {
  /// As one segment of a path.
  var asPathSegment: String {
    addingPercentEncoding(
      withAllowedCharacters: CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")) ?? self
  }
}
