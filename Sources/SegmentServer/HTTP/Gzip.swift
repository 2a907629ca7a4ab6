import CZlib
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Compresses a stream of bytes as gzip.
final class Gzip {
  /// Fast: lists of members shrink to a fifth all the same.
  private static let level: Int32 = 3
  /// 15 bits of window, and 16 for the header and trailer of gzip.
  private static let windowBits: Int32 = 15 + 16
  private static let pieceSize = 1 << 15

  private var stream = z_stream()

  init() {
    let status = deflateInit2_(
      &stream, Gzip.level, Z_DEFLATED, Gzip.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { fatalError("out of memory") }
  }

  deinit { deflateEnd(&stream) }

  /// The compressed bytes that are ready after these.
  func add(_ buffer: ByteBuffer) -> ByteBuffer { run(buffer, Z_NO_FLUSH) }

  /// All that is left; nothing may be added after.
  func finish() -> ByteBuffer { run(ByteBuffer(), Z_FINISH) }

  private func run(_ input: ByteBuffer, _ flush: Int32) -> ByteBuffer {
    var output = ByteBuffer()
    var bytes = Array(input.readableBytesView)
    bytes.withUnsafeMutableBufferPointer { bytes in
      stream.next_in = bytes.baseAddress
      stream.avail_in = UInt32(bytes.count)
      repeat {
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: Gzip.pieceSize) { free in
          stream.next_out = free.bindMemory(to: UInt8.self).baseAddress
          stream.avail_out = UInt32(free.count)
          deflate(&stream, flush)
          return free.count - Int(stream.avail_out)
        }
        // As long as the room was filled, there may be more.
      } while stream.avail_out == 0
    }
    return output
  }
}

/// Compresses what is written to another writer.
private struct GzipWriter: ResponseBodyWriter {
  var parent: any ResponseBodyWriter
  let gzip = Gzip()

  mutating func write(_ buffer: ByteBuffer) async throws {
    let compressed = gzip.add(buffer)
    if compressed.readableBytes > 0 { try await parent.write(compressed) }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
    var parent = parent
    try await parent.write(gzip.finish())
    try await parent.finish(trailingHeaders)
  }
}

/// Compresses answers for clients that can read it.
struct GzipMiddleware: RouterMiddleware {
  /// Shorter answers stay as they are: little is won, and those with secrets in them are short.
  private static let leastBytes = 1_024
  private static let types = [
    "application/json", "application/problem+json", "application/x-ndjson", "text/csv",
    "text/html", "text/css", "text/javascript", "image/svg+xml", "application/yaml",
  ]

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    let type = response.headers[.contentType]?.prefix { $0 != ";" } ?? ""
    guard GzipMiddleware.types.contains(String(type)), response.headers[.contentEncoding] == nil
    else { return response }
    // Caches keep both forms.
    response.headers.append(HTTPField(name: .vary, value: "Accept-Encoding"))
    guard acceptsGzip(request.headers[values: .acceptEncoding]),
      response.body.contentLength.map({ $0 >= GzipMiddleware.leastBytes }) ?? true
    else { return response }
    response.headers[.contentEncoding] = "gzip"
    response.headers[.contentLength] = nil
    let body = response.body
    response.body = ResponseBody { writer in
      try await body.write(GzipWriter(parent: writer))
    }
    return response
  }

  /// Whether `gzip` (or else `*`) is named with a weight above 0.
  private func acceptsGzip(_ fields: [String]) -> Bool {
    var weights: [String: Double] = [:]
    for item in fields.joined(separator: ",").split(separator: ",") {
      let parts = item.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      guard let coding = parts.first?.lowercased() else { continue }
      let weight = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }
      weights[coding] = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
    }
    return (weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0) > 0
  }
}
