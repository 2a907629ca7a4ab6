import Foundation
import Hummingbird
import NIOCore
import SegmentEngines
import SegmentCompiler
import SegmentService

/// Members as a file.
struct DownloadHandlers: Sendable {
  let service: SegmentService

  func download(_ request: APIRequest) async throws -> Response {
    let format = request.word("format", as: MemberFormat.self) ?? .csv
    // Whatever is wrong is known now: after the first byte nothing but the end of the connection can say it.
    let list = try service.memberList(try request.selection())
    let body: ResponseBody
    switch format {
    case .csv: body = stream(list.bytes(as: .csv(raw: request.flag("raw"))))
    case .ndjson: body = stream(list.bytes(as: .ndjson))
    case .parquet: body = try await parquet(list)
    }
    let name = "\(list.run.segment)\(suffix(request)).\(format.rawValue)"
    return Response(
      status: .ok,
      headers: [
        .contentType: format.mediaType, .contentDisposition: Download.attachment(called: name),
      ], body: body)
  }

  /// Which members the file has, where not all of the last run.
  private func suffix(_ request: APIRequest) -> String {
    let part = request.text("part").flatMap { $0 == "all" ? nil : " \($0)" } ?? ""
    return part + (request.text("run").map { " run \($0)" } ?? "")
  }

  private func stream(_ pieces: Pulled<[UInt8]>) -> ResponseBody {
    ResponseBody { writer in
      for try await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
      try await writer.finish(nil)
    }
  }

  /// Written to a file first, since Parquet is read from its end.
  private func parquet(_ list: MemberList) async throws -> ResponseBody {
    let file = try await service.temporaryParquet(of: list)
    return ResponseBody(contentLength: file.size) { writer in
      for try await piece in file.bytes { try await writer.write(ByteBuffer(bytes: piece)) }
      try await writer.finish(nil)
    }
  }
}

enum Download {
  /// The header that makes a browser save a file under a name: once in ASCII, for those who do not know better.
  static func attachment(called name: String) -> String {
    let plain = name.unicodeScalars.map { scalar in
      let isFit =
        (0x20...0x7E).contains(scalar.value) && !"\"\\/:*?<>|%".unicodeScalars.contains(scalar)
      return isFit ? String(scalar) : "_"
    }.joined()
    return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(name.asPathSegment)"
  }
}

extension MemberFormat {
  var mediaType: String {
    switch self {
    case .csv: "text/csv; charset=utf-8; header=present"
    case .ndjson: "application/x-ndjson"
    case .parquet: "application/vnd.apache.parquet"
    }
  }
}
